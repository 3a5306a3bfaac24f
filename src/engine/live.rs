//! The engine of a watch: logs come at any time and have no end.
//!
//! In: chunks of logs that grow, as they are read. Out: at any moment the [`Outcome`] that a batch run over the same lines
//! would have, and a [`Kept`] to go on from.
//!
//! Requests and error lines meet in one order of time, as in a batch run. A log that is silent may yet say what belongs
//! before the lines of others (servers buffer their logs), so those wait for it, but not for ever. An outcome is always
//! made of a copy in which nothing waits any more: it shows a line at once, and what comes later may still change it.

mod kept;
mod log;

use super::look::{candidates, count_alone, decide_by_companions, nobody_counts, notes_on};
use super::look::{plan_for, shown, sides_of, take_as_told, zone_for};
use super::{Options, Outcome, tell_undated};
use crate::cause::Catalogue;
use crate::error::{Defect, Result};
use crate::grammar::detect::{Detected, detect};
use crate::grammar::{Grammars, Witness};
use crate::incident::{Join, Merge, Part, Scanner, Tally};
use crate::report::SourceFacts;
use crate::source::{Chunk, Log};
use crate::time::Timestamp;
pub use kept::Kept;
use log::LiveLog;
pub use log::{NewLog, Shape};
use rayon::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// A line waits this long, in microseconds, for logs that are silent: as long as servers usually buffer theirs.
const PATIENCE_MICROS: i64 = 10_000_000;
/// Witnesses that wait for silent logs at the same time; beyond it none waits longer.
const MOST_WAITING: usize = 65_536;
/// Chunks of one log that wait at the same time; beyond it the log is not read on.
const MOST_PARTS: usize = 8;

/// A chunk of a followed log.
#[derive(Debug)]
pub struct Taken {
    /// The log's number.
    pub log: usize,
    /// Which of the log's members, from the oldest; the last is the one that grows.
    pub member: u32,
    /// Which of the files that the member has had.
    pub age: u32,
    /// What was read.
    pub chunk: Chunk,
}

/// The engine of a watch.
#[derive(Debug)]
pub struct Live<'c> {
    grammars: &'c Grammars,
    catalogue: &'c Catalogue,
    options: &'c Options,
    pool: rayon::ThreadPool,
    merge: Merge,
    join: Join<'c>,
    tally: Tally,
    /// The logs by name, in the order of their numbers, as they decide about each other.
    names: Vec<Log>,
    found: Vec<Detected>,
    logs: Vec<LiveLog>,
    sources: Vec<SourceFacts>,
    zone: String,
    /// What the clock showed when the run before ended, microseconds.
    clock_base: i64,
    /// The same now.
    clock: i64,
    /// Witnesses that had to go on before silent logs had their time.
    hurried: u64,
}

impl<'c> Live<'c> {
    /// Without logs.
    ///
    /// # Errors
    /// Where the threads cannot be started.
    pub fn new(grammars: &'c Grammars, catalogue: &'c Catalogue, options: &'c Options) -> Result<Self> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).thread_name(|at| format!("scan-{at}"));
        let pool =
            pool.build().map_err(|error| Defect::new("--jobs", format!("the threads cannot be started: {error}")))?;
        Ok(Self {
            grammars,
            catalogue,
            options,
            pool,
            merge: Merge::default(),
            join: Join::new(catalogue, sides_of(&[])),
            tally: Tally::new(options.limits, 0),
            names: Vec::new(),
            found: Vec::new(),
            logs: Vec::new(),
            sources: Vec::new(),
            zone: String::new(),
            clock_base: 0,
            clock: 0,
            hurried: 0,
        })
    }

