//! The record that is asked about, and the format that reads it.
//!
//! In: text as it was typed or piped in. Out: one record with its format, or a defect that says what to do.

use super::{Knowledge, nearest};
use crate::engine::candidates;
use crate::error::{Defect, Result};
use crate::event::Event;
use crate::grammar::detect::detect;
use crate::grammar::envelope::Envelope;
use crate::grammar::lanes::Lanes;
use crate::grammar::{Format, RecordReader};
use crate::time::Zone;
use std::sync::Arc;

/// One record and how to read it.
#[derive(Debug)]
pub(super) struct Record {
    /// Its bytes, without the last line end.
    pub(super) text: Vec<u8>,
    /// The format that reads it.
    pub(super) format: Arc<Format>,
    /// What it was wrapped in.
    pub(super) envelope: Option<Arc<Envelope>>,
    /// The zone of its stamp where that names none.
    pub(super) zone: Zone,
    /// Other layouts that read its first line, by name.
    pub(super) also: Vec<String>,
    /// Lines behind it that are records of their own.
    pub(super) left_out: usize,
}

impl Record {
    /// The first record of the text.
    ///
    /// # Errors
    /// Where no format reads it: says which comes nearest.
    pub(super) fn of(text: Vec<u8>, knowledge: &Knowledge) -> Result<Self> {
        let text = text.trim_ascii();
        let candidates = candidates(None, &knowledge.grammars, &knowledge.options)?;
        let first = first_line(text);
        let detected = detect(first, &candidates, &knowledge.grammars.envelopes);
        let Some(format) = detected.formats.first() else {
            return Err(nearest::defect(first, &candidates));
        };
        let envelope = detected.envelope.clone();
        let (whole, record) = if envelope.is_some() || format.is_free_text() {
            let lanes = Lanes::new(envelope.clone(), &detected.formats);
            let unwrapped = lanes.records(text);
            let Some(woven) = unwrapped.records.first() else { return Err(nearest::defect(first, &candidates)) };
            let end = unwrapped.records.get(1).map_or(text.len(), |next| next.at);
            (&text[..end], unwrapped.text[woven.text.clone()].to_vec())
        } else {
            let whole = first_record(text, format);
            (whole, whole.to_vec())
        };
        let record = record.trim_ascii_end();
        let format = detected.formats.iter().find(|format| reads(format, record)).unwrap_or(format);
        let zone = knowledge.options.zone.unwrap_or(Zone::Machine);
        let mut reader = RecordReader::new(Arc::clone(format), zone);
        if reader.read(record, &mut Event::default()).is_none() {
            let what = format!("{} reads its first line, but not the record as a whole", format.name());
            return Err(Defect::new(nearest::WHERE, what).hint("give the first line alone"));
        }
        let reads = |other: &&Arc<Format>| other.layout != format.layout && reads(other, record);
        let also = candidates.iter().filter(reads).map(|format| format.name()).collect();
        let left_out = text[whole.len()..].split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        Ok(Self { text: record.to_vec(), format: Arc::clone(format), envelope, zone, also, left_out: left_out.count() })
    }
}

fn reads(format: &Arc<Format>, line: &[u8]) -> bool {
    RecordReader::new(Arc::clone(format), Zone::UTC).read(line, &mut Event::default()).is_some()
}

fn first_line(text: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    text[..end].trim_ascii_end()
}

/// The first record's bytes: to where the next one begins.
fn first_record<'t>(text: &'t [u8], format: &Format) -> &'t [u8] {
    let starts = memchr::memchr_iter(b'\n', text).map(|end| end + 1);
    let next = starts.into_iter().find(|at| !format.has_long_records() || format.starts_record(&text[*at..]));
    text[..next.unwrap_or(text.len())].trim_ascii_end()
}
