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
    /// The verdicts on the message at hand, by what records say besides it, as far as it is tested.
    beside: Vec<(Vec<u8>, Option<Verdict>)>,
}

impl VerdictMemo {
    /// The verdict on a diagnosis; `None` where no rule fits. `repeated`: its message, level, error and phase are those of
    /// the record before.
    pub fn diagnosis(&mut self, judge: &Judge<'_>, event: &Event<'_>, repeated: bool) -> Option<Verdict> {
        if !repeated {
            self.beside.clear();
        }
        if let Some((_, verdict)) = self.beside.iter().find(|(beside, _)| is_the_same(beside, judge, event)) {
            return *verdict;
        }
        self.key.clear();
        judge.tested_beside().for_each(|(field, by_value)| add(&mut self.key, event.raw(field), by_value));
        let beside = self.key.clone();
        add(&mut self.key, event.raw(Field::Message), true);
        judge.tested_in_message().for_each(|(field, by_value)| add(&mut self.key, event.raw(field), by_value));
        let verdict = self.by_key(judge, event);
        if self.beside.len() < VERDICTS && beside.len() <= MOST_BYTES {
            self.beside.push((beside, verdict));
        }
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
        judge.tested_in_message().chain(judge.tested_beside()).for_each(|(field, by_value)| {
            add(&mut self.key, event.raw(field), by_value);
            if let (Field::Duration, Some(elapsed)) = (field, event.elapsed_micros) {
                self.key.extend_from_slice(&elapsed.to_le_bytes());
            }
        });
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

/// Whether what a record says besides its message is, as far as rules test it, what is known.
fn is_the_same(mut known: &[u8], judge: &Judge<'_>, event: &Event<'_>) -> bool {
    judge.tested_beside().all(|(field, by_value)| {
        let value = event.raw(field);
        let Some((kind, rest)) = known.split_first() else { return false };
        known = rest;
        if *kind != kind_of(value, by_value) {
            return false;
        }
        let (Some(value), BY_VALUE) = (value, *kind) else { return true };
        let rest = known.strip_prefix(&(value.len() as u32).to_le_bytes()).and_then(|rest| rest.strip_prefix(value));
        known = rest.unwrap_or_default();
        rest.is_some()
    })
}

/// The value itself follows in the key.
const BY_VALUE: u8 = 3;

/// What of a value counts: that the log does not have it, that it says "no value", that there is one, or the value itself.
fn kind_of(value: Option<&[u8]>, by_value: bool) -> u8 {
    match value {
        None => 0,
        Some(b"" | b"-") => 1,
        Some(_) if !by_value => 2,
        Some(_) => BY_VALUE,
    }
}

fn add(key: &mut Vec<u8>, value: Option<&[u8]>, by_value: bool) {
    let kind = kind_of(value, by_value);
    key.push(kind);
    if let (Some(value), BY_VALUE) = (value, kind) {
        key.extend_from_slice(&(value.len() as u32).to_le_bytes());
        key.extend_from_slice(value);
    }
}
