//! What is due: which trouble is told to whom, when, and what was told already.
//!
//! In: a [`Look`] at the incidents as they stand, the playbook. Out: [`Notice`]s, each once. Pure: no clock, no I/O. The
//! whole state serialises; a restart goes on from what was committed, and only what no endpoint has confirmed is sent again.
//!
//! - One notice a trouble: incidents with the same values of `group_by` are one as long as any of them is open, and what
//!   another incident explains is not told by itself.
//! - `group_wait` before the first notice (after a start: before any), `group_interval` between updates, `repeat_interval`
//!   while it lasts, steps of the escalation counted from the first notice until somebody takes it or it is over.
//! - Silences and inhibitions keep everything back but the news that it is over, which goes to those who heard of it.
//! - More notices than `max_notices` become one digest a channel.

mod budget;
mod digest;
mod scene;
mod settle;
#[cfg(test)]
mod stage_tests;
#[cfg(test)]
mod state_tests;
#[cfg(test)]
mod tests;
mod trouble;
mod visit;

use super::{Body, Notice};
use crate::playbook::Playbook;
use crate::report::Incident;
use crate::time::Timestamp;
use budget::Budget;
use digest::Pending;
use scene::{Scene, Stand};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use trouble::{Taken, Trouble};

/// Troubles that are remembered at a time; what has no room is counted and told of by no notice.
const MOST_TROUBLES: usize = 2_000;
/// Incidents of one trouble.
const MOST_MEMBERS: usize = 200;

/// Somebody took an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// The id, as on the screen or in a notice.
    pub id: String,
    /// Who, where known.
    pub by: Option<String>,
}

/// An incident whose id changed, because an earlier failure of it turned up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The id until now.
    pub old: String,
    /// The id from now on.
    pub new: String,
}

/// What the desk looks at.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The incidents as they stand now, routed by the playbook.
    pub incidents: &'a [Incident],
    /// The time it is.
    pub now: Timestamp,
    /// Every acknowledgement so far, or those that are new: each counts once.
    pub acks: &'a [Ack],
    /// The ids that changed since the last look, in the order in which they changed.
    pub moved: &'a [Moved],
}

/// What was told, and what is still to be told. Its serialised form is what a restart goes on from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Desk {
    troubles: Vec<Trouble>,
    /// Issued, and not confirmed yet.
    outstanding: Vec<Outstanding>,
    /// What waits for a digest, by channel.
    pending: BTreeMap<String, Pending>,
    budget: Budget,
    /// Counts up over all troubles, so that a key never comes twice.
    revision: u64,
    tallies: BTreeMap<String, Tally>,
    /// Incidents that found no room at the last look.
    crowded_out: u64,
    /// When it looked last, in microseconds.
    looked: i64,
    /// After how long a notice that did not arrive is tried again, in microseconds.
    again_after: i64,
    /// When this process looked first.
    #[serde(skip)]
    started: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Outstanding {
    notice: Notice,
    /// Whether this process has handed it out.
    #[serde(skip)]
    is_out: bool,
}

/// What came of the notices to a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Taken by the endpoint.
    pub sent: u64,
    /// Not taken; each try that was given up counts.
    pub failed: u64,
    /// Told in a digest in place of a notice.
    pub in_digest: u64,
    /// Given up for good: nobody there heard that a trouble is over.
    pub lost: u64,
}

/// How far an incident was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What receivers know it by.
    pub trouble: String,
    /// When it was told first.
    pub since: Option<Timestamp>,
    /// Whether somebody took it.
    pub is_taken: bool,
    /// Who did, where known.
    pub taken_by: Option<String>,
    /// What keeps its notices back now.
    pub muted_by: Option<String>,
    /// The channels, each with how far it has heard, in words.
    pub channels: Vec<(String, String)>,
}

impl Desk {
    /// What is due now. Each notice stays in the desk until [`Desk::settle`] hears what came of it.
    pub fn due(&mut self, playbook: &Playbook, look: &Look<'_>) -> Vec<Notice> {
        // A clock that was put back must not keep everything waiting.
        let started = self.started.filter(|started| *started <= look.now).unwrap_or(look.now);
        self.started = Some(started);
        self.looked = look.now.micros();
        self.again_after = micros(playbook.defaults.group_interval);
        let scene = Scene::new(playbook, look);
        self.rename(look);
        self.admit(&scene);
        self.take(look);
        if look.now < started.plus_micros(micros(playbook.defaults.group_wait)) {
            return Vec::new();
        }
        self.visit_all(&scene);
        self.write_digests(playbook);
        self.hand_out()
    }

    fn rename(&mut self, look: &Look<'_>) {
        for moved in look.moved {
            let is_known = self.troubles.iter().any(|trouble| trouble.members.contains(&moved.new));
            let Some(holder) = self.troubles.iter_mut().find(|trouble| trouble.members.contains(&moved.old)) else {
                continue;
            };
            holder.members.remove(&moved.old);
            if !is_known {
                holder.members.insert(moved.new.clone());
            }
        }
    }

