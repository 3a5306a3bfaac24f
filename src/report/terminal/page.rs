//! The sheet that the report is written on: margins, labels, colour.
//!
//! In: text, perhaps from a log. Out: whole rows within the width. All text passes through `layout`, which makes it
//! harmless.

use super::Style;
use crate::event::Severity;
use crate::report::layout::{columns, cut, wrap, wrap_at_most};
use anstyle::{AnsiColor, Style as Paint};
use std::io::{self, Write};

/// How a piece of a row is to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// As the terminal writes.
    Plain,
    /// A cause's title.
    Title,
    /// In the severity's colour.
    Of(Severity),
}

/// What finished rows are written on: a stream, or the live screen.
pub(crate) trait Paper {
    /// One row, piece by piece; harmless, and within the width of the page.
    fn row(&mut self, pieces: &[(&str, Ink)]) -> io::Result<()>;
}

/// Rows of a stream, coloured by escapes where that is wanted.
struct Stream<'a> {
    out: &'a mut dyn Write,
    colour: bool,
}

impl Paper for Stream<'_> {
    fn row(&mut self, pieces: &[(&str, Ink)]) -> io::Result<()> {
        for (text, ink) in pieces {
            match ink {
                Ink::Title if self.colour => write!(self.out, "{BOLD}{text}{BOLD:#}")?,
                Ink::Of(severity) if self.colour => {
                    let paint = colour_of(*severity);
                    write!(self.out, "{paint}{text}{paint:#}")?;
                }
                _ => self.out.write_all(text.as_bytes())?,
            }
        }
        writeln!(self.out)
    }
}

/// Column of labels.
const LABEL_AT: usize = 2;

/// Column of the text beside labels: the longest label and two spaces.
pub(crate) const TEXT_AT: usize = 13;

/// Narrower than this nothing can be laid out; rows are this wide then.
const NARROWEST: usize = 40;

/// Sentences are wrapped here even where the terminal is wider: longer rows lose the eye.
const PROSE: usize = 100;

/// Rows that one text of a list of pairs may take.
const PAIR_ROWS: usize = 12;

/// For cause titles.
const BOLD: Paint = Paint::new().bold();

