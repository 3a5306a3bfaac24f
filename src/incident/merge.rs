//! One order for the witnesses of all logs: by time, then by log.
//!
//! In: the parts of each log in their order. Out: everything in them, counted into the tally and handed to the join. The
//! order is a function of the logs' bytes: a log's position is the latest stamp it has shown so far, so that a line out
//! of order does not depend on where a chunk ends.

use super::frequent::may_count;
use super::join::{Join, Placed};
use super::names::{NameId, Names};
use super::part::{Part, WitnessRecord};
use super::series::Series;
use super::tally::{SeriesKey, Tally};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Puts the parts of several logs into one order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Merge {
    logs: Vec<Log>,
}

/// Files of one log that are read at the same time: one that was rotated away is written for a while yet. Of more the
/// lines of the oldest are numbered anew.
const MOST_FILES: usize = 8;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Log {
    /// It counts requests: at the same stamp the reasons of other logs come first.
    answers: bool,
    parts: VecDeque<(u32, Part)>,
    /// The next witness of the first part.
    next: usize,
    /// The latest stamp shown so far.
    clock: Timestamp,
    /// The last stamp of the parts before: a record without one is as late as the log was.
    stamp: Option<Timestamp>,
    /// Nothing more will come.
    ended: bool,
    /// All that is there for now was pushed.
    dry: bool,
    /// Lines read so far of the files that are being read, by member and age.
    files: VecDeque<(u32, u32, u64)>,
    names: LocalNames,
}

/// A part's names in the tally's numbers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct LocalNames {
    services: Vec<Option<NameId>>,
    upstreams: Vec<Option<NameId>>,
    paths: Vec<Option<NameId>>,
}

impl Merge {
    /// For so many logs. Logs of diagnoses should come first: at the same stamp they are taken first.
    pub fn new(logs: usize) -> Self {
        let mut merge = Self::default();
        for _ in 0..logs {
            merge.add();
        }
        merge
    }

    /// Whether a log counts requests: it is taken after those that do not, at the same stamp.
    pub fn set_answers(&mut self, log: usize, answers: bool) {
        self.logs[log].answers = answers;
    }

    /// One log more, behind the others.
    pub fn add(&mut self) -> usize {
        self.logs.push(Log {
            answers: false,
            parts: VecDeque::new(),
            next: 0,
            clock: Timestamp::from_micros(i64::MIN),
            stamp: None,
            ended: false,
            dry: false,
            files: VecDeque::new(),
            names: LocalNames::default(),
        });
        self.logs.len() - 1
    }

    /// The next part of a log, from this member of it.
    pub fn push(&mut self, log: usize, member: u32, part: Part) {
        self.logs[log].parts.push_back((member, part));
    }

    /// The log has no more parts.
    pub fn end(&mut self, log: usize) {
        self.logs[log].ended = true;
    }

    /// Whether all that is there of the log for now was pushed. Others wait for a dry log only until a part is overdue.
    pub fn set_dry(&mut self, log: usize, dry: bool) {
        self.logs[log].dry = dry;
    }

    /// How many parts of the log wait.
    pub fn waiting_parts(&self, log: usize) -> usize {
        self.logs[log].parts.len()
    }

    /// How many witnesses wait in all.
    pub fn waiting_witnesses(&self) -> usize {
        self.logs.iter().flat_map(|log| &log.parts).map(|(_, part)| part.witnesses.len()).sum()
    }

    /// The first log of which the next part must be known before anything more can be taken.
    pub fn waits_for(&self) -> Option<usize> {
        self.logs.iter().position(|log| log.parts.is_empty() && !log.ended)
    }

    /// Whether all logs have ended and all was taken.
    pub fn is_done(&self) -> bool {
        self.logs.iter().all(|log| log.ended && log.parts.is_empty())
    }

    /// Takes what can be taken in order, until a log must show its next part. Parts that are used up are handed to
    /// `spent` with their log.
    pub fn advance(&mut self, tally: &mut Tally, join: &mut Join<'_>, spent: impl FnMut(usize, Part)) {
        self.advance_to(i64::MIN, tally, join, spent);
    }

