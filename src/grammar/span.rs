//! Spans: how far a value of a pattern reaches.
//!
//! In: the rest of a line. Out: how many bytes the value takes, and how many of them are kept.

use crate::text::without_port;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::digit1;
use nom::combinator::{map, map_opt};
use nom::sequence::preceded;
use nom::{IResult, Parser};
use std::cmp::Reverse;
use std::sync::Arc;

/// How far a value reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// To the next literal of the pattern, or to the end.
    Until,
    /// So many bytes.
    Fixed(usize),
    /// One or more digits.
    Digits,
    /// One or more bytes that are no space and no tab: what stands between columns in logs written for tools.
    Word,
    /// A word, or words joined by `, ` and ` : `.
    List,
    /// Bytes that are none of these; perhaps no byte at all.
    Not(Bytes),
    /// An address that may have a port, up to a space, a bracket, a quote or a comma; the port is not kept.
    Peer,
    /// The same, where it shows that it is an IP address.
    Address,
    /// One of these words.
    OneOf(Arc<[Box<[u8]>]>),
    /// To the end.
    Rest,
}

/// A set of ASCII bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(u128);

impl Bytes {
    fn of(text: &str) -> Option<Self> {
        text.bytes().try_fold(0, |set, byte| byte.is_ascii().then(|| set | 1_u128 << byte)).map(Self)
    }

    #[inline]
    fn has(self, byte: u8) -> bool {
        byte.is_ascii() && self.0 >> byte & 1 == 1
    }
}

impl Span {
    /// One of some words, `|` between them; of two that begin alike the longer one is taken.
    fn one_of(words: &str) -> Self {
        let mut words: Vec<Box<[u8]>> = words.split('|').map(|word| word.as_bytes().into()).collect();
        words.sort_by_key(|word| Reverse(word.len()));
        Self::OneOf(words.into())
    }

    /// How many bytes of `text` a self-delimiting value takes, and how many of them are its value.
    #[inline]
    pub(super) fn length(&self, text: &[u8]) -> Option<(usize, usize)> {
        let whole = |length: usize| Some((length, length));
        match self {
            Self::Fixed(bytes) => return whole(*bytes).filter(|_| text.len() >= *bytes),
            Self::Digits => whole(text.iter().take_while(|byte| byte.is_ascii_digit()).count()),
            Self::Word => whole(memchr::memchr2(b' ', b'\t', text).unwrap_or(text.len())),
            Self::List => return whole(list_length(text)),
            Self::Not(stops) => return whole(text.iter().take_while(|byte| !stops.has(**byte)).count()),
            Self::Peer => {
                let end = text.iter().position(|byte| matches!(byte, b' ' | b'\t' | b']' | b',' | b'"'));
                // An IPv6 address with a port stands in brackets of its own.
                let end = if text.starts_with(b"[") { memchr::memchr3(b' ', b',', b'"', text) } else { end };
                let length = end.unwrap_or(text.len());
                Some((length, without_port(&text[..length]).len()))
            }
            Self::Address => return address(text),
            Self::OneOf(words) => return whole(words.iter().find(|word| text.starts_with(word))?.len()),
            Self::Until | Self::Rest => return whole(text.len()),
        }
        .filter(|(length, _)| *length > 0)
    }
}

/// An address and its port: digits and their signs only, with a dot or two colons between them.
fn address(text: &[u8]) -> Option<(usize, usize)> {
    let is_part = |byte: &u8| byte.is_ascii_hexdigit() || b".:[]%".contains(byte);
    // A bracket that was not opened here is the line's own.
    let is_open = text.starts_with(b"[");
    let length = text.iter().take_while(|byte| is_part(byte) && (is_open || **byte != b']')).count();
    let whole = &text[..length];
    let kept = without_port(whole);
    let (dots, colons) = (memchr::memchr_iter(b'.', kept).count(), memchr::memchr_iter(b':', kept).count());
    (dots == 3 || colons >= 2).then_some((length, kept.len()))
}

/// nginx joins peers by `, ` and passes by ` : ` (FORMATS.md section 2.1); the list ends at any other space.
fn list_length(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(space) = memchr::memchr2(b' ', b'\t', &text[at..]).map(|found| at + found) {
        let joined = text[space] == b' ' && space > 0 && text[space - 1] == b',';
        let goes_on = joined || text[space..].starts_with(b" : ");
        if !goes_on {
            let quote = memchr::memchr2(b'"', b']', &text[at..space]).map_or(space, |found| at + found);
            return quote;
        }
        at = if text[space..].starts_with(b" : ") { space + 3 } else { space + 1 };
    }
    memchr::memchr2(b'"', b']', &text[at..]).map_or(text.len(), |found| at + found)
}

/// The span as a pattern writes it behind the colon.
pub(super) fn span(text: &str) -> IResult<&str, Span> {
    let stops = take_while1(|letter: char| letter != '}');
    let words = take_while1(|letter: char| letter != '}');
    alt((
        map_opt(digit1, |digits: &str| digits.parse().ok().map(Span::Fixed)),
        map(tag("digits"), |_| Span::Digits),
        map(tag("word"), |_| Span::Word),
        map(tag("list"), |_| Span::List),
        map(tag("peer"), |_| Span::Peer),
        map(tag("address"), |_| Span::Address),
        map(tag("rest"), |_| Span::Rest),
        map(preceded(tag("of "), words), |words: &str| Span::one_of(words)),
        map_opt(preceded(tag("not "), stops), |stops| Bytes::of(stops).map(Span::Not)),
    ))
    .parse(text)
}
