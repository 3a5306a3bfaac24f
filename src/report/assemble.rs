//! The report, put together from what was counted, grouped and routed.
//!
//! In: an outcome's tally and sources, its troubles, the catalogue, the playbook. Out: a [`Report`].

use super::{
    Absorbed, AddressCount, CertaintyCounts, Evidence, Incident, Kind, Latency, PathCount, Report, Routed, SourceLine,
    StatusCount, Template, Timeline, Totals, Window, hops, told,
};
use crate::cause::{Catalogue, Cause};
use crate::error::Defect;
use crate::event::{Certainty, Severity};
use crate::incident::{NONE, Segment, SourceTally, Tally, Trouble, Troubles};
use crate::playbook::{Playbook, Route, Subject};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Names listed in a breakdown of the report; the counts of all stand in the totals.
const MOST_LISTED: usize = 64;
/// Bars of a timeline.
const MOST_BARS: usize = 60;
/// Shapes of unknown lines listed.
const MOST_TEMPLATES: usize = 50;

/// One source as it was read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Its name.
    pub path: String,
    /// What it was read as.
    pub format: String,
    /// The format's id alone.
    pub format_id: String,
    /// Share of its first lines that fitted.
    pub fit: f64,
    /// How its stamps were read.
    pub zone: String,
    /// What was wrong with it.
    pub defect: Option<String>,
}

/// What a report is put together from.
#[derive(Debug)]
pub struct Facts<'f> {
    /// The counts.
    pub tally: &'f Tally,
    /// The troubles, in the order of the report.
    pub troubles: &'f Troubles,
    /// The sources, in the order of the tally's.
    pub sources: &'f [SourceFacts],
    /// Causes and rules.
    pub catalogue: &'f Catalogue,
    /// Who owns what.
    pub playbook: &'f Playbook,
    /// How zone-less stamps were read.
    pub zone: String,
    /// What was wrong with the input.
    pub defects: Vec<Defect>,
    /// What the reader should know.
    pub notes: Vec<String>,
}

/// Puts the report together.
pub fn assemble(facts: Facts<'_>) -> Report {
    let sources: Vec<SourceLine> =
        facts.sources.iter().zip(&facts.tally.sources).map(|(source, tally)| source_line(source, tally)).collect();
    let formats: Vec<&str> = facts.sources.iter().map(|source| source.format_id.as_str()).collect();
    let twice = hops::told_twice(facts.troubles, facts.tally, &sources, &formats);
    let totals = Totals {
        lines: sources.iter().map(|source| source.lines).sum(),
        requests: sources.iter().map(|source| source.requests).sum(),
        requests_5xx: facts.tally.failed - twice.failed,
        explained_5xx: facts.tally.explained - twice.explained,
    };
    let window = sources
        .iter()
        .filter_map(|source| Some(Window { first: source.first?, last: source.last? }))
        .reduce(|a, b| Window { first: a.first.min(b.first), last: a.last.max(b.last) });
    let unknown = templates(&facts);
    let mut incidents: Vec<Incident> = facts.troubles.iter().map(|trouble| incident(trouble, &facts)).collect();
    for (at, trouble) in facts.troubles.iter().enumerate() {
        incidents[at].parent_id = trouble.parent.map(|parent| incidents[parent].id.clone());
    }
    told::fill(&mut incidents, facts.playbook);
    let mut notes = facts.notes.clone();
    notes.extend(bounds_met(facts.tally));
    notes.extend(twice.notes);
    Report {
        schema: "triage.report/1",
        totals,
        window,
        zone: facts.zone,
        sources,
        gaps: Vec::new(),
        incidents,
        notes,
        unknown,
        defects: facts.defects,
    }
}

fn source_line(source: &SourceFacts, tally: &SourceTally) -> SourceLine {
    let counts = tally.counts;
    SourceLine {
        path: source.path.clone(),
        format: source.format.clone(),
        fit: source.fit,
        lines: counts.lines(),
        events: counts.events,
        passed: counts.passed,
        benign: counts.benign,
        unknown: counts.unknown,
        cut: counts.cut,
        requests: tally.requests,
        first: tally.span.map(|(first, _)| first),
        last: tally.span.map(|(_, last)| last),
        zone: source.zone.clone(),
        defect: source.defect.clone(),
    }
}

fn templates(facts: &Facts<'_>) -> Vec<Template> {
    let mut all = Vec::new();
    for (source, tally) in facts.sources.iter().zip(&facts.tally.sources) {
        let (templates, _) = tally.unknown.clone().into_sorted();
        all.extend(templates.into_iter().map(|(template, count)| Template {
            source: source.path.clone(),
            template,
            count,
        }));
    }
    all.sort_by(|a, b| {
        b.count.cmp(&a.count).then_with(|| a.source.cmp(&b.source)).then_with(|| a.template.cmp(&b.template))
    });
    all.truncate(MOST_TEMPLATES);
    all
}

