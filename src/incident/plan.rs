//! How a log is to be read: found once by looking at its beginning, used for every chunk of it.

use super::scan::START_BYTES;
use super::tally::USUAL_GAP_SECONDS;
use crate::grammar::Format;
use crate::grammar::envelope::Envelope;
use crate::grammar::lanes::Lanes;
use crate::source::HeaderMark;
use crate::time::{Timestamp, Zone};
use std::sync::Arc;

/// Whether requests of a log are to be joined with diagnoses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joins {
    /// There are none of one kind.
    Never,
    /// There are logs of both.
    Always,
    /// No other log is read, and so far this one has explained nothing, though it may: until it does, each chunk is
    /// counted on the spot.
    OnceExplained,
}

/// How a log is to be read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its formats, the main one first. None: the log is of no kind known here, every line is unknown.
    pub formats: Vec<Arc<Format>>,
    /// The wrapper that its lines stand in.
    pub envelope: Option<Arc<Envelope>>,
    /// The zone of stamps that name none.
    pub zone: Zone,
    /// Whether requests are to be joined with diagnoses.
    pub joins: Joins,
    /// Quiet time that ends a stretch of failures, seconds.
    pub gap_seconds: i64,
    /// Whether records may have several lines.
    pub long_records: bool,
    /// How its lines come together, where they stand in an envelope or are free text.
    pub lanes: Option<Arc<Lanes>>,
    /// When the log was written last, for stamps without a year.
    pub written: Option<Timestamp>,
    /// Free text stands in it: a line that no rule knows there is nothing to look into.
    pub passes_text: bool,
}

impl Plan {
    /// For a log of no kind known here.
    pub fn nothing() -> Self {
        Self {
            formats: Vec::new(),
            envelope: None,
            zone: Zone::UTC,
            joins: Joins::Never,
            gap_seconds: USUAL_GAP_SECONDS,
            long_records: false,
            lanes: None,
            written: None,
            passes_text: false,
        }
    }

    /// How its header lines look. Where records have several lines or lie inside others there are none.
    pub fn header_mark(&self) -> Option<&HeaderMark> {
        let alone = !self.long_records && self.lanes.is_none();
        self.formats.iter().filter(|_| alone).find_map(|format| format.header_mark())
    }

    /// Finds how the lines come together, when formats and envelope are known.
    pub fn weave(&mut self) {
        let has_text = self.formats.iter().any(|format| format.is_free_text());
        let lanes = || Arc::new(Lanes::new(self.envelope.clone(), &self.formats));
        self.lanes = (self.envelope.is_some() || has_text).then(lanes);
        let beside = |main: &Arc<Format>| self.formats.iter().any(|other| main.beside.contains(&other.id));
        self.passes_text = self.formats.first().is_some_and(|main| main.is_free_text() || beside(main));
    }

    /// Whether the first `START_BYTES` of a line tell whether it begins a record.
    pub(super) fn starts_tell(&self) -> bool {
        self.formats.iter().all(|format| format.start_bytes().is_some_and(|bytes| bytes <= START_BYTES))
    }

    /// Whether a new record begins with this line, in whatever format.
    pub fn starts_record(&self, line: &[u8]) -> bool {
        if !self.long_records {
            return true;
        }
        let of = |long: bool| self.formats.iter().filter(move |format| format.has_long_records() == long);
        of(true).any(|format| format.starts_record(line)) || of(false).any(|format| format.reads(line))
    }
}
