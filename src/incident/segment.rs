//! One stretch of failures without a quiet gap: what becomes an incident.
//!
//! Everything in it merges in any order to the same result: counts, least and greatest times, lowest places, fixed
//! buckets. Breakdowns are exact up to a named cap and say so where they are not.

use super::breakdown::Breakdown;
use super::distinct::Distinct;
use super::histogram::TimeHistogram;
use super::latency::Latencies;
use super::names::NameId;
use crate::cause::RuleId;
use crate::event::Certainty;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What kind of trouble a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TroubleKind {
    /// Requests that an access log shows as failed.
    Requests,
    /// Diagnoses for which no failed request was found.
    Unmatched,
    /// Sessions that failed, which no access log counts.
    Sessions,
    /// Trouble that gives no 5xx by itself.
    Warning,
    /// Conditions without a request.
    Condition,
}

/// Evidence lines kept of one rank: two diagnoses, two requests, so that both sides are seen.
pub(super) const MOST_EVIDENCE_OF_RANK: usize = 2;
/// Longer lines of evidence are cut; the whole stands in the log.
pub const MOST_EVIDENCE_BYTES: usize = 4096;
/// Where a record stands: which log's member, which of its files, at which byte. Evidence is the lowest.
pub type Spot = (u32, u32, u64);

/// A kept line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    /// Rank among evidence: 0 for the diagnosis itself, 1 for conditions, 2 for requests.
    pub rank: u8,
    /// Which log's member, in the order of reading.
    pub member: u32,
    /// Which of the files that the member has had, from the oldest.
    pub age: u32,
    /// Where the record begins in the text of the member.
    pub offset: u64,
    /// Line number, from 1.
    pub line: u64,
    /// The record, verbatim.
    pub text: Vec<u8>,
}

/// How a failure adds to a segment.
#[derive(Debug, Clone, Copy)]
pub struct Failure {
    /// When.
    pub time: Timestamp,
    /// Failed requests it stands for: 0 or 1.
    pub requests: u64,
    /// Failures that error logs state: diagnoses.
    pub attempts: u64,
    /// The status clients saw; 0 where not known.
    pub status: u16,
    /// How the cause is known.
    pub certainty: Certainty,
    /// The rule that decided.
    pub rule: Option<RuleId>,
    /// Next hop.
    pub upstream: NameId,
    /// Folded path.
    pub path: NameId,
    /// Hash of the client.
    pub client: u64,
    /// How long it took.
    pub duration_ms: Option<u32>,
}

/// Counts of the few different things that a segment sees: statuses, rules.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Few<K>(Vec<(K, u64)>);

impl<K: Copy + Ord> Few<K> {
    fn add(&mut self, key: K, count: u64) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known += count,
            None => self.0.push((key, count)),
        }
    }

    fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(key, count)| self.add(*key, *count));
    }

    /// What was counted, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (K, u64)> + '_ {
        self.0.iter().copied()
    }
}

/// A stretch of failures of one cause and service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Segment {
    /// First failure.
    pub first: Timestamp,
    /// Last failure.
    pub last: Timestamp,
    /// Failed requests.
    pub requests: u64,
    /// Failures stated by error logs.
    pub attempts: u64,
    /// Records in all: what a condition counts.
    pub records: u64,
    /// Statuses seen.
    pub statuses: Few<u16>,
    /// Requests (or records) by certainty, in the order of [`Certainty`].
    pub certainty: [u64; Certainty::COUNT],
    /// Rules that decided.
    pub rules: Few<RuleId>,
    /// Next hops.
    pub upstreams: Breakdown,
    /// Folded paths.
    pub paths: Breakdown,
    /// Clients.
    pub clients: Distinct,
    /// Durations in milliseconds, where logged.
    pub latency: Option<Latencies>,
    /// Failures over time.
    pub timeline: TimeHistogram,
    /// Lines that prove it, by rank and place.
    pub evidence: Vec<EvidenceLine>,
}

impl EvidenceLine {
    /// How many ranks there are; lines of an absorbed cause rank behind all of them.
    pub const RANKS: u8 = 3;

    /// Where it stands.
    pub fn spot(&self) -> Spot {
        (self.member, self.age, self.offset)
    }
}

impl Segment {
    /// A segment of this one failure; a part's keeps every name.
    pub fn new(failure: &Failure, capped: bool) -> Self {
        let mut segment = Self {
            first: failure.time,
            last: failure.time,
            requests: 0,
            attempts: 0,
            records: 0,
            statuses: Few(Vec::new()),
            certainty: [0; Certainty::COUNT],
            rules: Few(Vec::new()),
            upstreams: Breakdown::new(capped),
            paths: Breakdown::new(capped),
            clients: Distinct::default(),
            latency: None,
            timeline: TimeHistogram::default(),
            evidence: Vec::new(),
        };
        segment.add(failure);
        segment
    }

