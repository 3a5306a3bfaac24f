//! What a watch has seen of incidents, so that it tells what is new about them.
//!
//! In: the incidents as a batch run would tell them now, and the time. Out: [`Event`]s: opened, updated, resolved. An
//! incident's id moves when an earlier failure of it turns up; it stays the same incident here.

use super::{IncidentState, Standing};
use crate::notify::Moved;
use crate::report::{Gap, Incident, Report};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An incident that only grows is told again after this long, in microseconds.
const RETELL_MICROS: i64 = 60_000_000;
/// Or when it has grown by this factor.
const RETELL_FACTOR: u64 = 10;
/// Acknowledgements that are kept; beyond it the ones of incidents that are told no longer go first.
const MOST_ACKS: usize = 4096;

crate::event::closed_list! {
    /// What happened to an incident, or to a log.
    EventKind {
        /// It began.
        Opened = "opened",
        /// It grew, or matters more or less than before.
        Updated = "updated",
        /// It climbed: somebody else is told.
        Escalated = "escalated",
        /// Somebody took it.
        Acknowledged = "acknowledged",
        /// It has been quiet for as long as the gap, or turned out to be part of another one.
        Resolved = "resolved",
        /// Lines of a log may have been lost.
        Gap = "gap",
    }
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// What.
    pub event: EventKind,
    /// When it was seen.
    pub at: Timestamp,
    /// More about it, in a few words; empty where the kind says it all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The incident as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// The loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// An incident as it was told last.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Told {
    cause: String,
    service: String,
    severity: crate::event::Severity,
    failures: u64,
    at: Timestamp,
    end: Timestamp,
    open: bool,
}

/// What the watch has seen.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Books {
    told: BTreeMap<String, Told>,
    /// Who took which incident, and whether that was told.
    acks: BTreeMap<String, (String, bool)>,
    /// Losses that could not be avoided, by source.
    pub(super) gaps: Vec<(String, u64, Timestamp, String)>,
    /// Gaps of which there was no room to keep more than the number.
    pub(super) more_gaps: u64,
    /// How many of the gaps were told.
    pub(super) gaps_told: usize,
}

impl Books {
    /// The losses, for a report.
    pub(super) fn gaps(&self) -> Vec<Gap> {
        let gap = |(source, offset, at, why): &(String, u64, Timestamp, String)| Gap {
            source: source.clone(),
            offset: *offset,
            at: *at,
            why: why.clone(),
        };
        self.gaps.iter().map(gap).collect()
    }

    /// Whether an incident still goes on.
    pub(super) fn standing(&self, incident: &Incident, now: Timestamp, gap_micros: i64) -> Standing {
        let open = incident.end.plus_micros(gap_micros) > now;
        let state = if open { IncidentState::Open } else { IncidentState::Ended };
        Standing { state, acknowledged: self.acks.contains_key(&incident.id) }
    }

    /// Somebody takes an incident.
    pub(super) fn acknowledge(&mut self, id: &str, by: &str) {
        self.acks.entry(id.to_owned()).or_insert_with(|| (by.to_owned(), false));
    }

    /// The acknowledgements: id and author.
    pub(super) fn acks(&self) -> impl Iterator<Item = (&str, &str)> {
        self.acks.iter().map(|(id, (by, _))| (id.as_str(), by.as_str()))
    }

    /// What happened since the last call, and the ids that moved. What began and ended before the watch first looked is no
    /// news.
    pub(super) fn news(&mut self, report: &Report, now: Timestamp, gap_micros: i64) -> (Vec<Event>, Vec<Moved>) {
        let moved = self.moved(report);
        let mut events = Vec::new();
        for incident in &report.incidents {
            let open = self.standing(incident, now, gap_micros).state == IncidentState::Open;
            events.extend(self.look(incident, open, now));
        }
        events.extend(self.newly_acknowledged(report, now));
        events.extend(self.gone(report, now));
        (events, moved)
    }

