//! What was counted: segments of failures by cause and service, and the traffic around them.

use super::histogram::TimeHistogram;
use super::names::{NONE, NameId, Names, OTHERS};
use super::part::LineCounts;
use super::segment::{Failure, Segment, TroubleKind};
use super::template::Templates;
use crate::cause::CauseId;
use crate::time::Timestamp;
use ahash::AHashMap;
use std::collections::BTreeMap;

/// How long it must be quiet for a trouble to be over, where the user says nothing.
pub const USUAL_GAP_SECONDS: i64 = 300;

/// Bounds on what is kept. Beyond them things are folded together, and counted as such.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Quiet time that ends an incident, seconds.
    pub gap_seconds: i64,
    /// Different services.
    pub services: usize,
    /// Different next hops.
    pub upstreams: usize,
    /// Different folded paths.
    pub paths: usize,
    /// Segments in all.
    pub segments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { gap_seconds: USUAL_GAP_SECONDS, services: 1024, upstreams: 4096, paths: 16_384, segments: 2048 }
    }
}

/// What makes two failures one trouble. Never an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// The cause.
    pub cause: CauseId,
    /// What the requests were for.
    pub service: NameId,
    /// What kind of trouble.
    pub kind: TroubleKind,
}

/// One source's books: a file, or a member of a rotated set.
#[derive(Debug, Clone, Default)]
pub struct SourceTally {
    /// How its lines ended.
    pub counts: LineCounts,
    /// Requests counted.
    pub requests: u64,
    /// First and last stamp.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Shapes of unknown lines.
    pub unknown: Templates,
}

/// Everything counted so far.
#[derive(Debug)]
pub struct Tally {
    /// The bounds.
    pub limits: Limits,
    series: Vec<(SeriesKey, Vec<Segment>)>,
    by_key: AHashMap<SeriesKey, usize>,
    /// The series counted last: neighbouring failures are mostly of one.
    last: usize,
    /// Services by number.
    pub services: Names,
    /// Next hops by number.
    pub upstreams: Names,
    /// Folded paths by number.
    pub paths: Names,
    /// Requests per service over time.
    pub traffic: BTreeMap<NameId, TimeHistogram>,
    /// What diagnoses call a service, and what access logs call it, as joined requests show.
    pub aliases: BTreeMap<NameId, NameId>,
    /// Books per source.
    pub sources: Vec<SourceTally>,
    /// Failed requests (5xx and 009), and those whose cause is more than the status.
    pub failed: u64,
    /// Failed requests whose cause is stated or implied.
    pub explained: u64,
    /// Segments there are.
    pub segments: usize,
    /// Failures that found no room for a segment of their own.
    pub folded: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(limits: Limits, sources: usize) -> Self {
        Self {
            limits,
            series: Vec::new(),
            by_key: AHashMap::new(),
            last: 0,
            services: Names::with_room_for(limits.services),
            upstreams: Names::with_room_for(limits.upstreams),
            paths: Names::with_room_for(limits.paths),
            traffic: BTreeMap::new(),
            aliases: BTreeMap::new(),
            sources: vec![SourceTally::default(); sources],
            failed: 0,
            explained: 0,
            segments: 0,
            folded: 0,
        }
    }

    /// Segments by cause, service and kind, each list in order of time.
    pub fn series(&self) -> BTreeMap<SeriesKey, &[Segment]> {
        self.series.iter().map(|(key, segments)| (*key, segments.as_slice())).collect()
    }

    /// Counts a failure and returns its segment, for evidence.
    pub fn count(&mut self, key: SeriesKey, failure: &Failure) -> &mut Segment {
        let gap = self.limits.gap_seconds * 1_000_000;
        let at = self.series_of(key);
        let list = &mut self.series[at].1;
        let before = list.len();
        let at = place(list, failure, gap);
        self.segments = self.segments + list.len() - before;
        &mut list[at]
    }

