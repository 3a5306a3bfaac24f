//! What each kind of log looks like, and reading a record by it.
//!
//! In: the files of `grammars/formats/`, the user's own `log_format` strings, and records. Out: [`Event`]s with their
//! time. A format is data: a new one is one file with its proof (`examples`) inside.

pub mod columns;
pub mod context;
mod day;
pub mod detect;
mod doubt;
pub mod envelope;
pub mod errno;
mod error_format;
mod fit;
mod form;
mod free_text;
mod header;
pub mod json;
mod kind;
pub mod lanes;
mod literal;
mod load;
mod log_config;
mod mask;
mod memo;
mod message;
pub mod notation;
pub mod pattern;
mod reader;
mod repeat;
mod request;
mod rows;
pub mod server_conf;
mod span;
mod tail;
mod told;
pub mod units;
pub mod when;
pub mod wording;
mod wrapped;

use crate::event::{AnsweredBy, Event, Field};
use crate::source::HeaderMark;
use crate::time::{Shape, Zone};
use columns::Columns;
use context::Phases;
use doubt::Doubts;
use errno::Errnos;
pub use form::Borrow;
use free_text::FreeText;
pub use kind::{Marks, Witness};
pub use load::Grammars;
pub use mask::Mask;
use message::Extract;
use notation::Notation;
use pattern::{Pattern, Reach};
pub use reader::RecordReader;
pub use request::split_request;
pub use rows::Aside;
use rows::Rows;
use std::sync::Arc;
use tail::Tail;
use units::Units;
use when::Condition;

/// One layout of one format.
#[derive(Debug, Clone)]
pub struct Format {
    /// `product.kind`.
    pub id: String,
    /// Which of the format's layouts this is.
    pub layout: String,
    /// In words.
    pub title: String,
    /// What a line proves.
    pub witness: Witness,
    /// The moment that its stamp marks.
    pub stamp_marks: Marks,
    /// Who answered, by what this product's lines say: the first whose condition is met decides, before the usual reading.
    pub answered: Arc<[Answered]>,
    /// Formats that write the same bytes: one of them is taken where a log beside this one tells which.
    pub stands_for: Vec<String>,
    /// The notation whose strings, where a user gives one, are of this format.
    notation: Option<Notation>,
    /// Among formats that fit a log equally well, the highest is taken.
    pub rank: i32,
    stamp: Option<Shape>,
    /// The zone of its stamps, where the product always writes the same and does not say so.
    zone: Option<Zone>,
    units: Units,
    reader: Reader,
    record_start: Option<Mask>,
    tails: Vec<Tail>,
    phases: Phases,
    brackets: Option<Field>,
    errnos: Option<Arc<Errnos>>,
    extracts: Vec<Extract>,
    tail_keys: Option<Arc<json::Keys>>,
    rows: Rows,
    /// How its lines belong together, where it is free text.
    text: Option<Arc<FreeText>>,
    /// Levels at which nobody looks for trouble.
    quiet: Arc<[String]>,
    /// Formats, by id, whose records stand between its own.
    pub beside: Arc<[String]>,
    /// What shows that a record is not the program's own word.
    doubts: Doubts,
    /// Its lines are requests where no log in front of its own counts them.
    counts_alone: bool,
    /// Which fields its lines can have, a bit a field.
    fields: u64,
}

#[derive(Debug, Clone)]
enum Reader {
    Pattern(Pattern),
    Json(Arc<json::Keys>),
    Columns(Columns),
}

/// Who answered, where the condition is met.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// What the line must say.
    pub when: Condition,
    /// Who wrote the status then.
    pub by: AnsweredBy,
}

impl Format {
    /// Whether a new record begins with this line. In most formats every line is a record.
    #[inline]
    pub fn starts_record(&self, line: &[u8]) -> bool {
        self.record_start.as_ref().is_none_or(|mask| mask.fits(line))
    }

    /// How many bytes of a line tell whether a record begins with it; `None` where every line is a record.
    pub fn start_bytes(&self) -> Option<usize> {
        self.record_start.as_ref().map(|mask| mask.0.len())
    }

    /// Whether a record may go on over several lines.
    pub fn has_long_records(&self) -> bool {
        self.record_start.is_some()
    }

    /// Whether this one line alone is a record of the format.
    pub fn reads(&self, line: &[u8]) -> bool {
        match &self.reader {
            Reader::Pattern(pattern) => self.starts_record(line) && pattern.read(line, &mut Event::default()),
            Reader::Json(_) => line.starts_with(b"{"),
            Reader::Columns(columns) => columns.read(None, line, &mut Event::default()),
        }
    }

    /// Whether its records are JSON objects, of which one line may hold several.
    pub fn is_json(&self) -> bool {
        matches!(self.reader, Reader::Json(_))
    }

    /// Whether some of its rows say why other requests failed.
    pub fn has_attempts(&self) -> bool {
        self.rows.has_attempts()
    }

    /// How far into the line this layout fits. Of JSON nothing can be said.
    pub fn reach(&self, line: &[u8]) -> Reach {
        match &self.reader {
            Reader::Pattern(pattern) => pattern.reach(line),
            Reader::Json(_) | Reader::Columns(_) => Reach::default(),
        }
    }

    /// How the header lines look that this layout goes by, where it does.
    pub fn header_mark(&self) -> Option<&HeaderMark> {
        match &self.reader {
            Reader::Columns(columns) => columns.header_mark(),
            _ => None,
        }
    }

    /// The unit in which its lines give durations.
    pub fn units(&self) -> Units {
        self.units
    }

    /// Where in the line a record of this format begins, if the line does not begin with it: in bytes from the start.
    pub fn record_inside(&self, line: &[u8]) -> Option<usize> {
        let mask = self.record_start.as_ref()?;
        (1..line.len()).find(|at| mask.fits(&line[*at..])).filter(|at| self.reads(&line[*at..]))
    }

    /// Whether lines of this format can have the field at all.
    #[inline]
    pub fn has(&self, field: Field) -> bool {
        self.fields & (1 << field as u64) != 0
    }

    /// The format and its layout, for people: `nginx.access (combined)`.
    pub fn name(&self) -> String {
        match self.layout.as_str() {
            "default" => self.id.clone(),
            layout => format!("{} ({layout})", self.id),
        }
    }
}
