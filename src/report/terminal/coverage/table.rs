//! The table of sources: every line accounted for.

use super::Page;
use crate::report::SourceLine;
use crate::report::layout::{columns, cut, cut_start};
use crate::report::numbers::thousands;
use std::io;

/// Sources shown; the sum counts all.
const SHOWN: usize = 20;

/// Columns of counts.
const COUNTS: usize = 6;

/// Headings of the counts; `lines` is the sum of the others.
const HEADS: [&str; COUNTS] = ["lines", "events", "passed", "benign", "unknown", "cut"];

/// Left margin and space between columns.
const MARGIN: usize = 2;

/// A path column narrower than this tells too little: the path gets a row of its own then.
const NARROWEST_PATH: usize = 24;

/// A row before it is laid out.
struct Row<'a> {
    path: &'a str,
    format: &'a str,
    counts: [String; COUNTS],
    defect: Option<&'a str>,
}

/// Writes the table; nothing where nothing was read.
pub(super) fn write(page: &mut Page<'_>, sources: &[SourceLine]) -> io::Result<()> {
    if sources.is_empty() {
        return Ok(());
    }
    page.heading("What was read (lines = events + passed + benign + unknown + cut)")?;
    let mut rows: Vec<Row<'_>> = sources.iter().take(SHOWN).map(Row::of).collect();
    let rest = sources.len().saturating_sub(SHOWN);
    let others = format!("and {rest} more");
    if rest > 0 {
        rows.push(Row { counts: sums(&sources[SHOWN..]), ..Row::named(&others) });
    }
    if sources.len() > 1 {
        rows.push(Row { counts: sums(sources), ..Row::named("all") });
    }
    rows.insert(0, Row { format: "format", counts: HEADS.map(String::from), ..Row::named("log") });
    let widths = Widths::of(&rows, page.room(MARGIN));
    rows.iter().try_for_each(|row| widths.write(page, row))
}

impl<'a> Row<'a> {
    fn named(path: &'a str) -> Self {
        Self { path, format: "", counts: Default::default(), defect: None }
    }

    fn of(source: &'a SourceLine) -> Self {
        let counts = parts(source).map(thousands);
        Self { path: &source.path, format: &source.format, counts, defect: source.defect.as_deref() }
    }
}

fn parts(source: &SourceLine) -> [u64; COUNTS] {
    [source.lines, source.events, source.passed, source.benign, source.unknown, source.cut]
}

fn sums(sources: &[SourceLine]) -> [String; COUNTS] {
    let add = |sums: [u64; COUNTS], source| std::array::from_fn(|at| sums[at].saturating_add(parts(source)[at]));
    sources.iter().fold([0; COUNTS], add).map(thousands)
}

/// How wide each column is.
struct Widths {
    path: usize,
    format: usize,
    counts: [usize; COUNTS],
    /// Whether paths stand on rows of their own.
    stacked: bool,
}

impl Widths {
    /// As wide as the content needs; the path column gives way, down to [`NARROWEST_PATH`].
    fn of(rows: &[Row<'_>], room: usize) -> Self {
        let widest = |width: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(width).max().unwrap_or(0);
        let counts: [usize; COUNTS] = std::array::from_fn(|at| widest(&|row| row.counts[at].len()));
        let numbers = counts.iter().map(|width| width + MARGIN).sum::<usize>();
        let format = widest(&|row| columns(row.format)).min(room.saturating_sub(numbers).max(8) / 2);
        let left = room.saturating_sub(numbers + format + MARGIN);
        let path = widest(&|row| columns(row.path));
        Self { path: path.min(left), format, counts, stacked: left < path.min(NARROWEST_PATH) }
    }

    fn write(&self, page: &mut Page<'_>, row: &Row<'_>) -> io::Result<()> {
        let format = cut(row.format, self.format);
        let numbers = self.numbers(row);
        let path = cut_start(row.path, if self.stacked { page.room(MARGIN) } else { self.path });
        if self.stacked {
            page.row(MARGIN, &path)?;
            page.row(MARGIN * 2, &format!("{}{numbers}", filled(&format, self.format)))?;
        } else {
            page.row(MARGIN, &format!("{}  {}{numbers}", filled(&path, self.path), filled(&format, self.format)))?;
        }
        row.defect.map_or(Ok(()), |defect| page.item(MARGIN * 2, "!", defect))
    }

    fn numbers(&self, row: &Row<'_>) -> String {
        row.counts.iter().zip(self.counts).map(|(count, width)| format!("{:MARGIN$}{count:>width$}", "")).collect()
    }
}

/// The text and spaces up to the width.
fn filled(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(columns(text)))
}
