//! Telling people: what is due, and how it reaches them.
//!
//! In: the incidents as they stand now, the playbook, the time it is. Out: [`Notice`]s, and what came of each. Two halves:
//! the [`Desk`] decides what is due (pure: no clock, no I/O; its state is committed with the rest of a follow run), the
//! [`Outbox`] sends it (threads, HTTP) and never slows its caller. One file per channel says how a notice is written there.
//!
//! A notice counts as told only when the endpoint has said so *and* [`Desk::settle`] has heard it: until then it stands in the
//! desk's state and is sent again after a restart, under the same idempotency key.

mod address;
mod alertmanager;
mod body;
#[cfg(test)]
mod channel_tests;
mod desk;
#[cfg(test)]
mod fixture_tests;
mod json;
mod outbox;
mod pagerduty;
mod secret;
mod slack;
mod words;

pub use desk::{Ack, Desk, Look, Moved, Tally, Told};
pub use outbox::{Outbox, Outcome};

use crate::event::{Hop, Role, Severity};
use crate::playbook::{Playbook, Target, WebhookFormat};
use crate::time::{Timestamp, as_micros};
use serde::{Deserialize, Serialize};

crate::event::closed_list! {
    /// What a notice says.
    NoticeKind {
        /// There is trouble.
        Trigger = "trigger",
        /// It changed in a way that matters, or is still there after a long time.
        Update = "update",
        /// It climbed: nobody answered in time.
        Escalate = "escalate",
        /// Somebody took it.
        Acknowledge = "acknowledge",
        /// It is over.
        Resolve = "resolve",
        /// So many troubles at once that they are told in one.
        Digest = "digest",
    }
}

/// One message to one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Unique and the same each time it is sent: the trouble's id and the revision.
    pub key: String,
    /// The channel, by its name in the playbook.
    pub channel: String,
    /// The id that the trouble was first told under. It stays when the incident's own id moves: receivers tell one trouble from
    /// another by it.
    pub trouble: String,
    /// Later notices have higher ones.
    pub revision: u64,
    /// What it says.
    pub kind: NoticeKind,
    /// How much it matters: the incident's severity, or what a step raised it to.
    pub severity: Severity,
    /// When it was due.
    #[serde(with = "as_micros")]
    pub at: Timestamp,
    /// Why now, in a few words (`severity error, was warning`); empty where the kind says it all.
    pub news: String,
    /// What the receiver knows the trouble by: the same in every notice of it to this channel.
    pub labels: Labels,
    /// The incident in words.
    pub body: Body,
}

/// What a trouble is known by at a receiver. Alertmanager takes two alerts with different labels for two troubles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// Cause id; `digest` of a digest.
    pub cause: String,
    /// Where it is at fault.
    pub hop: Option<Hop>,
    /// Service, as the playbook or else the logs name it.
    pub service: String,
    /// Role that owns it.
    pub role: Option<Role>,
    /// Team that owns it.
    pub team: Option<String>,
    /// Severity when it was first told.
    pub severity: Severity,
}

/// An incident in words: free of secrets and of letters that act on a terminal, within bounds; not yet escaped for any channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The incident's id now.
    pub incident: String,
    /// The cause in words.
    pub title: String,
    /// Who owns it: `platform (role infra)`.
    pub owner: String,
    /// How much failed: `109 requests, 41 % of the service's 266`.
    pub failed: String,
    /// Statuses that the clients saw, most frequent first.
    pub status: Vec<u16>,
    /// First failure.
    #[serde(with = "as_micros")]
    pub start: Timestamp,
    /// Last failure.
    #[serde(with = "as_micros")]
    pub end: Timestamp,
    /// Next hops that failed, most first.
    pub upstreams: Vec<String>,
    /// Paths that failed, most first.
    pub paths: Vec<String>,
    /// Lines that prove it, redacted.
    pub evidence: Vec<String>,
    /// First things to look at.
    pub checks: Vec<String>,
    /// Where help is written down.
    pub runbook: Option<String>,
    /// Why the verdict is not surer.
    pub doubt: Option<String>,
    /// Of a digest: the troubles in it, a line each.
    pub lines: Vec<String>,
}

fn target_of<'p>(playbook: &'p Playbook, channel: &str) -> Option<&'p Target> {
    playbook.channels.iter().find(|known| known.name == channel).map(|channel| &channel.target)
}

/// Whether the channel has a word for "somebody took it". Alertmanager's alerts have none.
fn hears_acks(playbook: &Playbook, channel: &str) -> bool {
    let target = target_of(playbook, channel);
    !matches!(target, Some(Target::Alertmanager(_) | Target::Webhook { format: WebhookFormat::Alertmanager, .. }))
}

/// Whether the receiver takes silence for the end: an Alertmanager drops what is not told again in time.
fn must_be_repeated(playbook: &Playbook, channel: &str) -> bool {
    matches!(target_of(playbook, channel), Some(Target::Alertmanager(_)))
}
