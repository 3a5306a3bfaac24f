//! Reading and judging a chunk: the part of the work that runs in parallel.
//!
//! In: a chunk and the plan for its log. Out: a [`Part`]. Pure: it depends on the chunk's bytes only.

mod diagnosis;
mod keep;
mod several;

use super::facts::{
    ServiceMemo, UpstreamMemo, answered_by, client_address, connection_of, duration_ms, failed_at, hash_of,
    request_hash,
};
use super::names::{NameId, fold_path};
use super::part::{Part, WitnessKind, WitnessRecord};
use super::plan::{Joins, Plan};
use super::series::Series;
use crate::cause::{Catalogue, CauseId, Judge, Verdict, VerdictMemo};
use crate::event::{AnsweredBy, Event, Field};
use crate::grammar::lanes::Woven;
use crate::grammar::{Aside, Format, Marks, RecordReader, Witness};
use crate::source::{Chunk, PieceKind, pieces};
use crate::time::{StampReader, Timestamp};
use keep::{Run, keep};
use several::{Ending, Openings};
use std::cell::Cell;
use std::sync::Arc;

/// A line that begins with the same bytes as the last record's first line begins a record too: in an outage most do.
pub(super) const START_BYTES: usize = 24;

/// Reads and judges the chunks of one log.
#[derive(Debug)]
pub struct Scanner<'c> {
    plan: Plan,
    catalogue: &'c Catalogue,
    readers: Vec<Known<'c>>,
    /// Of the envelope.
    stamps: Option<StampReader>,
    /// The stamp read last: a record without one is as late as the log was.
    clock: Option<Timestamp>,
    /// What header lines can begin with here.
    openings: Openings,
    path: Vec<u8>,
    /// How much room the paths of the chunk before took: number and bytes.
    paths: (usize, usize),
    /// The witnesses counted last.
    run: Run,
}

/// One format of the log: how to read its records and how to judge them.
#[derive(Debug)]
struct Known<'c> {
    reader: RecordReader,
    judge: Judge<'c>,
    memo: VerdictMemo,
    service: ServiceMemo,
    upstream: UpstreamMemo,
}

impl<'c> Scanner<'c> {
    /// For logs read by this plan.
    pub fn new(plan: &Plan, catalogue: &'c Catalogue) -> Self {
        let reader = |format: &Arc<Format>| {
            let judge = catalogue.judge(format);
            Known {
                reader: RecordReader::new(Arc::clone(format), plan.zone).written(plan.written).asking(judge.asks()),
                judge,
                memo: VerdictMemo::default(),
                service: ServiceMemo::default(),
                upstream: UpstreamMemo::default(),
            }
        };
        let stamp = plan.envelope.as_ref().and_then(|envelope| envelope.stamp);
        let stamps = stamp.map(|shape| StampReader::new(shape, plan.zone).written(plan.written));
        let readers = plan.formats.iter().map(reader).collect();
        Self {
            plan: plan.clone(),
            catalogue,
            readers,
            stamps,
            clock: None,
            openings: [false; 256],
            path: Vec::new(),
            paths: (0, 0),
            run: Run::default(),
        }
    }

    /// The same with its witnesses listed, to be joined.
    pub fn listing(mut self) -> Self {
        self.plan.joins = Joins::Always;
        self
    }

    /// What the chunk proves; the witnesses are put into `room`, and the chunk's bytes are in the part from now on.
    pub fn scan(&mut self, chunk: &mut Chunk, room: Vec<WitnessRecord>) -> Part {
        let mut part = Part::new(Vec::new(), chunk.offset, room);
        if self.plan.joins != Joins::Always {
            part.alone = Some(Series::of_part(self.plan.gap_seconds));
            if self.read(chunk, &mut part) {
                part.alone.iter_mut().for_each(|series| self.run.end(series));
                return with_bytes(part, chunk);
            }
            part = Part::new(Vec::new(), chunk.offset, part.witnesses);
        }
        self.read(chunk, &mut part);
        with_bytes(part, chunk)
    }

