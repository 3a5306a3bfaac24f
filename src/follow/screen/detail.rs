//! The chosen incident, in the words of the text report.
//!
//! In: an incident, the page, the width. Out: rows.

use super::listed::{Listed, listed};
use super::selection::{Page, Selection};
use super::sheet::Rows;
use crate::follow::view::View;
use crate::report::Incident;
use crate::report::stamps::Clock;
use crate::report::terminal::family::{Family, families};
use crate::report::terminal::incident::{self, Excerpt};
use crate::report::terminal::page;
use chrono_tz::Tz;
use std::io;

/// Beside everything else.
const SOME: Excerpt = Excerpt { lines: 3, rows: 6, rest: "(e shows all)" };

/// On the page of evidence.
const ALL: Excerpt = Excerpt { lines: usize::MAX, rows: 100, rest: "" };

/// The rows of a page about an incident.
pub(super) fn rows(view: &View, chosen: &Listed<'_>, shown: Page, width: u16, zone: Tz) -> Rows {
    let mut rows = Rows::default();
    let mut page = page::Page::on(&mut rows, usize::from(width));
    let clock = Clock::of(&view.report, zone);
    let written = match shown {
        Page::Evidence => evidence(&mut page, chosen.incident),
        Page::Checks => checks(&mut page, chosen.incident, &clock),
        _ => incident::in_full(&mut page, &family(view, chosen.incident), SOME, &clock),
    };
    drop(page);
    debug_assert!(written.is_ok(), "rows in memory cannot fail");
    rows
}

/// How many rows the page that is shown has.
pub(super) fn height(view: &View, selection: &Selection) -> usize {
    let list = listed(view, selection);
    let chosen = selection.chosen(&list).and_then(|at| list.get(at));
    chosen.map_or(0, |chosen| rows(view, chosen, selection.page, selection.size.width, Tz::UTC).0.len())
}

/// The lines that prove it.
fn evidence(page: &mut page::Page<'_>, incident: &Incident) -> io::Result<()> {
    page.tagged(0, incident.severity, &incident.title)?;
    match incident.evidence.is_empty() {
        true => page.field("evidence", "no line was kept"),
        false => incident::evidence(page, incident, ALL),
    }
}

/// What to do, what not, and who is told when.
fn checks(page: &mut page::Page<'_>, incident: &Incident, clock: &Clock) -> io::Result<()> {
    page.tagged(0, incident.severity, &incident.title)?;
    page.blank()?;
    if incident.checks.is_empty() {
        page.field("check", "nothing is known to check first for this cause")?;
    }
    incident::advice(page, incident)?;
    incident::escalation(page, incident, clock)
}

/// The incident with what it explains, or with what explains it.
fn family<'v>(view: &'v View, incident: &'v Incident) -> Family<'v> {
    let all = &view.report.incidents;
    let own = families(all).into_iter().find(|family| std::ptr::eq(family.head, incident));
    own.unwrap_or_else(|| {
        let parent = all.iter().find(|one| Some(&one.id) == incident.parent_id.as_ref());
        Family { head: incident, children: Vec::new(), parent }
    })
}
