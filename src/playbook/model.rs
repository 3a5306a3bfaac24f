//! What a playbook says about owners: defaults, services, routes. Lines are those of the playbook's file, from 1.

use super::matcher::Matcher;
use super::status::StatusPattern;
use super::subject::{Key, Subject};
use super::units::Rate;
use crate::event::{Role, Severity};
use std::collections::BTreeMap;
use std::time::Duration;

/// `[defaults]`: what holds where nothing more exact is said. The built-in playbook sets every one.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Who takes what nothing else takes.
    pub role: Role,
    /// Whether the playbook's own file says so, and not the one below it.
    pub role_is_stated: bool,
    /// What makes two failures one incident for notices.
    pub group_by: Vec<Key>,
    /// How long to collect before the first notice.
    pub group_wait: Duration,
    /// At most one update per incident in this time.
    pub group_interval: Duration,
    /// Tell again after this time while still open.
    pub repeat_interval: Duration,
    /// Quiet time before an incident counts as over.
    pub resolve_after: Duration,
    /// Most notices over all incidents.
    pub max_notices: Rate,
}

impl Default for Defaults {
    fn default() -> Self {
        let none = Duration::ZERO;
        Self {
            role: Role::Sre,
            role_is_stated: false,
            group_by: Vec::new(),
            group_wait: none,
            group_interval: none,
            repeat_interval: none,
            resolve_after: none,
            max_notices: Rate { count: 0, per: none },
        }
    }
}

/// One line of `[status]`: which role a status belongs to where the cause names none.
#[derive(Debug, Clone, Copy)]
pub struct StatusRole {
    /// The statuses.
    pub status: StatusPattern,
    /// Their role.
    pub role: Role,
    /// Where it stands in its playbook.
    pub line: u64,
    /// Whether it stands in the built-in playbook.
    pub is_built_in: bool,
}

/// `[[service]]`: whose failing requests these are.
#[derive(Debug, Clone)]
pub struct Service {
    /// Name, unique in the playbook.
    pub name: String,
    /// What belongs to it. `None`: only what the logs themselves call by its name.
    pub matcher: Option<Matcher>,
    /// Which team plays a role here; other roles fall back to `[roles]`.
    pub owners: BTreeMap<Role, String>,
    /// How important it is, 1 first, where the playbook says.
    pub tier: Option<u64>,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// `[[route]]`: an exception to the map. The first that matches wins and sets only what it names.
#[derive(Debug, Clone)]
pub struct RouteRule {
    /// Name, unique in the playbook.
    pub name: String,
    /// What it is for.
    pub matcher: Matcher,
    /// Quieter incidents than this do not match.
    pub min: Option<Threshold>,
    /// Role to give.
    pub role: Option<Role>,
    /// Team to give.
    pub team: Option<String>,
    /// Severity to give.
    pub severity: Option<Severity>,
    /// Where help is written down.
    pub runbook: Option<String>,
    /// Escalation to use in place of the team's.
    pub escalation: Option<String>,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// `min = { count, share, for }`: how loud an incident must at least be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Threshold {
    /// Failed requests.
    pub count: Option<u64>,
    /// Failed part of the service's requests, 0 to 1.
    pub share: Option<f64>,
    /// From the first to the last failure.
    pub lasts: Option<Duration>,
}

impl Threshold {
    /// Whether the incident is at least this loud. Where its share is not known (no access log) the other thresholds
    /// decide: a big outage must not go quiet because a log is missing. A share alone cannot be reached unknown.
    pub(super) fn is_reached_by(&self, subject: &Subject<'_>) -> bool {
        let seconds = u64::try_from(subject.duration_seconds).unwrap_or(0);
        let others_decide = self.count.is_some() || self.lasts.is_some();
        self.count.is_none_or(|count| subject.count >= count)
            && self.share.is_none_or(|min| subject.share.map_or(others_decide, |share| share >= min))
            && self.lasts.is_none_or(|lasts| seconds >= lasts.as_secs())
    }
}
