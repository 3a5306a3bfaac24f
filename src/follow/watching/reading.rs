//! Looking at the paths, and reading what is new.
//!
//! In: looks at what is watched. Out: chunks in the engine, what was lost, what is wrong.

use super::{MOST_GAPS, Watching};
use crate::error::{Defect, Result};
use crate::follow::clock::Clock;
use crate::follow::logs::{Watched, begin, taken};
use crate::source::follow::{Followed, Live as Grows};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Reading goes on for so long before the rest has its turn.
const READ_FOR: Duration = Duration::from_millis(200);

impl Watching<'_> {
    /// Looks for new logs, and at those that may have grown.
    pub(super) fn look(&mut self) -> Result<()> {
        let now = Clock::now();
        let due = self.watch.due(now);
        self.notes.extend(due.notes);
        due.defects.into_iter().for_each(|defect| self.complain(defect));
        for followed in due.new {
            let id = followed.id;
            let left = self.left.remove(&key_of(&followed));
            let log = Watched::new(followed, self.job.start, left)?;
            if let Some(number) = log.number {
                self.live.set_dry(number, false);
            }
            debug_assert_eq!(id, self.logs.len(), "logs are numbered in their order");
            self.logs.push(log);
            self.busy.insert(id);
        }
        for id in due.look {
            self.look_at(id, now);
        }
        Ok(())
    }

    pub(super) fn look_at(&mut self, id: usize, now: Timestamp) {
        let Some(log) = self.logs.get_mut(id) else { return };
        let mut gaps = Vec::new();
        if log.look(now, &mut gaps) {
            self.busy.insert(id);
        }
        let path = || log.path().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        for gap in gaps {
            self.is_untold = true;
            self.is_uncommitted = true;
            if self.books.gaps.len() < MOST_GAPS {
                self.books.gaps.push((path(), gap.offset, gap.at, gap.why.words().to_owned()));
            } else {
                self.books.more_gaps += 1;
            }
        }
        self.hear(id);
    }

    /// Takes down what is wrong with a log.
    pub(super) fn hear(&mut self, id: usize) {
        let Some(log) = self.logs.get_mut(id) else { return };
        for defect in std::mem::take(&mut log.defects) {
            if let Some(number) = log.number {
                self.live.set_defect(number, Some(defect.what.clone()));
            }
            self.wrong.note(defect.to_string());
            self.defects.push(defect);
        }
    }

    pub(super) fn complain(&mut self, defect: Defect) {
        self.wrong.note(defect.to_string());
        self.defects.push(defect);
    }

    /// Reads what is there, a part of each log in turn, for a bounded time.
    pub(super) fn read(&mut self) -> Result<()> {
        let began = Instant::now();
        let mut changed = BTreeSet::new();
        while !self.busy.is_empty() && began.elapsed() < READ_FOR {
            begin(&mut self.logs, &self.busy, &mut self.live, &mut self.begun)?;
            let mut chunks = Vec::new();
            for id in std::mem::take(&mut self.busy) {
                let Some(log) = self.logs.get_mut(id) else { continue };
                let Some(number) = log.number else { continue };
                if !self.live.has_room(number) {
                    self.busy.insert(id);
                    continue;
                }
                let turn = log.turn(&self.live.shape(number));
                if !turn.dry {
                    self.busy.insert(id);
                }
                self.live.set_dry(number, turn.dry);
                if !turn.chunks.is_empty() {
                    log.read_last = Some(Clock::now());
                }
                changed.insert(id);
                if log.ended {
                    self.live.end(number);
                }
                chunks.extend(taken(number, turn));
            }
            let waited = chunks.is_empty();
            (self.is_untold, self.is_uncommitted) = (self.is_untold || !waited, self.is_uncommitted || !waited);
            self.lines +=
                chunks.iter().map(|chunk| memchr::memchr_iter(b'\n', &chunk.chunk.bytes).count() as u64).sum::<u64>();
            self.live.take(chunks, self.clock.elapsed());
            for number in self.live.reshaped() {
                let shape = self.live.shape(number);
                self.logs.iter_mut().filter(|log| log.number == Some(number)).for_each(|log| log.set_shape(&shape));
            }
            if waited {
                break;
            }
        }
        for id in changed {
            let Some(number) = self.logs[id].number else { continue };
            let ends = self.logs[id].open_ends();
            self.is_untold |= !ends.is_empty();
            self.live.set_open_ends(number, ends);
            self.hear(id);
        }
        Ok(())
    }
}

/// By what an earlier run's log is found again.
fn key_of(followed: &Followed) -> String {
    match &followed.live {
        Some(Grows::File { path, .. }) => path.to_string_lossy().into_owned(),
        _ => followed.log.name.clone(),
    }
}
