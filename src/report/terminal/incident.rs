//! One incident: in full with those it explains, or in short.

use super::family::Family;
use super::page::{Page, TEXT_AT};
use super::words;
use crate::report::layout::{columns, cut_start, flow, wrap, wrap_at_most};
use crate::report::numbers::{count, latency, thousands};
use crate::report::stamps::Clock;
use crate::report::{Evidence, Incident, Step, sparkline};
use std::io;

/// Upstreams and paths shown, each.
const TOP: usize = 5;

/// How much of the evidence is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Excerpt {
    /// Lines of it.
    pub(crate) lines: usize,
    /// Rows that one line may take.
    pub(crate) rows: usize,
    /// Where the rest is.
    pub(crate) rest: &'static str,
}

/// For the report.
pub(super) const IN_REPORT: Excerpt = Excerpt { lines: 3, rows: 6, rest: "in the JSON report" };

/// Explained incidents shown under the one that explains them.
const CHILDREN: usize = 6;

/// Bars over time.
const BARS: usize = 60;

/// Columns that the caption beside the bars may need.
const CAPTION: usize = 26;

/// Everything about an incident, and in short what it explains.
pub(crate) fn in_full(page: &mut Page<'_>, family: &Family<'_>, excerpt: Excerpt, clock: &Clock) -> io::Result<()> {
    let incident = family.head;
    page.tagged(0, incident.severity, &incident.title)?;
    verdict(page, incident)?;
    extent(page, incident, clock)?;
    breakdown(page, incident)?;
    evidence(page, incident, excerpt)?;
    page.blank()?;
    advice(page, incident)?;
    page.field_if("explained", family.parent.map(|parent| format!("by {} ({})", parent.cause, parent.id)).as_deref())?;
    escalation(page, incident, clock)?;
    page.field("id", &incident.id)?;
    children(page, &family.children, clock)
}

/// What, where, whose.
fn verdict(page: &mut Page<'_>, incident: &Incident) -> io::Result<()> {
    page.field("cause", &words::cause(incident))?;
    page.field_if("doubt", incident.doubt.as_deref())?;
    page.field("at fault", words::hop(incident.hop))?;
    page.field("owner", &words::owner(incident))
}

/// How much and when.
fn extent(page: &mut Page<'_>, incident: &Incident, clock: &Clock) -> io::Result<()> {
    page.field("failed", &words::failed(incident))?;
    let statuses = incident.status_counts.iter().map(|of| format!("{} × {}", of.status, thousands(of.count))).collect();
    list(page, "status", statuses)?;
    page.field("when", &clock.span(incident.start, incident.end))?;
    if let Some(course) = sparkline::draw(&incident.timeline, BARS.min(page.room(TEXT_AT + CAPTION))) {
        let bar = crate::report::numbers::duration(course.bucket_seconds.saturating_mul(1_000_000));
        let caption = format!("  peak {} in {bar}", thousands(course.peak));
        page.painted(&course.bars, incident.severity, &caption)?;
    }
    Ok(())
}

/// What it hit.
fn breakdown(page: &mut Page<'_>, incident: &Incident) -> io::Result<()> {
    page.field("service", words::service(incident))?;
    let upstreams = incident.upstreams.iter().map(|upstream| (&*upstream.address, upstream.count));
    list(page, "upstreams", top(upstreams))?;
    let paths = incident.paths.iter().map(|path| (&*path.path, path.count));
    list(page, "paths", top(paths))?;
    if incident.clients > 0 {
        let at_least = if incident.breakdown_exact { "" } else { "at least " };
        page.field("clients", &format!("{at_least}{}", thousands(incident.clients)))?;
    }
    let took = incident
        .latency_ms
        .map(|took| format!("p50 {}, p95 {}, p99 {}", latency(took.p50), latency(took.p95), latency(took.p99)));
    page.field_if("latency", took.as_deref())
}

/// The most frequent with their counts, and how many more there are.
fn top<'a>(counted: impl ExactSizeIterator<Item = (&'a str, u64)>) -> Vec<String> {
    let rest = counted.len().saturating_sub(TOP);
    let mut items: Vec<String> =
        counted.take(TOP).map(|(name, count)| format!("{name} × {}", thousands(count))).collect();
    if rest > 0 {
        items.push(format!("{rest} more"));
    }
    items
}