    /// Adds a failure.
    pub fn add(&mut self, failure: &Failure) {
        self.add_own(failure.time, failure.path, failure.client, failure.duration_ms);
        self.add_common(failure, 1);
    }

    /// Adds what each failure has of its own.
    #[inline]
    pub(super) fn add_own(&mut self, time: Timestamp, path: NameId, client: u64, duration_ms: Option<u32>) {
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.paths.add(path, 1);
        if client != 0 {
            self.clients.add(client);
        }
        if let Some(ms) = duration_ms {
            self.record_latency(ms);
        }
    }

    /// Adds the rest for so many failures in one second that have it in common.
    pub(super) fn add_common(&mut self, failure: &Failure, count: u64) {
        self.requests += failure.requests * count;
        self.attempts += failure.attempts * count;
        self.records += count;
        if failure.status > 0 {
            self.statuses.add(failure.status, count);
        }
        self.certainty[failure.certainty as usize] += count;
        if let Some(rule) = failure.rule {
            self.rules.add(rule, count);
        }
        self.upstreams.add(failure.upstream, count);
        self.timeline.add(failure.time.seconds(), count);
    }

    /// Adds an attempt of a request that is counted already.
    pub fn add_attempt(&mut self, upstream: NameId) {
        self.attempts += 1;
        self.upstreams.add(upstream, 1);
    }

    /// Keeps a line as evidence, where it is among the lowest of its rank.
    pub fn keep(&mut self, rank: u8, spot: Spot, line: impl FnOnce() -> EvidenceLine) {
        let place = (rank, spot);
        // Lines come in the order of their places: nearly all stand behind those that are kept.
        let last_few = self.evidence.len().checked_sub(MOST_EVIDENCE_OF_RANK).map(|at| &self.evidence[at..]);
        if let Some([first, .., last]) = last_few
            && first.rank == rank
            && (last.rank, last.spot()) < place
        {
            return;
        }
        let from = self.evidence.partition_point(|kept| kept.rank < rank);
        let at = self.evidence.partition_point(|kept| (kept.rank, kept.spot()) < place);
        let is_there = self.evidence.get(at).is_some_and(|kept| (kept.rank, kept.spot()) == place);
        if at - from >= MOST_EVIDENCE_OF_RANK || is_there {
            return;
        }
        self.evidence.insert(at, line());
        let beyond = from + MOST_EVIDENCE_OF_RANK;
        if self.evidence.get(beyond).is_some_and(|kept| kept.rank == rank) {
            self.evidence.remove(beyond);
        }
    }

    /// The same with other numbers for its names, and its evidence at its place in the whole log.
    pub fn placed(
        mut self,
        upstream: impl FnMut(NameId) -> NameId,
        path: impl FnMut(NameId) -> NameId,
        evidence: impl Fn(&mut EvidenceLine),
    ) -> Self {
        self.upstreams.renamed(upstream);
        self.paths.renamed(path);
        self.evidence.iter_mut().for_each(evidence);
        self
    }

    /// The same with a cap on its names.
    pub(super) fn capped(mut self) -> Self {
        (self.upstreams, self.paths) = (self.upstreams.capped(), self.paths.capped());
        self
    }

    /// Takes another segment in, times and all.
    pub fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.records += other.records;
        self.requests += other.requests;
        self.statuses.merge(&other.statuses);
        self.certainty.iter_mut().zip(other.certainty).for_each(|(ours, theirs)| *ours += theirs);
        self.paths.merge(&other.paths);
        self.clients.merge(&other.clients);
        match (&mut self.latency, &other.latency) {
            (Some(ours), Some(theirs)) => ours.merge(theirs),
            (ours @ None, theirs) => *ours = theirs.clone(),
            (Some(_), None) => {}
        }
        self.timeline.merge(&other.timeline);
        self.merge_context(other);
    }

    /// Takes in what another segment adds to the explanation, not to the failures: it widens no times.
    pub fn merge_context(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.rules.merge(&other.rules);
        self.upstreams.merge(&other.upstreams);
        for line in &other.evidence {
            self.keep(line.rank, line.spot(), || line.clone());
        }
    }

    fn record_latency(&mut self, ms: u32) {
        match &mut self.latency {
            Some(latency) => latency.record(ms),
            None => self.latency = Some(Latencies::of(ms)),
        }
    }
}
