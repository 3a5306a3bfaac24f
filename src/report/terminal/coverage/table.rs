//! The table of sources: every line accounted for.

use super::Page;
use crate::report::SourceLine;
use crate::report::layout::{columns, cut, cut_start, flow};
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

/// Format ids are shorter; a user's own may not be.
const WIDEST_FORMAT: usize = 24;

/// A row before it is laid out.
struct Row<'a> {
    path: &'a str,
    format: &'a str,
    counts: [String; COUNTS],
    /// Whether it is a source, not a heading or a sum.
    source: bool,
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
        Self { path, format: "", counts: Default::default(), source: false, defect: None }
    }

    fn of(source: &'a SourceLine) -> Self {
        let counts = parts(source).map(thousands);
        Self { path: &source.path, format: &source.format, counts, source: true, defect: source.defect.as_deref() }
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
    shape: Shape,
}

/// How a source is laid out, as there is room.
enum Shape {
    /// One row.
    Beside,
    /// The path on a row of its own, format and counts under it.
    Stacked,
    /// The path on a row of its own, the counts with their names under it: no columns.
    Told,
}

impl Widths {
    /// As wide as the content needs; the path column gives way, down to [`NARROWEST_PATH`].
    fn of(rows: &[Row<'_>], room: usize) -> Self {
        let widest = |width: &dyn Fn(&Row<'_>) -> usize| rows.iter().map(width).max().unwrap_or(0);
        let counts: [usize; COUNTS] = std::array::from_fn(|at| widest(&|row| row.counts[at].len()));
        let format = widest(&|row| columns(row.format)).min(WIDEST_FORMAT);
        let path = widest(&|row| columns(row.path));
        let beside = counts.iter().map(|width| width + MARGIN).sum::<usize>() + format + MARGIN;
        let left = room.saturating_sub(beside);
        let shape = match left {
            _ if left >= path.min(NARROWEST_PATH) => Shape::Beside,
            _ if beside <= room => Shape::Stacked,
            _ => Shape::Told,
        };
        Self { path: path.min(left), format, counts, shape }
    }

    fn write(&self, page: &mut Page<'_>, row: &Row<'_>) -> io::Result<()> {
        match self.shape {
            Shape::Beside => page.row(MARGIN, &self.beside(row))?,
            Shape::Stacked if row.source => {
                page.row(MARGIN, &cut_start(row.path, page.room(MARGIN)))?;
                page.row(MARGIN * 2, &format!("{}{}", filled(row.format, self.format), self.numbers(row)))?;
            }
            Shape::Stacked => {
                page.row(MARGIN, &format!("{}{}", filled(row.path, self.format + MARGIN), self.numbers(row)))?;
            }
            Shape::Told if row.counts == HEADS => (),
            Shape::Told => {
                page.row(MARGIN, &cut_start(row.path, page.room(MARGIN)))?;
                let told = flow(&told(row), ", ", page.room(MARGIN * 2));
                page.rows(MARGIN * 2, &told)?;
            }
        }
        row.defect.map_or(Ok(()), |defect| page.item(MARGIN * 2, "!", defect))
    }

    fn beside(&self, row: &Row<'_>) -> String {
        let path = cut_start(row.path, self.path);
        format!("{}  {}{}", filled(&path, self.path), filled(row.format, self.format), self.numbers(row))
    }

    fn numbers(&self, row: &Row<'_>) -> String {
        row.counts.iter().zip(self.counts).map(|(count, width)| format!("{:MARGIN$}{count:>width$}", "")).collect()
    }
}

/// `nginx.error`, `4,573 lines`, `4,520 events`: what is not nothing.
fn told(row: &Row<'_>) -> Vec<String> {
    let counts = row.counts.iter().zip(HEADS).enumerate().filter(|(at, (count, _))| *at == 0 || *count != "0");
    let format = (!row.format.is_empty()).then(|| row.format.to_owned());
    format.into_iter().chain(counts.map(|(_, (count, head))| format!("{count} {head}"))).collect()
}

/// The text, cut or filled with spaces to the width.
fn filled(text: &str, width: usize) -> String {
    let text = cut(text, width);
    format!("{text}{:1$}", "", width.saturating_sub(columns(&text)))
}
