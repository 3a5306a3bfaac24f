//! Sending: a thread and a bounded queue a channel.

use super::Notice;
use crate::playbook::Playbook;
use std::time::Duration;

/// What came of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint took it.
    Sent,
    /// It was not taken, and why, in harmless words without secrets.
    Failed(String),
    /// The channel's queue was full.
    Crowded,
}

/// The sender of notices.
#[derive(Debug)]
pub struct Outbox {}

impl Outbox {
    /// One that knows the playbook's channels. No thread is started before there is something to send.
    pub fn new(_playbook: &Playbook) -> Self {
        Self {}
    }

    /// Takes over the channels of a playbook that was read anew.
    pub fn reload(&mut self, _playbook: &Playbook) {}

    /// Takes a notice to send; never waits.
    pub fn push(&mut self, _notice: Notice) {}

    /// What came of notices since the last call, by their keys.
    pub fn results(&mut self) -> Vec<(String, Outcome)> {
        Vec::new()
    }

    /// Waits at most this long for what is under way, and gives up the rest.
    pub fn finish(&mut self, _within: Duration) -> Vec<(String, Outcome)> {
        Vec::new()
    }
}
