//! What the screen is drawn on: rows of inked pieces.
//!
//! In: any text, log text too. Out: cells of the terminal's buffer. Everything on the screen comes through
//! [`Sheet::row`], which makes it harmless and keeps it within its area.

use crate::event::Severity;
use crate::report::layout::{columns, cut};
use crate::report::terminal::page;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::io;

/// How a piece looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    /// Titles.
    Bold,
    /// What matters less.
    Dim,
    /// In the severity's colour.
    Of(Severity),
}

/// A piece of a row.
pub(super) type Piece = (String, Ink);

/// Rows that are laid out and not yet drawn.
#[derive(Debug, Default)]
pub(super) struct Rows(pub(super) Vec<Vec<Piece>>);

impl page::Paper for &mut Rows {
    fn row(&mut self, pieces: &[(&str, page::Ink)]) -> io::Result<()> {
        let piece = |(text, ink): &(&str, page::Ink)| ((*text).to_owned(), Ink::from(*ink));
        self.0.push(pieces.iter().map(piece).collect());
        Ok(())
    }
}

impl From<page::Ink> for Ink {
    fn from(ink: page::Ink) -> Self {
        match ink {
            page::Ink::Plain => Self::Plain,
            page::Ink::Title => Self::Bold,
            page::Ink::Of(severity) => Self::Of(severity),
        }
    }
}

/// An area to draw on.
pub(super) struct Sheet<'b> {
    buffer: &'b mut Buffer,
    area: Rect,
    colour: bool,
}

impl<'b> Sheet<'b> {
    pub(super) fn new(buffer: &'b mut Buffer, colour: bool) -> Self {
        let area = buffer.area;
        Self { buffer, area, colour }
    }

    /// The same sheet, another area of it.
    pub(super) fn on(&mut self, area: Rect) -> Sheet<'_> {
        let area = area.intersection(self.buffer.area);
        Sheet { buffer: self.buffer, area, colour: self.colour }
    }

    pub(super) fn area(&self) -> Rect {
        self.area
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    pub(super) fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    /// Writes a row of the area, from its top; what finds no room is cut.
    pub(super) fn row(&mut self, at: usize, pieces: &[Piece]) {
        if at >= self.height() {
            return;
        }
        let mut used = 0;
        for (text, ink) in pieces {
            let room = self.width().saturating_sub(used);
            if room == 0 {
                return;
            }
            let text = cut(text, room);
            let (x, y) = (self.area.x + used as u16, self.area.y + at as u16);
            self.buffer.set_stringn(x, y, &text, room, self.look(*ink));
            used += columns(&text);
        }
    }

    /// Rows from the top of the area, as many as there is room for.
    pub(super) fn rows<'r>(&mut self, rows: impl IntoIterator<Item = &'r Vec<Piece>>) {
        let height = self.height();
        rows.into_iter().take(height).enumerate().for_each(|(at, row)| self.row(at, row));
    }

    /// Marks a row as the chosen one. No colour: it must be seen without.
    pub(super) fn mark(&mut self, at: usize) {
        if at < self.height() {
            let row = Rect { y: self.area.y + at as u16, height: 1, ..self.area };
            self.buffer.set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
    }

    fn look(&self, ink: Ink) -> Style {
        match ink {
            Ink::Plain => Style::new(),
            Ink::Bold => Style::new().add_modifier(Modifier::BOLD),
            Ink::Dim => Style::new().add_modifier(Modifier::DIM),
            Ink::Of(severity) if self.colour => colour_of(severity),
            Ink::Of(_) => Style::new(),
        }
    }
}

/// The colours of the text report.
fn colour_of(severity: Severity) -> Style {
    match severity {
        Severity::Critical => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Severity::Error => Style::new().fg(Color::Red),
        Severity::Warning => Style::new().fg(Color::Yellow),
        Severity::Info => Style::new().fg(Color::Cyan),
    }
}

/// Text filled up with blanks, on the right or on the left, or cut.
pub(super) fn fill(text: &str, width: usize, to_the_right: bool) -> String {
    let text = cut(text, width);
    let blank = " ".repeat(width.saturating_sub(columns(&text)));
    if to_the_right { format!("{blank}{text}") } else { format!("{text}{blank}") }
}

/// As many of the pieces as fit, two blanks between them.
pub(super) fn side_by_side(pieces: Vec<Piece>, width: usize) -> Vec<Piece> {
    let mut row: Vec<Piece> = Vec::new();
    let mut used = 0;
    for (text, ink) in pieces {
        let gap = if row.is_empty() { 0 } else { 2 };
        let needed = gap + columns(&text);
        if !row.is_empty() && used + needed > width {
            break;
        }
        row.push((" ".repeat(gap), Ink::Plain));
        row.push((text, ink));
        used += needed;
    }
    row
}
