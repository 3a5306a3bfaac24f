//! Requests and diagnoses of the same server, brought together.
//!
//! In: the witnesses of all logs in order of time, with names already known to the tally. Out: failures in the tally.
//!
//! An error line is written before its access line, within the flush delay; a request that was retried has several,
//! all with its connection's number. So a diagnosis waits for its request, and a failed request for a late diagnosis.
//! They meet by request id, or by client, method and URI (DESIGN.md section 4). What waits is bounded in time and number.

use super::alone::Alone;
use super::echo::Echoes;
use super::names::{NONE, NameId};
use super::part::{WitnessKind, WitnessRecord};
use super::segment::{EvidenceLine, Failure, MOST_EVIDENCE_BYTES, Spot, TroubleKind};
use super::tally::{SeriesKey, Tally};
use super::waiting::{Held, Waiting};
use crate::cause::Catalogue;
use crate::event::{AnsweredBy, Certainty};
use crate::grammar::Marks;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// A diagnosis that ends a request is written within this of the access line: cached clocks, buffers.
const SLACK_MICROS: i64 = 3_000_000;
/// An earlier attempt of the same request may be this much older.
const WAIT_MICROS: i64 = 300_000_000;
/// Requests, and diagnoses, that wait at the same time; beyond it the oldest is judged without its counterpart.
const MOST_WAITING: usize = 65_536;

/// A witness with its names in the tally's numbers and its place in the log.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Placed<'t> {
    /// The witness; its names are the tally's.
    pub witness: WitnessRecord,
    /// Its time.
    pub time: Timestamp,
    /// Which member of which log.
    pub member: u32,
    /// Which file of the member, from the oldest: see [`Part::age`](super::Part::age).
    pub age: u32,
    /// Its line, from 1.
    pub line: u64,
    /// Where it begins in the member's text.
    pub offset: u64,
    /// Its text.
    #[serde(skip)]
    pub text: &'t [u8],
}

/// Brings requests and diagnoses together.
#[derive(Debug, Clone)]
pub struct Join<'c> {
    catalogue: &'c Catalogue,
    clock: Timestamp,
    diagnoses: Waiting,
    requests: Waiting,
    /// The diagnoses found for the request in hand.
    found: Vec<u64>,
    echoes: Echoes,
    /// Whether there are access logs at all, and error logs at all.
    sides: Sides,
    /// A line came that may explain requests.
    has_explained: bool,
    /// Requests and diagnoses that had to stop waiting for want of room.
    pub crowded_out: u64,
}

/// Which kinds of logs are read. With only one of them nothing has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// Some log counts requests.
    pub requests: bool,
    /// Some log explains them.
    pub diagnoses: bool,
    /// Some log may do so though its beginning does not: requests wait for nothing until one was explained.
    pub may_explain: bool,
    /// All logs of requests name the client.
    pub clients: bool,
    /// Some log of diagnoses names clients but no requests.
    pub by_client: bool,
}

/// What waits in a join, as a state keeps it.
pub type JoinState = (Timestamp, Waiting, Waiting, Echoes, Sides, bool, u64);

impl Serialize for Join<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { clock, diagnoses, requests, echoes, sides, has_explained, crowded_out, .. } = self;
        (clock, diagnoses, requests, echoes, sides, has_explained, crowded_out).serialize(to)
    }
}

impl<'c> Join<'c> {
    /// With what waited when it was saved.
    pub fn restored(catalogue: &'c Catalogue, state: JoinState) -> Self {
        let (clock, diagnoses, requests, echoes, sides, has_explained, crowded_out) = state;
        let found = Vec::new();
        Self { catalogue, clock, diagnoses, requests, found, echoes, sides, has_explained, crowded_out }
    }

    /// Other kinds of logs are read from now on.
    pub fn set_sides(&mut self, sides: Sides) {
        self.sides = sides;
        self.diagnoses.set_clients(sides.clients);
        self.requests.set_clients(sides.clients);
    }

    /// For logs of these kinds.
    pub fn new(catalogue: &'c Catalogue, sides: Sides) -> Self {
        Self {
            catalogue,
            clock: Timestamp::from_micros(i64::MIN),
            diagnoses: Waiting::new(sides.clients),
            requests: Waiting::new(sides.clients),
            found: Vec::new(),
            echoes: Echoes::default(),
            sides,
            has_explained: false,
            crowded_out: 0,
        }
    }