    /// Takes logs in, found out from their beginnings; they are numbered in their order, behind the ones before.
    ///
    /// # Errors
    /// An unknown format id in the options.
    pub fn add(&mut self, new: Vec<NewLog>) -> Result<()> {
        for log in new {
            let candidates = candidates(Some(Path::new(&log.name)), self.grammars, self.options)?;
            let first = self.sources.len();
            let mut found = detect(log.sample(), &candidates, &self.grammars.envelopes);
            let (format, format_id) = shown(&found, !log.sample().is_empty());
            self.sources.extend(log.members.iter().map(|path| SourceFacts {
                path: path.clone(),
                format: format.clone(),
                format_id: format_id.clone(),
                fit: found.fit,
                zone: String::new(),
                defect: None,
            }));
            if self.options.input_format.is_some() && found.formats.is_empty() {
                take_as_told(&mut found, &candidates, &mut self.sources[first..]);
            }
            self.tally.add_sources(log.members.len());
            self.merge.add();
            self.names.push(Log { name: log.name.clone(), members: Vec::new() });
            self.found.push(found);
            self.logs.push(LiveLog::new(log, first as u32));
        }
        self.settle();
        Ok(())
    }

    /// How a log is to be cut into chunks.
    pub fn shape(&self, log: usize) -> Shape {
        self.logs[log].shape()
    }

    /// The logs that are to be cut otherwise than before, since it is known now what they are.
    pub fn reshaped(&mut self) -> Vec<usize> {
        let reshaped = |(at, log): (usize, &mut LiveLog)| std::mem::take(&mut log.reshaped).then_some(at);
        self.logs.iter_mut().enumerate().filter_map(reshaped).collect()
    }

    /// Whether more of the log can be taken: not too much of it waits for others.
    pub fn has_room(&self, log: usize) -> bool {
        self.merge.waiting_parts(log) < MOST_PARTS
    }

    /// Whether something waits that time alone will move on.
    pub fn waits(&self) -> bool {
        self.merge.waiting_witnesses() > 0
    }

    /// Takes chunks in, each log's in their order; `now` in microseconds of a clock that never goes back.
    pub fn take(&mut self, taken: Vec<Taken>, now: i64) {
        self.clock = self.clock_base + now;
        self.look_again(&taken);
        let (logs, catalogue) = (&self.logs, self.catalogue);
        let scanned = self.pool.install(|| {
            let scan =
                |taken: Taken| (taken.log, taken.member, scan(&logs[taken.log], taken.age, taken.chunk, catalogue));
            taken.into_par_iter().map(scan).collect::<Vec<_>>()
        });
        for (log, member, mut part) in scanned {
            part.came = self.clock;
            part.slim();
            self.logs[log].has_begun = true;
            self.merge.push(log, self.logs[log].first_source + member, part);
        }
        self.advance();
    }

    /// What stands at the end of a log and may not be whole yet: it is shown, and not kept.
    pub fn set_open_ends(&mut self, log: usize, ends: Vec<(u32, Chunk)>) {
        let scan = |(age, chunk)| scan(&self.logs[log], age, chunk, self.catalogue);
        self.logs[log].open = ends.into_iter().map(scan).collect();
    }

    /// Whether all that is there of a log for now was taken.
    pub fn set_dry(&mut self, log: usize, dry: bool) {
        self.merge.set_dry(log, dry);
    }

    /// Nothing more will come of a log.
    pub fn end(&mut self, log: usize) {
        self.merge.end(log);
    }

    /// Something is wrong with a log, or is so no longer.
    pub fn set_defect(&mut self, log: usize, defect: Option<String>) {
        let source = self.logs[log].live_source();
        self.sources[source].defect = defect;
    }

    /// The live source of a log: its place among the report's.
    pub fn source_of(&self, log: usize) -> usize {
        self.logs[log].live_source()
    }

    /// Forgets troubles that ended so long before the newest stamp (but for stamps of the future); how many.
    pub fn forget_older(&mut self, micros: i64, now: Timestamp) -> u64 {
        let newest = self.tally.sources.iter().filter_map(|source| source.span).map(|(_, last)| last).max();
        newest.map_or(0, |newest| self.tally.forget_before(newest.min(now).plus_micros(-micros)))
    }

