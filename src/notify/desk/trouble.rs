//! One trouble as it was told: its incidents, who heard of it, how far it has climbed.

use super::super::{Body, Labels, NoticeKind};
use crate::event::Severity;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Times that "it is over" is tried again on a channel that does not take it.
pub(super) const MOST_PARTING_TRIES: u32 = 12;

/// One trouble. Its times are microseconds since the epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Trouble {
    /// What receivers know it by: the id of its first incident when it was first seen.
    pub(super) id: String,
    /// What makes another incident the same trouble.
    pub(super) group: Vec<String>,
    /// Its incidents that are open; of a digest the troubles in it.
    pub(super) members: BTreeSet<String>,
    /// Whether it stands for several that were too many to tell.
    pub(super) is_digest: bool,
    /// When it was first seen.
    pub(super) seen: i64,
    /// When it was first told: its escalation counts from here.
    pub(super) told: Option<i64>,
    /// The calls that were made, each with its channel.
    pub(super) made: BTreeSet<String>,
    /// Whether somebody took it.
    pub(super) taken: Option<Taken>,
    /// When something was told last.
    pub(super) last: i64,
    /// As told last.
    pub(super) severity: Severity,
    /// What a step raised it to.
    pub(super) raised: Option<Severity>,
    /// As told last.
    pub(super) failures: u64,
    /// As told last.
    pub(super) owner: String,
    /// Who hears of it, by channel.
    pub(super) ears: BTreeMap<String, Ear>,
    /// What was said last: the end of an incident that nobody lists any more is told with it.
    pub(super) body: Body,
    /// What mutes it now.
    pub(super) muted_by: Option<String>,
    /// It is over, and those who heard of it are being told.
    pub(super) is_over: bool,
}

/// Who took a trouble.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) by: Option<String>,
    /// Whether the channels were told.
    pub(super) is_told: bool,
}

/// A channel that hears of a trouble.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Ear {
    pub(super) hearing: Hearing,
    /// What the receiver knows the trouble by.
    pub(super) labels: Labels,
    /// How it was told first.
    pub(super) kind: NoticeKind,
}

/// How far a channel has heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Hearing {
    /// The first notice is under way.
    Waiting { key: String },
    /// The first notice arrived.
    Heard,
    /// The first notice did not arrive; it is tried again at this time.
    Deaf { again: i64, why: String },
    /// It was told in a digest, or will be.
    InDigest,
    /// That it is over is under way.
    Parting { key: String, tries: u32 },
    /// That it is over did not arrive; it is tried again at this time.
    PartingAgain { again: i64, tries: u32 },
}

impl Hearing {
    /// How far it has heard, for the screen.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Waiting { .. } => "under way".into(),
            Self::Heard => "told".into(),
            Self::Deaf { why, .. } => format!("not reached: {why}"),
            Self::InDigest => "in a digest".into(),
            Self::Parting { .. } | Self::PartingAgain { .. } => "over".into(),
        }
    }

    /// Whether the channel has been told of the trouble, or is being told.
    pub(super) fn is_told(&self) -> bool {
        matches!(self, Self::Waiting { .. } | Self::Heard)
    }
}

impl Trouble {
    /// One that was just seen and of which nobody has heard.
    pub(super) fn new(id: String, seen: i64, severity: Severity, body: Body) -> Self {
        Self {
            id,
            group: Vec::new(),
            members: BTreeSet::new(),
            is_digest: false,
            seen,
            told: None,
            made: BTreeSet::new(),
            taken: None,
            last: seen,
            severity,
            raised: None,
            failures: 0,
            owner: body.owner.clone(),
            ears: BTreeMap::new(),
            body,
            muted_by: None,
            is_over: false,
        }
    }

    /// The channels that have been told, or are being told.
    pub(super) fn told_channels(&self) -> Vec<String> {
        self.ears.iter().filter(|(_, ear)| ear.hearing.is_told()).map(|(channel, _)| channel.clone()).collect()
    }

    /// The severity of an incident of this trouble, with what steps raised it to.
    pub(super) fn severity_of(&self, incident: Severity) -> Severity {
        self.raised.map_or(incident, |raised| raised.max(incident))
    }
}
