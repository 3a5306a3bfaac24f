//! Names that stand out although there are too many to count them all.
//!
//! In: failures with their places in the logs. Out: which paths a trouble is about, with counts that are no larger than the
//! true ones are likely to be. Which failures are looked at depends on their places alone, not on what they say nor on the
//! order in which they come: so nobody can hide among invented names, and parts add up to the same sample in any order.

use super::segment::Spot;
use super::tally::SeriesKey;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// One failure in 2^4 is looked at; of more than there is room for, fewer.
const USUAL_BITS: u32 = 4;
/// Failures in the sample: a name in one failure of a thousand is in about twenty of them.
const MOST_SAMPLED: usize = 32_768;
/// A name in fewer of them may be there by chance.
const LEAST_SEEN: u64 = 4;

/// Whether the failure at this place of its log is looked at, if one in 2^`bits` is.
fn is_drawn(offset: u64, bits: u32) -> bool {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (offset ^ (offset >> 29)).wrapping_mul(ODD);
    (mixed ^ (mixed >> 32)).wrapping_mul(ODD) >> (64 - bits) == 0
}

/// Whether the failure at this place of its log may come into the sample.
pub(super) fn may_count(offset: u64) -> bool {
    is_drawn(offset, USUAL_BITS)
}

/// A failure that was drawn in a chunk, in the part's numbers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Drawn {
    pub(super) key: SeriesKey,
    pub(super) time: Timestamp,
    pub(super) path: super::NameId,
    /// Where it stands in the chunk.
    pub(super) at: u32,
}

/// The failures that were drawn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Sample {
    /// Those that wait for their counterpart, or did, by where they stand.
    joined: HashMap<Spot, Failed, ahash::RandomState>,
    /// Those that were counted by themselves: nobody looks for one of them again, so that they are only listed.
    alone: Vec<Listed>,
    /// The paths of those, one behind the other.
    paths: Vec<u8>,
    bits: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Failed {
    /// The trouble it was counted to; `None` while it waits for its counterpart.
    key: Option<SeriesKey>,
    time: Timestamp,
    path: Box<[u8]>,
}

#[derive(Debug, Clone)]
struct Listed {
    place: Spot,
    key: SeriesKey,
    time: Timestamp,
    /// Where its path stands among the paths.
    path: Range<usize>,
}

/// A sample as a state keeps it.
#[derive(Serialize, Deserialize)]
struct Saved {
    drawn: Vec<(Spot, Failed)>,
    bits: u32,
}

impl From<Saved> for Sample {
    fn from(Saved { drawn, bits }: Saved) -> Self {
        Self { joined: drawn.into_iter().collect(), bits, ..Self::default() }
    }
}

impl From<Sample> for Saved {
    fn from(Sample { joined, alone, paths, bits }: Sample) -> Self {
        let failed = |one: Listed| Failed { key: Some(one.key), time: one.time, path: paths[one.path].into() };
        let listed = alone.into_iter().map(|one| (one.place, failed(one)));
        Self { drawn: joined.into_iter().chain(listed).collect(), bits }
    }
}

impl Default for Sample {
    fn default() -> Self {
        Self { joined: HashMap::default(), alone: Vec::new(), paths: Vec::new(), bits: USUAL_BITS }
    }
}

impl Sample {
    /// Takes in a failure that waits for its counterpart, if it is drawn.
    pub(super) fn see_waiting(&mut self, place: Spot, time: Timestamp, path: &[u8]) {
        if is_drawn(place.2, self.bits) {
            self.joined.insert(place, Failed { key: None, time, path: path.into() });
            self.draw_fewer();
        }
    }

    /// Takes in a failure that was counted to this trouble by itself, if it is drawn.
    pub(super) fn see_alone(&mut self, place: Spot, key: SeriesKey, time: Timestamp, path: &[u8]) {
        if is_drawn(place.2, self.bits) {
            let start = self.paths.len();
            self.paths.extend_from_slice(path);
            self.alone.push(Listed { place, key, time, path: start..self.paths.len() });
            self.draw_fewer();
        }
    }

    fn draw_fewer(&mut self) {
        while self.joined.len() + self.alone.len() > MOST_SAMPLED {
            self.bits += 1;
            let bits = self.bits;
            self.joined.retain(|(_, _, offset), _| is_drawn(*offset, bits));
            self.alone.retain(|one| is_drawn(one.place.2, bits));
            let mut paths = Vec::new();
            for one in &mut self.alone {
                let start = paths.len();
                paths.extend_from_slice(&self.paths[one.path.clone()]);
                one.path = start..paths.len();
            }
            self.paths = paths;
        }
    }

    /// Says which trouble the failure at this place was counted to, and when it was.
    pub(super) fn claim(&mut self, place: Spot, key: SeriesKey, time: Timestamp) {
        if may_count(place.2)
            && let Some(failed) = self.joined.get_mut(&place)
        {
            (failed.key, failed.time) = (Some(key), time);
        }
    }

    /// The paths of this trouble that stand out, each with how many failures at least it is likely to have.
    pub(super) fn paths(&self, key: SeriesKey, first: Timestamp, last: Timestamp) -> Vec<(Box<[u8]>, u64)> {
        let mut seen: BTreeMap<&[u8], u64> = BTreeMap::new();
        let joined = self.joined.values().map(|failed| (failed.key, failed.time, &*failed.path));
        let alone = self.alone.iter().map(|one| (Some(one.key), one.time, &self.paths[one.path.clone()]));
        let of_trouble =
            |(of, time, _): &(Option<SeriesKey>, Timestamp, &[u8])| *of == Some(key) && (first..=last).contains(time);
        joined.chain(alone).filter(of_trouble).for_each(|(_, _, path)| *seen.entry(path).or_default() += 1);
        let often = seen.into_iter().filter(|(_, seen)| *seen >= LEAST_SEEN);
        often.map(|(path, seen)| (path.into(), at_least(seen) << self.bits)).collect()
    }
}

/// One standard deviation below what was seen.
fn at_least(seen: u64) -> u64 {
    seen - (seen as f64).sqrt().ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::super::{NONE, TroubleKind};
    use super::*;
    use crate::cause::CauseId;

    #[test]
    fn what_is_frequent_is_found_in_any_order() {
        let key = SeriesKey { cause: CauseId(0), service: NONE, kind: TroubleKind::Requests };
        let time = Timestamp::from_micros(0);
        let lines = 2_000_000;
        let path = |line: u64| if line.is_multiple_of(1000) { "/often".into() } else { format!("/once-{line}") };
        let (mut forth, mut back) = (Sample::default(), Sample::default());
        (0..lines).for_each(|line| forth.see_alone((0, 0, line * 113), key, time, path(line).as_bytes()));
        for line in (0..lines).rev() {
            back.see_waiting((0, 0, line * 113), time, path(line).as_bytes());
            back.claim((0, 0, line * 113), key, time);
        }
        let found = forth.paths(key, time, time);
        assert_eq!(found, back.paths(key, time, time));
        let [(name, count)] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(&**name, b"/often");
        assert!((1000..=2000).contains(count), "{count} of 2000");
        assert!(forth.alone.len() <= MOST_SAMPLED);
        let again: Sample = postcard::from_bytes(&postcard::to_stdvec(&forth).expect("saved")).expect("read");
        assert_eq!(again.paths(key, time, time), found);
    }
}
