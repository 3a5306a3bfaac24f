//! `max_notices`: no more notices than this in a time, over all troubles. What is left over goes into digests.

use crate::playbook::Rate;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A rate of more notices than this is held to be this.
const MOST_STAMPS: u64 = 10_000;

/// When the notices of the last while were issued, in microseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Budget {
    stamps: VecDeque<i64>,
}

impl Budget {
    /// Takes one notice out of the budget, where one is left.
    pub(super) fn take(&mut self, rate: Rate, now: Timestamp) -> bool {
        let now = now.micros();
        let per = i64::try_from(rate.per.as_micros()).unwrap_or(i64::MAX);
        // After the clock was put back, stamps of the future would stay for ever.
        self.stamps.retain(|stamp| *stamp <= now && now.saturating_sub(*stamp) < per);
        let left = (self.stamps.len() as u64) < rate.count.min(MOST_STAMPS);
        if left {
            self.stamps.push_back(now);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn notices_are_counted_in_a_sliding_time() {
        let rate = Rate { count: 2, per: Duration::from_secs(60) };
        let mut budget = Budget::default();
        let mut take = |seconds: i64| budget.take(rate, Timestamp::from_micros(seconds * 1_000_000));
        assert!(take(100) && take(110) && !take(159));
        assert!(take(160) && !take(169) && take(170));
        assert!(take(5) && take(6) && !take(7), "the clock was put back");
    }
}
