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
mod repeat;
mod request;
mod rows;
pub mod server_conf;
mod span;
mod told;
pub mod units;
pub mod when;
pub mod wording;
mod wrapped;

use crate::event::{AnsweredBy, Event, Field};
use crate::source::HeaderMark;
use crate::time::{Shape, StampReader, Timestamp, Zone};
use columns::{Columns, Row};
use context::{Phases, Tail};
use day::Day;
use doubt::Doubts;
use errno::Errnos;
pub use form::Borrow;
use free_text::FreeText;
pub use kind::{Marks, Witness};
pub use load::Grammars;
pub use mask::Mask;
use memo::MessageMemo;
use message::Extract;
use notation::Notation;
use pattern::{Pattern, Reach};
use repeat::Repeat;
pub use request::split_request;
pub use rows::Aside;
use rows::Rows;
use std::sync::Arc;
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

/// Reads the records of one log. Keeps what neighbouring records have in common, so it is one a worker.
#[derive(Debug)]
pub struct RecordReader {
    format: Arc<Format>,
    skims: bool,
    /// How much of a line tells all that is asked of a failed request (see [`Pattern::telling`]).
    telling: usize,
    stamps: Vec<StampReader>,
    memo: json::Memo,
    message: MessageMemo,
    /// Reads the stamps of starts.
    starts: Option<StampReader>,
    repeat: Repeat,
    repeated: bool,
    aside: Option<Aside>,
    fold_micros: i64,
    /// The columns that the header in force names, and that header.
    header: (Vec<u8>, Option<Row>),
    /// The day in force, for stamps that are a time of day.
    day: Option<Day>,
}

impl RecordReader {
    /// For records of `format`; `zone` is used for stamps that name none.
    pub fn new(format: Arc<Format>, zone: Zone) -> Self {
        /// Shapes tried where a log says no more than "time", likeliest first.
        const ANY: [Shape; 5] = [Shape::Iso, Shape::Clf, Shape::Unix, Shape::Slashed, Shape::Us];
        let shapes = format.stamp.map_or_else(|| ANY.to_vec(), |shape| vec![shape]);
        let zone = format.zone.unwrap_or(zone);
        let stamps = shapes.into_iter().map(|shape| StampReader::new(shape, zone)).collect();
        // Rules for rows may look at any field.
        let skims = format.witness == Witness::Request && format.rows.is_empty();
        Self {
            format,
            skims,
            telling: usize::MAX,
            stamps,
            memo: json::Memo::default(),
            message: MessageMemo::default(),
            starts: None,
            repeat: Repeat::default(),
            repeated: false,
            aside: None,
            fold_micros: 0,
            header: (Vec::new(), None),
            day: None,
        }
    }

    /// The same for a log that was written last at this time: it tells the year where a stamp has none.
    #[must_use]
    pub fn written(mut self, written: Option<Timestamp>) -> Self {
        self.stamps = self.stamps.into_iter().map(|reader| reader.written(written)).collect();
        self
    }

    /// The same where of a line only these fields are asked for by rules (a bit a field): [`Self::skim`] may leave out others.
    #[must_use]
    pub fn asking(mut self, fields: u64) -> Self {
        if let Reader::Pattern(pattern) = &self.format.reader {
            self.telling = pattern.telling(fields);
        }
        self
    }

    /// The format it reads.
    pub fn format(&self) -> &Arc<Format> {
        &self.format
    }

