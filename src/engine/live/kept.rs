//! What an engine keeps from one run to the next.
//!
//! In: a live engine. Out: bytes, and from bytes the engine again. Names of causes and rules are numbers in it: it is read
//! with the same knowledge that it was written with, which the state around it sees to.

use super::log::{LiveLog, NewLog};
use super::{Live, Options};
use crate::cause::Catalogue;
use crate::error::{Defect, Result};
use crate::grammar::Grammars;
use crate::incident::{Join, JoinState, Merge, Tally};
use crate::report::SourceFacts;
use crate::time::{Timestamp, Zone};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is kept.
#[derive(Debug, Deserialize)]
pub struct Kept {
    logs: Vec<KeptLog>,
    /// The sources, in the order of the tally's.
    pub sources: Vec<SourceFacts>,
    merge: Merge,
    join: JoinState,
    tally: Tally,
    clock: i64,
    hurried: u64,
}

/// The same, borrowed from a live engine: the fields stand in the same order.
#[derive(Serialize)]
struct Keeping<'l> {
    logs: Vec<KeptLog>,
    sources: &'l [SourceFacts],
    merge: &'l Merge,
    join: &'l Join<'l>,
    tally: &'l Tally,
    clock: i64,
    hurried: u64,
}

/// A log as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptLog {
    /// Its name.
    pub name: String,
    members: u32,
    sample: Vec<u8>,
    written: Option<Timestamp>,
    zone: Option<String>,
    counts_alone: bool,
}

impl KeptLog {
    /// How many members it has: at least one.
    pub fn members(&self) -> u32 {
        self.members.max(1)
    }
}

impl Kept {
    /// The logs, in the order of their numbers.
    pub fn logs(&self) -> &[KeptLog] {
        &self.logs
    }

    /// What was kept.
    ///
    /// # Errors
    /// Where the bytes are none that [`Live::keep`] wrote.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        postcard::from_bytes(bytes).map_err(|error| Defect::new("state", format!("it cannot be read: {error}")))
    }
}

impl<'c> Live<'c> {
    /// What a later run goes on from.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub fn keep(&self) -> Result<Vec<u8>> {
        let keeping = Keeping {
            logs: self.names.iter().zip(&self.logs).map(|(name, log)| kept_log(&name.name, log)).collect(),
            sources: &self.sources,
            merge: &self.merge,
            join: &self.join,
            tally: &self.tally,
            clock: self.clock,
            hurried: self.hurried,
        };
        postcard::to_stdvec(&keeping)
            .map_err(|error| Defect::new("state", format!("what was counted cannot be kept: {error}")))
    }

    /// The engine as it was kept.
    ///
    /// # Errors
    /// As [`Live::new`] and [`Live::add`].
    pub fn restored(
        kept: Kept,
        grammars: &'c Grammars,
        catalogue: &'c Catalogue,
        options: &'c Options,
    ) -> Result<Self> {
        let mut live = Self::new(grammars, catalogue, options)?;
        let mut first = 0;
        let mut new = Vec::new();
        for log in &kept.logs {
            let members = &kept.sources[first..(first + log.members as usize).min(kept.sources.len())];
            first += members.len();
            new.push(NewLog {
                name: log.name.clone(),
                members: members.iter().map(|source| source.path.clone()).collect(),
                beginning: log.sample.clone(),
                written: log.written,
            });
        }
        live.add(new)?;
        for (log, was) in live.logs.iter_mut().zip(&kept.logs) {
            let Some(zone) = was.zone.as_deref() else { continue };
            let plan = crate::incident::Plan { zone: Zone::named(zone)?, ..(*log.plan).clone() };
            log.plan = Arc::new(plan);
            (log.has_begun, log.counts_alone) = (true, was.counts_alone);
        }
        live.join = Join::restored(catalogue, kept.join);
        (live.merge, live.tally, live.sources) = (kept.merge, kept.tally, kept.sources);
        (live.clock_base, live.clock, live.hurried) = (kept.clock, kept.clock, kept.hurried);
        live.settle();
        Ok(live)
    }
}

fn kept_log(name: &str, log: &LiveLog) -> KeptLog {
    let zone = match log.plan.zone {
        Zone::Machine => "local".to_owned(),
        zone => zone.to_string(),
    };
    KeptLog {
        name: name.to_owned(),
        members: log.sources().len() as u32,
        sample: log.sample.clone(),
        written: log.written,
        zone: log.has_begun.then_some(zone),
        counts_alone: log.counts_alone,
    }
}
