//! Witnesses that wait for their counterpart, found by what a request and its diagnosis have in common.
//!
//! In: witnesses in order of time. Out: those with a key, and the oldest. Numbers rise by one, so they are places in a queue.

use super::join::Placed;
use super::part::{WitnessKind, WitnessRecord};
use super::segment::MOST_EVIDENCE_BYTES;
use super::tally::SeriesKey;
use crate::time::Timestamp;
use ahash::AHashMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A witness that waits, with a copy of its text.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) placed: Placed<'static>,
    text: Vec<u8>,
    /// A diagnosis that a request was joined with, though another one decided: the trouble it was counted to. It may
    /// still turn out to be the one line about another request of the same client for the same URI.
    pub(super) claimed: Option<SeriesKey>,
}

impl Held {
    /// A copy of this witness.
    pub(super) fn of(placed: &Placed<'_>) -> Self {
        let text = placed.text[..placed.text.len().min(MOST_EVIDENCE_BYTES)].to_vec();
        Self { placed: Placed { text: b"", ..*placed }, text, claimed: None }
    }

    /// The witness with its text.
    pub(super) fn as_placed(&self) -> Placed<'_> {
        Placed { text: &self.text, ..self.placed }
    }
}

/// Witnesses that wait, in order of arrival.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Waiting {
    /// All logs of requests name the client.
    clients: bool,
    by_key: AHashMap<Key, Numbers>,
    /// How many wait that can be found by their request alone.
    by_request_alone: usize,
    queue: VecDeque<Option<Held>>,
    /// The number of the first place in the queue.
    first: u64,
    count: usize,
    /// Room of texts that are no longer needed, for the next ones.
    spare: Vec<Vec<u8>>,
}

/// What a request and its diagnosis have in common, as one well mixed number: the id; client, method and URI; or method and
/// URI alone, where one of the two names no client. The kinds of keys share the space: 64 bits keep them apart.
pub(super) type Key = u64;

fn key_of_id(id: u64) -> Key {
    mixed(id, 1)
}

fn key_of_client(client: u64, request: u64) -> Key {
    mixed(request, client)
}

fn key_of_request(request: u64) -> Key {
    mixed(request, 2)
}

/// Both are hashes already: this keeps their order.
fn mixed(one: u64, other: u64) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    (one ^ other.wrapping_mul(ODD)).rotate_left(29).wrapping_mul(ODD)
}

/// Buffers kept for reuse; more is a burst's.
const MOST_SPARE: usize = 1024;

/// Witnesses found by one key; of more the oldest are found no longer. Keys come from clients, and every one under a key
/// is looked at: without a bound one client with one URI could make that work grow with its square.
const MOST_OF_KEY: usize = 1024;

/// The numbers under one key: mostly a single one.
#[derive(Debug, Clone)]
enum Numbers {
    One(u64),
    Many(Vec<u64>),
}

impl Numbers {
    fn as_slice(&self) -> &[u64] {
        match self {
            Self::One(number) => std::slice::from_ref(number),
            Self::Many(numbers) => numbers,
        }
    }

    fn push(&mut self, number: u64) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, number]),
            Self::Many(numbers) => {
                if numbers.len() >= MOST_OF_KEY {
                    numbers.remove(0);
                }
                numbers.push(number);
            }
        }
    }
}

/// What waits as a state keeps it: what is found by key is derived.
#[derive(Serialize, Deserialize)]
struct Saved {
    clients: bool,
    first: u64,
    queue: VecDeque<Option<Held>>,
}

impl From<Saved> for Waiting {
    fn from(Saved { clients, first, queue }: Saved) -> Self {
        let mut waiting = Self { first, queue, ..Self::new(clients) };
        waiting.find_again();
        waiting
    }
}

impl From<Waiting> for Saved {
    fn from(Waiting { clients, first, queue, .. }: Waiting) -> Self {
        Self { clients, first, queue }
    }
}

impl Waiting {
    /// Finds those in the queue by their keys.
    fn find_again(&mut self) {
        self.by_key.clear();
        (self.count, self.by_request_alone) = (0, 0);
        for at in 0..self.queue.len() {
            let Some(witness) = self.queue[at].as_ref().map(|held| held.placed.witness) else { continue };
            self.note(&witness, self.first + at as u64);
        }
    }

    /// Whether all logs of requests name the client.
    pub(super) fn set_clients(&mut self, clients: bool) {
        if self.clients != clients {
            self.clients = clients;
            self.find_again();
        }
    }

    /// The witness with this number can be found.
    fn note(&mut self, witness: &WitnessRecord, number: u64) {
        for key in self.keys(witness) {
            self.by_key.entry(key).and_modify(|numbers| numbers.push(number)).or_insert(Numbers::One(number));
        }
        self.by_request_alone += usize::from(self.is_found_by_request(witness));
        self.count += 1;
    }

