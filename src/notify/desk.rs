//! What is due: which trouble is told to whom, when, and what was told already.

use super::{Notice, Outcome};
use crate::playbook::Playbook;
use crate::report::Incident;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

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
    /// The ids that changed since the last look.
    pub moved: &'a [Moved],
}

/// What was told, and what is still to be told. Its serialised form is what a restart goes on from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Desk {
    revision: u64,
}

impl Desk {
    /// What is due now. Each notice stays in the desk until [`Desk::settle`] hears what came of it.
    pub fn due(&mut self, _playbook: &Playbook, _look: &Look<'_>) -> Vec<Notice> {
        Vec::new()
    }

    /// Takes down what came of notices, by their keys.
    pub fn settle(&mut self, _results: &[(String, Outcome)], _now: Timestamp) {}
}
