//! Counts over time in bounded memory, exactly mergeable.
//!
//! Buckets are 2^n seconds wide and lie on multiples of their width. When the span grows beyond the room, neighbours are
//! added up; the result depends on what was counted, never on the order.

use serde::{Deserialize, Serialize};

/// Buckets of one histogram.
const MOST_BUCKETS: usize = 512;

/// Counts per time bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeHistogram {
    /// The bucket's width is 2^`shift` seconds.
    shift: u32,
    /// Number of the first bucket: its start divided by the width.
    first: i64,
    counts: Vec<u64>,
}

impl TimeHistogram {
    /// Counts so many at this second.
    pub fn add(&mut self, second: i64, count: u64) {
        if self.counts.is_empty() {
            self.first = second >> self.shift;
        }
        loop {
            let bucket = second >> self.shift;
            let first = self.first.min(bucket);
            let last = (self.first + self.counts.len() as i64 - 1).max(bucket);
            if last - first < MOST_BUCKETS as i64 {
                self.grow(first, last);
                self.counts[(bucket - self.first) as usize] += count;
                return;
            }
            self.coarsen();
        }
    }

    /// Adds another one in.
    pub fn merge(&mut self, other: &Self) {
        while self.shift < other.shift {
            self.coarsen();
        }
        // A wider histogram must be known to be as wide as ours before its parts are added.
        for (at, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.add((other.first + at as i64) << other.shift, *count);
        }
    }

    /// Width of a bucket in seconds.
    pub fn bucket_seconds(&self) -> u64 {
        1 << self.shift
    }

    /// Start of each bucket (seconds since the epoch) and its count.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        self.counts.iter().enumerate().map(|(at, count)| ((self.first + at as i64) << self.shift, *count))
    }

    /// All counts of buckets that lie in this span of seconds, both ends included; border buckets count wholly.
    pub fn sum_between(&self, first: i64, last: i64) -> u64 {
        let (first, last) = (first >> self.shift, last >> self.shift);
        let bucket = |at: usize| self.first + at as i64;
        self.counts
            .iter()
            .enumerate()
            .filter(|(at, _)| (first..=last).contains(&bucket(*at)))
            .map(|(_, count)| count)
            .sum()
    }

    /// Forgets whole buckets before this second.
    pub fn forget_before(&mut self, second: i64) {
        let gone = ((second >> self.shift) - self.first).clamp(0, self.counts.len() as i64);
        self.counts.drain(..gone as usize);
        self.first += gone;
    }

    fn grow(&mut self, first: i64, last: i64) {
        if first < self.first {
            let missing = (self.first - first) as usize;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = first;
        }
        self.counts.resize((last - self.first + 1) as usize, 0);
    }

    fn coarsen(&mut self) {
        let first = self.first >> 1;
        let mut coarse = vec![0; self.counts.len() / 2 + 1];
        for (at, count) in self.counts.iter().enumerate() {
            coarse[(((self.first + at as i64) >> 1) - first) as usize] += count;
        }
        while coarse.last() == Some(&0) {
            coarse.pop();
        }
        *self = Self { shift: self.shift + 1, first, counts: coarse };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sums_over_a_window() {
        let mut counts = TimeHistogram::default();
        (0..100).for_each(|second| counts.add(1_000 + second, 2));
        assert_eq!(counts.sum_between(1_010, 1_019), 20);
        counts.add(1_000_000, 1);
        assert!(counts.bucket_seconds() > 1);
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<u64>(), 201);
    }

    proptest! {
        #[test]
        fn any_order_and_any_split_give_the_same(seconds in prop::collection::vec(0_i64..5_000, 1..200), split in 0_usize..200) {
            let all = |seconds: &[i64]| {
                let mut counts = TimeHistogram::default();
                seconds.iter().for_each(|second| counts.add(*second, 1));
                counts
            };
            let whole = all(&seconds);
            let (left, right) = seconds.split_at(split.min(seconds.len()));
            let mut merged = all(right);
            merged.merge(&all(left));
            prop_assert_eq!(merged.iter().filter(|b| b.1 > 0).collect::<Vec<_>>(), whole.iter().filter(|b| b.1 > 0).collect::<Vec<_>>());
        }
    }
}