    /// Ids of incidents that were told under another one.
    fn moved(&mut self, report: &Report) -> Vec<Moved> {
        let mut moved = Vec::new();
        for incident in &report.incidents {
            if self.told.contains_key(&incident.id) {
                continue;
            }
            let is_same = |told: &Told| {
                told.cause == incident.cause
                    && told.service == incident.service
                    && incident.start <= told.end
                    && told.end <= incident.end
            };
            let is_gone = |id: &str| report.incidents.iter().all(|other| other.id != id);
            let old = self.told.iter().find(|(id, told)| is_same(told) && is_gone(id)).map(|(id, _)| id.clone());
            let Some(old) = old else { continue };
            if let Some(told) = self.told.remove(&old) {
                self.told.insert(incident.id.clone(), told);
            }
            if let Some(ack) = self.acks.remove(&old) {
                self.acks.insert(incident.id.clone(), ack);
            }
            moved.push(Moved { old, new: incident.id.clone() });
        }
        moved
    }

    fn look(&mut self, incident: &Incident, open: bool, now: Timestamp) -> Option<Event> {
        let failures = incident.requests_failed.unwrap_or(0).max(incident.attempts_failed);
        let told = Told {
            cause: incident.cause.clone(),
            service: incident.service.clone(),
            severity: incident.severity,
            failures,
            at: now,
            end: incident.end,
            open,
        };
        let kind = match self.told.get_mut(&incident.id) {
            None if open => EventKind::Opened,
            None => {
                self.told.insert(incident.id.clone(), told);
                return None;
            }
            Some(before) if before.open && !open => EventKind::Resolved,
            Some(before) if !before.open && open => EventKind::Opened,
            Some(before) if open && is_news(before, incident, failures, now) => EventKind::Updated,
            Some(before) => {
                before.end = incident.end;
                return None;
            }
        };
        self.told.insert(incident.id.clone(), told);
        Some(event(kind, now, Some(incident.clone())))
    }

    fn newly_acknowledged(&mut self, report: &Report, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        for (id, (by, told)) in self.acks.iter_mut().filter(|(_, (_, told))| !told) {
            if let Some(incident) = report.incidents.iter().find(|incident| incident.id == *id) {
                *told = true;
                let why = if by.is_empty() { String::new() } else { format!("by {by}") };
                events.push(Event { why, ..event(EventKind::Acknowledged, now, Some(incident.clone())) });
            }
        }
        if self.acks.len() > MOST_ACKS {
            self.acks.retain(|id, _| report.incidents.iter().any(|incident| incident.id == *id));
        }
        events
    }

    /// Incidents that are told no longer: they turned out to be part of others, or ended long ago.
    fn gone(&mut self, report: &Report, now: Timestamp) -> Vec<Event> {
        let is_gone = |id: &String| report.incidents.iter().all(|incident| incident.id != *id);
        let gone: Vec<String> = self.told.keys().filter(|id| is_gone(id)).cloned().collect();
        let mut events = Vec::new();
        for id in gone {
            if let Some(told) = self.told.remove(&id).filter(|told| told.open) {
                let why = format!("{id} ({}) turned out to be part of another incident", told.cause);
                events.push(Event { why, ..event(EventKind::Resolved, now, None) });
            }
        }
        events
    }
}

/// What happened to this incident.
pub(super) fn event(kind: EventKind, at: Timestamp, incident: Option<Incident>) -> Event {
    Event { event: kind, at, why: String::new(), incident, gap: None }
}

fn is_news(before: &Told, incident: &Incident, failures: u64, now: Timestamp) -> bool {
    before.severity != incident.severity
        || failures >= before.failures.saturating_mul(RETELL_FACTOR).max(RETELL_FACTOR) && failures > before.failures
        || (failures > before.failures && before.at.plus_micros(RETELL_MICROS) <= now)
}
