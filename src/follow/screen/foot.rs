//! The last rows: what was told to whom, what went wrong, the keys.
//!
//! In: the view, the selection. Out: rows.

use super::selection::{Page, Selection};
use super::sheet::{Ink, Piece, Sheet, side_by_side};
use crate::follow::view::View;

/// The newest of what was told, and of what went wrong, that a terminal of this height shows.
fn newest(height: u16, view: &View) -> (&[String], &[String]) {
    let (told, wrong) = match height {
        0..8 => (0, 0),
        8..16 => (0, 1),
        16..30 => (1, 2),
        _ => (3, 4),
    };
    (last(&view.told, told), last(&view.wrong, wrong))
}

fn last(texts: &[String], most: usize) -> &[String] {
    &texts[texts.len().saturating_sub(most)..]
}

/// Rows that this takes on a terminal of this height.
pub(super) fn rows(height: u16, view: &View) -> u16 {
    let (told, wrong) = newest(height, view);
    (told.len() + wrong.len()) as u16
}

/// What was told and what went wrong lately, the newest of each last.
pub(super) fn draw(sheet: &mut Sheet<'_>, height: u16, view: &View) {
    let (told, wrong) = newest(height, view);
    let row = |mark: &str, text: &String| vec![(format!("{mark} {text}"), Ink::Plain)];
    let told = told.iter().map(|text| row("told", text));
    let rows: Vec<Vec<Piece>> = told.chain(wrong.iter().map(|text| row("!", text))).collect();
    sheet.rows(&rows);
}

/// What the keys do here, the most needed first.
pub(super) fn draw_keys(sheet: &mut Sheet<'_>, selection: &Selection) {
    let mut told = Vec::new();
    if selection.typing {
        told.push((format!("filter: {}_", selection.filter), Ink::Bold));
    } else if !selection.filter.is_empty() {
        told.push((format!("filter: {}", selection.filter), Ink::Bold));
    }
    told.extend((selection.no_warnings && !selection.typing).then(|| ("without warnings".to_owned(), Ink::Bold)));
    told.extend(keys(selection).iter().map(|key| ((*key).to_owned(), Ink::Dim)));
    let width = sheet.width();
    sheet.row(0, &side_by_side(told, width));
}

fn keys(selection: &Selection) -> &'static [&'static str] {
    match selection.page {
        Page::List if selection.typing => &["Enter keeps it", "Esc clears it"],
        Page::List => &[
            "q quit",
            "? help",
            "Enter detail",
            "e evidence",
            "c checks",
            "s sources",
            "a ack",
            "/ filter",
            "w warnings",
            "j k move",
        ],
        Page::Detail | Page::Evidence | Page::Checks => {
            &["q quit", "? help", "Esc list", "j k scroll", "Enter detail", "e evidence", "c checks", "a ack"]
        }
        Page::Sources | Page::Help => &["q quit", "? help", "Esc list", "j k scroll", "s sources"],
    }
}