    /// Reads a record (without its last line end): fills `event` and returns its time. `None` where it does not fit.
    ///
    /// Records of formats whose stamp may be missing (`nginx: [emerg] ...`) have no time: `Some(None)`.
    #[inline]
    pub fn read<'a>(&mut self, record: &'a [u8], event: &mut Event<'a>) -> Option<Option<Timestamp>> {
        event.clear();
        if self.format.witness == Witness::Diagnosis {
            return self.read_diagnosis(record, event);
        }
        if self.read_fields(record, event) { self.finish_request(event) } else { None }
    }

    /// The same, but of a request that was answered well only what is counted (see [`Pattern::skim`]).
    #[inline]
    pub fn skim<'a>(&mut self, record: &'a [u8], event: &mut Event<'a>) -> Option<Option<Timestamp>> {
        match &self.format.reader {
            Reader::Pattern(pattern) if self.skims => {
                event.clear();
                if !pattern.skim(self.telling, record, event) {
                    return None;
                }
                self.read_tail(event);
                self.finish_request(event)
            }
            Reader::Columns(columns) if self.skims => {
                event.clear();
                if !columns.skim(self.header.1.as_ref(), record, event) {
                    return None;
                }
                self.read_tail(event);
                self.finish_request(event)
            }
            _ => self.read(record, event),
        }
    }

    fn read_fields<'a>(&mut self, record: &'a [u8], event: &mut Event<'a>) -> bool {
        let fits = match &self.format.reader {
            Reader::Pattern(pattern) => pattern.read(record, event),
            Reader::Json(keys) => json::read(record, keys, &mut self.memo, event),
            Reader::Columns(columns) => columns.read(self.header.1.as_ref(), record, event),
        };
        if fits {
            self.read_tail(event);
        }
        fits && self.format.rows.take(event)
    }

    /// Columns that nobody described are read where their names tell.
    fn read_tail(&self, event: &mut Event<'_>) {
        if let (Some(keys), Some(tail)) = (&self.format.tail_keys, event.raw(Field::Tail)) {
            detect::read_pairs(tail, keys, event);
        }
    }

    /// What the record read last is, where it is no user's request.
    pub fn aside(&self) -> Option<Aside> {
        self.aside
    }

    /// Whether the record read last began like the one before it: same level, message, error and phase.
    pub fn repeated(&self) -> bool {
        self.repeated
    }

    fn read_diagnosis<'a>(&mut self, record: &'a [u8], event: &mut Event<'a>) -> Option<Option<Timestamp>> {
        if let Some(tail) = self.repeat.read(record, event)
            && let Some(keys) = self.format.tails.first()
            && keys.read_like(self.message.tail(0), &record[tail - keys.opening.needle().len()..], event)
            && let Some(time) = self.time(event)
        {
            self.repeated = true;
            split_request(event);
            self.format.doubts.mark(event, false);
            return Some(time);
        }
        event.clear();
        self.repeated = false;
        if !self.read_fields(record, event) {
            return None;
        }
        let tail = self.format.split_message(record, event, &mut self.message);
        self.format.doubts.mark(event, true);
        let time = self.time(event)?;
        match tail {
            Some(tail) => self.repeat.remember(record, tail, self.message.errno_of(event), event),
            None => self.repeat.forget(),
        }
        Some(time)
    }

    /// A request must have a status: a line without one is no access line.
    fn finish_request<'a>(&mut self, event: &mut Event<'a>) -> Option<Option<Timestamp>> {
        self.aside = self.format.rows.aside(event);
        // In columns it shows that nothing was answered: `-` where a status would stand.
        let unanswered = matches!(self.format.reader, Reader::Columns(_)) && event.raw(Field::Status) == Some(b"-");
        if self.aside.is_none() && !unanswered {
            event.status()?;
        }
        let time = self.time(event)?;
        if let (Some(end), Some(start)) = (time, event.get(Field::Started)) {
            let start = self.starts.get_or_insert_with(|| StampReader::new(Shape::Iso, Zone::UTC)).read(start);
            event.elapsed_micros = start.map(|start| end.micros() - start.micros()).filter(|elapsed| *elapsed >= 0);
        }
        Some(time)
    }

    fn time(&mut self, event: &Event<'_>) -> Option<Option<Timestamp>> {
        let Some(stamp) = event.raw(Field::Time) else { return Some(None) };
        let whole = self.stamps.iter_mut().find_map(|reader| Some((reader.read(stamp)?, reader.fold_micros())));
        let (time, fold) = match whole {
            Some(read) => read,
            None => self.time_of_day(stamp, event.get(Field::Date))?,
        };
        self.fold_micros = fold;
        Some(Some(time))
    }

    /// How much later the record read last may have been (see [`StampReader::fold_micros`]).
    pub fn fold_micros(&self) -> i64 {
        self.fold_micros
    }

    /// Whether the stamps of this record say their zone themselves.
    pub fn names_its_zone(&self, event: &Event<'_>) -> bool {
        let stamp = event.raw(Field::Time).unwrap_or_default();
        if self.format.zone.is_some() {
            return true;
        }
        match self.format.stamp {
            Some(shape) => shape.names_its_zone(stamp),
            None => Shape::ALL.iter().any(|shape| shape.fits(stamp) && shape.names_its_zone(stamp)),
        }
    }
}