fn bounds_met(tally: &Tally) -> Vec<String> {
    let folded = |what: &str, names: &crate::incident::Names| {
        let most = names.len();
        names
            .is_full()
            .then(|| format!("more {what} than there is room for: beyond {most} they are told as \"(others)\""))
    };
    let mut notes: Vec<String> =
        [folded("services", &tally.services), folded("upstreams", &tally.upstreams), folded("paths", &tally.paths)]
            .into_iter()
            .flatten()
            .collect();
    if tally.folded > 0 {
        notes.push(format!(
            "{} failures found no room for an incident of their own and are told under \"(others)\"",
            tally.folded
        ));
    }
    notes
}

fn incident(trouble: &Trouble, facts: &Facts<'_>) -> Incident {
    let cause = facts.catalogue.cause(trouble.cause);
    let segment = &trouble.segment;
    let service = text(facts.tally.services.name(trouble.service));
    let upstreams = addresses(segment, facts.tally);
    let paths = paths(segment, facts.tally);
    let statuses = statuses(segment);
    let evidence = evidence(segment, facts);
    let route = route(trouble, facts, cause, &service, &upstreams, &paths, &statuses, &evidence);
    let routed = Routed {
        escalation: facts.playbook.escalation_of_route(&route).map(str::to_owned),
        service: route.service,
        formats: formats(segment, facts).map(str::to_owned).collect(),
    };
    let (clients, clients_exact) = segment.clients.count();
    Incident {
        id: id(&cause.id, &service, segment.first),
        parent_id: None,
        kind: if trouble.seen_by_users { Kind::Incident } else { Kind::Warning },
        cause: cause.id.clone(),
        title: cause.title.clone(),
        certainty: certainty(segment),
        certainty_counts: CertaintyCounts {
            stated: segment.certainty[Certainty::Stated as usize],
            implied: segment.certainty[Certainty::Implied as usize],
            default: segment.certainty[Certainty::Default as usize],
        },
        hop: cause.hop,
        status: statuses.iter().map(|counted| counted.status).collect(),
        status_counts: statuses,
        service,
        role: route.role,
        team: route.team,
        routed_by: route.routed_by,
        severity: if trouble.seen_by_users { route.severity } else { route.severity.min(Severity::Warning) },
        start: segment.first,
        end: segment.last,
        requests_failed: trouble.covered.then_some(segment.requests),
        attempts_failed: segment.attempts,
        share: trouble.share(),
        requests_total: trouble.requests_total,
        latency_ms: segment.latency.as_ref().map(|latency| {
            let at = |quantile| latency.quantile_ms(quantile);
            Latency { p50: at(0.50), p95: at(0.95), p99: at(0.99) }
        }),
        upstreams,
        paths,
        clients,
        breakdown_exact: clients_exact && segment.upstreams.is_exact() && segment.paths.is_exact(),
        timeline: timeline(segment),
        evidence,
        absorbed: trouble
            .absorbed
            .iter()
            .map(|(cause, count)| Absorbed { cause: facts.catalogue.cause(*cause).id.clone(), count: *count })
            .collect(),
        checks: cause.checks.clone(),
        retry_safe: cause.retry_safe.clone(),
        wrong_reflex: cause.wrong_reflex.clone(),
        doubt: doubt(trouble, cause, facts),
        runbook: route.runbook,
        escalation: Vec::new(),
        muted_by: None,
        routed,
    }
}

/// The same for the same trouble in every run: cause, service and first second, by FNV-1a (fixed, unlike std's hasher).
fn id(cause: &str, service: &str, first: Timestamp) -> String {
    let key = format!("{cause}\n{service}\n{}", first.seconds());
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn addresses(segment: &Segment, tally: &Tally) -> Vec<AddressCount> {
    let named = segment.upstreams.iter().filter(|(name, _)| *name != NONE);
    let mut all: Vec<AddressCount> =
        named.map(|(name, count)| AddressCount { address: text(tally.upstreams.name(name)), count }).collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.address.cmp(&b.address)));
    all.truncate(MOST_LISTED);
    all
}

fn paths(segment: &Segment, tally: &Tally) -> Vec<PathCount> {
    let named = segment.paths.iter().filter(|(name, _)| *name != NONE);
    let mut all: Vec<PathCount> =
        named.map(|(name, count)| PathCount { path: text(tally.paths.name(name)), count }).collect();
    let exact: BTreeSet<String> = all.iter().map(|counted| counted.path.clone()).collect();
    let beyond = segment.paths.frequent().iter().map(|(name, count)| PathCount { path: text(name), count: *count });
    all.extend(beyond.filter(|counted| !exact.contains(&counted.path)));
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.path.cmp(&b.path)));
    all.truncate(MOST_LISTED);
    all
}

