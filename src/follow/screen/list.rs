//! The list of incidents: a row each, as many columns as there is room for.
//!
//! In: the list, the selection. Out: rows.

mod columns;

use super::areas::titled;
use super::listed::Listed;
use super::selection::Selection;
use super::sheet::{Ink, Piece, Sheet, fill};
use crate::follow::view::{IncidentState, View};
use crate::report::Kind;
use crate::report::stamps::Clock;
use crate::report::terminal::headline;
use columns::{Cells, Column, GAP, cell, widths};

/// Before the chosen incident, so that it is seen on any terminal; and before the others.
const MARKS: (&str, &str) = ("> ", "  ");

/// Draws the part of the list in which the chosen one stands.
pub(super) fn draw(sheet: &mut Sheet<'_>, view: &View, selection: &Selection, listed: &[Listed<'_>], clock: &Clock) {
    let (titles, entries) = titled(sheet.area());
    let (room, height) = (sheet.width().saturating_sub(MARKS.0.len()), usize::from(entries.height));
    let chosen = selection.chosen(listed).unwrap_or(0);
    // Whole pages, so that the rows stand still while one moves in them.
    let from = (chosen / height.max(1) * height).min(listed.len().saturating_sub(height));
    let shown = &listed[from..listed.len().min(from + height)];
    let rows: Vec<Cells> = shown.iter().map(|one| columns::cells(one, view.now, clock)).collect();
    let widths = widths(&rows, room);
    sheet.on(titles).row(0, &title_row(&widths));
    let mut sheet = sheet.on(entries);
    for (at, (one, cells)) in shown.iter().zip(&rows).enumerate() {
        let mark = if from + at == chosen { MARKS.0 } else { MARKS.1 };
        sheet.row(at, &row(mark, one, cells, &widths));
    }
    sheet.mark(chosen.saturating_sub(from));
}

fn title_row(widths: &[(Column, usize)]) -> Vec<Piece> {
    let titles = widths.iter().map(|(column, width)| fill(column.title(), *width, column.is_number()));
    let row = titles.collect::<Vec<_>>().join(GAP);
    vec![(format!("{}{row}", MARKS.1), Ink::Dim)]
}

fn row(mark: &str, one: &Listed<'_>, cells: &Cells, widths: &[(Column, usize)]) -> Vec<Piece> {
    let dim = one.incident.kind == Kind::Warning || one.standing.state == IncidentState::Ended;
    let plain = if dim { Ink::Dim } else { Ink::Plain };
    let mut row = vec![(mark.to_owned(), plain)];
    for (column, width) in widths {
        let ink = match column {
            Column::Severity | Column::Course if !dim => Ink::Of(one.incident.severity),
            Column::Cause if !dim => Ink::Bold,
            _ => plain,
        };
        let text = match column {
            Column::Course => columns::course(one.incident, *width),
            column => cell(cells, *column).to_owned(),
        };
        row.push((fill(&text, *width, column.is_number()), ink));
        row.push((GAP.to_owned(), plain));
    }
    row
}

/// Why there is nothing in the list.
pub(super) fn draw_empty(sheet: &mut Sheet<'_>, view: &View, selection: &Selection) {
    let why = match (selection.filter.as_str(), view.report.incidents.is_empty()) {
        (_, true) => format!("No incident: {}", headline::calm(&view.report)),
        ("", false) => "No incident; w shows the warnings".to_owned(),
        (filter, false) => format!("Nothing has \"{filter}\" in its cause, service, owner or upstreams; Esc shows all"),
    };
    let rows = crate::report::layout::wrap(&why, sheet.width());
    sheet.rows(&rows.into_iter().map(|row| vec![(row, Ink::Plain)]).collect::<Vec<_>>());
}
