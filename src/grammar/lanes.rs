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

use super::envelope::{Envelope, MOST_REPEATS};
use super::{Format, json};
use crate::event::Event;
pub use records::{Unwrapped, Woven};
use std::sync::Arc;

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

/// What is remembered of each wrapper from line to line.
type Memos = Vec<json::Memo>;

/// A line, taken out of its envelopes.
struct Line {
    is_piece: bool,
    lane: u64,
    /// Whether the envelopes were there.
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

    /// Appends the line's own text, out of every wrapper that it stands in; the outermost one's words are then in `event`.
    fn unwrap<'a>(&self, line: &'a [u8], memos: &mut Memos, event: &mut Event<'a>, out: &mut Vec<u8>) -> Line {
        let mut levels = self.envelope.iter().flat_map(|envelope| envelope.levels()).zip(memos.iter_mut());
        let first = levels.next().and_then(|(envelope, memo)| Some((envelope, envelope.open(line, memo, event)?)));
        let Some((envelope, opened)) = first else {
            event.clear();
            inside::append(line, false, out);
            return Line { is_piece: false, lane: 0, opened: false, times: 1 };
        };
        let start = out.len();
        inside::append(opened.text, opened.is_json, out);
        let lane = envelope.lane_of(event, 1);
        let mut found = Line { is_piece: opened.is_piece, lane, opened: true, times: opened.times };
        for (envelope, memo) in levels {
            // What breaks off here may break off in the middle of the next wrapper.
            let outside = out.split_off(start);
            let mut event = Event::default();
            let Some(opened) = envelope.open(&outside, memo, &mut event).filter(|_| !found.is_piece) else {
                out.extend_from_slice(&outside);
                found.opened = false;
                break;
            };
            inside::append(opened.text, opened.is_json, out);
            found.lane = envelope.lane_of(&event, found.lane);
            found.is_piece = opened.is_piece;
            found.times = found.times.saturating_mul(opened.times).min(MOST_REPEATS);
        }
        found
    }

    fn memos(&self) -> Memos {
        self.envelope.iter().flat_map(|envelope| envelope.levels()).map(|_| json::Memo::default()).collect()
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
