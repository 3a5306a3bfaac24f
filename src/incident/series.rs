//! Segments by what makes failures one trouble, each list in order of time.
//!
//! In: failures, and stretches that were counted elsewhere. Out: segments. Two stretches with less than the gap between
//! them are one, in whatever order they come.

use super::segment::{Failure, Segment};
use super::tally::SeriesKey;
use crate::time::Timestamp;
use ahash::AHashMap;
use serde::{Deserialize, Serialize};

/// Segments by cause, service and kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Series {
    gap_micros: i64,
    lists: Vec<(SeriesKey, Vec<Segment>)>,
    by_key: AHashMap<SeriesKey, usize>,
    /// The list counted into last: neighbouring failures are mostly of one.
    last: usize,
    segments: usize,
    /// Whether breakdowns have a cap.
    capped: bool,
}

/// A series as a state keeps it: what is found by key is derived.
#[derive(Serialize, Deserialize)]
struct Saved {
    gap_micros: i64,
    lists: Vec<(SeriesKey, Vec<Segment>)>,
    capped: bool,
}

impl From<Saved> for Series {
    fn from(Saved { gap_micros, lists, capped }: Saved) -> Self {
        let by_key = lists.iter().enumerate().map(|(at, (key, _))| (*key, at)).collect();
        let segments = lists.iter().map(|(_, list)| list.len()).sum();
        Self { gap_micros, lists, by_key, last: 0, segments, capped }
    }
}

impl From<Series> for Saved {
    fn from(Series { gap_micros, lists, capped, .. }: Series) -> Self {
        Self { gap_micros, lists, capped }
    }
}

impl Series {
    /// Nothing counted yet; so many quiet seconds end a stretch.
    pub fn new(gap_seconds: i64) -> Self {
        Self {
            gap_micros: gap_seconds.saturating_mul(1_000_000),
            lists: Vec::new(),
            by_key: AHashMap::new(),
            last: 0,
            segments: 0,
            capped: true,
        }
    }

    /// The same for what is in one chunk.
    pub fn of_part(gap_seconds: i64) -> Self {
        Self { capped: false, ..Self::new(gap_seconds) }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// Whether something was counted under this key.
    pub fn has(&self, key: SeriesKey) -> bool {
        self.lists.get(self.last).is_some_and(|(last, _)| *last == key) || self.by_key.contains_key(&key)
    }

    /// Every key with its segments, in the order in which the keys came.
    pub fn iter(&self) -> impl Iterator<Item = (&SeriesKey, &[Segment])> {
        self.lists.iter().map(|(key, list)| (key, list.as_slice()))
    }

    /// The same, given away.
    pub fn into_segments(self) -> impl Iterator<Item = (SeriesKey, Segment)> {
        self.lists.into_iter().flat_map(|(key, list)| list.into_iter().map(move |segment| (key, segment)))
    }

    /// Every key with its segments, to be added to.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (SeriesKey, &mut Segment)> {
        self.lists.iter_mut().flat_map(|(key, list)| list.iter_mut().map(|segment| (*key, segment)))
    }

    /// Counts a failure and returns its segment, for evidence.
    pub fn count(&mut self, key: SeriesKey, failure: &Failure) -> &mut Segment {
        let gap = self.gap_micros;
        let at = self.list_of(key);
        let list = &mut self.lists[at].1;
        let before = list.len();
        let at = match touching(list, failure.time, failure.time, gap) {
            Some(at) => {
                list[at].add(failure);
                if list.len() == 1 { at } else { join_neighbours(list, at, gap) }
            }
            None => insert(list, Segment::new(failure, self.capped)),
        };
        self.segments = self.segments + list.len() - before;
        &mut list[at]
    }

    /// The segment counted into last, if it is its key's only one and the gap lets no failure in the second of the last
    /// one belong to another.
    #[inline]
    pub(super) fn last_mut(&mut self) -> Option<&mut Segment> {
        match self.lists.get_mut(self.last)?.1.as_mut_slice() {
            [only] if self.gap_micros >= 1_000_000 => Some(only),
            _ => None,
        }
    }

    /// Takes in a stretch that was counted elsewhere.
    pub fn absorb(&mut self, key: SeriesKey, segment: Segment) {
        let gap = self.gap_micros;
        let at = self.list_of(key);
        let list = &mut self.lists[at].1;
        let before = list.len();
        match touching(list, segment.first, segment.last, gap) {
            Some(at) => {
                list[at].merge(&segment);
                join_neighbours(list, at, gap);
            }
            None => drop(insert(list, if self.capped { segment.capped() } else { segment })),
        }
        self.segments = self.segments + list.len() - before;
    }

    /// The latest segment of this key to which a failure at this time would belong.
    pub fn near(&mut self, key: SeriesKey, time: Timestamp) -> Option<&mut Segment> {
        let at = *self.by_key.get(&key)?;
        let at_segment = touching(&self.lists[at].1, time, time, self.gap_micros)?;
        self.lists[at].1.get_mut(at_segment)
    }

    /// Forgets segments that ended before this time; how many.
    pub fn forget_before(&mut self, time: Timestamp) -> u64 {
        let before = self.segments;
        for (_, list) in &mut self.lists {
            list.retain(|segment| segment.last >= time);
        }
        self.lists.retain(|(_, list)| !list.is_empty());
        *self = Self::from(Saved {
            gap_micros: self.gap_micros,
            lists: std::mem::take(&mut self.lists),
            capped: self.capped,
        });
        (before - self.segments) as u64
    }

    fn list_of(&mut self, key: SeriesKey) -> usize {
        if self.lists.get(self.last).is_none_or(|(last, _)| *last != key) {
            self.last = *self.by_key.entry(key).or_insert_with(|| {
                self.lists.push((key, Vec::new()));
                self.lists.len() - 1
            });
        }
        self.last
    }
}

/// The latest segment with less than the gap between it and this stretch. Failures come almost in order of time: it is
/// nearly always the last.
fn touching(list: &[Segment], first: Timestamp, last: Timestamp, gap: i64) -> Option<usize> {
    list.iter().rposition(|segment| segment.first.plus_micros(-gap) <= last && first <= segment.last.plus_micros(gap))
}

fn insert(list: &mut Vec<Segment>, segment: Segment) -> usize {
    let at = list.partition_point(|other| other.first < segment.first);
    list.insert(at, segment);
    at
}

/// Neighbours that now touch become one; where it is.
fn join_neighbours(list: &mut Vec<Segment>, mut at: usize, gap: i64) -> usize {
    while at > 0 && list[at].first.plus_micros(-gap) <= list[at - 1].last {
        let later = list.remove(at);
        at -= 1;
        list[at].merge(&later);
    }
    while at + 1 < list.len() && list[at + 1].first.plus_micros(-gap) <= list[at].last {
        let later = list.remove(at + 1);
        list[at].merge(&later);
    }
    at
}
