//! Counts by name, with a cap.
//!
//! In: names. Out: how often each came: exact for the names that came first, and for what stands out among the others at
//! least so often (see `frequent`).

use super::names::NameId;
use ahash::AHashMap;
use serde::{Deserialize, Serialize};

/// Names kept in one breakdown of a tally. A part keeps all of its own: what a chunk leaves out would depend on its size.
const MOST_NAMES: usize = 256;

/// Counts by name, with a cap: of more names those that came first are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Breakdown {
    /// In the order in which they came.
    counts: Vec<(NameId, u64)>,
    places: AHashMap<NameId, usize>,
    beyond: u64,
    /// Whether there is a cap.
    capped: bool,
    /// Names beyond the cap that stand out.
    frequent: Vec<(Box<[u8]>, u64)>,
}

/// Counts as a state keeps them: what is found by name is derived, and what stands out is found anew.
#[derive(Serialize, Deserialize)]
struct Saved {
    counts: Vec<(NameId, u64)>,
    beyond: u64,
    capped: bool,
}

impl From<Saved> for Breakdown {
    fn from(Saved { counts, beyond, capped }: Saved) -> Self {
        let places = counts.iter().enumerate().map(|(place, (name, _))| (*name, place)).collect();
        Self { counts, places, beyond, capped, frequent: Vec::new() }
    }
}

impl From<Breakdown> for Saved {
    fn from(Breakdown { counts, beyond, capped, .. }: Breakdown) -> Self {
        Self { counts, beyond, capped }
    }
}

impl Breakdown {
    /// Without names; a part's has no cap.
    pub(super) fn new(capped: bool) -> Self {
        Self { capped, ..Self::default() }
    }

    pub(super) fn add(&mut self, name: NameId, count: u64) {
        if let Some(place) = self.places.get(&name) {
            self.counts[*place].1 += count;
        } else if self.counts.len() < MOST_NAMES || !self.capped {
            self.places.insert(name, self.counts.len());
            self.counts.push((name, count));
        } else {
            self.beyond += count;
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.beyond += other.beyond;
        // In their order, so that a cap cuts the names that it would have cut line by line.
        other.iter().for_each(|(name, count)| self.add(name, count));
        for (name, count) in &other.frequent {
            match self.frequent.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known += count,
                None => self.frequent.push((name.clone(), *count)),
            }
        }
    }

    /// The same with other numbers for its names.
    pub(super) fn renamed(&mut self, mut name: impl FnMut(NameId) -> NameId) {
        let counts = std::mem::take(&mut self.counts);
        self.places.clear();
        counts.into_iter().for_each(|(old, count)| self.add(name(old), count));
    }

    /// The same with a cap.
    pub(super) fn capped(&self) -> Self {
        let mut capped = Self::new(true);
        capped.merge(self);
        capped
    }

    /// Sets what stands out beyond the cap.
    pub(super) fn set_frequent(&mut self, frequent: Vec<(Box<[u8]>, u64)>) {
        self.frequent = frequent;
    }

    /// Names with their counts, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (NameId, u64)> + '_ {
        self.counts.iter().copied()
    }

    /// Names that may lie beyond the cap, with how often at least they are likely to have come.
    pub fn frequent(&self) -> &[(Box<[u8]>, u64)] {
        &self.frequent
    }

    /// Whether nothing fell beyond the cap.
    pub fn is_exact(&self) -> bool {
        self.beyond == 0
    }

    /// Whether the two have a name in common.
    pub fn meets(&self, other: &Self) -> bool {
        self.places.keys().any(|name| other.places.contains_key(name))
    }

    /// Whether it has no names.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
