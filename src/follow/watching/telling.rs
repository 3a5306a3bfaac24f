//! Telling what happened: to the person who watches, and to those whom the playbook names.
//!
//! In: what the engine has counted. Out: events, views, notices.

use super::{Pace, TELL_EVERY, Watching, note};
use crate::error::Defect;
use crate::follow::books::{Event, event};
use crate::follow::clock::Clock;
use crate::follow::logs::Watched;
use crate::follow::state::StateDir;
use crate::follow::tell::Tell;
use crate::follow::{EventKind, IncidentState, Reading, SourceState, View};
use crate::notify::{Ack, Look, Moved, NoticeKind, Outcome, Tally};
use crate::report::{Incident, Report, metrics};
use crate::source::follow::Sight;
use crate::time::Timestamp;
use std::sync::PoisonError;

impl Watching<'_> {
    pub(super) fn tell_news(&mut self, tell: &mut Tell) -> std::result::Result<(), Vec<Defect>> {
        let now = Clock::now();
        for (id, by) in self.state.as_ref().map(StateDir::acks).unwrap_or_default() {
            self.books.acknowledge(&id, &by);
            self.acks.push(id);
            (self.is_untold, self.is_uncommitted) = (true, true);
        }
        let mut pace = std::mem::replace(&mut self.tells, Pace::every(TELL_EVERY));
        let told = pace.run(|| self.tell_now(tell, now));
        self.tells = pace;
        told
    }

    pub(super) fn tell_now(&mut self, tell: &mut Tell, now: Timestamp) -> std::result::Result<(), Vec<Defect>> {
        let report = match self.report.take().filter(|_| !self.is_untold) {
            Some(report) => report,
            None => self.report_now(),
        };
        self.is_untold = false;
        // Until what stood there before is read, nothing is news.
        if !self.logs.iter().any(Watched::is_catching_up) {
            let (mut events, moved) = self.books.news(&report, now, self.gap_micros());
            events.extend(self.new_gaps(&report, now));
            events.extend(self.notices(&report, now, &moved));
            tell.events(&events).map_err(super::one)?;
        }
        tell.wrong(&std::mem::take(&mut self.wrong.new));
        self.show_metrics(&report, now);
        tell.view(|lines_per_second| self.view(&report, now, lines_per_second), self.lines);
        self.report = Some(report);
        Ok(())
    }

    /// Writes the page for Prometheus anew.
    fn show_metrics(&self, report: &Report, now: Timestamp) {
        let Some((shown, _)) = &self.metrics else { return };
        let is_open =
            |incident: &&Incident| self.books.standing(incident, now, self.gap_micros()).state == IncidentState::Open;
        let names = |log: &Watched| Some(report.sources.get(self.live.source_of(log.number?))?.path.clone());
        let counted = |(channel, tally): (&String, &Tally)| {
            [("sent", tally.sent), ("failed", tally.failed), ("in_digest", tally.in_digest), ("lost", tally.lost)]
                .map(|(what, count)| (channel.clone(), what, count))
        };
        let watch = metrics::Watch {
            open: report.incidents.iter().filter(is_open).map(|incident| incident.id.clone()).collect(),
            lag_bytes: self.logs.iter().filter_map(|log| Some((names(log)?, log.lag_bytes()))).collect(),
            read_last: self.logs.iter().filter_map(|log| Some((names(log)?, log.read_last?))).collect(),
            notices: self.desk.tallies().iter().flat_map(counted).collect(),
            crowded_out: self.desk.crowded_out(),
        };
        *shown.lock().unwrap_or_else(PoisonError::into_inner) = metrics::render(report, &watch);
    }

    /// Losses that were not told yet.
    pub(super) fn new_gaps(&mut self, report: &Report, now: Timestamp) -> Vec<Event> {
        let new = report.gaps.get(self.books.gaps_told..).unwrap_or_default();
        self.books.gaps_told = report.gaps.len();
        new.iter().map(|gap| Event { gap: Some(gap.clone()), ..event(EventKind::Gap, now, None) }).collect()
    }

    /// Holds what is due until it is committed, and hears what came of what was sent.
    pub(super) fn notices(&mut self, report: &Report, now: Timestamp, moved: &[Moved]) -> Vec<Event> {
        let results = self.outbox.results();
        self.is_uncommitted |= !results.is_empty();
        for (key, outcome) in &results {
            match outcome {
                Outcome::Sent => note(&mut self.told, format!("{} told: {key}", now)),
                Outcome::Failed(why) => self.wrong.note(format!("a notice was not taken: {why}")),
                Outcome::Crowded => self.wrong.note("too many notices wait: one was put off".to_owned()),
            }
        }
        self.desk.settle(&results);
        let acks: Vec<Ack> = self
            .books
            .acks()
            .map(|(id, by)| Ack { id: id.to_owned(), by: (!by.is_empty()).then(|| by.to_owned()) })
            .collect();
        let due = self.desk.due(&self.playbook, &Look { incidents: &report.incidents, now, acks: &acks, moved });
        let mut events = Vec::new();
        self.is_uncommitted |= !due.is_empty();
        for notice in due {
            if notice.kind == NoticeKind::Escalate {
                let incident = report.incidents.iter().find(|incident| incident.id == notice.body.incident).cloned();
                let why = format!("{} is told", notice.channel);
                events.push(Event { why, ..event(EventKind::Escalated, now, incident) });
            }
            self.held.push(notice);
        }
        events
    }

    pub(super) fn gap_micros(&self) -> i64 {
        self.job.options.limits.gap_seconds.saturating_mul(1_000_000)
    }

    /// What a batch run over the lines so far would tell, with what was lost.
    pub(super) fn report_now(&self) -> Report {
        let mut report = self.live.outcome().into_report(self.job.catalogue, &self.playbook);
        report.notes.splice(0..0, self.notes.iter().cloned());
        report.gaps = self.books.gaps();
        if self.books.more_gaps > 0 {
            report.notes.push(format!("{} gaps more are not listed", self.books.more_gaps));
        }
        report
    }

    pub(super) fn view(&self, report: &Report, now: Timestamp, lines_per_second: u64) -> View {
        let standing = |incident| self.books.standing(incident, now, self.gap_micros());
        let mut sources: Vec<SourceState> =
            report.sources.iter().map(|_| SourceState { reading: Reading::Done, lag_bytes: 0, gaps: 0 }).collect();
        for log in &self.logs {
            let Some(source) = log.number.and_then(|number| sources.get_mut(self.live.source_of(number))) else {
                continue;
            };
            source.reading = match log.sight {
                _ if log.ended => Reading::Done,
                Sight::Missing | Sight::Unreadable => Reading::Waiting,
                _ => Reading::Live,
            };
            source.lag_bytes = log.lag_bytes();
        }
        for gap in &report.gaps {
            let of = report.sources.iter().position(|source| source.path == gap.source);
            if let Some(source) = of.and_then(|at| sources.get_mut(at)) {
                source.gaps += 1;
            }
        }
        View {
            now,
            since: self.since,
            states: report.incidents.iter().map(standing).collect(),
            sources,
            report: report.clone(),
            lines_per_second,
            told: self.told.clone(),
            wrong: self.wrong.lately.clone(),
        }
    }
}
