//! One automaton a format: which rules a message may fit.
//!
//! In: the wordings of a format's rules, then messages. Out: the rules whose wording fits, with the literal bytes that
//! fitted. Every wording enters the automaton with its longest piece; what it finds is then held against the whole.

use super::{Gives, Rule, RuleId};
use crate::event::{Event, Field, bit};
use crate::grammar::when::{Counts, number_of};
use crate::grammar::wording::Wording;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Finds the rules of one format.
#[derive(Debug)]
pub(super) struct Matcher {
    /// Built once it pays. None where it cannot be built: then every wording is tried.
    automaton: OnceLock<Option<AhoCorasick>>,
    /// What each pattern of the automaton looks for.
    pieces: Vec<Box<[u8]>>,
    /// Messages that were asked about.
    asked: AtomicU32,
    /// What each pattern of the automaton stands for.
    entries: Vec<Vec<Entry>>,
    /// Rules that look at fields only.
    wordless: Vec<RuleId>,
    /// Some rule gives an echo.
    pub(super) has_echoes: bool,
    /// The fields on which a verdict depends.
    pub(super) tested: Tested,
    /// What fields are compared with whose value counts in no other way.
    pub(super) sides: Vec<Sides>,
}

/// Fields that rules look at: a bit a field.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tested {
    /// Those before a record's tail.
    pub(super) in_message: u64,
    /// The others.
    pub(super) beside: u64,
    /// Those of them whose value counts, not only that they are there.
    pub(super) by_value: u64,
}

impl Tested {
    fn test(&mut self, field: Field, counts: Counts) {
        let bit = bit(field);
        if is_of_message(field) {
            self.in_message |= bit;
        } else {
            self.beside |= bit;
        }
        self.by_value |= if counts == Counts::Value { bit } else { 0 };
    }
}

/// Numbers that values of a field are compared with, in their order.
#[derive(Debug)]
pub(super) struct Sides {
    field: Field,
    numbers: Vec<f64>,
}

impl Sides {
    /// With more numbers than this a field is compared by its value.
    const MOST_NUMBERS: usize = 100;

    fn new(field: Field, mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        numbers.dedup();
        Self { field, numbers }
    }

    /// On which side of the numbers the value lies: the same for values that no comparison tells apart.
    pub(super) fn side(&self, event: &Event<'_>) -> u8 {
        /// There is no number, or one that is on no side of others.
        const NO_NUMBER: u8 = u8::MAX;
        let Some(number) = number_of(self.field, event).filter(|number| !number.is_nan()) else { return NO_NUMBER };
        let below = self.numbers.partition_point(|other| *other < number);
        (2 * below + usize::from(self.numbers.get(below) == Some(&number))) as u8
    }
}

#[derive(Debug)]
struct Entry {
    rule: RuleId,
    wording: Wording,
    /// The piece in the automaton is the message's beginning.
    at_start: bool,
}

