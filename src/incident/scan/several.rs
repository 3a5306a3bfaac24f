//! Rows that are no request of their own, and lines of several.
//!
//! In: a line that no format reads as one record; a row that was made for another request. Out: how it ends.

use super::keep::keep;
use super::{Place, Scanner, Wrapper, is_failure};
use crate::cause::Gives;
use crate::event::{Event, Field};
use crate::grammar::Witness;
use crate::grammar::json::objects;
use crate::incident::part::{Part, WitnessKind, WitnessRecord};
use crate::time::Timestamp;

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

impl Scanner<'_> {
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
    pub(super) fn attempt(
        &mut self,
        which: usize,
        event: &mut Event<'_>,
        time: Option<Timestamp>,
        place: Place,
        part: &mut Part,
        text: &[u8],
    ) -> Ending {
        let known = &mut self.readers[which];
        let Some(status) = event.status().filter(|status| is_failure(*status, event)) else { return Ending::Passed };
        let verdict = known.memo.request(&known.judge, event, status);
        let Some(cause) = verdict.cause else { return Ending::Passed };
        if let Some(id) = event.get(Field::ParentId) {
            event.set(Field::RequestId, id);
        }
        let service = known.service.id(event, Witness::Request, part);
        let witness = self.witness(event, time, place, verdict, cause, service, part);
        let kind = if verdict.gives == Gives::Warning { WitnessKind::Warning } else { WitnessKind::Failure };
        keep(part, WitnessRecord { kind, status, client: 0, request: 0, ..witness }, text);
        Ending::Event
    }
}
