//! Columns: rows of values in an order that the grammar or a header line gives.
//!
//! In: the names of the columns in their order, what each name means, and a row. Out: fields, borrowed from the row.
//! Neighbouring columns of one field (`date` and `time`) are read as one value.

mod cells;
mod kind;
mod load;
mod quick;

use super::day::Day;
use crate::event::{Event, Field};
use crate::source::{HeaderMark, MAX_HEADER_BYTES};
use crate::text::without_port;
use cells::Cells;
pub use kind::Kind;
pub(super) use load::RawSheet;
use quick::Quick;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// More columns than any log has; a header with more names none of them.
const MOST_COLUMNS: usize = 256;

/// How the rows of one format are written, and what its columns mean.
#[derive(Debug)]
pub struct Sheet {
    /// What stands between two values.
    gap: Box<[u8]>,
    /// What stands between two names of a header.
    header_gap: Box<[u8]>,
    /// Whether a value may stand in double quotes; inside them `""` is a quote.
    quoted: bool,
    /// What a row may end with.
    end: Box<[u8]>,
    /// How header lines look, where there are any.
    header: Option<HeaderMark>,
    /// Lines that begin with this are directives, and no rows.
    directive: Option<Box<[u8]>>,
    /// Of those, lines that begin with this tell the day of the rows that follow.
    day: Option<Box<[u8]>>,
    names: HashMap<Box<[u8]>, Column>,
    /// What header and directive lines can begin with; nothing where a header is told by its place.
    openings: Vec<u8>,
}

/// What one column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    field: Option<Field>,
    kind: Kind,
    /// Of columns for one field only those with the lowest are kept.
    choice: u8,
}

/// A column that nobody here asks for.
const NOT_KEPT: Column = Column { field: None, kind: Kind::Any, choice: 0 };

/// The columns of a row, in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    columns: Vec<Column>,
    /// So many of them must be there.
    least: usize,
    /// Whether columns may follow that are not known.
    open: bool,
    /// How rows are read that were answered well, where they can be told at a glance.
    quick: Option<Quick>,
}

/// One layout of a format that is written in columns.
#[derive(Debug, Clone)]
pub struct Columns {
    sheet: Arc<Sheet>,
    order: Order,
}

/// Where the order of the columns comes from.
#[derive(Debug, Clone)]
enum Order {
    /// The grammar.
    Fixed(Row),
    /// A header line that has all of `needs` and none of `lacks`; `behind` follow those that it names.
    Header { needs: Vec<Box<[u8]>>, lacks: Vec<Box<[u8]>>, behind: Vec<Column> },
}

/// What a line is that may come before rows.
#[derive(Debug, PartialEq)]
pub enum Preamble {
    /// A row, or no line of this format.
    None,
    /// A directive that says nothing about columns.
    Directive,
    /// A directive that tells the day of the rows that follow.
    Day(Day),
    /// A header: the columns that follow, or `None` where they are another layout's.
    Header(Option<Row>),
}

impl Sheet {
    fn column(&self, name: &[u8]) -> Column {
        self.names.get(name).copied().unwrap_or(NOT_KEPT)
    }

    fn cells<'a>(&self, line: &'a [u8], quoted: bool) -> Cells<'a, '_> {
        let line = line.trim_ascii_end();
        Cells::new(line.strip_suffix(&*self.end).unwrap_or(line), &self.gap, quoted)
    }
}

impl Columns {
    /// How the header lines of this layout look, where it goes by them.
    pub fn header_mark(&self) -> Option<&HeaderMark> {
        match &self.order {
            Order::Header { .. } => self.sheet.header.as_ref(),
            Order::Fixed(_) => None,
        }
    }

    /// The bytes that a header or a directive can begin with.
    pub(super) fn openings(&self) -> &[u8] {
        &self.sheet.openings
    }

    /// The fields that rows can have.
    pub fn fields(&self) -> Vec<Field> {
        let columns: Vec<Column> = match &self.order {
            Order::Fixed(row) => row.columns.clone(),
            Order::Header { .. } => self.sheet.names.values().copied().collect(),
        };
        columns.into_iter().flat_map(|column| column.kind.fields().iter().copied().chain(column.field)).collect()
    }

