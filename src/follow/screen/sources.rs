//! The logs: how far each is read, what is wrong with it, what was lost.
//!
//! In: the view. Out: rows; only those that are shown are laid out, there may be thousands of logs.

use super::areas::titled;
use super::draw::{rule, shown};
use super::selection::Selection;
use super::sheet::{Ink, Piece, Sheet, fill};
use crate::follow::view::{Reading, SourceState, View};
use crate::report::layout::{columns, cut_start};
use crate::report::numbers::{count, thousands};
use crate::report::stamps::Clock;
use crate::report::{Gap, SourceLine};
use crate::time::Timestamp;
use indicatif::HumanBytes;
use ratatui::layout::Rect;

/// A row of this page, by its place in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Item {
    /// The titles of the columns.
    Titles,
    /// A log.
    Source(usize),
    /// What is wrong with that log.
    Defect(usize),
    /// Before the losses.
    Blank,
    /// Above the losses.
    Lost,
    /// A loss.
    Gap(usize),
    /// Why nothing could be done about it.
    Why(usize),
}

/// All rows: logs with trouble first, each in the report's order; then the losses, newest first.
pub(super) fn items(view: &View) -> Vec<Item> {
    let sources = &view.report.sources;
    let is_troubled = |at: &usize| {
        let state = view.sources.get(*at);
        sources[*at].defect.is_some() || state.is_some_and(|one| one.gaps > 0 || one.reading == Reading::Waiting)
    };
    let (troubled, fine): (Vec<usize>, Vec<usize>) = (0..sources.len()).partition(is_troubled);
    let rows = |at: usize| [Some(Item::Source(at)), sources[at].defect.is_some().then_some(Item::Defect(at))];
    let mut items = vec![Item::Titles];
    items.extend(troubled.into_iter().chain(fine).flat_map(rows).flatten());
    if !view.report.gaps.is_empty() {
        items.extend([Item::Blank, Item::Lost]);
        items.extend((0..view.report.gaps.len()).rev().flat_map(|at| [Item::Gap(at), Item::Why(at)]));
    }
    items
}

/// Draws those for which there is room.
pub(super) fn draw(sheet: &mut Sheet<'_>, area: Rect, view: &View, selection: &Selection, clock: &Clock) {
    let (above, text) = titled(area);
    let items = items(view);
    let shown = shown(items.len(), selection.scroll, text);
    let title = count(view.report.sources.len() as u64, "log");
    sheet.on(above).row(0, &[rule(&title, items.len() - shown.end, above.width)]);
    let width = usize::from(text.width);
    let rows: Vec<Vec<Piece>> = items[shown].iter().map(|item| row(*item, view, width, clock)).collect();
    sheet.on(text).rows(&rows);
}

fn row(item: Item, view: &View, width: usize, clock: &Clock) -> Vec<Piece> {
    let report = &view.report;
    let (text, ink) = match item {
        Item::Titles => (in_columns(["state", "lag", "gaps", "lines", "format"], "log", width), Ink::Dim),
        Item::Source(at) => return source(&report.sources[at], view.sources.get(at), width),
        Item::Defect(at) => (format!("  ! {}", report.sources[at].defect.as_deref().unwrap_or_default()), Ink::Plain),
        Item::Blank => (String::new(), Ink::Plain),
        Item::Lost => ("Lost while following, newest first".to_owned(), Ink::Plain),
        Item::Gap(at) => (gap(&report.gaps[at], view.now, width, clock), Ink::Plain),
        Item::Why(at) => (format!("    {}", report.gaps[at].why), Ink::Plain),
    };
    vec![(text, ink)]
}

/// When, where, at which byte.
fn gap(gap: &Gap, now: Timestamp, width: usize, clock: &Clock) -> String {
    let (time, byte) = (clock.short(now, gap.at), format!(" at byte {}", thousands(gap.offset)));
    let path = cut_start(&gap.source, width.saturating_sub(columns(&time) + columns(&byte) + 3));
    format!("  {time} {path}{byte}")
}

fn source(line: &SourceLine, state: Option<&SourceState>, width: usize) -> Vec<Piece> {
    let (reading, lag, gaps) = match state {
        Some(state) => (state.reading.name(), HumanBytes(state.lag_bytes).to_string(), thousands(state.gaps)),
        None => ("-", "-".to_owned(), "-".to_owned()),
    };
    let cells = [reading, &lag, &gaps, &thousands(line.lines), &line.format];
    vec![(in_columns(cells, &line.path, width), Ink::Plain)]
}

/// Width of each column, and whether its text stands at the right.
const COLUMNS: [(usize, bool); 5] = [(7, false), (10, true), (5, true), (13, true), (14, false)];

/// Screens of so many columns show formats with their layouts' names.
const WIDE: usize = 110;

/// Width of a format there.
const WIDE_FORMAT: usize = 26;

/// The cells, then the path: of a path the end tells more.
fn in_columns(cells: [&str; 5], path: &str, width: usize) -> String {
    let mut columns_of = COLUMNS;
    if width >= WIDE {
        columns_of[4].0 = WIDE_FORMAT;
    }
    let cells = cells.iter().zip(columns_of).map(|(text, (width, to_the_right))| fill(text, width, to_the_right));
    let row = cells.collect::<Vec<_>>().join(" ");
    let room = width.saturating_sub(columns(&row) + 2);
    format!("{row}  {}", cut_start(path, room))
}
