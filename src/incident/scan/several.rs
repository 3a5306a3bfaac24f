//! Rows that are no request of their own, lines of several, and lines that say what follows.
//!
//! In: a line that no format reads as one record; a row that was made for another request. Out: how it ends.

use super::{Found, Place, Scanner, Wrapper, is_failure, trimmed};
use crate::cause::Gives;
use crate::event::{Event, Field};
use crate::grammar::json::objects;
use crate::grammar::lanes::Lanes;
use crate::incident::part::{Part, WitnessKind};
use crate::source::Piece;

/// How a record ends. Ordered: of several in one line the greatest is the line's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Read, nothing wrong.
    Passed,
    /// A diagnosis of no trouble.
    Benign,
    /// Nobody can read or judge it.
    Unknown,
    /// A witness of trouble.
    Event,
}

/// For each byte, whether a header can begin with it.
pub(super) type Openings = [bool; 256];

impl Scanner<'_> {
    /// Fills the part from lines in lanes: the records' own text is what is kept of them. `false` where its witnesses cannot
    /// be counted on the spot.
    pub(super) fn read_lanes(&mut self, lanes: &Lanes, bytes: &[u8], part: &mut Part) -> bool {
        let counts_alone = part.alone.is_some();
        let unwrapped = lanes.records(bytes);
        part.counts.cut += unwrapped.cut;
        let mut event = Event::default();
        for record in &unwrapped.records {
            let text = &unwrapped.text[record.text.clone()];
            let place = Place {
                line: record.line as u32,
                at: record.at as u32,
                start: record.text.start as u32,
                length: text.len() as u32,
                fold_micros: 0,
            };
            self.record(text, place, record.lines, Some((record, bytes)), &mut event, part);
            // Of a record that stands for several the others are counted too; the line is in the books already.
            for _ in 1..record.times {
                self.judge(text, place, Some((record, bytes)), &mut event, part);
            }
            if counts_alone && part.alone.is_none() {
                return false;
            }
        }
        part.last_stamp = self.clock;
        part.bytes = unwrapped.text;
        true
    }

    /// A line that may hold several JSON objects, or a part of the frame around them: it ends as the worst of them does.
    pub(super) fn several<'b>(
        &mut self,
        text: &'b [u8],
        place: Place,
        wrapper: Wrapper<'b>,
        part: &mut Part,
    ) -> Ending {
        if !self.plan.formats.iter().any(|format| format.is_json()) {
            return Ending::Unknown;
        }
        let mut worst = Ending::Passed;
        let mut objects = objects(text);
        let mut event = Event::default();
        for range in objects.by_ref() {
            // In an envelope a place within the line tells nobody anything.
            let at = if wrapper.is_none() { place.at + range.start as u32 } else { place.at };
            let start = place.start + range.start as u32;
            let place = Place { at, start, length: range.len() as u32, ..place };
            worst = worst.max(self.judge(&text[range], place, wrapper, &mut event, part).unwrap_or(Ending::Unknown));
        }
        if objects.is_frame() { worst } else { Ending::Unknown.max(worst) }
    }

    /// What was done for another request: where it failed it says why, if that one failed too. Its client is the product.
    pub(super) fn attempt(&mut self, found: Found<'_>, event: &mut Event<'_>, part: &mut Part) -> Ending {
        let known = &mut self.readers[found.which];
        let Some(status) = event.status().filter(|status| is_failure(*status, event)) else { return Ending::Passed };
        let verdict = known.memo.request(&known.judge, event, status);
        let Some(cause) = verdict.cause else { return Ending::Passed };
        if let Some(id) = event.get(Field::ParentId) {
            event.set(Field::RequestId, id);
        }
        let kind = if verdict.gives == Gives::Warning { WitnessKind::Warning } else { WitnessKind::Failure };
        self.testify(found, event, verdict, cause, part, |witness| {
            (witness.kind, witness.status, witness.client, witness.request) = (kind, status, 0, 0);
        })
    }

    /// An access line without a status tells of a connection, and not of a request that was answered: it counts none, and
    /// is judged like a diagnosis. What no rule knows there is nothing to look into.
    pub(super) fn unanswered(&mut self, found: Found<'_>, event: &Event<'_>, part: &mut Part) -> Ending {
        let known = &mut self.readers[found.which];
        let Some(verdict) = known.judge.diagnosis(event) else { return Ending::Passed };
        let kind = match verdict.gives {
            // What was lost without an answer stands in no other log.
            Gives::Failure | Gives::Echo => WitnessKind::Session,
            Gives::Warning => WitnessKind::Warning,
            Gives::Condition => WitnessKind::Condition,
            Gives::Benign => return Ending::Benign,
        };
        let Some(cause) = verdict.cause else { return Ending::Benign };
        self.testify(found, event, verdict, cause, part, |witness| witness.kind = kind)
    }

    /// The bytes that a header or a directive can begin with, as far as is known.
    pub(super) fn openings_now(&self) -> Openings {
        let mut openings = [false; 256];
        for first in self.readers.iter().flat_map(|known| known.reader.openings()) {
            openings[first as usize] = true;
        }
        openings
    }

    /// Whether a line is no record but says what follows: every format takes from it what is for it.
    #[inline]
    pub(super) fn preamble(&mut self, piece: &Piece<'_>, offset: u64) -> bool {
        let first = offset == 0 && piece.at == 0;
        if !first && !self.openings[piece.text.first().copied().unwrap_or_default() as usize] {
            return false;
        }
        let mut is_one = false;
        for known in &mut self.readers {
            is_one |= known.reader.preamble(trimmed(piece.text), first);
        }
        if is_one {
            self.openings = self.openings_now();
        }
        is_one
    }
}
