//! The last rows: what was read, what nobody knows, what could not be told.

mod table;

use super::page::Page;
use crate::report::layout::{cut_start, wrap_at_most};
use crate::report::numbers::thousands;
use crate::report::stamps::Clock;
use crate::report::{Report, Template};
use std::io;

/// Shapes of unknown lines shown.
const TEMPLATES: usize = 10;

/// Rows that one shape may take.
const TEMPLATE_ROWS: usize = 2;

/// Losses, notes and defects shown, each.
const REMARKS: usize = 20;

/// Writes what was read and what could not be told.
pub(super) fn write(page: &mut Page<'_>, report: &Report, clock: &Clock) -> io::Result<()> {
    table::write(page, &report.sources)?;
    unknown(page, &report.unknown)?;
    let gaps = report
        .gaps
        .iter()
        .map(|gap| format!("{} at byte {}, {}: {}", gap.source, thousands(gap.offset), clock.stamp(gap.at), gap.why));
    remarks(page, "Lost while following", gaps.collect())?;
    remarks(page, "What could not be told", report.notes.clone())?;
    remarks(page, "Wrong with the input", unseen_defects(report))
}

/// Defects that the table of sources does not already show.
fn unseen_defects(report: &Report) -> Vec<String> {
    let shown = |file: &str| report.sources.iter().any(|source| source.path == file && source.defect.is_some());
    report.defects.iter().filter(|defect| !shown(&defect.file)).map(ToString::to_string).collect()
}

fn unknown(page: &mut Page<'_>, templates: &[Template]) -> io::Result<()> {
    if templates.is_empty() {
        return Ok(());
    }
    page.heading("Lines that no grammar or rule knows")?;
    for template in templates.iter().take(TEMPLATES) {
        let count = format!("{} ×", thousands(template.count));
        let source = cut_start(&template.source, page.room(2 + count.len() + 4));
        page.row(2, &format!("{count} in {source}"))?;
        let rows = wrap_at_most(&template.template, page.room(4), TEMPLATE_ROWS);
        page.rows(4, &rows)?;
    }
    page.more(templates.len(), TEMPLATES, "the JSON report has more of them")
}

fn remarks(page: &mut Page<'_>, title: &str, remarks: Vec<String>) -> io::Result<()> {
    if remarks.is_empty() {
        return Ok(());
    }
    page.heading(title)?;
    for remark in remarks.iter().take(REMARKS) {
        page.item(2, "-", remark)?;
    }
    page.more(remarks.len(), REMARKS, "the JSON report has them")
}
