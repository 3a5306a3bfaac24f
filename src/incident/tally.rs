//! What was counted: segments of failures by cause and service, and the traffic around them.

use super::frequent::Sample;
use super::histogram::TimeHistogram;
use super::names::{NONE, NameId, Names, OTHERS};
use super::part::LineCounts;
use super::segment::{Failure, MOST_EVIDENCE_BYTES, Segment, Spot, TroubleKind};
use super::series::Series;
use super::template::Templates;
use crate::cause::CauseId;
use crate::event::Certainty;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long it must be quiet for a trouble to be over, where the user says nothing.
pub const USUAL_GAP_SECONDS: i64 = 300;

/// Bounds on what is kept. Beyond them things are folded together, and counted as such.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// The cause.
    pub cause: CauseId,
    /// What the requests were for.
    pub service: NameId,
    /// What kind of trouble.
    pub kind: TroubleKind,
}

/// One source's books: a file, or a member of a rotated set.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
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

/// Records of trouble that bear no stamp, and stand in no line behind one: nobody can say when they were written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Undated {
    /// How many.
    pub records: u64,
    /// The line of the first, from 1.
    pub line: u64,
    /// Its text.
    pub text: Vec<u8>,
}

/// Everything counted so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tally {
    /// The bounds.
    pub limits: Limits,
    series: Series,
    /// Some of the failures, for the names that breakdowns have no room for.
    pub(super) sample: Sample,
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
    /// Records of trouble without any stamp, by source and cause.
    pub undated: BTreeMap<(u32, CauseId), Undated>,
    /// Failed requests (5xx and 009), and those whose cause is more than the status.
    pub failed: u64,
    /// Failed requests whose cause is stated or implied.
    pub explained: u64,
    /// Failures that found no room for a segment of their own.
    pub folded: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(limits: Limits, sources: usize) -> Self {
        Self {
            limits,
            series: Series::new(limits.gap_seconds),
            sample: Sample::default(),
            services: Names::with_room_for(limits.services),
            upstreams: Names::with_room_for(limits.upstreams),
            paths: Names::with_room_for(limits.paths),
            traffic: BTreeMap::new(),
            aliases: BTreeMap::new(),
            sources: vec![SourceTally::default(); sources],
            undated: BTreeMap::new(),
            failed: 0,
            explained: 0,
            folded: 0,
        }
    }

    /// Room for the books of so many sources more.
    pub fn add_sources(&mut self, sources: usize) {
        self.sources.resize_with(self.sources.len() + sources, SourceTally::default);
    }

    /// Forgets segments that ended before this time, and the traffic before it; how many segments. The totals stay.
    pub fn forget_before(&mut self, time: Timestamp) -> u64 {
        let forgotten = self.series.forget_before(time);
        self.traffic.values_mut().for_each(|traffic| traffic.forget_before(time.seconds()));
        forgotten
    }

    /// Segments by cause, service and kind, each list in order of time.
    pub fn series(&self) -> BTreeMap<SeriesKey, &[Segment]> {
        self.series.iter().map(|(key, segments)| (*key, segments)).collect()
    }

    /// Counts a failure and returns its segment, for evidence.
    pub fn count(&mut self, key: SeriesKey, failure: &Failure) -> &mut Segment {
        let key = self.key_with_room(key, 1);
        if key.kind == TroubleKind::Requests {
            self.failed += failure.requests;
            self.explained += if failure.certainty > Certainty::Default { failure.requests } else { 0 };
        }
        self.series.count(key, failure)
    }

    /// Takes in a stretch that was counted elsewhere, with its names in the tally's numbers.
    pub fn absorb(&mut self, key: SeriesKey, segment: Segment) {
        let key = self.key_with_room(key, segment.records);
        if key.kind == TroubleKind::Requests {
            self.failed += segment.requests;
            self.explained += segment.requests - segment.certainty[Certainty::Default as usize];
        }
        self.series.absorb(key, segment);
    }

    /// Says which trouble the failure at this place (member, offset) is counted to.
    pub(super) fn claim(&mut self, place: Spot, key: SeriesKey, time: Timestamp) {
        self.sample.claim(place, key, time);
    }

    /// Finds the paths that stand out where there were too many to count them all. To be called when all is counted.
    pub fn find_frequent(&mut self) {
        for (key, segment) in self.series.iter_mut().filter(|(_, segment)| !segment.paths.is_exact()) {
            segment.paths.set_frequent(self.sample.paths(key, segment.first, segment.last));
        }
    }

    /// A diagnosis and its request name their service differently: the same is meant. The first such pair counts.
    pub fn same_service(&mut self, diagnosis: NameId, request: NameId) {
        if diagnosis != request && diagnosis != NONE && request != NONE {
            self.aliases.entry(diagnosis).or_insert(request);
        }
    }

    /// Counts an attempt of a request that was counted already: an earlier peer that failed it.
    pub fn count_attempt(&mut self, key: SeriesKey, time: Timestamp, upstream: NameId) {
        if let Some(segment) = self.series.near(key, time) {
            segment.add_attempt(upstream);
        }
    }

    /// Counts a record of trouble that has no place in time.
    pub fn count_undated(&mut self, member: u32, cause: CauseId, line: u64, text: &[u8]) {
        let undated = self.undated.entry((member, cause)).or_default();
        undated.records += 1;
        if undated.records == 1 {
            (undated.line, undated.text) = (line, text[..text.len().min(MOST_EVIDENCE_BYTES)].to_vec());
        }
    }

    /// The key, or the one for services that have no room of their own.
    fn key_with_room(&mut self, key: SeriesKey, failures: u64) -> SeriesKey {
        if self.series.segments() < self.limits.segments || self.series.has(key) {
            return key;
        }
        self.folded += failures;
        SeriesKey { service: OTHERS, ..key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        assert_eq!(tally.series.segments(), tally.series()[&key].len());
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
