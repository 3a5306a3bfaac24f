//! The headline: how many are open, how much fails, how far the reading is.
//!
//! In: the view. Out: up to three rows.

use super::listed;
use super::sheet::{Ink, Piece, Sheet, side_by_side};
use crate::event::Severity;
use crate::follow::view::{IncidentState, View};
use crate::report::Kind;
use crate::report::layout::columns;
use crate::report::numbers::{count, duration, percent_of, thousands};
use crate::report::stamps::Clock;
use crate::report::terminal::headline::asked;
use indicatif::HumanBytes;

/// Draws it into the rows that there are.
pub(super) fn draw(sheet: &mut Sheet<'_>, view: &View, clock: &Clock) {
    let width = sheet.width();
    let time = format!("{} {}", clock.short(view.now, view.now), clock.zone_name(view.now, view.now));
    let left = side_by_side(standing(view), width.saturating_sub(columns(&time) + 2));
    let used: usize = left.iter().map(|(text, _)| columns(text)).sum();
    let mut first = left;
    if let Some(gap) = width.checked_sub(used + columns(&time)) {
        first.push((" ".repeat(gap), Ink::Plain));
        first.push((time, Ink::Plain));
    }
    sheet.row(0, &first);
    sheet.row(1, &side_by_side(plain(requests(view)), width));
    sheet.row(2, &side_by_side(plain(reading(view, clock)), width));
}

fn plain(texts: Vec<String>) -> Vec<Piece> {
    texts.into_iter().map(|text| (text, Ink::Plain)).collect()
}

/// How many incidents are open, by severity; taken, ended; warnings.
fn standing(view: &View) -> Vec<Piece> {
    let all: Vec<_> = (0..).zip(&view.report.incidents).map(|(at, one)| (one, listed::standing(view, at))).collect();
    let incidents: Vec<_> = all.iter().filter(|(one, _)| one.kind == Kind::Incident).collect();
    let open: Vec<_> = incidents.iter().filter(|(_, standing)| standing.state == IncidentState::Open).collect();
    let taken = open.iter().filter(|(_, standing)| standing.acknowledged).count();
    let mut told = vec![match open.len() {
        0 => ("no open incident".to_owned(), Ink::Plain),
        number => (format!("{number} open:"), Ink::Bold),
    }];
    for severity in Severity::ALL.iter().rev() {
        let number = open.iter().filter(|(one, _)| one.severity == *severity).count();
        told.extend((number > 0).then(|| (severity_of(number, *severity), Ink::Of(*severity))));
    }
    let rest = [(taken, "acknowledged"), (incidents.len() - open.len(), "ended")];
    told.extend(
        rest.iter().filter(|(number, _)| *number > 0).map(|(number, what)| (format!("{number} {what}"), Ink::Plain)),
    );
    match all.len() - incidents.len() {
        0 => {}
        warnings => told.push((format!("and {}", count(warnings as u64, "warning")), Ink::Plain)),
    }
    told
}

/// In capitals, as the list has them: an incident of severity WARNING is no warning.
fn severity_of(number: usize, severity: Severity) -> String {
    format!("{number} {}", severity.name().to_uppercase())
}

/// How much fails and how much of it is explained.
fn requests(view: &View) -> Vec<String> {
    let totals = &view.report.totals;
    let explained = percent_of(totals.explained_5xx, totals.requests_5xx);
    let explained = (totals.requests_5xx > 0).then(|| format!("explained {explained}"));
    std::iter::once(asked(totals)).chain(explained).collect()
}

/// How far the reading is: window, speed, what is behind, what was lost; the first matters most.
fn reading(view: &View, clock: &Clock) -> Vec<String> {
    let lag = view.sources.iter().map(|source| source.lag_bytes).fold(0, u64::saturating_add);
    let gaps = view.sources.iter().map(|source| source.gaps).fold(0, u64::saturating_add);
    let window = view.report.window;
    let from = |stamp| clock.short(view.now, stamp);
    let watched = view.now.micros().saturating_sub(view.since.micros()).max(0) as u64;
    let mut told = vec![format!("lag {}", HumanBytes(lag))];
    told.extend((gaps > 0).then(|| count(gaps, "gap")));
    told.push(format!("{} lines/s", thousands(view.lines_per_second)));
    told.extend(window.map(|window| format!("logs of {} to {}", from(window.first), from(window.last))));
    told.push(format!("watched for {}", duration(watched)));
    told
}
