//! Latencies in fixed buckets, and how they are kept in a state.
//!
//! In: milliseconds. Out: a histogram that adds exactly; to be saved, the counts of its buckets.

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Latencies above this count as this much: 10 hours.
pub(super) const MOST_MS: u64 = 36_000_000;
/// What a person reads.
const SIGNIFICANT_DIGITS: u8 = 2;

/// One without counts. All have the same bounds, so that they can be added.
pub(super) fn empty() -> Option<Histogram<u32>> {
    Histogram::new_with_bounds(1, MOST_MS, SIGNIFICANT_DIGITS).ok()
}

pub(super) fn serialize<S: Serializer>(latency: &Option<Histogram<u32>>, to: S) -> Result<S::Ok, S::Error> {
    let counts = |latency: &Histogram<u32>| -> Vec<(u64, u32)> {
        latency.iter_recorded().map(|bucket| (bucket.value_iterated_to(), bucket.count_at_value())).collect()
    };
    latency.as_ref().map(counts).serialize(to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Histogram<u32>>, D::Error> {
    let Some(counts) = Option::<Vec<(u64, u32)>>::deserialize(from)? else { return Ok(None) };
    let mut latency = empty();
    for (ms, count) in counts {
        if let Some(latency) = &mut latency {
            latency.saturating_record_n(ms.min(MOST_MS), count);
        }
    }
    Ok(latency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Kept(#[serde(with = "super")] Option<Histogram<u32>>);

    #[test]
    fn what_was_saved_counts_the_same() {
        let mut latency = empty().unwrap();
        [1, 2, 2, 250, 60_003, MOST_MS].iter().for_each(|ms| latency.saturating_record(*ms));
        for kept in [Some(latency), None] {
            let saved = postcard::to_stdvec(&Kept(kept.clone())).unwrap();
            let read: Kept = postcard::from_bytes(&saved).unwrap();
            assert_eq!(read.0, kept);
        }
    }
}