fn statuses(segment: &Segment) -> Vec<StatusCount> {
    let mut all: Vec<StatusCount> =
        segment.statuses.iter().map(|(status, count)| StatusCount { status, count }).collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then(a.status.cmp(&b.status)));
    all
}

/// The surest way in which any of its failures is known.
fn certainty(segment: &Segment) -> Certainty {
    let known = Certainty::ALL.iter().rev().find(|certainty| segment.certainty[**certainty as usize] > 0);
    known.copied().unwrap_or(Certainty::Default)
}

fn evidence(segment: &Segment, facts: &Facts<'_>) -> Vec<Evidence> {
    let lines = segment.evidence.iter().map(|line| Evidence {
        source: facts.sources.get(line.member as usize).map_or_else(String::new, |source| source.path.clone()),
        line: line.line,
        offset: line.offset,
        text: text(&line.text),
    });
    lines.collect()
}

fn timeline(segment: &Segment) -> Timeline {
    let width = segment.timeline.bucket_seconds();
    let first = segment.first.seconds().div_euclid(width as i64);
    let buckets = (segment.last.seconds().div_euclid(width as i64) - first + 1).max(1) as usize;
    let group = buckets.div_ceil(MOST_BARS);
    let mut counts = vec![0; buckets.div_ceil(group)];
    for (start, count) in segment.timeline.iter() {
        let bar = (start.div_euclid(width as i64) - first).max(0) as usize / group;
        if let Some(slot) = counts.get_mut(bar) {
            *slot += count;
        }
    }
    let start = Timestamp::from_micros(first * width as i64 * 1_000_000);
    Timeline { start, bucket_seconds: width * group as u64, counts }
}

#[allow(clippy::too_many_arguments)] // the subject borrows each of them
fn route(
    trouble: &Trouble,
    facts: &Facts<'_>,
    cause: &Cause,
    service: &str,
    upstreams: &[AddressCount],
    paths: &[PathCount],
    statuses: &[StatusCount],
    evidence: &[Evidence],
) -> Route {
    let segment = &trouble.segment;
    let statuses: Vec<u16> = statuses.iter().map(|counted| counted.status).collect();
    let upstreams: Vec<&str> = upstreams.iter().map(|counted| counted.address.as_str()).collect();
    let paths: Vec<&str> = paths.iter().map(|counted| counted.path.as_str()).collect();
    let mut sources: Vec<&str> = evidence.iter().map(|line| line.source.as_str()).collect();
    sources.dedup();
    let formats: Vec<&str> = formats(segment, facts).collect();
    let service = (trouble.service != NONE).then_some(service);
    facts.playbook.route(&Subject {
        cause: &cause.id,
        cause_role: cause.role,
        hop: Some(cause.hop),
        status: &statuses,
        service,
        vhost: service,
        host: None,
        env: None,
        upstreams: &upstreams,
        paths: &paths,
        methods: &[],
        sources: &sources,
        formats: &formats,
        severity: trouble.severity,
        count: segment.requests.max(segment.attempts).max(segment.records),
        share: trouble.share(),
        duration_seconds: segment.last.seconds() - segment.first.seconds(),
    })
}

/// The ids of the formats of the logs that prove it.
fn formats<'f>(segment: &Segment, facts: &Facts<'f>) -> impl Iterator<Item = &'f str> {
    let members = segment.evidence.iter().filter_map(|line| facts.sources.get(line.member as usize));
    members.map(|source| source.format_id.as_str()).collect::<std::collections::BTreeSet<_>>().into_iter()
}

/// Why the verdict is not surer, in words.
fn doubt(trouble: &Trouble, cause: &Cause, facts: &Facts<'_>) -> Option<String> {
    let segment = &trouble.segment;
    let advice = formats(segment, facts).find_map(|format| facts.catalogue.advice(format));
    let by = |certainty: Certainty| segment.certainty[certainty as usize];
    if segment.requests == 0 && trouble.seen_by_users && trouble.covered {
        let lost = "requests lost by this leave no line in the access log: how many failed cannot be told";
        let until = "; the log says when it began, not when it ended";
        return Some(format!("{lost}{}", if trouble.is_open_ended(cause) { until } else { "" }));
    }
    if by(Certainty::Default) > 0 && by(Certainty::Stated) + by(Certainty::Implied) == 0 {
        return Some(format!(
            "only the status is known: no error log explains it and the access log does not say who answered; {} may hide another cause{}",
            cause.id,
            advice.map_or_else(String::new, |advice| format!(". To know more, {advice}")),
        ));
    }
    if by(Certainty::Stated) == 0 && by(Certainty::Implied) > 0 {
        return Some("implied by the access log's fields; no line of an error log states it".into());
    }
    (by(Certainty::Default) > 0).then(|| {
        format!("{} of the requests have no line that explains them, only their status", by(Certainty::Default))
    })
}
