//! From the tally to troubles: one trouble, one incident.
//!
//! In: segments by cause, service and kind. Out: [`Trouble`]s: incidents that users saw, warnings that they did not,
//! first signs counted into the trouble they belong to, consequences with their parent. Precedence: TAXONOMY.md
//! section 5; which cause absorbs or explains which stands in the causes' files.

use super::chain::find_parents;
use super::histogram::TimeHistogram;
use super::names::{NONE, NameId};
use super::segment::{EvidenceLine, Segment, TroubleKind};
use super::severity::Weight;
use super::tally::Tally;
use crate::cause::{Catalogue, Cause, CauseId};
use crate::event::{Certainty, Severity};
use crate::time::Timestamp;

/// First signs and aftermath lie this near to the trouble itself.
pub(super) const EDGE_MICROS: i64 = 5_000_000;
/// A peer that failed is left alone for a while (nginx: fail_timeout, 10 s), so consequences may trail by more.
const TRAIL_MICROS: i64 = 30_000_000;
/// A condition is a cause only of what began no earlier; stamps of whole seconds need this much room.
pub(super) const BEFORE_MICROS: i64 = 2_000_000;

/// One trouble, first to last failure.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What it is.
    pub cause: CauseId,
    /// What the failing requests were for, in the tally's names.
    pub service: NameId,
    /// Whether users saw it.
    pub seen_by_users: bool,
    /// Counts, times, evidence.
    pub segment: Segment,
    /// Whether an access log covers its time.
    pub covered: bool,
    /// Causes counted in, with their failures.
    pub absorbed: Vec<(CauseId, u64)>,
    /// The trouble that explains this one: its place in the list.
    pub parent: Option<usize>,
    /// Its requests are those of its parent, told once more by the hop in front.
    pub told_twice: bool,
    /// Requests of its service in its time.
    pub requests_total: Option<u64>,
    /// How much it matters.
    pub severity: Severity,
    /// It consists of conditions alone.
    only_conditions: bool,
    /// It consists of failures that no request shows: a retry saved them.
    is_hidden_failure: bool,
}

/// All troubles of a run: incidents first, worst first, then warnings.
pub type Troubles = Vec<Trouble>;

/// When access logs were written, and for which services.
#[derive(Debug, Clone, Copy)]
pub struct Coverage {
    span: Option<(Timestamp, Timestamp)>,
    /// Access and error logs call services by the same names: some name stands in both.
    names_compare: bool,
}

impl Coverage {
    /// Of the sources that counted requests.
    pub fn of(tally: &Tally) -> Self {
        let spans = tally.sources.iter().filter(|source| source.requests > 0).filter_map(|source| source.span);
        let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let names_compare = tally
            .series()
            .keys()
            .any(|key| key.kind != TroubleKind::Requests && tally.traffic.contains_key(&key.service));
        Self { span, names_compare }
    }

    fn covers(&self, segment: &Segment, service: NameId, tally: &Tally) -> bool {
        let in_time = self.span.is_some_and(|(first, last)| {
            first.plus_micros(-EDGE_MICROS) <= segment.first && segment.last <= last.plus_micros(EDGE_MICROS)
        });
        // An access log that names its services covers only those it names.
        let is_named = service == NONE || tally.traffic.contains_key(&service) || tally.traffic.contains_key(&NONE);
        in_time && (is_named || !self.names_compare)
    }
}

/// Makes troubles of the tally.
pub fn finish(tally: &Tally, catalogue: &Catalogue) -> Troubles {
    let coverage = Coverage::of(tally);
    let mut troubles = gathered(tally, &coverage, catalogue);
    merge_same(&mut troubles, tally.limits.gap_seconds * 1_000_000);
    absorb(&mut troubles, catalogue, tally, Grasp::Absorbs);
    absorb(&mut troubles, catalogue, tally, Grasp::Explains);
    for trouble in &mut troubles {
        weigh(trouble, catalogue.cause(trouble.cause), tally);
    }
    troubles.sort_by(|a, b| order(a, b, tally, catalogue));
    find_parents(&mut troubles, catalogue);
    for trouble in troubles.iter_mut().filter(|trouble| trouble.is_open_ended(catalogue.cause(trouble.cause))) {
        let end = trouble.segment.last.plus_micros(tally.limits.gap_seconds.saturating_mul(1_000_000));
        let shown = tally.sources.iter().filter_map(|source| source.span).map(|(_, last)| last).max();
        trouble.segment.last = shown.map_or(end, |last| last.min(end)).max(trouble.segment.last);
    }
    troubles
}

