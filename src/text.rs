//! Making text from logs harmless. Log text is hostile: whatever leaves this program goes through here.

pub mod redact;

/// So many bytes are compared at once: plain loops over as many become a few vector instructions on every machine.
const BLOCK: usize = 16;

/// `text.starts_with(start)` for starts of a few dozen bytes: compared in place, where a call would cost more than the work.
#[inline]
pub fn begins_with(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len()).is_some_and(|text| is_same(text, start))
}

/// `text == other` for texts of a few dozen bytes, compared in place.
#[inline]
pub fn is_same(text: &[u8], other: &[u8]) -> bool {
    if text.len() != other.len() {
        return false;
    }
    // The last block may overlap the others.
    if let (Some(a), Some(b)) = (text.last_chunk::<BLOCK>(), other.last_chunk::<BLOCK>()) {
        let (text, other) = (text.as_chunks::<BLOCK>().0, other.as_chunks::<BLOCK>().0);
        return a == b && text.iter().zip(other).all(|(a, b)| a == b);
    }
    match (text.first_chunk::<8>(), other.first_chunk::<8>(), text.last_chunk::<8>(), other.last_chunk::<8>()) {
        (Some(a), Some(b), Some(c), Some(d)) => a == b && c == d,
        _ => text.iter().zip(other).all(|(a, b)| a == b),
    }
}

/// Where such a byte first stands, mostly within the first few dozen: looked for in place, where a call would cost more.
/// What is `wanted` should be one comparison, or a few of them.
#[inline]
pub fn find_near(text: &[u8], wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    for (at, block) in blocks.iter().enumerate() {
        if has(block, &wanted) {
            return Some(at * BLOCK + first_in(block, &wanted));
        }
    }
    // The last block overlaps those that were searched.
    match (text.last_chunk::<BLOCK>(), text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(last), ..) if has(last, &wanted) => Some(text.len() - BLOCK + first_in(last, &wanted)),
        (Some(_), ..) => None,
        (None, Some(first), Some(last)) if !has(first, &wanted) && !has(last, &wanted) => None,
        _ => rest.iter().position(|byte| wanted(*byte)),
    }
}

/// Whether such a byte is among these. Not ended early, so that it becomes one comparison of vectors.
#[inline]
fn has<const N: usize>(block: &[u8; N], wanted: impl Fn(u8) -> bool) -> bool {
    block.iter().fold(false, |found, byte| found | wanted(*byte))
}

/// Where the first such byte stands among these.
#[inline]
fn first_in(block: &[u8; BLOCK], wanted: impl Fn(u8) -> bool) -> usize {
    let mut hits = [0; BLOCK];
    for (hit, byte) in hits.iter_mut().zip(block) {
        *hit = if wanted(*byte) { u8::MAX } else { 0 };
    }
    u128::from_le_bytes(hits).trailing_zeros() as usize / 8
}

/// The address without its port: `192.0.2.7:80`, `[2001:db8::7]:80` and, as some programs write it, `2001:db8::7:80`.
pub fn without_port(address: &[u8]) -> &[u8] {
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    match memchr::memrchr(b':', address) {
        // `::1` has no port: what would be left ends in the middle of an address.
        Some(colon) if is_number(&address[colon + 1..]) && !address[..colon].ends_with(b":") => &address[..colon],
        _ => address,
    }
}

/// The bytes as text that can do nothing to a terminal: invalid UTF-8 becomes U+FFFD; C0, C1, DEL, bidi controls and
/// zero-width characters become visible escapes (`\x1b`, `\u{202e}`).
pub fn harmless(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut clean = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{0}'..='\u{1f}' | '\u{7f}' => clean.push_str(&format!("\\x{:02x}", letter as u32)),
            _ if is_treacherous(letter) => clean.push_str(&format!("\\u{{{:x}}}", letter as u32)),
            _ => clean.push(letter),
        }
    }
    clean
}

/// Characters that do not show as themselves: C1 controls, bidi controls, zero-width and other invisible ones.
pub fn is_treacherous(letter: char) -> bool {
    matches!(letter,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::{begins_with, find_near, harmless, without_port};

    #[test]
    fn a_byte_is_found_where_it_first_stands() {
        for length in 0..80 {
            for at in 0..=length {
                let mut text = vec![b'x'; length];
                text[at..].fill(b' ');
                let found = find_near(&text, |byte| byte == b' ');
                assert_eq!(found, (at < length).then_some(at), "{text:?}");
                assert_eq!(find_near(&text, |byte| matches!(byte, b' ' | b'-')), found);
                assert_eq!(find_near(&text, |byte| byte == b'-'), None);
            }
        }
    }

    #[test]
    fn ports_are_taken_off() {
        for (address, bare) in [
            ("192.0.2.7:80", "192.0.2.7"),
            ("192.0.2.7", "192.0.2.7"),
            ("[2001:db8::7]:80", "[2001:db8::7]"),
            ("2001:db8::7:51234", "2001:db8::7"),
            ("::1", "::1"),
            ("unix:", "unix:"),
            ("-", "-"),
        ] {
            assert_eq!(String::from_utf8_lossy(without_port(address.as_bytes())), bare);
        }
    }

    #[test]
    fn beginnings_of_any_length() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        for length in 0..=text.len() {
            assert!(begins_with(text, &text[..length]));
            for wrong in 0..length {
                let mut other = text[..length].to_vec();
                other[wrong] = b'#';
                assert!(!begins_with(text, &other), "{wrong} of {length}");
            }
        }
        assert!(!begins_with(b"abc", b"abcd"));
    }

    #[test]
    fn nothing_invisible_comes_through() {
        assert_eq!(harmless(b"a\x1b[31mb\tc"), "a\\x1b[31mb\\x09c");
        assert_eq!(harmless("x\u{202e}y\u{200b}z\u{9b}".as_bytes()), "x\\u{202e}y\\u{200b}z\\u{9b}");
        assert_eq!(harmless(b"\xff ok"), "\u{fffd} ok");
    }
}