    /// Takes the next witness; its time is the clock.
    pub fn take(&mut self, placed: &Placed<'_>, tally: &mut Tally) {
        self.clock = self.clock.max(placed.time);
        while let Some(told) = self.echoes.pop_settled(self.clock) {
            self.stated(&told.as_placed(), tally);
        }
        self.settle_old(tally);
        self.has_explained |= placed.witness.explains();
        if !placed.witness.explains() || placed.witness.worker == 0 {
            return self.stated(placed, tally);
        }
        let catalogue = self.catalogue;
        let outranks = |a: &Placed<'_>, b: &Placed<'_>| rank(catalogue, &a.witness) > rank(catalogue, &b.witness);
        if let Some(before) = self.echoes.take(placed, outranks) {
            self.stated(&before.as_placed(), tally);
        }
    }

    /// Takes a witness of which nothing more will be said.
    fn stated(&mut self, placed: &Placed<'_>, tally: &mut Tally) {
        match placed.witness.kind {
            WitnessKind::Request if self.sides.diagnoses || self.has_explained => self.request(placed, tally),
            WitnessKind::Failure | WitnessKind::Warning | WitnessKind::Echo
                if self.sides.requests && has_request(&placed.witness) =>
            {
                self.diagnosis(placed, tally);
            }
            _ => count_alone(placed, tally),
        }
    }

    /// Settles all that still waits: the logs have ended.
    pub fn finish(&mut self, tally: &mut Tally) {
        while let Some(told) = self.echoes.pop_settled(Timestamp::from_micros(i64::MAX)) {
            self.stated(&told.as_placed(), tally);
        }
        while self.settle_first_request(tally) {}
        while self.settle_first_diagnosis(tally) {}
    }

    /// Judges the request that has waited longest alone; `false` where none waits.
    fn settle_first_request(&mut self, tally: &mut Tally) -> bool {
        let Some(request) = self.requests.pop_first() else { return false };
        count_alone(&request.as_placed(), tally);
        self.requests.recycle(request);
        true
    }

    /// The same for a diagnosis.
    fn settle_first_diagnosis(&mut self, tally: &mut Tally) -> bool {
        let Some(diagnosis) = self.diagnoses.pop_first() else { return false };
        settle_diagnosis(&diagnosis.as_placed(), diagnosis.claimed, tally);
        self.diagnoses.recycle(diagnosis);
        true
    }

    fn request(&mut self, request: &Placed<'_>, tally: &mut Tally) {
        let mut found = std::mem::take(&mut self.found);
        self.diagnoses_of(request, &mut found);
        if found.is_empty() {
            self.requests.push(request);
            if self.requests.len() > MOST_WAITING {
                self.crowded_out += 1;
                self.settle_first_request(tally);
            }
        } else {
            self.settle_request(request, &found, tally);
        }
        self.found = found;
    }

    fn diagnosis(&mut self, diagnosis: &Placed<'_>, tally: &mut Tally) {
        let waits = |request: &Held| belongs(&request.placed, diagnosis);
        let late_for = self.requests.newest(&diagnosis.witness, waits);
        let number = self.diagnoses.push(diagnosis);
        if let Some(request) = late_for.and_then(|number| self.requests.remove(number)) {
            self.settle_request(&request.as_placed(), &[number], tally);
            self.requests.recycle(request);
        }
        if self.diagnoses.len() > MOST_WAITING {
            self.crowded_out += 1;
            self.settle_first_diagnosis(tally);
        }
    }

