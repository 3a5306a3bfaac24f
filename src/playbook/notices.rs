//! What a playbook says about telling people: teams, channels, escalation, windows, silences, inhibition.
//!
//! Typed and checked here; what is due when is for the stage that sends. Silences and inhibitions mute notices, never
//! the report. Lines are those of the playbook's file, from 1.

use super::matcher::Matcher;
use super::subject::Key;
use super::units::DayTime;
use crate::event::Severity;
use crate::time::Timestamp;
use chrono::Weekday;
use std::path::PathBuf;
use std::time::Duration;

/// `[team.NAME]`.
#[derive(Debug, Clone)]
pub struct Team {
    /// Name.
    pub name: String,
    /// Its own channels: what `@team` stands for.
    pub notify: Vec<String>,
    /// How its incidents climb.
    pub escalation: Option<String>,
    /// The window in which it takes incidents; always, where none is named.
    pub active: Option<String>,
    /// The team that takes them outside of `active`.
    pub otherwise: Option<String>,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// `[escalation.NAME]`: who is told after how long.
#[derive(Debug, Clone)]
pub struct Escalation {
    /// Name.
    pub name: String,
    /// The steps, earliest first; at least one.
    pub steps: Vec<EscalationStep>,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// One step of an escalation.
#[derive(Debug, Clone)]
pub struct EscalationStep {
    /// After the first notice.
    pub after: Duration,
    /// Who is told.
    pub notify: Vec<Recipient>,
    /// The severity it is raised to.
    pub severity: Option<Severity>,
    /// How often the step is repeated.
    pub repeat: u64,
    /// Only for incidents such as these.
    pub only_if: Option<Matcher>,
}

/// Who a step tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// `@team`: the channels of the team that owns the incident.
    OwningTeam,
    /// A channel by name.
    Channel(String),
}

/// `[channel.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Name.
    pub name: String,
    /// How it is reached.
    pub target: Target,
    /// Whether notices may cross the network in the clear.
    pub insecure_http: bool,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// How a channel is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Slack incoming webhook; its address is a secret.
    Slack(Setting),
    /// PagerDuty Events API v2.
    Pagerduty {
        /// The routing key.
        key: Setting,
        /// Where events go, where that is not PagerDuty's usual address (its EU region, a relay).
        url: Option<String>,
    },
    /// JSON to an address.
    Webhook {
        /// The address.
        url: Setting,
        /// The shape of the JSON.
        format: WebhookFormat,
    },
    /// An Alertmanager, by the address that its own pages have.
    Alertmanager(Setting),
}

crate::event::closed_list! {
    /// The shape of what a webhook gets.
    WebhookFormat {
        /// As Alertmanager writes it to webhooks, version 4 (CONVENTIONS.md).
        Alertmanager = "alertmanager",
        /// The notice as it is.
        Json = "json",
    }
}

/// Where a channel's address or key is found. Secrets are never in the playbook itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// Written in the playbook; for plain webhook addresses only.
    Plain(String),
    /// In an environment variable.
    Env(String),
    /// In a file.
    File(PathBuf),
}

/// `[window.NAME]`: times of the week.
#[derive(Debug, Clone)]
pub struct Window {
    /// Name.
    pub name: String,
    /// Days it begins on.
    pub days: Vec<Weekday>,
    /// Times of these days; the whole day where none is given.
    pub times: Vec<DayTime>,
    /// The zone of its days and times.
    pub timezone: chrono_tz::Tz,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// `[[silence]]`: mutes notices for a while, and says why.
#[derive(Debug, Clone)]
pub struct Silence {
    /// What it mutes.
    pub matcher: Matcher,
    /// The window in which it mutes, again and again.
    pub window: Option<String>,
    /// From this moment on; at once, where none is given.
    pub from: Option<Timestamp>,
    /// Until this moment. A silence has a `window` or an `until`.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// Who wants it.
    pub by: Option<String>,
    /// Where it stands in the playbook.
    pub line: u64,
}

/// `[[inhibit]]`: while a source incident is open, notices of target incidents are muted.
#[derive(Debug, Clone)]
pub struct Inhibition {
    /// Name, unique in the playbook.
    pub name: String,
    /// The incidents that explain.
    pub source: Matcher,
    /// The incidents that are muted.
    pub target: Matcher,
    /// Keys that both must have, with equal values. A missing key is not equal to a missing key.
    pub equal: Vec<Key>,
    /// How near in time they must be; any, where none is given.
    pub within: Option<Duration>,
    /// Where it stands in the playbook.
    pub line: u64,
}
