//! Reading and judging a chunk: the part of the work that runs in parallel.
//!
//! In: a chunk and the plan for its log. Out: a [`Part`]. Pure: it depends on the chunk's bytes only.

mod several;

use super::alone::Alone;
use super::facts::{
    ServiceMemo, client_address, connection_of, duration_ms, hash_of, request_hash, upstream_of, worker_of,
};
use super::names::{NameId, fold_path};
use super::part::{Part, Traffic, WitnessKind, WitnessRecord};
use super::segment::{EvidenceLine, MOST_EVIDENCE_BYTES};
use super::series::Series;
use crate::cause::{Catalogue, Gives, Judge, Verdict, VerdictMemo};
use crate::event::{AnsweredBy, Event, Field};
use crate::grammar::envelope::Envelope;
use crate::grammar::{Aside, Format, Marks, RecordReader, Witness};
use crate::source::{Chunk, PieceKind, pieces};
use crate::time::{Timestamp, Zone};
use several::Ending;
use std::cell::Cell;
use std::sync::Arc;

/// How a log is to be read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its formats, the main one first. None: the log is of no kind known here, every line is unknown.
    pub formats: Vec<Arc<Format>>,
    /// The wrapper that its lines stand in.
    pub envelope: Option<Arc<Envelope>>,
    /// The zone of stamps that name none.
    pub zone: Zone,
    /// Whether requests are to be joined with diagnoses: there are logs of both.
    pub joins: bool,
    /// Quiet time that ends a stretch of failures, seconds.
    pub gap_seconds: i64,
    /// Whether records may have several lines.
    pub long_records: bool,
}

impl Plan {
    /// Whether the first [`START_BYTES`] of a line tell whether it begins a record.
    fn starts_tell(&self) -> bool {
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

/// A line that begins with the same bytes as the last record's first line begins a record too: in an outage most do.
const START_BYTES: usize = 24;

/// Reads and judges the chunks of one log.
#[derive(Debug)]
pub struct Scanner<'c> {
    plan: Plan,
    catalogue: &'c Catalogue,
    readers: Vec<Known<'c>>,
    path: Vec<u8>,
}

/// One format of the log: how to read its records and how to judge them.
#[derive(Debug)]
struct Known<'c> {
    reader: RecordReader,
    judge: Judge<'c>,
    memo: VerdictMemo,
    service: ServiceMemo,
}

impl<'c> Scanner<'c> {
    /// For logs read by this plan.
    pub fn new(plan: &Plan, catalogue: &'c Catalogue) -> Self {
        let reader = |format: &Arc<Format>| Known {
            reader: RecordReader::new(Arc::clone(format), plan.zone),
            judge: catalogue.judge(format),
            memo: VerdictMemo::default(),
            service: ServiceMemo::default(),
        };
        Self { plan: plan.clone(), catalogue, readers: plan.formats.iter().map(reader).collect(), path: Vec::new() }
    }

    /// What the chunk proves; the witnesses are put into `room`.
    pub fn scan(&mut self, chunk: Chunk, room: Vec<WitnessRecord>) -> Part {
        let mut part = Part::new(Vec::new(), chunk.offset, room);
        if !self.plan.joins {
            part.alone = Some(Series::new(self.plan.gap_seconds));
            if self.read(&chunk, &mut part) {
                part.bytes = chunk.bytes;
                return part;
            }
            part = Part::new(Vec::new(), chunk.offset, part.witnesses);
        }
        self.read(&chunk, &mut part);
        part.bytes = chunk.bytes;
        part
    }