    /// The diagnoses that belong to a failed request: the ones near its end, and older ones of the same connection.
    /// Those that another request has claimed count only where there are no others.
    fn diagnoses_of(&self, request: &Placed<'_>, found: &mut Vec<u64>) {
        self.diagnoses.candidates(&request.witness, found);
        let held = |number: &u64| self.diagnoses.get(*number);
        let near = |number: &u64| held(number).is_some_and(|diagnosis| belongs(request, &diagnosis.placed));
        if let [only] = found.as_slice() {
            if !near(only) {
                found.clear();
            }
            return;
        }
        let free = |number: &u64| held(number).is_some_and(|diagnosis| diagnosis.claimed.is_none());
        let connection_of = |number: &u64| held(number).map_or(0, |diagnosis| diagnosis.placed.witness.connection);
        let only_free = found.iter().any(|number| near(number) && free(number));
        let ends_it = |number: &u64| near(number) && (!only_free || free(number));
        let connections: Vec<u64> =
            found.iter().filter(|number| ends_it(number)).map(connection_of).filter(|number| *number != 0).collect();
        let earlier_attempt = |number: &u64| {
            let older = held(number).is_some_and(|older| older.placed.time <= request.time);
            older && free(number) && connections.contains(&connection_of(number))
        };
        found.retain(|number| ends_it(number) || earlier_attempt(number));
        found.sort_unstable();
        found.dedup();
    }

    fn settle_old(&mut self, tally: &mut Tally) {
        let late = self.clock.plus_micros(-WAIT_MICROS);
        // What a request stamped with its start ends with may be said much later.
        let soon = if self.sides.by_client { late } else { self.clock.plus_micros(-SLACK_MICROS) };
        while self.requests.first_time().is_some_and(|time| time < soon) && self.settle_first_request(tally) {}
        while self.diagnoses.first_time().is_some_and(|time| time < late) && self.settle_first_diagnosis(tally) {}
    }

    /// A failed request takes the cause of the diagnosis that says most, else the one its fields imply. The other
    /// diagnoses stay, claimed, in case they belong to a request that is still to come.
    fn settle_request(&mut self, request: &Placed<'_>, found: &[u64], tally: &mut Tally) {
        let held = self.best_of(request, found).and_then(|number| self.diagnoses.remove(number));
        let best = held.as_ref().map(Held::as_placed);
        let witness = &request.witness;
        let decided = best.as_ref().map_or(witness, |diagnosis| &diagnosis.witness);
        // An app's own line knows its pool, not what the request was for, and is no attempt beside the proxy's line.
        let proxy_line = if best.is_some() && decided.connection == 0 { self.proxy_line(found) } else { None };
        // Of a request stamped with its start, and no more, the line about its end says when it failed.
        let ended = best.as_ref().filter(|_| witness.marks == Marks::Start).map_or(request.time, |last| last.time);
        let failure = Failure {
            time: request.time.max(ended),
            requests: 1,
            attempts: u64::from(best.is_some() && proxy_line.is_none()),
            status: witness.status,
            certainty: decided.certainty,
            rule: decided.rule,
            upstream: first_known(
                decided.upstream,
                first_known(witness.upstream, proxy_line.map_or(NONE, |line| line.upstream)),
            ),
            path: first_known(witness.path, decided.path),
            client: witness.client,
            duration_ms: witness.duration_ms,
        };
        let service =
            first_known(witness.service, first_known(proxy_line.map_or(NONE, |line| line.service), decided.service));
        tally.same_service(decided.service, service);
        let key = SeriesKey { cause: decided.cause, service, kind: TroubleKind::Requests };
        tally.claim(request.spot(), key, request.time);
        let segment = tally.count(key, &failure);
        if let Some(diagnosis) = &best {
            segment.keep(0, diagnosis.spot(), || diagnosis.evidence(0));
        }
        segment.keep(2, request.spot(), || request.evidence(2));
        for number in found {
            if let Some(other) = self.diagnoses.get_mut(*number) {
                other.claimed.get_or_insert(key);
            }
        }
        if let Some(held) = held {
            self.diagnoses.recycle(held);
        }
    }

    /// Among these diagnoses one that the proxy wrote about its connection.
    fn proxy_line(&self, found: &[u64]) -> Option<WitnessRecord> {
        let mut lines = found.iter().filter_map(|number| self.diagnoses.get(*number)).map(|held| held.placed.witness);
        lines.find(|line| line.connection != 0)
    }

