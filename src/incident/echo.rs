//! Several lines about one failure, brought together.
//!
//! In: diagnoses in order of time. Out: the same, each failure once. Some servers say a failure in several lines, written
//! one after the other by the same worker: what happened, without the request (`attempt to connect to ... failed`), and
//! then which request it hit, without the reason (`failed to make connection to backend`). A rule marks the latter as an
//! `echo`. The line that says most decides, and takes from the others what it does not say itself. Bounded in time and
//! number.

use super::join::Placed;
use super::names::NONE;
use super::part::WitnessKind;
use super::waiting::Held;
use crate::time::Timestamp;
use ahash::AHashMap;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Lines about one failure are written within this time: nothing is waited for between them.
const TOGETHER_MICROS: i64 = 1_000_000;
/// Failures that wait for their echoes at the same time; beyond it the oldest waits no longer.
const MOST_WAITING: usize = 65_536;

/// Stands for the workers of logs that name neither process nor thread.
pub(super) const WORKER_UNKNOWN: u64 = 1;

/// Failures that wait for what their worker says next.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Echoes {
    by_worker: AHashMap<u64, Told>,
    /// Worker and number, in order of arrival.
    queue: VecDeque<(u64, u64)>,
    numbers: u64,
}

/// What a worker said last.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Told {
    number: u64,
    held: Held,
    /// Nothing but echoes so far.
    only_echoes: bool,
}

impl Echoes {
    /// Takes a diagnosis of a worker; gives back the worker's failure before, where this one is another. `outranks`: of two
    /// the first says more.
    pub(super) fn take(
        &mut self,
        placed: &Placed<'_>,
        outranks: impl Fn(&Placed<'_>, &Placed<'_>) -> bool,
    ) -> Option<Held> {
        let is_echo = placed.witness.kind == WitnessKind::Echo;
        let worker = self.worker_before(placed, is_echo);
        if let Some(told) = self.by_worker.get_mut(&worker)
            && (is_echo || told.only_echoes)
            && told.is_about(placed)
        {
            told.only_echoes &= is_echo;
            if outranks(placed, &told.held.placed) {
                let before = std::mem::replace(&mut told.held, Held::of(placed));
                told.held.complete(&before.placed);
            } else {
                told.held.complete(placed);
            }
            return None;
        }
        self.numbers += 1;
        self.queue.push_back((placed.witness.worker, self.numbers));
        let told = Told { number: self.numbers, held: Held::of(placed), only_echoes: is_echo };
        self.by_worker.insert(placed.witness.worker, told).map(|before| before.held)
    }

    /// Whose words the line takes up: its worker's; those of the line that named nobody, where its worker has said nothing.
    fn worker_before(&self, placed: &Placed<'_>, is_echo: bool) -> u64 {
        let own = placed.witness.worker;
        let said_nothing = || self.by_worker.get(&own).is_none_or(|told| !told.is_about(placed));
        if is_echo && said_nothing() { WORKER_UNKNOWN } else { own }
    }

    /// The failure of which nothing more can come by `now`; call it until there is none.
    pub(super) fn pop_settled(&mut self, now: Timestamp) -> Option<Held> {
        loop {
            let (worker, number) = *self.queue.front()?;
            let current = self.by_worker.get(&worker).filter(|told| told.number == number);
            let Some(told) = current else {
                self.queue.pop_front();
                continue;
            };
            let over = told.held.placed.time < now.plus_micros(-TOGETHER_MICROS);
            if !over && self.queue.len() <= MOST_WAITING {
                return None;
            }
            self.queue.pop_front();
            return self.by_worker.remove(&worker).map(|told| told.held);
        }
    }
}

impl Told {
    /// Whether the line can be about the same failure.
    fn is_about(&self, placed: &Placed<'_>) -> bool {
        let (before, after) = (&self.held.placed, placed);
        let differ = |a: u64, b: u64| a != 0 && b != 0 && a != b;
        !differ(before.witness.client, after.witness.client)
            && before.member == after.member
            && after.time.micros().abs_diff(before.time.micros()) <= TOGETHER_MICROS as u64
    }
}

impl Held {
    /// Takes from another line about the same failure what this one does not say.
    fn complete(&mut self, other: &Placed<'_>) {
        let (own, other) = (&mut self.placed.witness, &other.witness);
        let number = |own: &mut u64, other: u64| *own = if *own == 0 { other } else { *own };
        number(&mut own.client, other.client);
        number(&mut own.request, other.request);
        number(&mut own.request_id, other.request_id);
        for (own, other) in
            [(&mut own.service, other.service), (&mut own.upstream, other.upstream), (&mut own.path, other.path)]
        {
            *own = if *own == NONE { other } else { *own };
        }
        own.status = if own.status == 0 { other.status } else { own.status };
    }
}