    /// Fills the part; `false` where its witnesses cannot be counted on the spot.
    fn read(&mut self, chunk: &Chunk, part: &mut Part) -> bool {
        let counts_alone = part.alone.is_some();
        let bytes = &chunk.bytes;
        self.readers.iter_mut().for_each(|known| known.service = ServiceMemo::default());
        part.counts.cut += u64::from(chunk.oversize.is_some());
        // The last line broke off with its archive: what it would have said nobody knows.
        let whole = if chunk.torn { memchr::memrchr(b'\n', bytes).map_or(0, |end| end + 1) } else { bytes.len() };
        part.counts.cut += u64::from(whole < bytes.len());
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
                PieceKind::Orphan | PieceKind::Record => {
                    self.record(trimmed(piece.text), piece.at, piece.lines, &mut event, part);
                }
            }
            if counts_alone && part.alone.is_none() {
                return false;
            }
        }
        true
    }

    fn record<'b>(&mut self, text: &'b [u8], at: usize, lines: u64, event: &mut Event<'b>, part: &mut Part) {
        if text.is_empty() {
            part.counts.passed += lines;
            return;
        }
        let inner = self.plan.envelope.as_ref().and_then(|envelope| envelope.open(text)).unwrap_or(text);
        let line = part.counts.lines() as u32;
        let place = Place { line, start: at as u32, length: text.len() as u32, fold_micros: 0 };
        let ending = match self.judge(inner, text, place, event, part) {
            Some(ending) => ending,
            None => self.several(inner, text, place, part),
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

    /// Reads and judges one record, `text` being its evidence; `None` where no format of the log reads it.
    fn judge<'b>(
        &mut self,
        inner: &'b [u8],
        text: &[u8],
        place: Place,
        event: &mut Event<'b>,
        part: &mut Part,
    ) -> Option<Ending> {
        let mut readers = self.readers.iter_mut().enumerate();
        let (which, time) = readers.find_map(|(which, known)| Some((which, known.reader.skim(inner, event)?)))?;
        if let Some(time) = time {
            widen(&mut part.span, time);
        }
        let reader = &self.readers[which].reader;
        let place = Place { fold_micros: reader.fold_micros(), ..place };
        let aside = reader.aside();
        Some(match reader.format().witness {
            Witness::Request if aside == Some(Aside::Passed) => Ending::Passed,
            Witness::Request if aside == Some(Aside::Attempt) => self.attempt(which, event, time, place, part, text),
            Witness::Request => self.request(which, event, time, place, part, text),
            Witness::Diagnosis => self.diagnosis(which, event, time, place, part, text),
        })
    }

    fn request(
        &mut self,
        which: usize,
        event: &mut Event<'_>,
        time: Option<Timestamp>,
        place: Place,
        part: &mut Part,
        text: &[u8],
    ) -> Ending {
        let Some(status) = event.status() else { return Ending::Passed };
        part.requests += 1;
        let service = self.readers[which].service.id(event, Witness::Request, part);
        if let Some(time) = time {
            count_traffic(part, service, time.seconds());
        }
        if !is_failure(status, event) {
            return Ending::Passed;
        }
        let known = &mut self.readers[which];
        let verdict = known.memo.request(&known.judge, event, status);
        let Some(cause) = verdict.cause else { return Ending::Passed };
        let marks = known.reader.format().stamp_marks;
        let witness = WitnessRecord {
            kind: WitnessKind::Request,
            status,
            answered_by: answered_by(event),
            duration_ms: duration_ms(event),
            marks,
            by_client: marks != Marks::End,
            ..self.witness(event, time, place, verdict, cause, service, part)
        };
        keep(part, witness, text);
        Ending::Event
    }

    fn diagnosis(
        &mut self,
        which: usize,
        event: &Event<'_>,
        time: Option<Timestamp>,
        place: Place,
        part: &mut Part,
        text: &[u8],
    ) -> Ending {
        let known = &mut self.readers[which];
        let verdict = known.memo.diagnosis(&known.judge, event, known.reader.repeated());
        let kind = match verdict.map(|verdict| verdict.gives) {
            Some(Gives::Failure) => WitnessKind::Failure,
            Some(Gives::Echo) => WitnessKind::Echo,
            Some(Gives::Warning) => WitnessKind::Warning,
            Some(Gives::Condition) => WitnessKind::Condition,
            Some(Gives::Benign) => return Ending::Benign,
            None if is_quiet(event) => return Ending::Benign,
            None => return Ending::Unknown,
        };
        let (Some(verdict), Some(cause)) = (verdict, verdict.and_then(|verdict| verdict.cause)) else {
            return Ending::Benign;
        };
        let service = known.service.id(event, Witness::Diagnosis, part);
        let worker = if known.judge.has_echoes() { worker_of(event) } else { 0 };
        let by_client = known.reader.format().pairs_by_client();
        // A session of a stream or mail proxy is no request, and stands in no access log.
        let session = kind == WitnessKind::Failure && !by_client && is_session(event);
        let kind = if session { WitnessKind::Session } else { kind };
        let witness = self.witness(event, time, place, verdict, cause, service, part);
        // A thread's number stays the same from client to client: it is no connection.
        let (connection, request) = if by_client { (0, 0) } else { (witness.connection, witness.request) };
        keep(part, WitnessRecord { kind, worker, by_client, connection, request, ..witness }, text);
        Ending::Event
    }

    #[allow(clippy::too_many_arguments)] // one record's worth of facts, used by the two callers above
    fn witness(
        &mut self,
        event: &Event<'_>,
        time: Option<Timestamp>,
        place: Place,
        verdict: Verdict,
        cause: crate::cause::CauseId,
        service: NameId,
        part: &mut Part,
    ) -> WitnessRecord {
        let method = event.get(Field::Method).unwrap_or_default();
        let uri = event.get(Field::Uri).unwrap_or_default();
        let path = fold_path(uri, &mut self.path);
        let joins = self.plan.joins;
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
            upstream: part.upstreams.id(upstream_of(event)),
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
            start: place.start,
            length: place.length,
        }
    }
}

