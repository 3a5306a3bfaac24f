//! A view as one picture.
//!
//! In: the view, the selection. Out: the frame, whatever its size.

use super::areas::{Areas, titled};
use super::listed::{Listed, listed};
use super::selection::{Page, Selection};
use super::sheet::{Ink, Piece, Rows, Sheet};
use super::{detail, foot, head, help, list, sources};
use crate::follow::view::View;
use crate::report::layout::{columns, cut};
use crate::report::stamps::Clock;
use crate::report::terminal::Style;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::ops::Range;

/// Draws all of it.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View, selection: &Selection, style: &Style) {
    let listed = listed(view, selection);
    let areas = Areas::of(frame.area(), view, selection.page, listed.len());
    let clock = Clock::seconds(style.zone);
    let frame_height = frame.area().height;
    let mut sheet = Sheet::new(frame.buffer_mut(), style.colour);
    head::draw(&mut sheet.on(areas.head), view, &clock);
    foot::draw(&mut sheet.on(areas.foot), frame_height, view);
    foot::draw_keys(&mut sheet.on(areas.keys), selection);
    let chosen = selection.chosen(&listed).and_then(|at| listed.get(at));
    match (selection.page, chosen) {
        (Page::Sources, _) => sources::draw(&mut sheet, areas.body, view, selection, &clock),
        (Page::Help, _) => page(&mut sheet, areas.body, "keys and words", &help::rows(), selection.scroll),
        (Page::List, Some(chosen)) => {
            list::draw(&mut sheet.on(areas.list), view, selection, &listed, &clock);
            let rows = detail::rows(view, chosen, Page::Detail, areas.preview.width, style.zone);
            page(&mut sheet, areas.preview, &title(chosen, selection, &listed), &rows, 0);
        }
        (shown, Some(chosen)) => {
            let rows = detail::rows(view, chosen, shown, areas.body.width, style.zone);
            page(&mut sheet, areas.body, &title(chosen, selection, &listed), &rows, selection.scroll);
        }
        (_, None) => list::draw_empty(&mut sheet.on(areas.list), view, selection),
    }
}

/// A page of rows below its title.
fn page(sheet: &mut Sheet<'_>, area: Rect, title: &str, rows: &Rows, scroll: usize) {
    let (above, text) = titled(area);
    let shown = shown(rows.0.len(), scroll, text);
    sheet.on(above).row(0, &[rule(title, rows.0.len() - shown.end, above.width)]);
    sheet.on(text).rows(&rows.0[shown]);
}

/// Which of so many rows an area shows.
pub(super) fn shown(all: usize, scroll: usize, area: Rect) -> Range<usize> {
    let height = usize::from(area.height);
    let from = scroll.min(all.saturating_sub(height));
    from..all.min(from + height)
}

/// `── title ──── 12 rows more ──`: parts the page from what stands above it.
pub(super) fn rule(title: &str, below: usize, width: u16) -> Piece {
    let width = usize::from(width);
    let more = match below {
        0 => String::new(),
        rows => format!(" {} below ──", crate::report::numbers::count(rows as u64, "row")),
    };
    let title = format!("── {} ", cut(title, width.saturating_sub(columns(&more) + 6)));
    let line = "─".repeat(width.saturating_sub(columns(&title) + columns(&more)));
    (format!("{title}{line}{more}"), Ink::Dim)
}

/// Which incident it is, and how it stands.
fn title(chosen: &Listed<'_>, selection: &Selection, listed: &[Listed<'_>]) -> String {
    let place = selection.chosen(listed).map_or(0, |at| at + 1);
    let taken = if chosen.standing.acknowledged { ", acknowledged" } else { "" };
    let page = match selection.page {
        Page::Evidence => "evidence, ",
        Page::Checks => "checks, ",
        _ => "",
    };
    format!("{page}{place} of {}, {}{taken}", listed.len(), chosen.standing.state)
}