fn gathered(tally: &Tally, coverage: &Coverage, catalogue: &Catalogue) -> Troubles {
    let mut troubles = Vec::new();
    // By name: numbers depend on which log was read a chunk earlier.
    let mut series: Vec<_> = tally.series().into_iter().collect();
    series.sort_by_key(|(key, _)| (key.cause, tally.services.name(key.service), key.kind));
    for (key, segments) in series {
        let alias = tally.aliases.get(&key.service).filter(|_| !tally.traffic.contains_key(&key.service));
        let service = alias.copied().unwrap_or(key.service);
        for segment in &connected(segments, tally.traffic.get(&service).or_else(|| tally.traffic.get(&NONE))) {
            let covered = coverage.covers(segment, service, tally);
            let seen_by_users = match key.kind {
                TroubleKind::Requests | TroubleKind::Sessions => true,
                TroubleKind::Unmatched => !covered,
                TroubleKind::Warning => false,
                TroubleKind::Condition => !covered || is_unlogged(key.cause, segment, catalogue),
            };
            troubles.push(Trouble {
                cause: key.cause,
                service,
                seen_by_users,
                segment: segment.clone(),
                covered: (covered && key.kind != TroubleKind::Sessions) || segment.requests > 0,
                absorbed: Vec::new(),
                parent: None,
                told_twice: false,
                requests_total: None,
                severity: Severity::Info,
                only_conditions: key.kind == TroubleKind::Condition,
                is_hidden_failure: key.kind == TroubleKind::Unmatched,
            });
        }
    }
    troubles
}

/// Segments between which the service had hardly any requests: that nothing failed there proves nothing.
fn connected(segments: &[Segment], traffic: Option<&TimeHistogram>) -> Vec<Segment> {
    /// So many good requests in between show that the trouble was over.
    const ENOUGH_REQUESTS: u64 = 20;
    /// After so long it is another trouble all the same.
    const LONGEST_MICROS: i64 = 1_800_000_000;
    let Some(traffic) = traffic else { return segments.to_vec() };
    let mut all: Vec<Segment> = Vec::new();
    for segment in segments {
        let idle = |before: &&mut Segment| {
            let between = traffic.sum_between(before.last.seconds() + 1, segment.first.seconds() - 1);
            before.last.plus_micros(LONGEST_MICROS) >= segment.first && between < ENOUGH_REQUESTS
        };
        match all.last_mut().filter(idle) {
            Some(before) => before.merge(segment),
            None => all.push(segment.clone()),
        }
    }
    all
}

/// Troubles of one cause that touch in time are one: requests take in the attempts and conditions around them.
fn merge_same(troubles: &mut Troubles, gap: i64) {
    loop {
        let before = troubles.len();
        let mut at = 0;
        while at < troubles.len() {
            let takes = |host: &usize| *host != at && takes_in(&troubles[*host], &troubles[at], gap);
            match (0..troubles.len()).find(takes) {
                Some(host) => {
                    let guest = troubles.remove(at);
                    take_in(&mut troubles[if host > at { host - 1 } else { host }], &guest, false);
                }
                None => at += 1,
            }
        }
        if troubles.len() == before {
            return;
        }
    }
}

fn takes_in(host: &Trouble, guest: &Trouble, gap: i64) -> bool {
    let same_service = host.service == guest.service || guest.only_conditions || guest.service == NONE;
    let weaker =
        guest.only_conditions || (guest.segment.requests == 0 && host.segment.requests > 0) || guest.service == NONE;
    if host.cause != guest.cause || !same_service || !weaker || host.only_conditions {
        return false;
    }
    match (host.seen_by_users, guest.seen_by_users || guest.only_conditions) {
        // A failure that was hidden beside one that was not: an attempt at it, where it lies inside.
        (true, false) => guest.is_hidden_failure && within(&guest.segment, &host.segment, EDGE_MICROS),
        (false, true) => false,
        _ => near(&host.segment, &guest.segment, if guest.only_conditions { gap } else { EDGE_MICROS }),
    }
}

pub(super) fn within(inner: &Segment, outer: &Segment, micros: i64) -> bool {
    outer.first.plus_micros(-micros) <= inner.first && inner.last <= outer.last.plus_micros(micros)
}