    /// What a line is before its rows are read. `first`: it is the first of its source.
    pub fn preamble(&self, line: &[u8], first: bool) -> Preamble {
        let Order::Header { needs, lacks, behind } = &self.order else { return Preamble::None };
        let names = match &self.sheet.header {
            Some(HeaderMark::Begins(marks)) => marks.first().and_then(|mark| line.strip_prefix(&**mark)),
            Some(HeaderMark::FirstLine) if first => Some(line),
            _ => None,
        };
        if let Some(names) = names.filter(|_| line.len() <= MAX_HEADER_BYTES) {
            let row = self.row_of(names.trim_ascii(), needs, lacks, behind);
            // A first line that names no columns is a row, or a remark.
            if row.is_some() || !matches!(self.sheet.header, Some(HeaderMark::FirstLine)) {
                return Preamble::Header(row);
            }
        }
        if let Some(day) = self.sheet.day.as_ref().and_then(|mark| line.strip_prefix(&**mark)).and_then(Day::of) {
            return Preamble::Day(day);
        }
        match &self.sheet.directive {
            Some(mark) if line.starts_with(mark) => Preamble::Directive,
            _ => Preamble::None,
        }
    }

    /// The layout whose header line is this text, for rows that stand without it.
    pub fn told(&self, header: &[u8]) -> Option<Self> {
        match self.preamble(header, true) {
            Preamble::Header(Some(row)) => Some(Self { sheet: Arc::clone(&self.sheet), order: Order::Fixed(row) }),
            _ => None,
        }
    }

    fn row_of(&self, names: &[u8], needs: &[Box<[u8]>], lacks: &[Box<[u8]>], behind: &[Column]) -> Option<Row> {
        let ranges = Cells::new(names, &self.sheet.header_gap, self.sheet.quoted).take(MOST_COLUMNS + 1);
        let all: Vec<&[u8]> = ranges.map(|range| names[range].trim_ascii()).filter(|name| !name.is_empty()).collect();
        let has = |name: &[u8]| all.contains(&name);
        let fits = needs.iter().all(|name| has(name)) && !lacks.iter().any(|name| has(name));
        (fits && all.len() <= MOST_COLUMNS).then(|| {
            let mut columns = chosen(all.iter().map(|name| self.sheet.column(name)).collect());
            columns.extend(behind);
            Row::new(columns, all.len(), false)
        })
    }

    /// The same, but of a row that was answered well only what is asked of every one.
    #[inline]
    pub fn skim<'a>(&self, header: Option<&Row>, line: &'a [u8], event: &mut Event<'a>) -> bool {
        // Without a header all that tells the layout is what stands in every column.
        let row = header.filter(|_| matches!(self.order, Order::Header { .. }));
        // Looked for to the end, so that it becomes a few vector instructions.
        let has_quote = || line.iter().fold(false, |found, byte| found | (*byte == b'"'));
        let is_plain = !self.sheet.quoted || !has_quote();
        if let (Some(quick), [gap], [], true) =
            (row.and_then(|row| row.quick.as_ref()), &*self.sheet.gap, &*self.sheet.end, is_plain)
            && quick.read(line.trim_ascii_end(), *gap, event)
        {
            return true;
        }
        self.read(header, line, event)
    }

    /// Reads a row by its layout's own order, or else by the header in force; `false` where it does not fit, with `event`
    /// then half filled.
    #[inline]
    pub fn read<'a>(&self, header: Option<&Row>, line: &'a [u8], event: &mut Event<'a>) -> bool {
        let (row, strict) = match (&self.order, header) {
            (Order::Fixed(row), _) => (row, true),
            (Order::Header { .. }, Some(row)) => (row, false),
            (Order::Header { .. }, None) => return false,
        };
        let quoted = self.sheet.quoted && memchr::memchr(b'"', line).is_some();
        if row.fill(self.sheet.cells(line, quoted), line, strict, event) {
            return true;
        }
        if strict {
            return false;
        }
        // Quotes that only look like quotes; values with a raw gap inside.
        let plain = || self.sheet.cells(line, false);
        event.clear();
        (quoted && row.fill(plain(), line, strict, event)) || {
            let cells: Vec<Range<usize>> = plain().take(MOST_COLUMNS + 1).collect();
            event.clear();
            cells.len() <= MOST_COLUMNS && row.fill_from_both_ends(&cells, line, event)
        }
    }
}