    /// A diagnosis and its request name their service differently: the same is meant. The first such pair counts.
    pub fn same_service(&mut self, diagnosis: NameId, request: NameId) {
        if diagnosis != request && diagnosis != NONE && request != NONE {
            self.aliases.entry(diagnosis).or_insert(request);
        }
    }

    /// Counts an attempt of a request that was counted already: an earlier peer that failed it.
    pub fn count_attempt(&mut self, key: SeriesKey, time: Timestamp, upstream: NameId) {
        let gap = self.limits.gap_seconds * 1_000_000;
        let at = self.series_of(key);
        let near =
            |segment: &&mut Segment| segment.first.plus_micros(-gap) <= time && time <= segment.last.plus_micros(gap);
        if let Some(segment) = self.series[at].1.iter_mut().rev().find(near) {
            segment.add_attempt(upstream);
        }
    }

    /// The place of the key's series; of one that is there already when there is no room for more.
    fn series_of(&mut self, key: SeriesKey) -> usize {
        if self.series.get(self.last).is_some_and(|(last, _)| *last == key) {
            return self.last;
        }
        let known = self.by_key.get(&key).copied();
        self.last = known.unwrap_or_else(|| self.new_series(key));
        self.last
    }

    fn new_series(&mut self, key: SeriesKey) -> usize {
        let is_full = self.segments >= self.limits.segments;
        self.folded += u64::from(is_full);
        let key = if is_full { SeriesKey { service: OTHERS, ..key } } else { key };
        *self.by_key.entry(key).or_insert_with(|| {
            self.series.push((key, Vec::new()));
            self.series.len() - 1
        })
    }
}

/// The segment to which the failure belongs, made or widened; neighbours that now touch become one.
fn place(list: &mut Vec<Segment>, failure: &Failure, gap: i64) -> usize {
    let time = failure.time;
    let touches = |segment: &Segment| segment.first.plus_micros(-gap) <= time && time <= segment.last.plus_micros(gap);
    // Failures come almost in order of time: the segment is nearly always the last.
    match list.iter().rposition(touches) {
        Some(at) => {
            list[at].add(failure);
            join_neighbours(list, at, gap)
        }
        None => {
            let at = list.partition_point(|segment| segment.first < time);
            list.insert(at, Segment::new(failure));
            at
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Certainty;
    use proptest::prelude::*;

    fn failure(second: i64) -> Failure {
        Failure {
            time: Timestamp::from_micros(second * 1_000_000),
            requests: 1,
            attempts: 0,
            status: 502,
            certainty: Certainty::Stated,
            rule: None,
            upstream: NONE,
            path: NONE,
            client: second as u64 + 1,
            duration_ms: Some(3),
        }
    }

    fn spans(seconds: &[i64]) -> Vec<(i64, i64, u64)> {
        let mut tally = Tally::new(Limits::default(), 0);
        let key = SeriesKey { cause: CauseId(0), service: NONE, kind: TroubleKind::Requests };
        seconds.iter().for_each(|second| {
            tally.count(key, &failure(*second));
        });
        assert_eq!(tally.segments, tally.series()[&key].len());
        tally.series()[&key].iter().map(|s| (s.first.seconds(), s.last.seconds(), s.requests)).collect()
    }

    #[test]
    fn a_quiet_gap_cuts_and_a_late_line_mends() {
        assert_eq!(spans(&[0, 10, 400]), [(0, 10, 2), (400, 400, 1)]);
        assert_eq!(spans(&[0, 400, 200]), [(0, 400, 3)]);
    }

    proptest! {
        #[test]
        fn the_order_of_lines_does_not_matter(mut seconds in prop::collection::vec(0_i64..5_000, 1..60)) {
            let as_they_come = spans(&seconds);
            seconds.sort_unstable();
            prop_assert_eq!(as_they_come, spans(&seconds));
        }
    }
}