    /// Takes in what is open, speaks for itself and is not known yet.
    fn admit(&mut self, scene: &Scene<'_>) {
        let known: BTreeSet<String> =
            self.open_troubles().flat_map(|trouble| trouble.members.iter().cloned()).collect();
        self.crowded_out = 0;
        for stand in scene.stands.iter().filter(|stand| stand.speaks && !known.contains(&stand.incident.id)) {
            let group = stand.lists.standing().group(scene.playbook);
            let is_same = |trouble: &Trouble| !trouble.is_over && !trouble.is_digest && trouble.group == group;
            match self.troubles.iter().position(is_same) {
                Some(at) if self.troubles[at].members.len() < MOST_MEMBERS => {
                    self.troubles[at].members.insert(stand.incident.id.clone());
                }
                None if self.troubles.len() < MOST_TROUBLES => self.open(stand, group),
                _ => self.crowded_out += 1,
            }
        }
    }

    fn open_troubles(&self) -> impl Iterator<Item = &Trouble> {
        self.troubles.iter().filter(|trouble| !trouble.is_over && !trouble.is_digest)
    }

    fn open(&mut self, stand: &Stand<'_>, group: Vec<String>) {
        let incident = stand.incident;
        // An id whose end is still being told belongs to that trouble.
        let is_taken = self.troubles.iter().any(|trouble| trouble.id == incident.id);
        let id = if is_taken { format!("{}.{}", incident.id, self.revision) } else { incident.id.clone() };
        let body = Body::of(incident);
        let mut trouble = Trouble::new(id, self.looked, incident.severity, body);
        trouble.group = group;
        trouble.members.insert(incident.id.clone());
        self.troubles.push(trouble);
    }

    fn take(&mut self, look: &Look<'_>) {
        for ack in look.acks {
            let is_meant = |trouble: &&mut Trouble| {
                !trouble.is_over && (trouble.id == ack.id || (!trouble.is_digest && trouble.members.contains(&ack.id)))
            };
            for trouble in self.troubles.iter_mut().filter(is_meant) {
                trouble.taken.get_or_insert_with(|| Taken { by: ack.by.clone(), is_told: false });
            }
        }
    }

    /// The worst first: where notices run out, they are the ones that are told.
    fn visit_all(&mut self, scene: &Scene<'_>) {
        let mut troubles = std::mem::take(&mut self.troubles);
        let severity = |trouble: &Trouble| {
            trouble.members.iter().filter_map(|id| scene.get(id)).map(|stand| stand.incident.severity).max()
        };
        troubles.sort_by_cached_key(|trouble| (Reverse(severity(trouble)), trouble.seen, trouble.id.clone()));
        let mut alive: BTreeSet<String> = troubles.iter().map(|trouble| trouble.id.clone()).collect();
        // Digests last: what they tell of may end in this round.
        for is_digest in [false, true] {
            for trouble in troubles.iter_mut().filter(|trouble| trouble.is_digest == is_digest) {
                self.visit(scene, &alive, trouble);
                if trouble.is_over {
                    alive.remove(&trouble.id);
                }
            }
        }
        troubles.retain(|trouble| !(trouble.is_over && trouble.ears.is_empty()));
        self.troubles = troubles;
    }

    fn hand_out(&mut self) -> Vec<Notice> {
        let fresh = self.outstanding.iter_mut().filter(|outstanding| !outstanding.is_out);
        fresh
            .map(|outstanding| {
                outstanding.is_out = true;
                outstanding.notice.clone()
            })
            .collect()
    }

    /// How far an incident was told; `None` where it is over, explained by another or not seen yet. `id` is the incident's own
    /// or the one that receivers know it by.
    pub fn told(&self, id: &str) -> Option<Told> {
        let trouble = self.open_troubles().find(|trouble| trouble.id == id || trouble.members.contains(id))?;
        Some(Told {
            trouble: trouble.id.clone(),
            since: trouble.told.map(Timestamp::from_micros),
            is_taken: trouble.taken.is_some(),
            taken_by: trouble.taken.as_ref().and_then(|taken| taken.by.clone()),
            muted_by: trouble.muted_by.clone(),
            channels: trouble.ears.iter().map(|(channel, ear)| (channel.clone(), ear.hearing.in_words())).collect(),
        })
    }

    /// What came of the notices, by channel.
    pub fn tallies(&self) -> &BTreeMap<String, Tally> {
        &self.tallies
    }

    /// Incidents of which nobody is told for want of room.
    pub fn crowded_out(&self) -> u64 {
        self.crowded_out
    }
}

/// A duration in whole microseconds.
fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