impl Row {
    fn new(columns: Vec<Column>, least: usize, open: bool) -> Self {
        let quick = if open || least < columns.len() { None } else { Quick::new(&columns) };
        Self { columns, least, open, quick }
    }

    /// Fills the fields from left to right; `false` where a value is not what its column holds, or the count is wrong.
    #[inline]
    fn fill<'a>(
        &self,
        mut cells: impl Iterator<Item = Range<usize>>,
        line: &'a [u8],
        strict: bool,
        event: &mut Event<'a>,
    ) -> bool {
        let mut join = Join::default();
        for (at, column) in self.columns.iter().enumerate() {
            let Some(cell) = cells.next() else { return at >= self.least };
            if !column.kind.holds(&line[cell.clone()], strict) {
                // Behind those that must be there, something has shifted: nothing more is kept.
                return at >= self.least;
            }
            join.keep(*column, cell, line, event);
        }
        self.open || cells.next().is_none()
    }

    /// A row with a gap inside a value: its columns are told from either end, as far as what they hold shows that they are
    /// the right ones. What lies between is not read.
    fn fill_from_both_ends<'a>(&self, cells: &[Range<usize>], line: &'a [u8], event: &mut Event<'a>) -> bool {
        let count = self.columns.len();
        if cells.len() <= count {
            return false;
        }
        let shows = |column: &Column, cell: &Range<usize>| column.kind.shows(&line[cell.clone()]);
        let left = sure(self.columns.iter().zip(cells).map(|(column, cell)| shows(column, cell)));
        let (columns, rest) = (&self.columns[left..], &cells[left..]);
        let right = sure(columns.iter().rev().zip(rest.iter().rev()).map(|(column, cell)| shows(column, cell)));
        let mut join = Join::default();
        let head = self.columns.iter().zip(cells).take(left);
        let tail = self.columns.iter().skip(count - right).zip(&cells[cells.len() - right..]);
        head.chain(tail).for_each(|(column, cell)| join.keep(*column, cell.clone(), line, event));
        event.raw(Field::Status).is_some() && event.raw(Field::Time).is_some()
    }
}

/// Of several columns for one field the first choice.
fn chosen(mut columns: Vec<Column>) -> Vec<Column> {
    let mut best = [u8::MAX; Field::COUNT];
    let place = |column: &Column| column.field.map(|field| field as usize);
    columns.iter().for_each(|column| {
        if let Some(at) = place(column) {
            best[at] = best[at].min(column.choice);
        }
    });
    for column in &mut columns {
        if place(column).is_some_and(|at| best[at] < column.choice) {
            *column = NOT_KEPT;
        }
    }
    columns
}

/// How many columns are surely in their place: up to the last that shows it before the first that shows the opposite.
fn sure(shown: impl Iterator<Item = Option<bool>>) -> usize {
    let mut sure = 0;
    for (at, shown) in shown.enumerate() {
        match shown {
            Some(true) => sure = at + 1,
            Some(false) => break,
            None => {}
        }
    }
    sure
}

/// Keeps values, those of neighbouring columns of one field as one.
#[derive(Default)]
struct Join {
    last: Option<(Field, usize)>,
}

impl Join {
    #[inline]
    fn keep<'a>(&mut self, column: Column, cell: Range<usize>, line: &'a [u8], event: &mut Event<'a>) {
        let value = &line[cell.clone()];
        let Some(field) = column.field else {
            self.last = None;
            column.kind.spread(value, event);
            return;
        };
        let start = match self.last {
            Some((last, start)) if last == field => start,
            _ => cell.start,
        };
        self.last = Some((field, start));
        match column.kind {
            Kind::Client => event.set(field, bare_address(value)),
            _ => event.set(field, &line[start..cell.end]),
        }
    }
}

/// An address without port and brackets.
fn bare_address(value: &[u8]) -> &[u8] {
    let address = without_port(value);
    address.strip_prefix(b"[").and_then(|inside| inside.strip_suffix(b"]")).unwrap_or(address)
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;
