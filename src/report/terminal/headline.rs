//! The first rows: how bad, how much of it is explained, when.

use super::page::Page;
use crate::report::numbers::{count, percent_of, thousands};
use crate::report::stamps::Clock;
use crate::report::{Kind, Report, Totals};
use std::io;

/// Writes the headline.
pub(super) fn write(page: &mut Page<'_>, report: &Report, clock: &Clock) -> io::Result<()> {
    for sentence in found(report).into_iter().chain(explained(&report.totals)) {
        page.sentence(0, &sentence)?;
    }
    if report.totals.lines > 0 {
        page.sentence(0, &when(report, clock))?;
        page.sentence(0, &format!("stamps without a zone were read as {}", report.zone))?;
    }
    Ok(())
}

/// What was found, and among how many requests.
fn found(report: &Report) -> Vec<String> {
    let of = |kind| report.incidents.iter().filter(|incident| incident.kind == kind).count() as u64;
    let warnings = and_warnings(of(Kind::Warning));
    match of(Kind::Incident) {
        0 => vec![format!("No incident{warnings}: {}", calm(report))],
        incidents => {
            let explained = explained_incidents(report);
            vec![format!("{}{explained}{warnings}", count(incidents, "incident")), asked(&report.totals)]
        }
    }
}

/// ` (1 explained by another)`: fewer troubles than incidents.
fn explained_incidents(report: &Report) -> String {
    let told =
        report.incidents.iter().filter(|incident| incident.kind == Kind::Incident && incident.parent_id.is_some());
    match told.count() {
        0 => String::new(),
        explained => format!(" ({explained} explained by another)"),
    }
}

fn and_warnings(warnings: u64) -> String {
    if warnings == 0 { String::new() } else { format!(" and {}", count(warnings, "warning")) }
}

/// `4,480 of 1,204,331 requests were answered 5xx (0.4 %)`.
pub(crate) fn asked(totals: &Totals) -> String {
    let Totals { requests, requests_5xx, .. } = *totals;
    if requests == 0 {
        return "requests are not counted, no access log was read".into();
    }
    let rate = percent_of(requests_5xx, requests);
    format!("{} of {} answered 5xx ({rate})", thousands(requests_5xx), count(requests, "request"))
}

/// Why "no incident" can be believed: what was read, and how much of it could not be.
pub(crate) fn calm(report: &Report) -> String {
    let Totals { lines, requests, requests_5xx, .. } = report.totals;
    if lines == 0 {
        return "no line was read".into();
    }
    let unknown =
        report.sources.iter().map(|source| source.unknown.saturating_add(source.cut)).fold(0, u64::saturating_add);
    let logs = count(report.sources.len() as u64, "log");
    let read = format!("{} of {logs}, {} of them not understood", count(lines, "line"), thousands(unknown));
    match (requests, requests_5xx) {
        (0, _) => {
            format!("nothing in {read}, says that a request failed. Requests are not counted, no access log was read")
        }
        (_, 0) => format!("none of {} was answered 5xx. Read: {read}", count(requests, "request")),
        _ => format!("{}. Read: {read}", asked(&report.totals)),
    }
}

/// `explained 5xx: 4,212 of 4,480 (94 %)`; nothing where there is nothing to explain.
fn explained(totals: &Totals) -> Option<String> {
    let Totals { requests_5xx: all, explained_5xx: explained, .. } = *totals;
    let share = percent_of(explained, all);
    let rest = match all.saturating_sub(explained) {
        0 => String::new(),
        rest => format!("; {} known by the status alone", thousands(rest)),
    };
    (all > 0).then(|| format!("explained 5xx: {} of {} ({share}){rest}", thousands(explained), thousands(all)))
}

/// First to last stamp and the zone they are shown in.
fn when(report: &Report, clock: &Clock) -> String {
    match report.window {
        Some(window) => {
            let zone = clock.zone_name(window.first, window.last);
            format!("{}, shown in {zone}", clock.span(window.first, window.last))
        }
        None => "no line has a stamp".into(),
    }
}