    /// Fills the part; `false` where its witnesses cannot be counted on the spot.
    fn read(&mut self, chunk: &Chunk, part: &mut Part) -> bool {
        let counts_alone = part.alone.is_some();
        part.paths.make_room(self.paths.0, self.paths.1);
        let bytes = &chunk.bytes;
        let has_header = self.plan.header_mark().is_some();
        for known in &mut self.readers {
            (known.service, known.upstream) = Default::default();
            known.reader.begin(chunk.header.as_deref());
        }
        self.openings = self.openings_now();
        part.counts.cut += u64::from(chunk.oversize.is_some());
        // The last line broke off with its archive: what it would have said nobody knows.
        let whole = if chunk.torn { memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1) } else { bytes.len() };
        part.counts.cut += u64::from(whole < bytes.len());
        (self.clock, self.run) = Default::default();
        if let Some(lanes) = self.plan.lanes.clone() {
            return self.read_lanes(&lanes, &bytes[..whole], part);
        }
        let plan = self.plan.clone();
        let last_start = Cell::new([0; START_BYTES]);
        let told_by_start = plan.starts_tell();
        let starts = |line: &[u8]| {
            let start = line.first_chunk::<START_BYTES>().filter(|_| told_by_start);
            if start == Some(&last_start.get()) {
                return true;
            }
            let starts = plan.starts_record(line);
            if let Some(start) = start.filter(|_| starts) {
                last_start.set(*start);
            }
            starts
        };
        let mut event = Event::default();
        for piece in pieces(&bytes[..whole], chunk.carry, starts) {
            match piece.kind {
                PieceKind::Cut => part.counts.cut += piece.lines,
                _ if has_header && self.preamble(&piece, chunk.offset) => part.counts.passed += piece.lines,
                PieceKind::Orphan | PieceKind::Record => {
                    let text = trimmed(piece.text);
                    let place = Place {
                        line: part.counts.lines() as u32,
                        at: piece.at as u32,
                        start: piece.at as u32,
                        length: text.len() as u32,
                        fold_micros: 0,
                    };
                    self.record(text, place, piece.lines, None, &mut event, part);
                }
            }
            if counts_alone && part.alone.is_none() {
                return false;
            }
        }
        part.last_stamp = self.clock;
        self.paths = part.paths.room();
        true
    }

    fn record<'b>(
        &mut self,
        text: &'b [u8],
        place: Place,
        lines: u64,
        wrapper: Wrapper<'b>,
        event: &mut Event<'b>,
        part: &mut Part,
    ) {
        if text.is_empty() {
            part.counts.passed += lines;
            return;
        }
        let ending = match self.judge(text, place, wrapper, event, part) {
            Some(ending) => ending,
            None => self.several(text, place, wrapper, part),
        };
        let counts = &mut part.counts;
        match ending {
            Ending::Event => counts.events += lines,
            Ending::Unknown => {
                counts.unknown += lines;
                part.unknown.add(text, lines);
            }
            Ending::Benign => counts.benign += lines,
            Ending::Passed => counts.passed += lines,
        }
    }

    /// Reads and judges one record; `None` where no format of the log reads it.
    fn judge<'b>(
        &mut self,
        text: &'b [u8],
        place: Place,
        wrapper: Wrapper<'b>,
        event: &mut Event<'b>,
        part: &mut Part,
    ) -> Option<Ending> {
        let mut readers = self.readers.iter_mut().enumerate();
        let (which, own_time) = readers.find_map(|(which, known)| Some((which, known.reader.skim(text, event)?)))?;
        let reader = &self.readers[which].reader;
        let mut place = Place { fold_micros: own_time.map_or(0, |_| reader.fold_micros()), ..place };
        let mut time = own_time;
        if let Some((record, bytes)) = wrapper {
            if let (None, Some(stamps), Some(stamp)) = (own_time, &mut self.stamps, record.stamp(bytes)) {
                time = stamps.read(stamp);
                place.fold_micros = stamps.fold_micros();
            }
            record.add_facts(bytes, event);
        }
        if let Some(time) = time {
            widen(&mut part.span, time);
            self.clock = Some(time);
        }
        let time = time.or(self.clock);
        let aside = reader.aside();
        let found = Found { which, time, place, text };
        Some(match reader.format().witness {
            Witness::Request if aside == Some(Aside::Passed) => Ending::Passed,
            Witness::Request if aside == Some(Aside::Attempt) => self.attempt(found, event, part),
            Witness::Request => self.request(found, event, part),
            Witness::Diagnosis => self.diagnosis(found, event, part),
        })
    }

    fn request(&mut self, found: Found<'_>, event: &mut Event<'_>, part: &mut Part) -> Ending {
        let Some(status) = event.status() else { return self.unanswered(found, event, part) };
        part.requests += 1;
        let service = self.readers[found.which].service.id(event, Witness::Request, part);
        let failed = is_failure(status, event);
        let known = &mut self.readers[found.which];
        let (units, marks) = (known.reader.format().units(), known.reader.format().stamp_marks);
        let duration_ms = if failed { duration_ms(event, units) } else { None };
        let time = found.time.map(|time| failed_at(time, marks, duration_ms));
        if let Some(time) = time {
            part.count_traffic(service, time.seconds());
        }
        if !failed {
            return Ending::Passed;
        }
        let verdict = known.memo.request(&known.judge, event, status);
        let Some(cause) = verdict.cause else { return Ending::Passed };
        let mut witness = self.witness(found, event, verdict, cause, service, part);
        witness.kind = WitnessKind::Request;
        witness.status = status;
        witness.answered_by = answered_by(event);
        witness.duration_ms = duration_ms;
        witness.time = time;
        witness.marks = if duration_ms.is_some() && marks == Marks::Start { Marks::End } else { marks };
        witness.by_client = marks != Marks::End;
        keep(part, &mut self.run, &witness, found.text);
        Ending::Event
    }

    fn witness(
        &mut self,
        Found { which, time, place, .. }: Found<'_>,
        event: &Event<'_>,
        verdict: Verdict,
        cause: CauseId,
        service: NameId,
        part: &mut Part,
    ) -> WitnessRecord {
        let method = event.get(Field::Method).unwrap_or_default();
        let uri = event.get(Field::Uri).unwrap_or_default();
        let path = fold_path(uri, &mut self.path);
        // What is counted on the spot is joined with nothing.
        let joins = self.plan.joins != Joins::Never && part.alone.is_none();
        WitnessRecord {
            kind: WitnessKind::Failure,
            time,
            fold_micros: place.fold_micros,
            rule: verdict.rule,
            cause,
            certainty: verdict.certainty,
            status: verdict.rule.and_then(|rule| self.catalogue.rule(rule).status).unwrap_or(0),
            answered_by: AnsweredBy::Unknown,
            service,
            upstream: self.readers[which].upstream.id(event, part),
            path: part.paths.id(path),
            client: event.get(Field::Client).map_or(0, |client| hash_of(client_address(client))),
            request: if uri.is_empty() || !joins { 0 } else { request_hash(method, uri) },
            request_id: event.get(Field::RequestId).filter(|_| joins).map_or(0, hash_of),
            connection: if joins { connection_of(event) } else { 0 },
            worker: 0,
            marks: Marks::Event,
            by_client: false,
            duration_ms: None,
            line: place.line,
            at: place.at,
            start: place.start,
            length: place.length,
        }
    }
}