    /// The same where logs have no end: a part that came by `overdue` waits for dry logs no longer.
    pub fn advance_to(
        &mut self,
        overdue: i64,
        tally: &mut Tally,
        join: &mut Join<'_>,
        mut spent: impl FnMut(usize, Part),
    ) {
        loop {
            for at in 0..self.logs.len() {
                while let Some(part) = self.logs[at].used_up(tally) {
                    spent(at, part);
                }
            }
            let Some(at) = self.first() else { return };
            let came = self.logs[at].parts.front().map_or(i64::MAX, |(_, part)| part.came);
            if self.logs.iter().any(|log| log.parts.is_empty() && !log.ended && !(log.dry && came <= overdue)) {
                return;
            }
            let limit = self.limit_beside(at);
            self.logs[at].take_until(limit, tally, join);
        }
    }

    /// The log whose next witness is the earliest.
    fn first(&self) -> Option<usize> {
        let waiting = (0..self.logs.len()).filter(|at| !self.logs[*at].parts.is_empty());
        waiting.min_by_key(|at| (self.logs[*at].head(), self.place(*at)))
    }

    /// Which of two logs comes first at the same stamp.
    fn place(&self, at: usize) -> (bool, usize) {
        (self.logs[at].answers, at)
    }

    /// How far this log may go before another one is due: its time and number.
    fn limit_beside(&self, at: usize) -> Option<(Timestamp, bool)> {
        let others = (0..self.logs.len()).filter(|other| *other != at && !self.logs[*other].parts.is_empty());
        let next = others.map(|other| (self.logs[other].head(), self.place(other))).min();
        next.map(|(time, other)| (time, self.place(at) < other))
    }
}

impl Log {
    /// When the next witness is due. A log's position is told by its witnesses alone: when healthy lines are seen depends
    /// on where chunks end.
    fn head(&self) -> Timestamp {
        let Some((_, part)) = self.parts.front() else { return self.clock };
        let next = match &part.alone {
            Some(series) => first_of(series),
            None => part.witnesses.get(self.next).and_then(|witness| self.time_of(witness)),
        };
        next.map_or(self.clock, |time| time.max(self.clock))
    }

    /// The first part, counted, where all its witnesses were taken.
    fn used_up(&mut self, tally: &mut Tally) -> Option<Part> {
        let (member, part) = self.parts.front()?;
        if self.next < part.witnesses.len() || part.alone.as_ref().is_some_and(|series| series.segments() > 0) {
            return None;
        }
        let member = *member;
        if self.next == 0 {
            self.begin();
        }
        let (_, mut part) = self.parts.pop_front()?;
        self.next = 0;
        self.count_lines(member, part.age, part.counts.lines());
        self.stamp = part.last_stamp.or(self.stamp);
        count(&mut part, member, &mut self.names, tally);
        Some(part)
    }

    /// Lines read so far of this file.
    fn lines(&self, member: u32, age: u32) -> u64 {
        let file = self.files.iter().rev().find(|(of, its, _)| (*of, *its) == (member, age));
        file.map_or(0, |(_, _, lines)| *lines)
    }

    fn count_lines(&mut self, member: u32, age: u32, lines: u64) {
        if let Some(file) = self.files.iter_mut().rev().find(|(of, its, _)| (*of, *its) == (member, age)) {
            file.2 += lines;
            return;
        }
        self.files.push_back((member, age, lines));
        if self.files.len() > MOST_FILES {
            self.files.pop_front();
        }
    }

    /// Makes ready for the first part.
    fn begin(&mut self) {
        if let Some((_, part)) = self.parts.front() {
            self.names.begin(part);
        }
    }

    /// When the witness was. In the hour that comes twice a stamp that would fall far behind its log is the second one.
    fn time_of(&self, witness: &WitnessRecord) -> Option<Timestamp> {
        /// Lines are out of order by less than this: the flush delay of a buffered log.
        const DISORDER_MICROS: i64 = 600_000_000;
        let time = witness.time.or(self.stamp)?;
        let is_second = witness.fold_micros > 0 && time < self.clock.plus_micros(-DISORDER_MICROS);
        Some(if is_second { time.plus_micros(witness.fold_micros) } else { time })
    }

