//! The last verdicts: neighbouring records mostly say the same.
//!
//! In: an event. Out: the verdict that the judge would give. Exact: two events share a verdict only where the message and
//! every field that some rule of the format tests are the same.

use super::{Judge, Verdict};
use crate::event::{Event, Field, bit};
use crate::grammar::when::last_attempt;

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
        let tested = judge.tested();
        add_all(&mut self.key, event, tested.beside, tested.by_value);
        self.key.extend(judge.sides(event));
        let beside = self.key.clone();
        add_all(&mut self.key, event, tested.in_message, tested.by_value);
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
        let tested = judge.tested();
        // What the fallback looks at, and all that any rule does.
        let by_value = tested.by_value | bit(Field::Status) | bit(Field::AnsweredBy);
        let asked = by_value | tested.in_message | tested.beside | bit(Field::UpstreamStatus);
        add_all(&mut self.key, event, asked, by_value);
        self.key.extend(judge.sides(event));
        if let Some(elapsed) = event.elapsed_micros.filter(|_| tested.by_value & bit(Field::Duration) != 0) {
            self.key.extend_from_slice(&elapsed.to_le_bytes());
        }
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
fn is_the_same(known: &[u8], judge: &Judge<'_>, event: &Event<'_>) -> bool {
    let tested = judge.tested();
    let mut known = known.strip_prefix(&(event.mark() & tested.beside).to_le_bytes());
    for (field, value) in event.among(tested.beside) {
        let Some((kind, rest)) = known.and_then(<[u8]>::split_first) else { return false };
        if *kind != kind_of(field, value, tested.by_value & bit(field) != 0) {
            return false;
        }
        known = match *kind {
            BY_VALUE => {
                rest.strip_prefix(&(value.len() as u32).to_le_bytes()).and_then(|rest| rest.strip_prefix(value))
            }
            _ => Some(rest),
        };
    }
    known.is_some_and(|known| judge.sides(event).eq(known.iter().copied()))
}

/// The log says "no value".
const NONE: u8 = 0;
/// There is a value.
const SOME: u8 = 1;
/// The value itself follows in the key.
const BY_VALUE: u8 = 2;
/// A list whose last element, which is the one that counts, says "no value".
const NONE_LAST: u8 = 3;

/// What of a value counts.
fn kind_of(field: Field, value: &[u8], by_value: bool) -> u8 {
    match value {
        b"" | b"-" => NONE,
        _ if by_value => BY_VALUE,
        _ if matches!(last_attempt(field, value), b"" | b"-") => NONE_LAST,
        _ => SOME,
    }
}

/// Adds which of the `asked` fields there are, and what of each counts.
fn add_all(key: &mut Vec<u8>, event: &Event<'_>, asked: u64, by_value: u64) {
    key.extend_from_slice(&(event.mark() & asked).to_le_bytes());
    for (field, value) in event.among(asked) {
        let kind = kind_of(field, value, by_value & bit(field) != 0);
        key.push(kind);
        if kind == BY_VALUE {
            key.extend_from_slice(&(value.len() as u32).to_le_bytes());
            key.extend_from_slice(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Catalogue;
    use crate::grammar::{Grammars, RecordReader, Witness};
    use crate::time::Zone;
    use std::sync::Arc;

    /// Every example of every rule, after every other of its layout, is judged as it is by itself.
    #[test]
    fn what_is_remembered_is_what_the_judge_says() {
        let grammars = Grammars::built_in().expect("grammars");
        let catalogue = Catalogue::built_in(&grammars).expect("causes");
        let examples: Vec<&str> = catalogue.rules().flat_map(|(_, rule)| &rule.examples).map(String::as_str).collect();
        let mut compared = 0;
        for format in &grammars.formats {
            let judge = catalogue.judge(format);
            let mut memo = VerdictMemo::default();
            let mut reader = RecordReader::new(Arc::clone(format), Zone::UTC);
            for example in examples.iter().chain(examples.iter().rev()) {
                let (mut event, mut again) = (Event::default(), Event::default());
                if reader.read(example.as_bytes(), &mut event).is_none() {
                    continue;
                }
                reader.read(example.as_bytes(), &mut again);
                let same = match (format.witness, event.status()) {
                    (Witness::Diagnosis, _) => memo.diagnosis(&judge, &event, false) == judge.diagnosis(&again),
                    (Witness::Request, Some(status)) => {
                        memo.request(&judge, &mut event, status) == judge.request(&mut again, status)
                    }
                    (Witness::Request, None) => continue,
                };
                assert!(same, "{}: {example}", format.name());
                compared += 1;
            }
        }
        assert!(compared > 2 * examples.len(), "only {compared} of {} examples were compared", examples.len());
    }
}
