//! An incident of the report as the playbook's matchers see it.
//!
//! In: an [`Incident`]. Out: its [`Lists`], and from them what silences, inhibitions and steps ask: a [`Standing`], a
//! [`Climber`].

use super::Incident;
use crate::playbook::{Climber, Standing, Subject};
use std::collections::BTreeSet;

/// What a service is called that the logs do not name.
const NO_SERVICE: &str = "-";

/// The values of the keys of which an incident has several.
#[derive(Debug, Clone)]
pub struct Lists<'a> {
    incident: &'a Incident,
    upstreams: Vec<&'a str>,
    paths: Vec<&'a str>,
    sources: Vec<&'a str>,
    formats: Vec<&'a str>,
}

impl<'a> Lists<'a> {
    /// Of an incident.
    pub fn of(incident: &'a Incident) -> Self {
        let sources: BTreeSet<&str> = incident.evidence.iter().map(|line| line.source.as_str()).collect();
        Self {
            incident,
            upstreams: incident.upstreams.iter().map(|counted| counted.address.as_str()).collect(),
            paths: incident.paths.iter().map(|counted| counted.path.as_str()).collect(),
            sources: sources.into_iter().collect(),
            formats: incident.routed.formats.iter().map(String::as_str).collect(),
        }
    }

    /// What matchers ask, with the severity that routing gave.
    pub fn subject(&self) -> Subject<'_> {
        let incident = self.incident;
        let service = Some(incident.service.as_str()).filter(|service| *service != NO_SERVICE);
        Subject {
            cause: &incident.cause,
            cause_role: None,
            hop: Some(incident.hop),
            status: &incident.status,
            service,
            vhost: service,
            host: None,
            env: None,
            upstreams: &self.upstreams,
            paths: &self.paths,
            methods: &[],
            sources: &self.sources,
            formats: &self.formats,
            severity: incident.severity,
            count: incident.failures(),
            share: incident.share,
            duration_seconds: incident.end.seconds() - incident.start.seconds(),
        }
    }

    /// What silences and inhibitions look at.
    pub fn standing(&self) -> Standing<'_> {
        let Incident { id, start, end, routed, .. } = self.incident;
        Standing { id, subject: self.subject(), service: routed.service.as_deref(), start: *start, end: *end }
    }

    /// What escalations look at.
    pub fn climber(&self) -> Climber<'_> {
        let Incident { team, routed, .. } = self.incident;
        Climber {
            subject: self.subject(),
            service: routed.service.as_deref(),
            team: team.as_deref(),
            escalation: routed.escalation.as_deref(),
        }
    }
}

impl Incident {
    /// Failed requests, or attempts where no access log covers the time.
    pub fn failures(&self) -> u64 {
        self.requests_failed.unwrap_or(0).max(self.attempts_failed)
    }
}
