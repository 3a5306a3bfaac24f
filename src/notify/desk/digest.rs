//! Troubles that are told in one, because there are more than notices may be sent.

use super::trouble::{Ear, Hearing, Trouble};
use super::{Desk, micros};
use crate::event::Severity;
use crate::notify::{Body, Labels, Notice, NoticeKind};
use crate::playbook::Playbook;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Troubles that a digest spells out; the rest is a number.
const MOST_LINES: usize = 10;

/// What waits for a channel's next digest. Times are microseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Pending {
    /// When the first of them came.
    since: i64,
    /// When the last digest went.
    last: Option<i64>,
    troubles: BTreeSet<String>,
    lines: Vec<String>,
    severity: Option<Severity>,
}

impl Pending {
    fn add(&mut self, trouble: &str, line: String, severity: Severity, now: i64) {
        if self.troubles.is_empty() {
            self.since = now;
        }
        if self.troubles.insert(trouble.to_owned()) && self.lines.len() < MOST_LINES {
            self.lines.push(line);
        }
        self.severity = self.severity.max(Some(severity));
    }

    /// Collected for `group_wait`, and `group_interval` after the digest before.
    fn is_due(&self, playbook: &Playbook, now: i64) -> bool {
        let passed = |since: i64, wait| now.saturating_sub(since) >= micros(wait) || now < since;
        !self.troubles.is_empty()
            && passed(self.since, playbook.defaults.group_wait)
            && self.last.is_none_or(|last| passed(last, playbook.defaults.group_interval))
    }
}

/// A notice that found no room, in a line.
pub(super) fn line_of(notice: &Notice) -> String {
    let (severity, labels, body) = (notice.severity, &notice.labels, &notice.body);
    format!("{severity} {}: {}, service {}, owner {}", labels.cause, body.failed, labels.service, body.owner)
}

impl Desk {
    /// Keeps a trouble for the channel's next digest.
    pub(super) fn leave_for_digest(&mut self, channel: &str, trouble: &str, line: String, severity: Severity) {
        self.tallies.entry(channel.to_owned()).or_default().in_digest += 1;
        self.pending.entry(channel.to_owned()).or_default().add(trouble, line, severity, self.looked);
    }

    /// Issues the digests that are due. A digest is a trouble of its own: it is over when all that it tells of is.
    pub(super) fn write_digests(&mut self, playbook: &Playbook) {
        self.pending.retain(|channel, _| playbook.channels.iter().any(|known| known.name == *channel));
        let alive: BTreeSet<String> = self.open_troubles().map(|trouble| trouble.id.clone()).collect();
        let now = self.looked;
        for pending in self.pending.values_mut() {
            pending.troubles.retain(|trouble| alive.contains(trouble));
        }
        let due = self.pending.iter().filter(|(_, pending)| pending.is_due(playbook, now));
        for channel in due.map(|(channel, _)| channel.clone()).collect::<Vec<_>>() {
            let written = Pending { last: Some(now), ..Pending::default() };
            if let Some(pending) = self.pending.insert(channel.clone(), written) {
                self.write_digest(&channel, pending);
            }
        }
    }

    fn write_digest(&mut self, channel: &str, pending: Pending) {
        let severity = pending.severity.unwrap_or(Severity::Info);
        let id = format!("digest-{}", self.revision + 1);
        let mut trouble = Trouble::new(id, self.looked, severity, body(&pending, self.looked));
        trouble.is_digest = true;
        trouble.members = pending.troubles;
        trouble.told = Some(self.looked);
        let labels =
            Labels { cause: "digest".into(), hop: None, service: "several".into(), role: None, team: None, severity };
        let ear = Ear { hearing: Hearing::InDigest, labels, kind: NoticeKind::Digest };
        trouble.ears.insert(channel.to_owned(), ear);
        self.tell_first(&mut trouble, channel);
        self.troubles.push(trouble);
    }
}

fn body(pending: &Pending, now: i64) -> Body {
    let (count, mut lines) = (pending.troubles.len(), pending.lines.clone());
    if count > lines.len() {
        lines.push(format!("and {} more", count - lines.len()));
    }
    let noun = if count == 1 { "trouble" } else { "troubles" };
    Body::of_digest(format!("{count} {noun} more than notices are allowed for"), lines, now)
}