pub(super) fn near(a: &Segment, b: &Segment, micros: i64) -> bool {
    a.first.plus_micros(-micros) <= b.last && b.first.plus_micros(-micros) <= a.last
}

/// Counts the guest in. Its evidence ranks behind the host's own where it is of another cause. Failed requests alone
/// say when a trouble was: conditions and hidden attempts around them do not widen it.
fn take_in(host: &mut Trouble, guest: &Trouble, other_cause: bool) {
    let mut segment = guest.segment.clone();
    if other_cause {
        segment.evidence.iter_mut().for_each(|line| line.rank += EvidenceLine::RANKS);
    }
    match (host.segment.requests > 0, segment.requests > 0) {
        (true, false) => host.segment.merge_context(&segment),
        (false, true) => {
            std::mem::swap(&mut host.segment, &mut segment);
            host.segment.merge_context(&segment);
        }
        _ => host.segment.merge(&segment),
    }
    host.covered |= guest.covered;
    host.seen_by_users |= guest.seen_by_users;
    host.is_hidden_failure &= guest.is_hidden_failure;
    if host.service == NONE || (host.only_conditions && !guest.only_conditions) {
        host.service = guest.service;
    }
    host.only_conditions &= guest.only_conditions;
}

/// By which word of its cause's file a trouble takes others in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grasp {
    Absorbs,
    /// A condition that has found no failures of its own kind: what it explains. With some, the rest is of another hop.
    Explains,
}

/// First signs, aftermath and what a condition explains are counted into the trouble they belong to: the ones with the
/// fewest failures first, each into the host with the most, until nothing changes.
fn absorb(troubles: &mut Troubles, catalogue: &Catalogue, tally: &Tally, grasp: Grasp) {
    let size = |trouble: &Trouble| {
        (trouble.segment.requests, trouble.segment.first, tally.services.name(trouble.service).to_vec(), trouble.cause)
    };
    loop {
        let before = troubles.len();
        troubles.sort_by_cached_key(size);
        let mut at = 0;
        while at < troubles.len() {
            match host_of(at, troubles, catalogue, grasp) {
                Some(host) => absorb_one(host, at, troubles),
                None => at += 1,
            }
        }
        if troubles.len() == before {
            return;
        }
    }
}

/// The trouble into which this one belongs: of several the one with the most failures.
fn host_of(guest: usize, troubles: &Troubles, catalogue: &Catalogue, grasp: Grasp) -> Option<usize> {
    let fits = |host: &usize| *host != guest && absorbs(&troubles[*host], &troubles[guest], catalogue, grasp);
    let hosts = (0..troubles.len()).filter(fits);
    hosts.max_by_key(|host| {
        (troubles[*host].segment.requests, troubles[*host].segment.records, std::cmp::Reverse(*host))
    })
}

fn absorb_one(host: usize, guest: usize, troubles: &mut Troubles) {
    let taken = troubles.remove(guest);
    let host = &mut troubles[if host > guest { host - 1 } else { host }];
    take_in(host, &taken, true);
    note_absorbed(&mut host.absorbed, taken.cause, taken.segment.requests.max(taken.segment.attempts));
    for (cause, count) in taken.absorbed {
        note_absorbed(&mut host.absorbed, cause, count);
    }
}

fn note_absorbed(list: &mut Vec<(CauseId, u64)>, cause: CauseId, count: u64) {
    match list.iter_mut().find(|(known, _)| *known == cause) {
        Some((_, known)) => *known += count,
        None if count > 0 => list.push((cause, count)),
        None => {}
    }
}

fn absorbs(host: &Trouble, guest: &Trouble, catalogue: &Catalogue, grasp: Grasp) -> bool {
    let cause = catalogue.cause(host.cause);
    // A condition has no failures of its own: what it explains is what it did.
    if cause.outguesses.contains(&guest.cause) {
        return is_guess_beside(host, guest);
    }
    let explains = grasp == Grasp::Explains && host.only_conditions && cause.explains.contains(&guest.cause);
    let takes = cause.absorbs.contains(&guest.cause) || explains;
    let has_effect = host.only_conditions || host.seen_by_users;
    if !takes || guest.only_conditions || !guest.seen_by_users || !has_effect {
        return false;
    }
    let consequence = catalogue.cause(guest.cause).consequence;
    if host.only_conditions || (cause.lasting && !host.absorbed.is_empty()) {
        return explains_in_time(host, guest, cause);
    }
    let edge = if consequence { TRAIL_MICROS } else { EDGE_MICROS };
    let inside = host.segment.first.plus_micros(-edge) <= guest.segment.first
        && guest.segment.last <= host.segment.last.plus_micros(edge);
    // A group without live peers is logged by the group's name, so a consequence shares no address with its reason.
    let same_peer = consequence || host.segment.upstreams.meets(&guest.segment.upstreams);
    inside && same_peer && same_service(host, guest)
}