impl Matcher {
    /// For these rules, with the wordings that they have in this format.
    pub(super) fn new<'r>(rules: impl Iterator<Item = (RuleId, &'r Rule, Cow<'r, [Wording]>)>) -> Self {
        let mut pieces: Vec<Box<[u8]>> = Vec::new();
        let mut entries: Vec<Vec<Entry>> = Vec::new();
        let mut wordless = Vec::new();
        let mut has_echoes = false;
        // Whether a record can be believed counts in every verdict.
        let mut tested = Tested::default();
        tested.test(Field::Doubt, Counts::Presence);
        let mut numbers: BTreeMap<Field, Vec<f64>> = BTreeMap::new();
        for (id, rule, says) in rules {
            if let Some(when) = &rule.when {
                when.each_field(&mut |field, counts| {
                    tested.test(field, counts);
                    if let Counts::Side(number) = counts {
                        numbers.entry(field).or_default().push(number);
                    }
                });
            }
            has_echoes |= rule.gives == Gives::Echo;
            if rule.says.is_empty() {
                wordless.push(id);
            } else {
                tested.test(Field::Message, Counts::Value);
            }
            for wording in says.iter() {
                let (piece, at_start) = telling_piece(wording);
                let entry = Entry { rule: id, wording: wording.clone(), at_start };
                match pieces.iter().position(|known| **known == *piece) {
                    Some(at) => entries[at].push(entry),
                    None => {
                        pieces.push(piece.into());
                        entries.push(vec![entry]);
                    }
                }
            }
        }
        let all: Vec<Sides> = numbers.into_iter().map(|(field, numbers)| Sides::new(field, numbers)).collect();
        let (few, many): (Vec<Sides>, _) = all.into_iter().partition(|one| one.numbers.len() <= Sides::MOST_NUMBERS);
        many.iter().for_each(|sides: &Sides| tested.test(sides.field, Counts::Value));
        let sides = few.into_iter().filter(|sides| bit(sides.field) & tested.by_value == 0).collect();
        Self {
            sides,
            automaton: OnceLock::new(),
            pieces,
            asked: AtomicU32::new(0),
            entries,
            wordless,
            has_echoes,
            tested,
        }
    }

    /// The automaton, where it pays: to build it takes as long as to try every wording on some hundred messages, and
    /// verdicts are remembered.
    fn automaton(&self) -> Option<&AhoCorasick> {
        /// So many messages are tried wording by wording.
        const FEW_MESSAGES: u32 = 64;
        if self.automaton.get().is_none() && self.asked.fetch_add(1, Ordering::Relaxed) < FEW_MESSAGES {
            return None;
        }
        // Few messages come here: an automaton that is quick to build beats one quick to run.
        let build = || {
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::Standard).kind(Some(AhoCorasickKind::ContiguousNFA));
            builder.build(&self.pieces).ok()
        };
        self.automaton.get_or_init(build).as_ref()
    }

    /// Calls `found` with each rule whose wording fits; a rule may come twice.
    pub(super) fn each_candidate(&self, message: &[u8], mut found: impl FnMut(RuleId, usize)) {
        self.wordless.iter().for_each(|rule| found(*rule, 0));
        if self.entries.is_empty() {
            return;
        }
        let Some(automaton) = self.automaton() else {
            for entry in self.entries.iter().flatten().filter(|entry| entry.wording.fits(message)) {
                found(entry.rule, entry.wording.literal_bytes());
            }
            return;
        };
        for hit in automaton.find_overlapping_iter(message) {
            for entry in &self.entries[hit.pattern().as_usize()] {
                if (!entry.at_start || hit.start() == 0) && entry.wording.fits(message) {
                    found(entry.rule, entry.wording.literal_bytes());
                }
            }
        }
    }
}

/// Fields that stand before a record's tail.
fn is_of_message(field: Field) -> bool {
    matches!(field, Field::Level | Field::Message | Field::Errno | Field::ErrnoText | Field::Phase | Field::Pid)
}

/// The piece to look for: the beginning of an anchored wording where that is long enough to tell, else the longest.
fn telling_piece(wording: &Wording) -> (&[u8], bool) {
    /// Shorter beginnings (`[`, `SSL`) would be found in every other message.
    const TELLING_BYTES: usize = 6;
    match wording.parts.first() {
        Some(first) if wording.anchored && first.needle().len() >= TELLING_BYTES => (first.needle(), true),
        _ => (wording.parts.iter().map(|part| part.needle()).max_by_key(|part| part.len()).unwrap_or_default(), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_all_that_comparisons_tell() {
        let sides = Sides::new(Field::Duration, vec![2.0, 1.0, 2.0]);
        let side = |value: &str| {
            let mut event = Event::default();
            event.set(Field::Duration, value.as_bytes());
            sides.side(&event)
        };
        let told = ["-1", "0.5", "1", "1.0", "1.5", "2", "9"].map(side);
        assert_eq!(told, [0, 0, 1, 1, 2, 3, 4]);
        assert_eq!(["-", "", "x", "nan"].map(side), [u8::MAX; 4]);
        let mut elapsed = Event::default();
        elapsed.elapsed_micros = Some(1_500_000);
        assert_eq!(sides.side(&elapsed), 2);
    }
}