/// Counts the witness on the spot where the part does that, else lists it.
fn keep(part: &mut Part, witness: WitnessRecord, text: &[u8]) {
    /// Each takes room; a part of an honest log has a handful.
    const MOST_SEGMENTS: usize = 64;
    let Some(series) = &mut part.alone else {
        part.witnesses.push(witness);
        return;
    };
    // When these were depends on the lines before the chunk, and what a worker said may go on behind it.
    let Some(time) = witness.time.filter(|_| witness.fold_micros == 0 && witness.worker == 0) else {
        part.alone = None;
        return;
    };
    let alone = Alone::of(&witness, time);
    let offset = u64::from(witness.start);
    let evidence = || EvidenceLine {
        rank: alone.rank,
        member: 0,
        offset,
        line: u64::from(witness.line),
        text: text[..text.len().min(MOST_EVIDENCE_BYTES)].to_vec(),
    };
    series.count(alone.key, &alone.failure).keep(alone.rank, 0, offset, evidence);
    if series.segments() > MOST_SEGMENTS {
        part.alone = None;
    }
}

/// Who answered, as the judge found it.
fn answered_by(event: &Event<'_>) -> AnsweredBy {
    let is = |by: &&AnsweredBy| event.raw(Field::AnsweredBy) == Some(by.name().as_bytes());
    AnsweredBy::ALL.iter().find(is).copied().unwrap_or(AnsweredBy::Unknown)
}

/// Where a record stands in its part.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: u32,
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

fn count_traffic(part: &mut Part, service: NameId, second: i64) {
    match part.traffic.last_mut() {
        Some(last) if last.service == service && last.second == second => last.requests += 1,
        _ => part.traffic.push(Traffic { service, second, requests: 1 }),
    }
}

/// 5xx, and 009: nginx logs it where the upstream's answer was no HTTP, and the client got no valid one either
/// (TAXONOMY.md section 2). 000 counts where an upstream had been asked.
pub(crate) fn is_failure(status: u16, event: &Event<'_>) -> bool {
    (500..600).contains(&status) || status == 9 || (status == 0 && event.get(Field::UpstreamStatus).is_some())
}

/// nginx names a client and an upstream but no request where it passes on a TCP or mail session.
fn is_session(event: &Event<'_>) -> bool {
    event.get(Field::Client).is_some() && event.get(Field::Upstream).is_some() && event.get(Field::Request).is_none()
}

/// Levels at which nobody looks for trouble: what no rule knows there is benign.
pub(crate) fn is_quiet(event: &Event<'_>) -> bool {
    let level = event.get(Field::Level).unwrap_or_default();
    [b"notice".as_slice(), b"info", b"debug"].iter().any(|quiet| level.eq_ignore_ascii_case(quiet))
}
