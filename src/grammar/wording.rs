//! Wordings: what a rule says a message says.
//!
//! In: text such as `connect() to {_} failed`. Out: whether a message has it.

use memchr::memmem::Finder;
use std::sync::OnceLock;

/// Pieces of text with gaps: the `says` of a rule (`connect() to {_} failed`).
#[derive(Debug, Clone)]
pub struct Wording {
    /// The literal pieces in order.
    pub parts: Vec<Phrase>,
    /// Whether the first piece must stand at the very start.
    pub anchored: bool,
}

/// A literal piece. What finds it is built when it is looked for: a run looks for few of the thousands that there are.
#[derive(Debug, Clone)]
pub struct Phrase {
    text: Box<[u8]>,
    finder: OnceLock<Box<Finder<'static>>>,
}

impl Phrase {
    fn new(text: &str) -> Self {
        Self { text: text.as_bytes().into(), finder: OnceLock::new() }
    }

    /// Its text.
    pub fn needle(&self) -> &[u8] {
        &self.text
    }

    /// Where it stands first.
    pub fn find(&self, text: &[u8]) -> Option<usize> {
        self.finder.get_or_init(|| Box::new(Finder::new(&self.text).into_owned())).find(text)
    }
}

impl Wording {
    /// From a rule's text; `{_}` is any text.
    pub fn parse(text: &str) -> Self {
        let anchored = !text.starts_with("{_}");
        let parts = text.split("{_}").filter(|part| !part.is_empty());
        let parts = parts.map(Phrase::new).collect();
        Self { parts, anchored }
    }

    /// Whether the message has the pieces in order.
    pub fn fits(&self, message: &[u8]) -> bool {
        let mut at = 0;
        for (index, part) in self.parts.iter().enumerate() {
            let length = part.needle().len();
            if index == 0 && self.anchored {
                if !message.starts_with(part.needle()) {
                    return false;
                }
                at = length;
                continue;
            }
            match part.find(&message[at..]) {
                Some(found) => at += found + length,
                None => return false,
            }
        }
        true
    }

    /// Bytes of literal text: of two wordings that fit, the longer one says more.
    pub fn literal_bytes(&self) -> usize {
        self.parts.iter().map(|part| part.needle().len()).sum()
    }
}

impl std::fmt::Display for Wording {
    /// As a rule writes it; an open end is not shown.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<_> = self.parts.iter().map(|part| String::from_utf8_lossy(part.needle())).collect();
        write!(out, "{}{}", if self.anchored { "" } else { "{_}" }, parts.join("{_}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wording_shows_as_it_is_written() {
        for text in ["connect() to {_} failed", "{_} could not be resolved"] {
            assert_eq!(Wording::parse(text).to_string(), text);
        }
    }

    #[test]
    fn wordings_are_anchored_unless_they_begin_with_a_gap() {
        assert!(Wording::parse("connect() to {_} failed").fits(b"connect() to 10.0.0.1:80 failed"));
        assert!(!Wording::parse("connect() failed").fits(b"open() \"/connect() failed\" failed"));
        assert!(Wording::parse("{_} worker_connections are not enough").fits(b"41 worker_connections are not enough"));
        assert!(!Wording::parse("a{_}b").fits(b"b a"));
    }
}