/// What the report is written on.
pub(crate) struct Page<'a> {
    paper: Box<dyn Paper + 'a>,
    width: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn new(out: &'a mut dyn Write, style: &Style) -> Self {
        Self::on(Stream { out, colour: style.colour }, style.width)
    }

    /// A page on other paper, this many columns wide (no fewer than 40).
    pub(crate) fn on(paper: impl Paper + 'a, width: usize) -> Self {
        Self { paper: Box::new(paper), width: width.max(NARROWEST) }
    }

    /// Columns right of an indent.
    pub(crate) fn room(&self, indent: usize) -> usize {
        self.width - indent
    }

    /// Columns for sentences right of an indent.
    pub(crate) fn prose(&self, indent: usize) -> usize {
        self.room(indent).min(PROSE)
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        self.paper.row(&[])
    }

    /// A blank row and a title.
    pub(crate) fn heading(&mut self, title: &str) -> io::Result<()> {
        self.blank()?;
        self.sentence(0, title)
    }

    /// A sentence, wrapped.
    pub(crate) fn sentence(&mut self, indent: usize, text: &str) -> io::Result<()> {
        let rows = wrap(text, self.prose(indent));
        self.rows(indent, &rows)
    }

    /// A sentence with a mark before its first row.
    pub(crate) fn item(&mut self, indent: usize, mark: &str, text: &str) -> io::Result<()> {
        let inner = indent + columns(mark) + 1;
        for (place, row) in wrap(text, self.prose(inner)).iter().enumerate() {
            let mark = if place == 0 { mark } else { "" };
            self.row(indent, &format!("{mark:0$} {row}", inner - indent - 1))?;
        }
        Ok(())
    }

    /// Rows that are already laid out.
    pub(crate) fn rows(&mut self, indent: usize, rows: &[String]) -> io::Result<()> {
        rows.iter().try_for_each(|row| self.row(indent, row))
    }

    /// One row; cut where it is too wide after all.
    pub(crate) fn row(&mut self, indent: usize, row: &str) -> io::Result<()> {
        let row = cut(row, self.room(indent));
        self.paper.row(&[(format!("{:indent$}{row}", "").trim_end(), Ink::Plain)])
    }

    /// A label and its sentence.
    pub(crate) fn field(&mut self, label: &str, text: &str) -> io::Result<()> {
        let rows = wrap(text, self.prose(TEXT_AT));
        self.labelled(label, &rows)
    }

    /// A label and its sentence, where there is one.
    pub(crate) fn field_if(&mut self, label: &str, text: Option<&str>) -> io::Result<()> {
        text.map_or(Ok(()), |text| self.field(label, text))
    }

    /// A label and text from a log or an example, within so many rows.
    pub(crate) fn quoted(&mut self, label: &str, text: &str, rows: usize) -> io::Result<()> {
        let rows = wrap_at_most(text, self.room(TEXT_AT), rows);
        self.labelled(label, &rows)
    }

    /// Labels and their texts in two columns, the first as wide as its longest label.
    pub(crate) fn pairs(&mut self, pairs: &[(String, String)]) -> io::Result<()> {
        let widest = pairs.iter().map(|(label, _)| columns(label)).max().unwrap_or(0).min(self.room(LABEL_AT) / 2);
        for (label, text) in pairs {
            let text_at = LABEL_AT + widest + 2;
            for (place, row) in wrap_at_most(text, self.room(text_at), PAIR_ROWS).iter().enumerate() {
                let label = if place == 0 { cut(label, widest) } else { String::new() };
                let gap = widest + 2 - columns(&label);
                self.row(LABEL_AT, &format!("{label}{:gap$}{row}", ""))?;
            }
        }
        Ok(())
    }

    /// A label and rows that are already laid out; nothing where there are none.
    pub(crate) fn labelled(&mut self, label: &str, rows: &[String]) -> io::Result<()> {
        for (place, row) in rows.iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            self.row(LABEL_AT, &format!("{label:0$}{row}", TEXT_AT - LABEL_AT))?;
        }
        Ok(())
    }

    /// A severity and the title beside it, at the column of texts.
    pub(crate) fn tagged(&mut self, indent: usize, severity: Severity, title: &str) -> io::Result<()> {
        self.tag(&format!("{:indent$}", ""), severity, TEXT_AT - indent, title)
    }

    /// A label, a severity and the title beside it.
    pub(crate) fn labelled_tag(&mut self, label: &str, severity: Severity, title: &str) -> io::Result<()> {
        let lead = format!("{:LABEL_AT$}{label:1$}", "", TEXT_AT - LABEL_AT);
        self.tag(&lead, severity, severity.name().len() + 2, title)
    }

    /// After a lead of our own words: the severity, `room` columns for it, the title; with [`Page::painted`] the one
    /// place where colour stands.
    fn tag(&mut self, lead: &str, severity: Severity, room: usize, title: &str) -> io::Result<()> {
        let title_at = columns(lead) + room;
        let (tag, margin) = (severity.name().to_uppercase(), format!("{:title_at$}", ""));
        let gap = format!("{:1$}", "", room - tag.len());
        for (place, row) in wrap(title, self.room(title_at)).iter().enumerate() {
            let title = (row.as_str(), Ink::Title);
            match place {
                0 => self.paper.row(&[(lead, Ink::Plain), (&tag, Ink::Of(severity)), (&gap, Ink::Plain), title])?,
                _ => self.paper.row(&[(&margin, Ink::Plain), title])?,
            }
        }
        Ok(())
    }

    /// A row under a label's text: something in the severity's colour, then plain words.
    pub(crate) fn painted(&mut self, text: &str, severity: Severity, caption: &str) -> io::Result<()> {
        let text = cut(text, self.room(TEXT_AT));
        let caption = cut(caption, self.room(TEXT_AT + columns(&text)));
        let margin = format!("{:TEXT_AT$}", "");
        self.paper.row(&[(&margin, Ink::Plain), (&text, Ink::Of(severity)), (&caption, Ink::Plain)])
    }

    /// `and 12 more: ...`, where there are more than were shown.
    pub(crate) fn more(&mut self, all: usize, shown: usize, where_else: &str) -> io::Result<()> {
        match all.saturating_sub(shown) {
            0 => Ok(()),
            rest => self.sentence(LABEL_AT, &format!("and {rest} more: {where_else}")),
        }
    }
}

/// The eight standard colours only: every terminal's own palette keeps them readable.
fn colour_of(severity: Severity) -> Paint {
    match severity {
        Severity::Critical => AnsiColor::Red.on_default().bold(),
        Severity::Error => AnsiColor::Red.on_default(),
        Severity::Warning => AnsiColor::Yellow.on_default(),
        Severity::Info => AnsiColor::Cyan.on_default(),
    }
}
