//! The report for a terminal, read at 3 a.m. by somebody who was just woken: the worst first, labels in one column.
//!
//! In: the [`Report`] and a [`Style`]. Out: rows no wider than the style says, harmless whatever the logs held. Colour
//! stands on the severity, the cause's title and the course over time, nowhere else.

mod coverage;
pub(crate) mod family;
pub(crate) mod headline;
pub(crate) mod incident;
pub(crate) mod page;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod words;

use super::stamps::Clock;
use super::{Incident, Kind, Report};
use chrono_tz::Tz;
use family::{Family, families};
use page::Page;
use std::io::{self, Write};

/// Incidents told in full; those after them (they matter less) are told in two rows each.
const IN_FULL: usize = 12;

/// Incidents told at all, and warnings at all; how many more there are is said.
const AT_ALL: usize = 60;

/// How the report is shown.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Columns of the terminal; below 40 the rows are 40 wide.
    pub width: usize,
    /// Whether to write colours.
    pub colour: bool,
    /// The zone that stamps are shown in.
    pub zone: Tz,
}

impl Default for Style {
    /// 80 columns, no colour, UTC.
    fn default() -> Self {
        Self { width: 80, colour: false, zone: Tz::UTC }
    }
}

/// Writes the report.
///
/// # Errors
/// Those of `out`.
pub fn render(report: &Report, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let clock = Clock::of(report, style.zone);
    let mut page = Page::new(out, style);
    headline::write(&mut page, report, &clock)?;
    let (incidents, warnings): (Vec<Family<'_>>, Vec<Family<'_>>) =
        families(&report.incidents).into_iter().partition(|family| family.head.kind == Kind::Incident);
    incidents_in_order(&mut page, &incidents, &clock)?;
    warnings_in_short(&mut page, &warnings, &clock)?;
    coverage::write(&mut page, report, &clock)
}

fn incidents_in_order(page: &mut Page<'_>, families: &[Family<'_>], clock: &Clock) -> io::Result<()> {
    for family in families.iter().take(IN_FULL) {
        page.blank()?;
        incident::in_full(page, family, incident::IN_REPORT, clock)?;
    }
    let lesser: Vec<_> = families.iter().skip(IN_FULL).flat_map(Family::members).collect();
    in_short(page, "And, mattering less", &lesser, AT_ALL - IN_FULL, clock)
}

fn warnings_in_short(page: &mut Page<'_>, families: &[Family<'_>], clock: &Clock) -> io::Result<()> {
    let warnings: Vec<_> = families.iter().flat_map(Family::members).collect();
    in_short(page, "Warnings: no user saw a 5xx by these", &warnings, AT_ALL, clock)
}

/// A heading and the first so many in short; nothing where there are none.
fn in_short(page: &mut Page<'_>, title: &str, told: &[&Incident], most: usize, clock: &Clock) -> io::Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    page.heading(title)?;
    for incident in told.iter().take(most) {
        incident::in_short(page, incident, clock)?;
    }
    page.more(told.len(), most, "every one stands in the JSON report")
}
