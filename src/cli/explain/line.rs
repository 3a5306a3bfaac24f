//! One record: its fields as read, the verdict on it, and why not another.

use super::record::Record;
use super::verdict::{self, Judged};
use super::{Knowledge, answered};
use crate::cause::Gives;
use crate::event::{Certainty, Event, Field};
use crate::grammar::{RecordReader, Witness};
use crate::incident::is_failure;
use crate::report::numbers::count;
use crate::report::terminal::page::Page;
use crate::text::harmless;
use crate::time::Timestamp;
use std::io;
use std::sync::Arc;

/// Tells all of a record.
pub(super) fn tell(record: &Record, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let mut event = Event::default();
    let mut reader = RecordReader::new(Arc::clone(&record.format), record.zone);
    let time = reader.read(&record.text, &mut event).flatten();
    let zone_named = reader.names_its_zone(&event);
    match record.format.witness {
        Witness::Request => request(&mut event, record, knowledge, page)?,
        Witness::Diagnosis => diagnosis(&event, record, knowledge, page)?,
    }
    page.heading(&read_as(record))?;
    page.pairs(&fields(&event, time, (!zone_named).then(|| record.zone.to_string())))?;
    notes(record, page)
}

fn diagnosis(event: &Event<'_>, record: &Record, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let judge = knowledge.catalogue.judge(&record.format);
    match judge.diagnosis(event) {
        Some(verdict) => {
            let format = &record.format.id;
            verdict::tell(&Judged { event, witness: Witness::Diagnosis, format, verdict }, knowledge, page)?;
            verdict::others(&judge, event, knowledge, page)
        }
        None if record.format.is_quiet(event) => {
            page.sentence(0, "No trouble: no rule knows this message, and at its level nobody looks for trouble")
        }
        None => {
            page.sentence(0, "Unknown: the line is read, but no rule knows this message")?;
            page.field(
                "to do",
                "a rule for it belongs into a file of grammars/causes/ or, where it is harmless, grammars/benign/",
            )
        }
    }
}

fn request(event: &mut Event<'_>, record: &Record, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let Some(status) = event.status() else { return Ok(()) };
    if !is_failure(status, event) {
        return nothing_failed(event, status, page);
    }
    let judge = knowledge.catalogue.judge(&record.format);
    let verdict = judge.request(event, status);
    let format = &record.format.id;
    verdict::tell(&Judged { event, witness: Witness::Request, format, verdict }, knowledge, page)?;
    answered::tell(event, &record.format, page)?;
    if verdict.certainty == Certainty::Default && verdict.gives == Gives::Failure {
        page.field("next", "read the error log too: a line of the same request there states the cause and wins")?;
    }
    verdict::others(&judge, event, knowledge, page)
}

/// An answered request; attempts that failed on the way to it show all the same.
fn nothing_failed(event: &Event<'_>, status: u16, page: &mut Page<'_>) -> io::Result<()> {
    page.sentence(0, &format!("Nothing failed: the request was answered with {status:03}, which is no 5xx"))?;
    let attempts = event.get(Field::UpstreamStatus).filter(|list| memchr::memchr2(b',', b':', list).is_some());
    let hidden = |list: &[u8]| {
        format!(
            "{} is a list, one status an attempt: the attempts before the last failed, and a retry hid it",
            harmless(list)
        )
    };
    page.field_if("but", attempts.map(hidden).as_deref())
}

fn read_as(record: &Record) -> String {
    let inside = record.envelope.as_ref().map_or(String::new(), |envelope| format!(", inside {}", envelope.name));
    format!("Read as {} ({}{inside})", record.format.name(), record.format.title)
}

/// Every field with its value, and the time that its stamp means.
fn fields(event: &Event<'_>, time: Option<Timestamp>, zone: Option<String>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (field, value) in event.iter().filter(|(field, _)| *field != Field::AnsweredBy) {
        let text = match value {
            b"" => "(empty)".to_owned(),
            b"-" => "-  (no value)".to_owned(),
            value => harmless(value),
        };
        pairs.push((field.name().to_owned(), text));
        if let (Field::Time, Some(time)) = (field, time) {
            let how =
                zone.as_ref().map_or(String::new(), |zone| format!("  (the stamp names no zone; read as {zone})"));
            pairs.push((String::new(), format!("{time}{how}")));
        }
    }
    pairs
}

fn notes(record: &Record, page: &mut Page<'_>) -> io::Result<()> {
    if record.left_out > 0 {
        page.blank()?;
        page.sentence(0, &format!("Left out: {}, of other records", count(record.left_out as u64, "line")))?;
    }
    if !record.also.is_empty() {
        page.blank()?;
        page.sentence(
            0,
            &format!("Other layouts that read it, with fewer fields or a lower rank: {}", record.also.join(", ")),
        )?;
    }
    Ok(())
}