    /// The diagnosis that says most about the request; none where the request's own fields say more.
    fn best_of(&self, request: &Placed<'_>, found: &[u64]) -> Option<u64> {
        let known = found.iter().filter_map(|number| Some((*number, &self.diagnoses.get(*number)?.placed)));
        let rank = |diagnosis: &Placed<'_>| self.rank(&diagnosis.witness);
        let best = known
            .filter(|(_, diagnosis)| explains(request, diagnosis))
            .max_by_key(|(_, diagnosis)| (rank(diagnosis), diagnosis.time, diagnosis.offset));
        let own = self.rank(&request.witness);
        let only_status = request.witness.certainty == Certainty::Default;
        best.filter(|(_, diagnosis)| only_status || rank(diagnosis) >= own).map(|(number, _)| number)
    }

    fn rank(&self, witness: &WitnessRecord) -> (bool, i32) {
        rank(self.catalogue, witness)
    }
}

/// Inside one request the higher precedence wins; a line about a cut answer says less than one about a failure.
fn rank(catalogue: &Catalogue, witness: &WitnessRecord) -> (bool, i32) {
    let of_cause = || catalogue.cause(witness.cause).precedence;
    let precedence = witness.rule.map_or_else(of_cause, |rule| catalogue.rule(rule).precedence);
    (witness.kind != WitnessKind::Warning, precedence)
}

fn settle_diagnosis(diagnosis: &Placed<'_>, claimed: Option<SeriesKey>, tally: &mut Tally) {
    match claimed {
        Some(key) => tally.count_attempt(key, diagnosis.time, diagnosis.witness.upstream),
        None => count_alone(diagnosis, tally),
    }
}

fn count_alone(placed: &Placed<'_>, tally: &mut Tally) {
    let alone = Alone::of(&placed.witness, placed.time);
    tally.claim(placed.spot(), alone.key, placed.time);
    let segment = tally.count(alone.key, &alone.failure);
    segment.keep(alone.rank, placed.spot(), || placed.evidence(alone.rank));
}

impl Placed<'_> {
    fn evidence(&self, rank: u8) -> EvidenceLine {
        let text = self.text[..self.text.len().min(MOST_EVIDENCE_BYTES)].to_vec();
        EvidenceLine { rank, member: self.member, age: self.age, offset: self.offset, line: self.line, text }
    }

    fn spot(&self) -> Spot {
        (self.member, self.age, self.offset)
    }
}

fn has_request(witness: &WitnessRecord) -> bool {
    witness.request != 0 || witness.request_id != 0 || (witness.by_client && witness.client != 0)
}

/// Whether the diagnosis is near enough to the request's end to be its last one, and of the same client and id where both
/// are known.
fn belongs(request: &Placed<'_>, diagnosis: &Placed<'_>) -> bool {
    let (of, by) = (&request.witness, &diagnosis.witness);
    let differ = |a: u64, b: u64| a != 0 && b != 0 && a != b;
    if differ(of.request_id, by.request_id) || differ(of.client, by.client) {
        return false;
    }
    // A client alone says little: the status must fit as well.
    if by.by_client && by.status != 0 && by.status != of.status {
        return false;
    }
    let near = |time: Timestamp| match of.marks {
        Marks::Start | Marks::Either if by.by_client => during(request, time),
        _ => request.time.micros().abs_diff(time.micros()) <= SLACK_MICROS as u64,
    };
    let same_id = of.request_id != 0 && of.request_id == by.request_id;
    same_id || near(diagnosis.time) || (by.fold_micros > 0 && near(diagnosis.time.plus_micros(by.fold_micros)))
}

/// Whether this is a time between the request's start, which its stamp marks, and its end.
fn during(request: &Placed<'_>, time: Timestamp) -> bool {
    let lasted = request.witness.duration_ms.map_or(WAIT_MICROS, |ms| i64::from(ms) * 1000 + SLACK_MICROS);
    let since = time.micros().saturating_sub(request.time.micros());
    (-SLACK_MICROS..=lasted).contains(&since)
}

/// Whether the diagnosis can be why the client saw this status: an answer that the upstream itself gave is not
/// explained by a failed attempt at another peer.
fn explains(request: &Placed<'_>, diagnosis: &Placed<'_>) -> bool {
    let (request, diagnosis) = (&request.witness, &diagnosis.witness);
    request.answered_by != AnsweredBy::Upstream || diagnosis.status == 0 || diagnosis.status == request.status
}

fn first_known(first: NameId, second: NameId) -> NameId {
    if first == NONE { second } else { first }
}
