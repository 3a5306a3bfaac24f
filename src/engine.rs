//! Puts the stages together, with the threads that read and scan.
//!
//! In: logs, knowledge, options. Out: an [`Outcome`] (the tally with its books), and from it a [`Report`].
//!
//! ```text
//! workers: read a chunk, scan it --parts--> this thread: merge in order of time, join, tally
//!    ^--------------------- demand, spent buffers ---------------------|
//! ```
//! The consumer asks for each log's chunks, a few ahead, so what is in memory is bounded whatever the logs are.

mod live;
mod look;
mod work;

use crate::cause::Catalogue;
use crate::error::{Defect, Result};
use crate::grammar::server_conf::ServerConf;
use crate::grammar::{Format, Grammars, Witness};
use crate::incident::{Join, Joins, Limits, Merge, Part, Scanner, Sides, Tally, WitnessRecord, finish};
use crate::playbook::Playbook;
use crate::report::numbers::count;
use crate::report::{Facts, Report, SourceFacts, assemble};
use crate::source::{Log, Progress};
use crate::text::harmless;
use crate::time::{Timestamp, Zone};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

pub use live::{Kept, Live, NewLog, Shape, Taken};
pub(crate) use look::candidates;
use look::{Stream, look_at, sides_of};
use work::{Answer, Scanned, Work};

/// Chunks of one log that are under way at the same time.
const CHUNKS_AHEAD: usize = 4;
/// All chunks under way take about this much.
const IN_FLIGHT_BYTES: usize = 12 << 20;
/// Chunks are no larger: they should stay in a core's cache.
const MOST_CHUNK_BYTES: usize = 2 << 20;
/// Nor smaller, however many logs are read at once.
const LEAST_CHUNK_BYTES: usize = 32 << 10;

/// How the work is to be done.
#[derive(Debug, Default)]
pub struct Options {
    /// Worker threads; 0 is one a core.
    pub jobs: usize,
    /// Size of a chunk in bytes; 0 is chosen by the number of logs.
    pub chunk_bytes: usize,
    /// Bounds of the tally.
    pub limits: Limits,
    /// The zone for stamps that name none; `None` is found from the other logs, else the machine's.
    pub zone: Option<Zone>,
    /// Formats to use instead of finding them, by id.
    pub input_format: Option<String>,
    /// The user's own formats.
    pub told: Vec<Arc<Format>>,
    /// The time of the run, for stamps without a year in a log that was written at no known time.
    pub now: Option<Timestamp>,
    /// The servers' configurations, which name formats by log path.
    pub conf: ServerConf,
}

/// What a run found, before it is grouped and routed.
#[derive(Debug)]
pub struct Outcome {
    /// The counts.
    pub tally: Tally,
    /// The sources, in the order of the tally's.
    pub sources: Vec<SourceFacts>,
    /// What was wrong with the input.
    pub defects: Vec<Defect>,
    /// What the reader of the report should know.
    pub notes: Vec<String>,
    /// How zone-less stamps were read.
    pub zone: String,
}

impl Outcome {
    /// Groups, chains and routes what was counted.
    pub fn into_report(self, catalogue: &Catalogue, playbook: &Playbook) -> Report {
        let troubles = finish(&self.tally, catalogue);
        assemble(Facts {
            tally: &self.tally,
            troubles: &troubles,
            sources: &self.sources,
            catalogue,
            playbook,
            zone: self.zone,
            defects: self.defects,
            notes: self.notes,
        })
    }
}

/// Reads, judges, joins and counts.
///
/// # Errors
/// Only where nothing can be done at all (an unknown format id). What is wrong with a log is among the outcome's defects.
pub fn run(
    logs: &[Log],
    grammars: &Grammars,
    catalogue: &Catalogue,
    options: &Options,
    progress: &Progress,
) -> Result<Outcome> {
    let mut outcome = Outcome {
        tally: Tally::new(options.limits, logs.iter().map(|log| log.members.len()).sum()),
        sources: Vec::new(),
        defects: Vec::new(),
        notes: Vec::new(),
        zone: String::new(),
    };
    let chunk_bytes = chunk_bytes(options, logs.len());
    let (mut streams, found) = look_at(logs, grammars, options, chunk_bytes, &mut outcome)?;
    let sides = sides_of(&found);
    let is_alone = logs.len() == 1;
    streams.iter_mut().for_each(|stream| stream.plan.joins = joins(sides, is_alone && stream.plan.lanes.is_none()));
    let mut join = Join::new(catalogue, sides);
    read_all(streams, catalogue, options, chunk_bytes, progress, &mut outcome, &mut join);
    join.finish(&mut outcome.tally);
    outcome.tally.find_frequent();
    tell_undated(catalogue, &mut outcome);
    outcome.notes.extend(crowded_out(&join));
    Ok(outcome)
}

/// Whether requests are joined with diagnoses; `can_wait`: the log's chunks can be scanned once more.
fn joins(sides: Sides, can_wait: bool) -> Joins {
    match sides {
        Sides { requests: true, diagnoses: true, .. } => Joins::Always,
        Sides { requests: true, may_explain: true, .. } if can_wait => Joins::OnceExplained,
        Sides { requests: true, may_explain: true, .. } => Joins::Always,
        _ => Joins::Never,
    }
}