    /// What a batch run over the same lines would have.
    pub fn outcome(&self) -> Outcome {
        let (mut merge, mut join, mut tally) = (self.merge.clone(), self.join.clone(), self.tally.clone());
        for (at, log) in self.logs.iter().enumerate() {
            for part in &log.open {
                merge.push(at, log.live_source() as u32, part.clone());
            }
            merge.end(at);
        }
        merge.advance(&mut tally, &mut join, |_, _| ());
        join.finish(&mut tally);
        tally.find_frequent();
        let mut outcome = Outcome {
            tally,
            sources: self.sources.clone(),
            defects: Vec::new(),
            notes: notes_on(&self.names, &self.found).collect(),
            zone: self.zone.clone(),
        };
        tell_undated(self.catalogue, &mut outcome);
        outcome.notes.extend(super::crowded_out(&join));
        if self.hurried > 0 {
            outcome.notes.push(format!(
                "{} lines could not wait for what other logs say about them, since so many came at once",
                self.hurried
            ));
        }
        outcome
    }

    fn advance(&mut self) {
        let (tally, join) = (&mut self.tally, &mut self.join);
        self.merge.advance_to(self.clock - PATIENCE_MICROS, tally, join, |_, _| ());
        let waiting = self.merge.waiting_witnesses();
        if waiting > MOST_WAITING {
            self.merge.advance_to(i64::MAX, tally, join, |_, _| ());
            self.hurried += (waiting - self.merge.waiting_witnesses()) as u64;
        }
    }

    /// A log that was of no known kind may have become one since.
    fn look_again(&mut self, taken: &[Taken]) {
        let mut changed = false;
        for taken in taken {
            if !self.found[taken.log].formats.is_empty() {
                continue;
            }
            let Ok(candidates) = candidates(Some(Path::new(&self.names[taken.log].name)), self.grammars, self.options)
            else {
                continue;
            };
            let sample = log::head(&taken.chunk.bytes);
            let found = detect(sample, &candidates, &self.grammars.envelopes);
            if !found.formats.is_empty() {
                self.logs[taken.log].sample = sample.to_vec();
                self.found[taken.log] = found;
                self.show(taken.log);
                changed = true;
            }
        }
        if changed {
            self.settle();
        }
    }

    /// Tells in the report what a log is.
    fn show(&mut self, log: usize) {
        let (format, format_id) = shown(&self.found[log], true);
        for source in &mut self.sources[self.logs[log].sources()] {
            (source.format, source.format_id) = (format.clone(), format_id.clone());
            source.fit = self.found[log].fit;
        }
    }

    /// What each log was found to be, with those among them that count because no other does. One that was read already
    /// goes on as it began.
    fn read_as(&mut self) -> Vec<Detected> {
        let nobody_counts = nobody_counts(&self.found);
        let mut read = self.found.clone();
        for (log, found) in self.logs.iter_mut().zip(&mut read) {
            log.counts_alone = if log.has_begun { log.counts_alone } else { nobody_counts };
            if log.counts_alone {
                count_alone(found);
            }
        }
        read
    }

    /// What the logs say about each other: whose a log is that several products write, the zone, whether there is anything
    /// to be joined.
    fn settle(&mut self) {
        for log in decide_by_companions(&self.names, &mut self.found, self.grammars) {
            self.show(log);
        }
        let read = self.read_as();
        let (zone, why) = zone_for(self.options, &read);
        self.zone.clone_from(&why);
        let sides = sides_of(&read);
        self.join.set_sides(sides);
        for (at, (log, found)) in self.logs.iter_mut().zip(&read).enumerate() {
            let answers = found.formats.first().is_some_and(|format| format.witness == Witness::Request);
            self.merge.set_answers(at, answers);
            // Stamps that were read in one zone are not read in another later.
            let zone = if log.has_begun { log.plan.zone } else { zone };
            let mut plan = plan_for(found, zone, log.written, self.options);
            plan.joins = super::joins(sides, false);
            log.take_plan(plan);
            let told = if found.names_its_zone == Some(true) { "in its stamps" } else { why.as_str() };
            for source in &mut self.sources[log.sources()] {
                told.clone_into(&mut source.zone);
            }
        }
    }
}

fn scan(log: &LiveLog, age: u32, mut chunk: Chunk, catalogue: &Catalogue) -> Part {
    let mut part = Scanner::new(&Arc::clone(&log.plan), catalogue).scan(&mut chunk, Vec::new());
    part.age = age;
    part
}
