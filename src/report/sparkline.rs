//! Failures over time as one row of bars.
//!
//! In: a [`Timeline`] and how many columns there are. Out: the bars, and what one bar and the highest bar stand for.

use super::Timeline;

/// Bars from the lowest to the highest; a bucket with no failure is [`QUIET`].
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bucket without failures: to be told from one with few.
const QUIET: char = '·';

/// Bars, one column a bucket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sparkline {
    /// The row of bars.
    pub(crate) bars: String,
    /// Seconds that one bar stands for.
    pub(crate) bucket_seconds: u64,
    /// Failures in the highest bar.
    pub(crate) peak: u64,
}

/// Draws a timeline in at most `columns` bars, adding up neighbours where there are more buckets.
///
/// `None` where there is no course to show: fewer than two buckets, or no failure in them.
pub(crate) fn draw(timeline: &Timeline, columns: usize) -> Option<Sparkline> {
    let merged = timeline.counts.len().div_ceil(columns.max(1)).max(1);
    let counts: Vec<u64> = timeline.counts.chunks(merged).map(sum).collect();
    let peak = counts.iter().copied().max().filter(|peak| *peak > 0)?;
    (counts.len() > 1).then(|| Sparkline {
        bars: counts.iter().map(|count| bar(*count, peak)).collect(),
        bucket_seconds: timeline.bucket_seconds.saturating_mul(merged as u64),
        peak,
    })
}

/// The failures of neighbouring buckets together.
fn sum(counts: &[u64]) -> u64 {
    counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count))
}

/// Rounds up, so that a single failure shows beside a peak of thousands.
fn bar(count: u64, peak: u64) -> char {
    let height = (u128::from(count) * BARS.len() as u128).div_ceil(u128::from(peak));
    if height == 0 { QUIET } else { BARS[height as usize - 1] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn timeline(counts: &[u64]) -> Timeline {
        Timeline { start: Timestamp::default(), bucket_seconds: 10, counts: counts.to_vec() }
    }

    #[test]
    fn one_failure_differs_from_none_and_from_the_peak() {
        let drawn = draw(&timeline(&[0, 1, 40, 80]), 60);
        assert_eq!(drawn, Some(Sparkline { bars: "·▁▄█".into(), bucket_seconds: 10, peak: 80 }));
    }

    #[test]
    fn neighbours_are_added_where_room_is_short() {
        let drawn = draw(&timeline(&[1, 1, 4, 4, 0]), 3);
        assert_eq!(drawn, Some(Sparkline { bars: "▂█·".into(), bucket_seconds: 20, peak: 8 }));
    }

    #[test]
    fn a_moment_has_no_course() {
        assert!(draw(&timeline(&[7]), 60).is_none() && draw(&timeline(&[0, 0]), 60).is_none());
        assert!(draw(&timeline(&[]), 60).is_none() && draw(&timeline(&[1, 2]), 0).is_none());
        assert!(draw(&timeline(&[u64::MAX, u64::MAX, 0]), 2).is_some());
    }
}
