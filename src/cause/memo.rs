//! The last verdicts: neighbouring records mostly say the same.
//!
//! In: an event. Out: the verdict that the judge would give. Exact: two events share a verdict only where the message and
//! every field that some rule of the format tests are the same.

use super::{Judge, Verdict};
use crate::event::{Event, Field, bit};
use crate::grammar::when::ends_in_none;
use crate::text::is_same;
use xxhash_rust::xxh3::xxh3_64;

/// Verdicts that are remembered, each at its place by what it depends on.
const VERDICTS: usize = 64;
/// Of those on one message, by what stands besides it.
const VERDICTS_BESIDE: usize = 4;
/// Events with more to compare than this are judged anew.
const MOST_BYTES: usize = 1024;

/// Remembers the last few verdicts of one judge.
#[derive(Debug, Default)]
pub struct VerdictMemo {
    known: Vec<(Vec<u8>, Option<Verdict>)>,
    key: Vec<u8>,
    /// The verdicts on the message at hand, by what records say besides it.
    beside: Vec<(Beside, Option<Verdict>)>,
}

/// What a record says besides its message, as far as rules test it.
#[derive(Debug)]
struct Beside {
    /// Which of the fields there are.
    present: u64,
    /// What of each counts, and the value where it does.
    values: Vec<(Field, CountsAs, Box<[u8]>)>,
    /// On which side of the numbers that rules know each compared field lies.
    sides: Vec<u8>,
}

/// What a value counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CountsAs {
    /// The log saying "no value".
    None,
    /// A list whose last element, which is the one that counts, says so.
    NoneLast,
    /// Some value, whichever.
    Some,
    /// Itself.
    Value,
}

impl VerdictMemo {
    /// The verdict on a diagnosis; `None` where no rule fits. `repeated`: its message, level, error and phase are those of
    /// the record before.
    pub fn diagnosis(&mut self, judge: &Judge<'_>, event: &Event<'_>, repeated: bool) -> Option<Verdict> {
        if !repeated {
            self.beside.clear();
        }
        if let Some((_, verdict)) = self.beside.iter().find(|(beside, _)| beside.is_of(judge, event)) {
            return *verdict;
        }
        self.key.clear();
        let tested = judge.tested();
        add_all(&mut self.key, event, tested.beside | tested.in_message, tested.by_value);
        self.key.extend(judge.sides(event));
        let verdict = self.by_key(judge, event);
        if self.beside.len() < VERDICTS_BESIDE && self.key.len() <= MOST_BYTES {
            self.beside.push((Beside::of(judge, event), verdict));
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
        let at = self.place();
        if let Some((_, Some(verdict))) = self.known.get(at).filter(|(key, _)| *key == self.key) {
            return *verdict;
        }
        let verdict = judge.derived_request(event, status);
        self.remember(at, Some(verdict));
        verdict
    }

    fn by_key(&mut self, judge: &Judge<'_>, event: &Event<'_>) -> Option<Verdict> {
        let at = self.place();
        if let Some((_, verdict)) = self.known.get(at).filter(|(key, _)| *key == self.key) {
            return *verdict;
        }
        let verdict = judge.diagnosis(event);
        self.remember(at, verdict);
        verdict
    }

    /// Where a verdict with this key is remembered.
    fn place(&self) -> usize {
        xxh3_64(&self.key) as usize % VERDICTS
    }

    fn remember(&mut self, at: usize, verdict: Option<Verdict>) {
        if self.key.len() > MOST_BYTES {
            return;
        }
        if self.known.is_empty() {
            self.known.resize(VERDICTS, (Vec::new(), None));
        }
        let (key, known) = &mut self.known[at];
        key.clone_from(&self.key);
        *known = verdict;
    }
}

impl Beside {
    fn of(judge: &Judge<'_>, event: &Event<'_>) -> Self {
        let tested = judge.tested();
        let values = event.among(tested.beside).map(|(field, value)| {
            let counts = CountsAs::of(field, value, tested.by_value);
            (field, counts, if counts == CountsAs::Value { value.into() } else { Box::default() })
        });
        Self { present: event.mark() & tested.beside, values: values.collect(), sides: judge.sides(event).collect() }
    }

    /// Whether this record says the same.
    #[inline]
    fn is_of(&self, judge: &Judge<'_>, event: &Event<'_>) -> bool {
        let tested = judge.tested();
        self.present == event.mark() & tested.beside
            && self.values.iter().all(|(field, counts, known)| {
                let value = event.raw(*field).unwrap_or_default();
                *counts == CountsAs::of(*field, value, tested.by_value)
                    && (*counts != CountsAs::Value || is_same(value, known))
            })
            && (self.sides.is_empty() || judge.sides(event).eq(self.sides.iter().copied()))
    }
}

impl CountsAs {
    #[inline]
    fn of(field: Field, value: &[u8], by_value: u64) -> Self {
        match value {
            b"" | b"-" => Self::None,
            _ if by_value & bit(field) != 0 => Self::Value,
            _ if ends_in_none(field, value) => Self::NoneLast,
            _ => Self::Some,
        }
    }
}

/// Adds which of the `asked` fields there are, and what of each counts.
fn add_all(key: &mut Vec<u8>, event: &Event<'_>, asked: u64, by_value: u64) {
    key.extend_from_slice(&(event.mark() & asked).to_le_bytes());
    for (field, value) in event.among(asked) {
        let counts = CountsAs::of(field, value, by_value);
        key.push(counts as u8);
        if counts == CountsAs::Value {
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
