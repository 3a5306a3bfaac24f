//! Lines of several programs in one log, put together to records lane by lane.
//!
//! In: whole lines, as they are or inside an envelope, and the formats that may stand in them. Out: the records' own text
//! (unwrapped, unescaped, pieces joined) with the physical lines they came from; and the places where a log can be cut.
//!
//! A lane is one output of one program: what an envelope names as such, or the whole log. A line goes on with the record
//! that its own lane has open, though lines of other lanes stand between them; but only over [`MOST_LINES_BETWEEN`], so
//! that looking back so far tells what is open.

mod inside;
mod joint;
mod records;

use super::envelope::{Envelope, Opened};
use super::{Format, json};
use crate::event::{Event, Field};
pub use records::{Unwrapped, Woven};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A line goes on with its lane's record over so many lines of other lanes.
pub const MOST_LINES_BETWEEN: usize = 64;

/// How the lines of one log belong together.
#[derive(Debug, Clone)]
pub struct Lanes {
    envelope: Option<Arc<Envelope>>,
    /// Formats whose records begin with a mask.
    masked: Vec<Arc<Format>>,
    /// Formats of which every line is a record.
    short: Vec<Arc<Format>>,
    /// The format of free text, whose lines tell by their looks whether they go on.
    text: Option<Arc<Format>>,
}

/// A line, taken out of its envelope.
struct Line<'a> {
    text: &'a [u8],
    is_json: bool,
    is_piece: bool,
    lane: u64,
    /// Whether the envelope was there.
    opened: bool,
    /// It stands for so many of the same.
    times: u32,
}

impl Lanes {
    /// For a log of these formats in this envelope.
    pub fn new(envelope: Option<Arc<Envelope>>, formats: &[Arc<Format>]) -> Self {
        let those = |fits: fn(&Format) -> bool| formats.iter().filter(|format| fits(format)).cloned().collect();
        Self {
            envelope,
            masked: those(|format| format.start_bytes().is_some()),
            short: those(|format| format.start_bytes().is_none() && !format.is_free_text()),
            text: formats.iter().find(|format| format.is_free_text()).cloned(),
        }
    }

    fn open<'a>(&self, line: &'a [u8], memo: &mut json::Memo, event: &mut Event<'a>) -> Line<'a> {
        let Some((envelope, opened)) =
            self.envelope.as_ref().and_then(|envelope| Some((envelope, envelope.open(line, memo, event)?)))
        else {
            event.clear();
            return Line { text: line, is_json: false, is_piece: false, lane: 0, opened: false, times: 1 };
        };
        let value = |field: &Field| event.raw(*field).unwrap_or_default();
        let lane = envelope.lane.iter().fold(1, |seed, field| xxh3_64_with_seed(value(field), seed));
        let Opened { text, is_json, is_piece, times } = opened;
        Line { text, is_json, is_piece, lane, opened: true, times }
    }

    /// Whether a record begins with this line, though its lane has one open; `before` is the lane's line before.
    fn begins(&self, before: &[u8], line: &[u8], is_piece: bool) -> bool {
        let is_record = || !is_piece && self.short.iter().any(|format| format.reads(line));
        self.has_mask(line)
            || match &self.text {
                Some(text) => !text.goes_on(before, line) || is_record(),
                None => self.masked.is_empty() || is_record(),
            }
    }

    /// Whether further lines can belong to a record that begins with this line.
    fn may_go_on(&self, line: &[u8]) -> bool {
        self.has_mask(line) || (self.text.is_some() && !self.short.iter().any(|format| format.reads(line)))
    }

    fn has_mask(&self, line: &[u8]) -> bool {
        self.masked.iter().any(|format| format.starts_record(line))
    }
}

/// The lines with where they begin, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        at = start + end + 1;
        let line = &rest[..end];
        Some((start, line.strip_suffix(b"\r").unwrap_or(line)))
    })
}

#[cfg(test)]
#[path = "lanes_tests.rs"]
mod tests;
