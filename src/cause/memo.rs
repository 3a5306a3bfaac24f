//! The last verdicts: neighbouring records mostly say the same.
//!
//! In: an event. Out: the verdict that the judge would give. Exact: two events share a verdict only where the message and
//! every field that some rule of the format tests are the same.

use super::{Judge, Verdict};
use crate::event::{Event, Field};

/// Verdicts that are remembered.
const VERDICTS: usize = 4;
/// Events with more to compare than this are judged anew.
const MOST_BYTES: usize = 1024;

/// Remembers the last few verdicts of one judge.
#[derive(Debug, Default)]
pub struct VerdictMemo {
    known: Vec<(Vec<u8>, Option<Verdict>)>,
    key: Vec<u8>,
    next: usize,
    /// What the record before was, besides its message: to tell whether one that repeats it differs in anything tested.
    beside: Vec<u8>,
    last: Option<Option<Verdict>>,
}

impl VerdictMemo {
    /// The verdict on a diagnosis; `None` where no rule fits. `repeated`: its message, level, error and phase are those of
    /// the record before.
    pub fn diagnosis(&mut self, judge: &Judge<'_>, event: &Event<'_>, repeated: bool) -> Option<Verdict> {
        self.key.clear();
        judge.tested_beside().for_each(|(field, by_value)| add(&mut self.key, event.raw(field), by_value));
        if let Some(last) = self.last.filter(|_| repeated && self.key == self.beside) {
            return last;
        }
        self.beside.clone_from(&self.key);
        add(&mut self.key, event.raw(Field::Message), true);
        judge.tested_in_message().for_each(|(field, by_value)| add(&mut self.key, event.raw(field), by_value));
        let verdict = self.by_key(judge, event);
        self.last = Some(verdict);
        verdict
    }

    /// The verdict on a failed request (see [`Judge::request`]).
    pub fn request(&mut self, judge: &Judge<'_>, event: &mut Event<'_>, status: u16) -> Verdict {
        judge.derive_fields(event);
        self.key.clear();
        // What the fallback looks at, and then all that any rule does.
        add(&mut self.key, event.raw(Field::Status), true);
        add(&mut self.key, event.raw(Field::AnsweredBy), true);
        add(&mut self.key, event.raw(Field::UpstreamStatus), false);
        judge
            .tested_in_message()
            .chain(judge.tested_beside())
            .for_each(|(field, by_value)| add(&mut self.key, event.raw(field), by_value));
        if let Some((_, Some(verdict))) = self.known.iter().find(|(key, _)| *key == self.key) {
            return *verdict;
        }
        let verdict = judge.derived_request(event, status);
        if self.key.len() <= MOST_BYTES {
            self.remember(Some(verdict));
        }
        verdict
    }

    fn by_key(&mut self, judge: &Judge<'_>, event: &Event<'_>) -> Option<Verdict> {
        if let Some((_, verdict)) = self.known.iter().find(|(key, _)| *key == self.key) {
            return *verdict;
        }
        let verdict = judge.diagnosis(event);
        if self.key.len() <= MOST_BYTES {
            self.remember(verdict);
        }
        verdict
    }

    fn remember(&mut self, verdict: Option<Verdict>) {
        let entry = (self.key.clone(), verdict);
        if self.known.len() < VERDICTS {
            self.known.push(entry);
        } else {
            self.known[self.next] = entry;
            self.next = (self.next + 1) % VERDICTS;
        }
    }
}

fn add(key: &mut Vec<u8>, value: Option<&[u8]>, by_value: bool) {
    match value {
        None => key.push(0),
        Some(b"" | b"-") => key.push(1),
        Some(_) if !by_value => key.push(2),
        Some(value) => {
            key.push(3);
            key.extend_from_slice(&(value.len() as u32).to_le_bytes());
            key.extend_from_slice(value);
        }
    }
}