/// A record's envelope, and the chunk that it points into.
type Wrapper<'b> = Option<(&'b Woven, &'b [u8])>;

/// The part with the text that its witnesses point into: the chunk's, unless the records have one of their own.
fn with_bytes(mut part: Part, chunk: &mut Chunk) -> Part {
    if part.bytes.is_empty() {
        part.bytes = std::mem::take(&mut chunk.bytes);
    }
    part
}

/// A record that was read.
#[derive(Debug, Clone, Copy)]
struct Found<'t> {
    /// The reader that read it.
    which: usize,
    /// When it was, by its own stamp or one near it.
    time: Option<Timestamp>,
    place: Place,
    text: &'t [u8],
}

/// Where a record stands in its part.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: u32,
    /// Where its first line begins in the chunk.
    at: u32,
    /// Where its text begins in what is kept.
    start: u32,
    length: u32,
    fold_micros: i64,
}

fn trimmed(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}

fn widen(span: &mut Option<(Timestamp, Timestamp)>, time: Timestamp) {
    *span = Some(span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
}

/// 5xx, and 009: nginx logs it where the upstream's answer was no HTTP, and the client got no valid one either
/// (TAXONOMY.md section 2). 000 counts where an upstream had been asked.
pub(crate) fn is_failure(status: u16, event: &Event<'_>) -> bool {
    (500..600).contains(&status) || status == 9 || (status == 0 && event.get(Field::UpstreamStatus).is_some())
}