fn list(page: &mut Page<'_>, label: &str, items: Vec<String>) -> io::Result<()> {
    let rows = flow(&items, "   ", page.room(TEXT_AT));
    page.labelled(label, &rows)
}

/// The lines that prove it, each under its place.
pub(crate) fn evidence(page: &mut Page<'_>, incident: &Incident, excerpt: Excerpt) -> io::Result<()> {
    if !incident.evidence.is_empty() {
        page.blank()?;
    }
    for (place, kept) in incident.evidence.iter().take(excerpt.lines).enumerate() {
        page.labelled(if place == 0 { "evidence" } else { "" }, &[place_of(kept, page.room(TEXT_AT))])?;
        let text = wrap_at_most(&kept.text, page.room(TEXT_AT + 2), excerpt.rows);
        page.rows(TEXT_AT + 2, &text)?;
    }
    match incident.evidence.len().saturating_sub(excerpt.lines) {
        0 => Ok(()),
        rest => page.field("", &format!("and {} more {}", count(rest as u64, "line"), excerpt.rest)),
    }
}

/// `file:line`, the file's end kept.
fn place_of(evidence: &Evidence, width: usize) -> String {
    let line = format!(":{}", evidence.line);
    format!("{}{line}", cut_start(&evidence.source, width.saturating_sub(columns(&line))))
}

/// What to do and what not.
pub(crate) fn advice(page: &mut Page<'_>, incident: &Incident) -> io::Result<()> {
    let width = page.prose(TEXT_AT);
    let checks: Vec<String> =
        incident.checks.iter().enumerate().flat_map(|(at, check)| numbered(at + 1, check, width)).collect();
    page.labelled("check", &checks)?;
    page.field_if("avoid", incident.wrong_reflex.as_deref())?;
    page.field_if("retry", incident.retry_safe.as_deref())?;
    for absorbed in &incident.absorbed {
        page.field("counts in", &format!("{} × {}: its first signs", thousands(absorbed.count), absorbed.cause))?;
    }
    page.field_if("runbook", incident.runbook.as_deref())
}

/// `1. text`, its further rows under the text.
fn numbered(number: usize, text: &str, width: usize) -> Vec<String> {
    let mark = format!("{number}. ");
    let rows = wrap(text, width.saturating_sub(mark.len()));
    rows.iter()
        .enumerate()
        .map(|(at, row)| format!("{:1$}{row}", if at == 0 { &*mark } else { "" }, mark.len()))
        .collect()
}

/// Who would be told when, or why nobody.
pub(crate) fn escalation(page: &mut Page<'_>, incident: &Incident, clock: &Clock) -> io::Result<()> {
    page.field_if("muted by", incident.muted_by.as_deref())?;
    let told = |step: &Step| format!("{} at {} (after {})", step.to, clock.later(incident.start, step.at), step.after);
    list(page, "pages", incident.escalation.iter().map(told).collect())
}

fn children(page: &mut Page<'_>, children: &[&Incident], clock: &Clock) -> io::Result<()> {
    for (place, child) in children.iter().take(CHILDREN).enumerate() {
        page.labelled_tag(if place == 0 { "explains" } else { "" }, child.severity, &child.title)?;
        summary(page, child, clock)?;
    }
    page.more(children.len(), CHILDREN, "every one stands in the JSON report")
}

/// An incident in a few rows: title, extent, first line of evidence.
pub(super) fn in_short(page: &mut Page<'_>, incident: &Incident, clock: &Clock) -> io::Result<()> {
    page.tagged(2, incident.severity, &incident.title)?;
    summary(page, incident, clock)?;
    if let Some(kept) = incident.evidence.first() {
        let line = format!("{} {}", place_of(kept, page.room(TEXT_AT) / 2), kept.text);
        page.row(TEXT_AT, &line)?;
    }
    Ok(())
}

/// Cause, extent and owner in a row or two.
fn summary(page: &mut Page<'_>, incident: &Incident, clock: &Clock) -> io::Result<()> {
    let extent = [
        incident.cause.clone(),
        words::failed_in_short(incident),
        format!("service {}", words::service(incident)),
        clock.span(incident.start, incident.end),
        format!("owner {}", incident.team.as_deref().unwrap_or(incident.role.name())),
    ];
    let rows = flow(&extent, ", ", page.room(TEXT_AT));
    page.rows(TEXT_AT, &rows)
}
