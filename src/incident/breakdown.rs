//! Counts by name, with a cap.
//!
//! In: names. Out: how often each came: exact for the names that came first, and for what stands out among the others at
//! least so often (see `frequent`).

use super::names::NameId;
use ahash::{AHashMap, AHashSet};
use serde::{Deserialize, Serialize};

/// Names kept in one breakdown of a tally. A part keeps all of its own: what a chunk leaves out would depend on its size.
const MOST_NAMES: usize = 256;

/// Counts by name, with a cap: of more names those that came first are kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Breakdown {
    /// In the order in which they came.
    counts: Vec<(NameId, u64)>,
    places: Places,
    beyond: u64,
    /// Names beyond the cap that stand out.
    frequent: Vec<(Box<[u8]>, u64)>,
}

/// Where a name stands among the counts.
#[derive(Debug, Clone)]
enum Places {
    /// There is a cap, so the names are few among many.
    Capped(AHashMap<NameId, usize>),
    /// Of a part's, which are numbered from 0: the place, from 1; 0 for none.
    OfPart(Vec<u32>),
}

impl Default for Places {
    fn default() -> Self {
        Self::Capped(AHashMap::new())
    }
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
        let mut breakdown = Self { beyond, ..Self::new(capped) };
        counts.into_iter().for_each(|(name, count)| breakdown.add(name, count));
        breakdown
    }
}

impl From<Breakdown> for Saved {
    fn from(Breakdown { counts, places, beyond, .. }: Breakdown) -> Self {
        Self { counts, beyond, capped: matches!(places, Places::Capped(_)) }
    }
}

impl Breakdown {
    /// Without names; a part's has no cap.
    pub(super) fn new(capped: bool) -> Self {
        let places = if capped { Places::default() } else { Places::OfPart(Vec::new()) };
        Self { places, ..Self::default() }
    }

    pub(super) fn add(&mut self, name: NameId, count: u64) {
        let place = match &mut self.places {
            Places::Capped(places) if self.counts.len() >= MOST_NAMES => match places.get(&name) {
                Some(place) => *place,
                None => return self.beyond += count,
            },
            Places::Capped(places) => *places.entry(name).or_insert(self.counts.len()),
            Places::OfPart(places) => {
                let at = name.0 as usize;
                let next = self.counts.len() as u32 + 1;
                match places.get_mut(at) {
                    Some(place @ 0) => *place = next,
                    Some(_) => {}
                    None => {
                        places.resize(at, 0);
                        places.push(next);
                    }
                }
                places[at] as usize - 1
            }
        };
        match self.counts.get_mut(place) {
            Some(known) => known.1 += count,
            None => self.counts.push((name, count)),
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

    /// The same with other numbers for its names: to be merged into others, not to be added to.
    pub(super) fn renamed(&mut self, mut name: impl FnMut(NameId) -> NameId) {
        self.counts.iter_mut().for_each(|(known, _)| *known = name(*known));
        self.places = Places::default();
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
        let names = |counts: &[(NameId, u64)]| counts.iter().map(|(name, _)| *name).collect::<AHashSet<_>>();
        !names(&self.counts).is_disjoint(&names(&other.counts))
    }

    /// Whether it has no names.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}
