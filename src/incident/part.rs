//! What one chunk of one log proves.

use super::frequent::Drawn;
use super::names::{NameId, Names};
use super::segment::MOST_EVIDENCE_BYTES;
use super::series::Series;
use super::template::Templates;
use crate::cause::{CauseId, RuleId};
use crate::event::{AnsweredBy, Certainty};
use crate::grammar::Marks;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// How the physical lines of a chunk ended: each in exactly one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineCounts {
    /// Witnesses of trouble.
    pub events: u64,
    /// Read, nothing wrong.
    pub passed: u64,
    /// Error-log lines that are no failure.
    pub benign: u64,
    /// Nobody can read or judge them.
    pub unknown: u64,
    /// Over a limit.
    pub cut: u64,
}

impl LineCounts {
    /// All of them.
    pub fn lines(&self) -> u64 {
        self.events + self.passed + self.benign + self.unknown + self.cut
    }

    /// Adds others in.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.passed += other.passed;
        self.benign += other.benign;
        self.unknown += other.unknown;
        self.cut += other.cut;
    }
}

/// What a witness is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WitnessKind {
    /// A request that was answered with 5xx, or with nothing that is HTTP.
    Request,
    /// A diagnosis of a request or attempt that failed.
    Failure,
    /// A failure that its worker has stated already, said once more with the request it hit.
    Echo,
    /// A diagnosis of a TCP or mail session that failed: no access log counts it.
    Session,
    /// A diagnosis of trouble that gives no 5xx by itself.
    Warning,
    /// A condition that explains the failures around it.
    Condition,
}

/// One record that is a witness of trouble. Zero stands for "not known" in every hash.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct WitnessRecord {
    /// What it is.
    pub kind: WitnessKind,
    /// Its stamp, else the last one before it; `None` where the part has none before it.
    pub time: Option<Timestamp>,
    /// How much later it may have been: its stamp lies in the hour that comes twice when clocks are put back.
    pub fold_micros: i64,
    /// The rule that judged it.
    pub rule: Option<RuleId>,
    /// The cause it proves.
    pub cause: CauseId,
    /// How sure that is.
    pub certainty: Certainty,
    /// The status answered; for a diagnosis the one that its rule gives; 0 where not known.
    pub status: u16,
    /// Who wrote the status.
    pub answered_by: AnsweredBy,
    /// What the request was for, in the part's numbers.
    pub service: NameId,
    /// The next hop asked last, in the part's numbers.
    pub upstream: NameId,
    /// The path, folded, in the part's numbers.
    pub path: NameId,
    /// Hash of the client's address.
    pub client: u64,
    /// Hash of method and URI.
    pub request: u64,
    /// Hash of the request's id.
    pub request_id: u64,
    /// Process and connection that a diagnosis belongs to.
    pub connection: u64,
    /// Which worker wrote a diagnosis, in logs that say one failure in several lines.
    pub worker: u64,
    /// The moment that its stamp marks.
    pub marks: Marks,
    /// The record names no request; its client is all that it has in common with one.
    pub by_client: bool,
    /// How long the request took; `None` where not logged.
    pub duration_ms: Option<u32>,
    /// Line within the part, from 0.
    pub line: u32,
    /// Where its first line begins in the chunk, bytes.
    pub at: u32,
    /// Where its text begins in the part, bytes.
    pub start: u32,
    /// Length of its text in bytes.
    pub length: u32,
}

impl WitnessRecord {
    /// Whether it may explain a request.
    pub fn explains(&self) -> bool {
        matches!(self.kind, WitnessKind::Failure | WitnessKind::Warning | WitnessKind::Echo)
    }
}

/// Requests of one service in one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// The service, in the part's numbers.
    pub service: NameId,
    /// Seconds since the epoch.
    pub second: i64,
    /// How many.
    pub requests: u32,
}

/// What one chunk of one log proves. Made by a worker from the chunk alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// The text of its records, for evidence: the chunk's bytes, or what they hold.
    pub bytes: Vec<u8>,
    /// Where the chunk begins in the (decompressed) text.
    pub offset: u64,
    /// Which of the files that a followed log has had, from the oldest; 0 where logs are read once.
    pub age: u32,
    /// When it was read, in microseconds of any clock that never goes back; 0 where logs are read once.
    pub came: i64,
    /// How its lines ended.
    pub counts: LineCounts,
    /// Requests counted.
    pub requests: u64,
    /// Witnesses of trouble, in the order of the lines.
    pub witnesses: Vec<WitnessRecord>,
    /// What the witnesses amount to, in place of them, where nothing is to be joined with them.
    pub alone: Option<Series>,
    /// Some of the failures counted there.
    pub(super) drawn: Vec<Drawn>,
    /// Services that the witnesses and the traffic refer to.
    pub services: Names,
    /// Next hops.
    pub upstreams: Names,
    /// Folded paths.
    pub paths: Names,
    /// Requests per service and second.
    pub traffic: Vec<Traffic>,
    /// Earliest and latest stamp.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The stamp read last.
    pub last_stamp: Option<Timestamp>,
    /// Shapes of unknown lines.
    pub unknown: Templates,
}

impl Part {
    /// An empty part at this place; `room` is a spent part's list of witnesses, or a new one.
    pub fn new(bytes: Vec<u8>, offset: u64, mut room: Vec<WitnessRecord>) -> Self {
        room.clear();
        Self {
            bytes,
            offset,
            age: 0,
            came: 0,
            counts: LineCounts::default(),
            requests: 0,
            witnesses: room,
            alone: None,
            drawn: Vec::new(),
            services: Names::of_part(),
            upstreams: Names::of_part(),
            paths: Names::of_part(),
            traffic: Vec::new(),
            span: None,
            last_stamp: None,
            unknown: Templates::default(),
        }
    }

    /// Counts a request of this service in this second.
    pub(super) fn count_traffic(&mut self, service: NameId, second: i64) {
        match self.traffic.last_mut() {
            Some(last) if last.service == service && last.second == second => last.requests += 1,
            _ => self.traffic.push(Traffic { service, second, requests: 1 }),
        }
    }

    /// Keeps of the text only what its witnesses may be evidence with: for parts that wait.
    pub fn slim(&mut self) {
        let mut kept = Vec::new();
        for witness in &mut self.witnesses {
            let start = witness.start as usize;
            let length = (witness.length as usize).min(MOST_EVIDENCE_BYTES);
            let text = self.bytes.get(start..start + length).unwrap_or_default();
            (witness.start, witness.length) = (kept.len() as u32, text.len() as u32);
            kept.extend_from_slice(text);
        }
        self.bytes = kept;
    }

    /// The text of a witness, verbatim, without its last line end.
    pub fn text(&self, witness: &WitnessRecord) -> &[u8] {
        let start = witness.start as usize;
        self.bytes.get(start..start + witness.length as usize).unwrap_or_default()
    }
}
