//! How a record begins.
//!
//! In: `record_start` of a format. Out: whether a line begins like that.

/// What a record's first bytes look like: `0` is any digit, `a` any letter, everything else itself.
#[derive(Debug, Clone)]
pub struct Mask(pub(super) Box<[u8]>);

impl Mask {
    /// Whether the line begins like this.
    #[inline]
    pub fn fits(&self, line: &[u8]) -> bool {
        line.len() >= self.0.len()
            && self.0.iter().zip(line).all(|(mask, byte)| match mask {
                b'0' => byte.is_ascii_digit(),
                b'a' => byte.is_ascii_alphabetic(),
                other => other == byte,
            })
    }
}
