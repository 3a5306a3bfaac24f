//! Reading records one by one: which fields each has, and when it was.
//!
//! In: the format of a log, and its records. Out: an [`Event`] a record, and its time; `None` where the record is none of
//! the format's.

use super::columns::Row;
use super::day::Day;
use super::memo::MessageMemo;
use super::repeat::Repeat;
use super::tail::Quotes;
use super::{Aside, Format, Reader, Witness, detect, json, split_request};
use crate::event::{Event, Field};
use crate::time::{Shape, StampReader, Timestamp, Zone};
use std::sync::Arc;

/// Reads the records of one log. Keeps what neighbouring records have in common, so it is one a worker.
#[derive(Debug)]
pub struct RecordReader {
    pub(super) format: Arc<Format>,
    skims: bool,
    /// How much of a line tells all that is asked of a failed request (see [`super::pattern::Pattern::telling`]).
    telling: usize,
    pub(super) stamps: Vec<StampReader>,
    memo: json::Memo,
    message: MessageMemo,
    /// Reads the stamps of starts.
    starts: Option<StampReader>,
    repeat: Repeat,
    repeated: bool,
    pub(super) aside: Option<Aside>,
    fold_micros: i64,
    /// The columns that the header in force names, and that header.
    pub(super) header: (Vec<u8>, Option<Row>),
    /// The day in force, for stamps that are a time of day.
    pub(super) day: Option<Day>,
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

    /// The same, but of a request that was answered well only what is counted (see [`super::pattern::Pattern::skim`]).
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
            && let Some(quotes) = keys.read(&record[tail - keys.opening.needle().len()..], event, self.message.tail(0))
            && let Some(time) = self.time(event)
        {
            self.repeated = true;
            split_request(event);
            self.format.doubts.mark(event, false, quotes);
            return Some(time);
        }
        event.clear();
        self.repeated = false;
        if !self.read_fields(record, event) {
            return None;
        }
        let tail = self.format.split_message(record, event, &mut self.message);
        self.format.doubts.mark(event, true, Quotes::Perhaps);
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
