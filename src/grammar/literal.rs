//! The text that a pattern's values lie between.
//!
//! In: a line. Out: where the text stands in it.

use crate::text::{begins_with, find_near};

/// Text to be found. It is short and begins with a byte that is rare in values (a quote, a bracket, a space), so looking
/// for that byte is quicker than a search for the whole.
#[derive(Debug, Clone)]
pub struct Literal(Box<[u8]>);

impl Literal {
    /// Of these bytes.
    pub(super) fn new(text: &[u8]) -> Self {
        Self(text.into())
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it stands here.
    #[inline]
    pub(super) fn is_at(&self, line: &[u8], at: usize) -> bool {
        let rest = line.get(at..).unwrap_or_default();
        begins_with(rest, &self.0)
    }

    /// Where it stands at or after `from`.
    #[inline]
    pub(super) fn find(&self, line: &[u8], from: usize) -> Option<usize> {
        let first = *self.0.first()?;
        let mut at = from;
        loop {
            at += find_near(line.get(at..)?, |byte| byte == first)?;
            if self.is_at(line, at) && !(first == b'"' && is_escaped(line, at)) {
                return Some(at);
            }
            at += 1;
        }
    }
}

/// Whether the quote here belongs to the value: Apache writes those as `\"`, and a backslash as two.
#[inline]
fn is_escaped(line: &[u8], quote: usize) -> bool {
    line[..quote].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}