/// What had to be judged for want of room is told.
fn crowded_out(join: &Join<'_>) -> Option<String> {
    (join.crowded_out > 0).then(|| {
        format!(
            "{} requests and error lines waited for each other until there was no more room, and were judged alone",
            join.crowded_out
        )
    })
}

/// What could be placed in no time is told all the same.
fn tell_undated(catalogue: &Catalogue, outcome: &mut Outcome) {
    for ((member, cause), undated) in &outcome.tally.undated {
        let source = outcome.sources.get(*member as usize).map_or("", |source| source.path.as_str());
        let first = undated.text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        outcome.notes.push(format!(
            "{source}: {} without a stamp, so nobody can say when: {}; the first stands in line {}: {}",
            count(undated.records, "record"),
            catalogue.cause(*cause).id,
            undated.line,
            harmless(first),
        ));
    }
}

fn chunk_bytes(options: &Options, logs: usize) -> usize {
    match options.chunk_bytes {
        0 => (IN_FLIGHT_BYTES / (logs.max(1) * (CHUNKS_AHEAD + 2))).clamp(LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES),
        bytes => bytes,
    }
}

/// The part of a log that explains requests, or did so before: `has_explained`. Then it lists its witnesses.
fn part_of(scanned: Scanned, has_explained: &mut bool, catalogue: &Catalogue) -> Part {
    let Scanned { part, mut rest, plan } = scanned;
    if *has_explained && plan.joins == Joins::OnceExplained && part.alone.is_some() {
        rest.bytes = part.bytes;
        return Scanner::new(&plan, catalogue).listing().scan(&mut rest, part.witnesses);
    }
    *has_explained |= part.witnesses.iter().any(WitnessRecord::explains);
    part
}

fn read_all(
    streams: Vec<Stream<'_>>,
    catalogue: &Catalogue,
    options: &Options,
    chunk_bytes: usize,
    progress: &Progress,
    outcome: &mut Outcome,
    join: &mut Join<'_>,
) {
    let order = diagnoses_first(&streams);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).thread_name(|at| format!("scan-{at}")).build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => {
            outcome.defects.push(Defect::new("--jobs", format!("the threads cannot be started: {error}")));
            return;
        }
    };
    let workers = pool.current_num_threads();
    let work = Work::new(streams, catalogue, chunk_bytes, progress);
    pool.in_place_scope(|tasks| {
        let (answer, answers) = channel::<Answer>();
        for _ in 0..workers {
            let (work, answer) = (&work, answer.clone());
            tasks.spawn(move |_| work.serve(&answer));
        }
        drop(answer);
        consume(&order, catalogue, &work, &answers, outcome, join);
        work.close();
    });
}

/// The place of each log in the merge: logs of diagnoses first, so that at the same stamp the reason comes first.
fn diagnoses_first(streams: &[Stream<'_>]) -> Vec<usize> {
    let is_request =
        |at: &usize| streams[*at].plan.formats.first().is_some_and(|format| format.witness == Witness::Request);
    let mut order: Vec<usize> = (0..streams.len()).collect();
    order.sort_by_key(is_request);
    let mut place = vec![0; streams.len()];
    order.iter().enumerate().for_each(|(at, log)| place[*log] = at);
    place
}

/// Takes the parts in order and asks for more.
fn consume(
    place: &[usize],
    catalogue: &Catalogue,
    work: &Work<'_, '_>,
    answers: &Receiver<Answer>,
    outcome: &mut Outcome,
    join: &mut Join<'_>,
) {
    let count = place.len();
    let mut merge = Merge::new(count);
    let mut early: Vec<BTreeMap<u64, (u32, Scanned)>> = (0..count).map(|_| BTreeMap::new()).collect();
    let mut next = vec![0_u64; count];
    let mut ends: Vec<Option<u64>> = vec![None; count];
    let mut has_explained = vec![false; count];
    let log_at = inverse(place);
    for log in 0..count {
        (0..CHUNKS_AHEAD).for_each(|_| work.ask(log, None));
    }
    while !merge.is_done() {
        let Ok(answer) = answers.recv() else { return };
        let log = match answer {
            Answer::Defect { source, defect } => {
                outcome.sources[source].defect = Some(defect.what.clone());
                outcome.defects.push(defect);
                continue;
            }
            Answer::Part { log, number, source, scanned } => {
                early[log].insert(number, (source, *scanned));
                log
            }
            Answer::End { log, parts } => {
                ends[log] = Some(parts);
                log
            }
        };
        while let Some((source, scanned)) = early[log].remove(&next[log]) {
            next[log] += 1;
            let part = part_of(scanned, &mut has_explained[log], catalogue);
            merge.push(place[log], source, part);
        }
        if ends[log] == Some(next[log]) {
            merge.end(place[log]);
        }
        merge.advance(&mut outcome.tally, join, |at, part| work.ask(log_at[at], Some(part)));
    }
}

fn inverse(place: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; place.len()];
    place.iter().enumerate().for_each(|(log, at)| inverse[*at] = log);
    inverse
}