    /// Takes the first part's witnesses up to the limit.
    fn take_until(&mut self, limit: Option<(Timestamp, bool)>, tally: &mut Tally, join: &mut Join<'_>) {
        let Some(member) = self.parts.front().map(|(member, _)| *member) else { return };
        if self.next == 0 {
            self.begin();
        }
        if let Some(series) = self.parts.front_mut().and_then(|(_, part)| part.alone.take()) {
            self.take_series(member, series, tally);
            return;
        }
        let Some((_, part)) = self.parts.front() else { return };
        let lines = self.lines(member, part.age);
        while let Some(witness) = part.witnesses.get(self.next) {
            let time = self.time_of(witness);
            let due = time.map_or(self.clock, |time| time.max(self.clock));
            if limit.is_some_and(|(time, first)| due > time || (due == time && !first)) {
                return;
            }
            self.clock = due;
            self.next += 1;
            match time {
                Some(time) => {
                    let placed = placed(witness, time, member, lines, part, &mut self.names, tally);
                    if may_count(placed.offset) {
                        tally.sample.see_waiting(
                            (member, part.age, placed.offset),
                            time,
                            part.paths.name(witness.path),
                        );
                    }
                    join.take(&placed, tally);
                }
                None => {
                    let line = lines + u64::from(witness.line) + 1;
                    tally.count_undated(member, witness.cause, line, part.text(witness));
                }
            }
        }
    }

    /// Takes what the first part's witnesses amount to.
    fn take_series(&mut self, member: u32, series: Series, tally: &mut Tally) {
        let Some((_, part)) = self.parts.front() else { return };
        let lines = self.lines(member, part.age);
        let mut service =
            |id, tally: &mut Tally| translate(&mut self.names.services, &mut tally.services, &part.services, id);
        for drawn in &part.drawn {
            let key = SeriesKey { service: service(drawn.key.service, tally), ..drawn.key };
            let place = (member, part.age, part.offset + u64::from(drawn.at));
            tally.sample.see_alone(place, key, drawn.time, part.paths.name(drawn.path));
        }
        for (key, segment) in series.into_segments() {
            self.clock = self.clock.max(segment.last);
            let key = SeriesKey { service: service(key.service, tally), ..key };
            let segment = segment.placed(
                |id| translate(&mut self.names.upstreams, &mut tally.upstreams, &part.upstreams, id),
                |id| translate(&mut self.names.paths, &mut tally.paths, &part.paths, id),
                |line| {
                    (line.member, line.age) = (member, part.age);
                    line.offset += part.offset;
                    line.line += lines + 1;
                },
            );
            tally.absorb(key, segment);
        }
    }
}

/// The first failure of all.
fn first_of(series: &Series) -> Option<Timestamp> {
    series.iter().flat_map(|(_, segments)| segments).map(|segment| segment.first).min()
}

#[allow(clippy::too_many_arguments)] // one place where a witness leaves its part
fn placed<'p>(
    witness: &WitnessRecord,
    time: Timestamp,
    member: u32,
    lines: u64,
    part: &'p Part,
    names: &mut LocalNames,
    tally: &mut Tally,
) -> Placed<'p> {
    let global = WitnessRecord {
        service: translate(&mut names.services, &mut tally.services, &part.services, witness.service),
        upstream: translate(&mut names.upstreams, &mut tally.upstreams, &part.upstreams, witness.upstream),
        path: translate(&mut names.paths, &mut tally.paths, &part.paths, witness.path),
        // What was found to be the second reading is certain.
        fold_micros: if Some(time) == witness.time { witness.fold_micros } else { 0 },
        ..*witness
    };
    Placed {
        witness: global,
        time,
        member,
        age: part.age,
        line: lines + u64::from(witness.line) + 1,
        offset: part.offset + u64::from(witness.at),
        text: part.text(witness),
    }
}

impl LocalNames {
    fn begin(&mut self, part: &Part) {
        let lists = [
            (&mut self.services, &part.services),
            (&mut self.upstreams, &part.upstreams),
            (&mut self.paths, &part.paths),
        ];
        for (list, names) in lists {
            list.clear();
            list.resize(names.len(), None);
        }
    }
}

fn translate(known: &mut [Option<NameId>], names: &mut Names, local: &Names, id: NameId) -> NameId {
    match known.get_mut(id.0 as usize) {
        Some(slot) => *slot.get_or_insert_with(|| names.id_of(local, id)),
        None => super::NONE,
    }
}

/// The part's books go to its member's.
fn count(part: &mut Part, member: u32, names: &mut LocalNames, tally: &mut Tally) {
    for traffic in std::mem::take(&mut part.traffic) {
        let service = translate(&mut names.services, &mut tally.services, &part.services, traffic.service);
        tally.traffic.entry(service).or_default().add(traffic.second, u64::from(traffic.requests));
    }
    let source = &mut tally.sources[member as usize];
    source.counts.add(&part.counts);
    source.requests += part.requests;
    source.unknown.merge(std::mem::take(&mut part.unknown));
    if let Some((first, last)) = part.span {
        source.span = Some(source.span.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
    }
}
