//! Two statuses beside each other, row by row, so that what differs shows.

use super::status::{causes, named, owner, title};
use super::{Knowledge, status};
use crate::cause::CauseId;
use crate::report::layout::{columns, wrap};
use crate::report::terminal::page::{Page, TEXT_AT};
use std::collections::BTreeSet;
use std::io;

/// Columns between the two.
const GAP: usize = 3;
/// A column narrower than this cannot be read; the two are told one after the other then.
const NARROWEST: usize = 30;

/// Tells both.
pub(super) fn tell(both: [u16; 2], knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let width = page.room(TEXT_AT).saturating_sub(GAP) / 2;
    if width < NARROWEST || both[0] == both[1] {
        status::tell(both[0], knowledge, page)?;
        page.blank()?;
        return status::tell(both[1], knowledge, page);
    }
    let meanings = both.map(|status| knowledge.statuses.meaning(status));
    let [left, right] = &meanings;
    beside(page, "", width, [&title(&left.code, &left.name), &title(&right.code, &right.name)])?;
    page.blank()?;
    beside(page, "means", width, [&left.means, &right.means])?;
    page.blank()?;
    let owners = both.map(|status| owner(status, knowledge));
    beside(page, "owner", width, [&owners[0], &owners[1]])?;
    page.blank()?;
    beside(page, "who wrote", width, [&left.decides, &right.decides])?;
    shared(both, knowledge, page)
}

/// One row of the table.
fn beside(page: &mut Page<'_>, label: &str, width: usize, texts: [&str; 2]) -> io::Result<()> {
    let [left, right] = texts.map(|text| wrap(text, width));
    let rows: Vec<String> = (0..left.len().max(right.len()))
        .map(|at| {
            let (left, right) = (left.get(at).map_or("", String::as_str), right.get(at).map_or("", String::as_str));
            format!("{left}{:1$}{right}", "", width + GAP - columns(left))
        })
        .collect();
    page.labelled(label, &rows)
}

/// The causes of one, of the other, and of both.
fn shared(both: [u16; 2], knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let [left, right] = both.map(|status| causes(status, knowledge));
    let only = |these: &BTreeSet<CauseId>, others: &BTreeSet<CauseId>| these.difference(others).copied().collect();
    let in_both: BTreeSet<CauseId> = left.intersection(&right).copied().collect();
    for (heading, causes) in [
        (format!("Causes of {:03} only", both[0]), only(&left, &right)),
        (format!("Causes of {:03} only", both[1]), only(&right, &left)),
        ("Causes of either".to_owned(), in_both),
    ] {
        if !causes.is_empty() {
            page.heading(&heading)?;
            page.pairs(&named(&causes, knowledge))?;
        }
    }
    Ok(())
}
