//! Latencies in fixed buckets, and how they are kept in a state.
//!
//! In: milliseconds. Out: quantiles, the same whatever the order in which latencies came and were added up.

use hdrhistogram::Histogram;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Latencies above this count as this much: 10 hours.
const MOST_MS: u64 = 36_000_000;
/// What a person reads.
const SIGNIFICANT_DIGITS: u8 = 2;
/// So few are listed: a histogram takes more room than they do, and more work to make and to add.
const FEW: usize = 1024;

/// The latencies of a trouble.
#[derive(Debug, Clone)]
pub struct Latencies {
    few: Vec<u32>,
    /// All of them, once they are no longer few.
    many: Option<Histogram<u32>>,
}

impl Latencies {
    /// Of this one request.
    pub(super) fn of(ms: u32) -> Self {
        Self { few: vec![ms], many: None }
    }

    /// Adds a request.
    #[inline]
    pub(super) fn record(&mut self, ms: u32) {
        self.record_many(ms, 1);
    }

    fn record_many(&mut self, ms: u32, count: u32) {
        if let Some(many) = &mut self.many {
            many.saturating_record_n(u64::from(ms).min(MOST_MS), count);
            return;
        }
        if self.few.len() + count as usize <= FEW {
            self.few.extend(std::iter::repeat_n(ms, count as usize));
            return;
        }
        self.many = self.histogram();
        self.few.clear();
        // Without a histogram, which has the same bounds always, nothing would be counted.
        if self.many.is_some() {
            self.record_many(ms, count);
        }
    }

    /// Adds others.
    pub(super) fn merge(&mut self, other: &Self) {
        other.few.iter().for_each(|ms| self.record(*ms));
        if let Some(theirs) = &other.many {
            self.many = self.many.take().or_else(|| self.histogram());
            self.few.clear();
            if let Some(ours) = &mut self.many {
                // Both have the same bounds, so this cannot fail.
                let _added = ours.add(theirs);
            }
        }
    }

    /// What so large a part of all requests took at most, in milliseconds: an upper bound of its bucket.
    pub fn quantile_ms(&self, quantile: f64) -> f64 {
        match &self.many {
            Some(many) => many.value_at_quantile(quantile) as f64,
            None => self.histogram().map_or(0.0, |few| few.value_at_quantile(quantile) as f64),
        }
    }

    /// Those that are listed, as a histogram.
    fn histogram(&self) -> Option<Histogram<u32>> {
        let mut histogram = Histogram::new_with_bounds(1, MOST_MS, SIGNIFICANT_DIGITS).ok()?;
        self.few.iter().for_each(|ms| histogram.saturating_record(u64::from(*ms).min(MOST_MS)));
        Some(histogram)
    }
}

impl Serialize for Latencies {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut counts: Vec<(u32, u32)> = self.few.iter().map(|ms| (*ms, 1)).collect();
        for bucket in self.many.iter().flat_map(Histogram::iter_recorded) {
            counts.push((bucket.value_iterated_to() as u32, bucket.count_at_value()));
        }
        counts.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Latencies {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut latencies = Self { few: Vec::new(), many: None };
        let counts = Vec::<(u32, u32)>::deserialize(from)?;
        counts.into_iter().for_each(|(ms, count)| latencies.record_many(ms, count));
        Ok(latencies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantiles(latencies: &Latencies) -> Vec<f64> {
        [0.0, 0.5, 0.95, 0.99, 1.0].map(|quantile| latencies.quantile_ms(quantile)).to_vec()
    }

    fn all(of: &[u32]) -> Latencies {
        let mut all = Latencies::of(of[0]);
        of[1..].iter().for_each(|ms| all.record(*ms));
        all
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_and_a_state_tell_the_same(
            mut of in prop::collection::vec(prop_oneof![0..3_000_u32, Just(u32::MAX), 0..40_000_000_u32], 2..3_000),
            split in 1_usize..3_000,
        ) {
            let whole = all(&of);
            let saved = postcard::to_stdvec(&whole).unwrap();
            prop_assert_eq!(quantiles(&postcard::from_bytes(&saved).unwrap()), quantiles(&whole));
            of.reverse();
            let (left, right) = of.split_at(split.min(of.len() - 1));
            let mut merged = all(left);
            merged.merge(&all(right));
            prop_assert_eq!(quantiles(&merged), quantiles(&whole));
        }
    }
}