    /// Nothing waits yet; `clients`: all logs of requests name the client.
    pub(super) fn new(clients: bool) -> Self {
        Self {
            clients,
            by_key: AHashMap::new(),
            by_request_alone: 0,
            queue: VecDeque::new(),
            first: 0,
            count: 0,
            spare: Vec::new(),
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// The keys under which this witness can be found, surest first.
    fn keys(&self, witness: &WitnessRecord) -> impl Iterator<Item = Key> + use<> {
        let id = (witness.request_id != 0).then(|| key_of_id(witness.request_id));
        let both =
            (witness.client != 0 && witness.request != 0).then(|| key_of_client(witness.client, witness.request));
        // A request can be looked for by a diagnosis without client; such a diagnosis has no other key. Where access logs
        // name no client, every diagnosis is found by its request alone.
        let request = self.is_found_by_request(witness).then(|| key_of_request(witness.request));
        let client = (witness.by_client && witness.client != 0).then(|| mixed(witness.client, 3));
        id.into_iter().chain(both).chain(request).chain(client)
    }

    /// The numbers of those that have a key in common with this witness, key by key.
    fn lists_of(&self, witness: &WitnessRecord) -> impl Iterator<Item = &[u64]> {
        let nobody = self.count == 0;
        // Nearly all diagnoses name their client: then none is found by its request alone.
        let useless = (self.by_request_alone == 0).then(|| key_of_request(witness.request));
        let keys = self.keys(witness).filter(move |key| !nobody && Some(*key) != useless);
        keys.filter_map(|key| self.by_key.get(&key)).map(Numbers::as_slice)
    }

    /// The numbers of those that this witness may belong to, in no order, some perhaps twice.
    pub(super) fn candidates(&self, witness: &WitnessRecord, found: &mut Vec<u64>) {
        found.clear();
        self.lists_of(witness).for_each(|numbers| found.extend_from_slice(numbers));
    }

    /// The one that came last and fits, of those with the surest key.
    pub(super) fn newest(&self, witness: &WitnessRecord, fits: impl Fn(&Held) -> bool) -> Option<u64> {
        let newest =
            |numbers: &[u64]| numbers.iter().copied().filter(|number| self.get(*number).is_some_and(&fits)).max();
        self.lists_of(witness).find_map(newest)
    }

    fn is_found_by_request(&self, witness: &WitnessRecord) -> bool {
        witness.request != 0 && (witness.kind == WitnessKind::Request || witness.client == 0 || !self.clients)
    }

    /// Lets a witness wait; its number.
    pub(super) fn push(&mut self, placed: &Placed<'_>) -> u64 {
        let number = self.first + self.queue.len() as u64;
        self.note(&placed.witness, number);
        let mut text = self.spare.pop().unwrap_or_default();
        text.extend_from_slice(&placed.text[..placed.text.len().min(MOST_EVIDENCE_BYTES)]);
        self.queue.push_back(Some(Held { placed: Placed { text: b"", ..*placed }, text, claimed: None }));
        number
    }

    /// The witness with this number, if it still waits.
    pub(super) fn get(&self, number: u64) -> Option<&Held> {
        self.queue.get(number.checked_sub(self.first)? as usize)?.as_ref()
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Held> {
        self.queue.get_mut(number.checked_sub(self.first)? as usize)?.as_mut()
    }

    /// Takes a witness out.
    pub(super) fn remove(&mut self, number: u64) -> Option<Held> {
        let held = self.queue.get_mut(number.checked_sub(self.first)? as usize)?.take()?;
        self.count -= 1;
        self.by_request_alone -= usize::from(self.is_found_by_request(&held.placed.witness));
        for key in self.keys(&held.placed.witness) {
            let left = match self.by_key.get_mut(&key) {
                Some(Numbers::Many(numbers)) => {
                    numbers.retain(|other| *other != number);
                    !numbers.is_empty()
                }
                _ => false,
            };
            if !left {
                self.by_key.remove(&key);
            }
        }
        while let Some(None) = self.queue.front() {
            self.queue.pop_front();
            self.first += 1;
        }
        Some(held)
    }

    /// Takes the oldest out.
    pub(super) fn pop_first(&mut self) -> Option<Held> {
        self.remove(self.first)
    }

    /// When the oldest was, or may have been at the latest.
    pub(super) fn first_time(&self) -> Option<Timestamp> {
        let held = self.queue.front()?.as_ref()?;
        Some(held.placed.time.plus_micros(held.placed.witness.fold_micros))
    }

    /// Takes its room back.
    pub(super) fn recycle(&mut self, held: Held) {
        let mut text = held.text;
        if self.spare.len() < MOST_SPARE {
            text.clear();
            self.spare.push(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_holds_a_bounded_number() {
        let mut numbers = Numbers::One(0);
        (1..=MOST_OF_KEY as u64).for_each(|number| numbers.push(number));
        assert_eq!(numbers.as_slice().len(), MOST_OF_KEY);
        assert_eq!((numbers.as_slice()[0], numbers.as_slice().last()), (1, Some(&(MOST_OF_KEY as u64))));
    }
}