/// Nothing but guesses, said at the time of the host or right after it.
fn is_guess_beside(host: &Trouble, guest: &Trouble) -> bool {
    let is_guess = guest.only_conditions && guest.segment.certainty[Certainty::Stated as usize] == 0;
    is_guess && same_service(host, guest) && within(&guest.segment, &host.segment, EDGE_MICROS)
}

/// A condition explains what began no earlier; one that is said once an episode also what comes long after it.
fn explains_in_time(host: &Trouble, guest: &Trouble, cause: &Cause) -> bool {
    let began_after = host.segment.first.plus_micros(-BEFORE_MICROS) <= guest.segment.first;
    let until = if cause.lasting { super::tally::USUAL_GAP_SECONDS * 1_000_000 } else { EDGE_MICROS };
    let follows = guest.segment.first <= host.segment.last.plus_micros(until);
    let ends_with_it = cause.lasting || guest.segment.last <= host.segment.last.plus_micros(EDGE_MICROS);
    began_after && follows && ends_with_it
}

pub(super) fn same_service(a: &Trouble, b: &Trouble) -> bool {
    a.service == b.service || a.service == NONE || b.service == NONE || a.only_conditions || b.only_conditions
}

fn weigh(trouble: &mut Trouble, cause: &Cause, tally: &Tally) {
    let traffic = tally.traffic.get(&trouble.service).or_else(|| tally.traffic.get(&NONE));
    let (first, last) = (trouble.segment.first.seconds(), trouble.segment.last.seconds());
    trouble.requests_total = traffic.filter(|_| trouble.covered).map(|traffic| traffic.sum_between(first, last));
    let weight = Weight {
        requests: trouble.covered.then_some(trouble.segment.requests),
        attempts: trouble.segment.attempts.max(trouble.segment.records),
        share: trouble.share(),
        seconds: last - first,
        hint: cause.severity,
    };
    let severity = weight.severity();
    trouble.severity = match (trouble.seen_by_users, trouble.only_conditions) {
        (false, _) => severity.min(Severity::Warning),
        // Nobody knows how many were hit: what the cause can do counts, short of waking somebody.
        (true, true) => cause.severity.min(Severity::Error),
        (true, false) => severity,
    };
}

impl Trouble {
    /// Whether the logs say when it began and not when it ended: what is said once an episode may go on, and with nothing
    /// that failed by it there is no last failure.
    pub fn is_open_ended(&self, cause: &Cause) -> bool {
        cause.lasting && self.only_conditions && self.absorbed.is_empty() && self.segment.requests == 0
    }

    /// Failed part of the service's requests in its time, 0 to 1.
    pub fn share(&self) -> Option<f64> {
        let total = self.requests_total.filter(|total| *total > 0)?;
        (self.segment.requests > 0).then(|| (self.segment.requests as f64 / total as f64).min(1.0))
    }
}

fn order(a: &Trouble, b: &Trouble, tally: &Tally, catalogue: &Catalogue) -> std::cmp::Ordering {
    let count = |trouble: &Trouble| trouble.segment.requests.max(trouble.segment.attempts);
    b.seen_by_users
        .cmp(&a.seen_by_users)
        .then(b.severity.cmp(&a.severity))
        .then(count(b).cmp(&count(a)))
        .then(a.segment.first.cmp(&b.segment.first))
        .then_with(|| catalogue.cause(a.cause).id.cmp(&catalogue.cause(b.cause).id))
        .then_with(|| tally.services.name(a.service).cmp(tally.services.name(b.service)))
}

/// Whether the requests lost by this leave no access line, so that nothing but the condition shows it.
fn is_unlogged(cause: CauseId, segment: &Segment, catalogue: &Catalogue) -> bool {
    catalogue.cause(cause).unlogged || segment.rules.iter().any(|(rule, _)| catalogue.rule(rule).unlogged)
}
