//! What stands around a message besides its tail: what the program was doing, and the error in brackets.
//!
//! In: a message without its tail. Out: the message alone, ` while PHASE` and ` (111: Connection refused)` taken off.

use crate::event::{Event, Field};
use memchr::memmem;

/// What a program can be doing: the words behind ` while `.
#[derive(Debug, Clone)]
pub struct Phases {
    known: Vec<Box<[u8]>>,
    opening: memmem::FinderRev<'static>,
}

/// The phase met last: neighbouring records mostly share it.
#[derive(Debug, Default)]
pub struct PhaseMemo {
    /// ` while PHASE`
    words: Vec<u8>,
}

/// What stands before a phase.
const WHILE: &[u8] = b" while ";

impl Phases {
    /// These phases; of several that fit the first is taken.
    pub fn new<'p>(known: impl Iterator<Item = &'p str>) -> Self {
        let known = known.map(|phase| phase.as_bytes().into()).collect();
        Self { known, opening: memmem::FinderRev::new(WHILE).into_owned() }
    }

    /// Splits ` while PHASE` off, where it is one of the phases that the program knows.
    pub fn split<'a>(&self, text: &'a [u8], memo: &mut PhaseMemo, event: &mut Event<'a>) -> &'a [u8] {
        if self.known.is_empty() {
            return text;
        }
        if let Some(before) = text.strip_suffix(memo.words.as_slice()).filter(|_| !memo.words.is_empty()) {
            event.set(Field::Phase, &text[before.len() + WHILE.len()..]);
            return before;
        }
        let Some(at) = self.opening.rfind(text) else { return text };
        let phase = &text[at + WHILE.len()..];
        let letters = |text: &[u8]| (text.first().copied(), text.get(8).copied());
        let start = letters(phase);
        // Most phases differ in their first or ninth letter; comparing those first saves the calls.
        let fits = |known: &[u8]| {
            let (first, ninth) = letters(known);
            first == start.0 && (ninth.is_none() || ninth == start.1) && phase.starts_with(known)
        };
        let Some(known) = self.known.iter().find(|known| fits(known)) else { return text };
        // What follows a phase (`, resolver: 192.0.2.53:53`) is context, not part of it.
        if phase.get(known.len()) == Some(&b',') {
            event.set(Field::Phase, &phase[..known.len()]);
        } else {
            event.set(Field::Phase, phase);
            memo.words.clear();
            memo.words.extend_from_slice(&text[at..]);
        }
        &text[..at]
    }
}

/// Splits ` (111: Connection refused)` off the end and returns what stands in the brackets.
pub fn split_brackets(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(inside) = text.strip_suffix(b")") else { return (text, None) };
    let is_number = |at: &usize| inside.get(at + 1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
    let last = memchr::memrchr(b'(', inside)
        .filter(|at| is_number(at) && at.checked_sub(1).is_some_and(|before| inside[before] == b' '));
    // OpenSSL's errors hold brackets of their own.
    let opening = last.or_else(|| memmem::rfind(inside, b" (SSL: ").map(|at| at + 1));
    match opening {
        Some(at) if memchr::memchr(b':', &inside[at..]).is_some() => (&text[..at - 1], Some(&inside[at + 1..])),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_hold_an_error_only_where_they_look_like_one() {
        assert_eq!(
            split_brackets(b"connect() failed (111: Connection refused)").1,
            Some(&b"111: Connection refused"[..])
        );
        assert_eq!(
            split_brackets(b"verify error (22:certificate chain too long)").1,
            Some(&b"22:certificate chain too long"[..])
        );
        let ssl = b"SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number (x))";
        assert!(split_brackets(ssl).1.is_some_and(|inside| inside.starts_with(b"SSL: error")));
        assert_eq!(split_brackets(b"[lua] a.lua:3: boom (a nil value)").1, None);
    }
}
