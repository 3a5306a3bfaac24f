//! The decision: whose an incident is and how much it matters.
//!
//! In: a checked [`Playbook`] and one [`Subject`]. Out: a [`Route`]. The order is told in the module's head page.

use super::model::{RouteRule, Service, Threshold};
use super::subject::Subject;
use super::{Playbook, Team};
use crate::event::{Role, Severity};

/// Whose an incident is, and which lines of the playbook say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The role that owns it.
    pub role: Role,
    /// The team that plays the role, where the playbook names one.
    pub team: Option<String>,
    /// How much it matters: the route's word, else the incident's own.
    pub severity: Severity,
    /// The playbook's service it belongs to.
    pub service: Option<String>,
    /// The route that matched.
    pub route: Option<String>,
    /// Where help is written down.
    pub runbook: Option<String>,
    /// How it climbs: the route's word, else the team's.
    pub escalation: Option<String>,
    /// What decided role and team, in words: `cause upstream.refused`, `status 504, then service "checkout"`.
    pub routed_by: String,
}

impl Playbook {
    /// Routes one incident. Always gives a role; gives a team where the playbook has one for it.
    pub fn route(&self, subject: &Subject<'_>) -> Route {
        let service = self.service_of(subject);
        let rule = self.rule_of(subject, service);
        let (role, role_by) = self.role_of(subject, rule);
        let (team, team_by) = self.team_of(role, rule, service);
        Route {
            role,
            severity: rule.and_then(|rule| rule.severity).unwrap_or(subject.severity),
            service: service.map(|service| service.name.clone()),
            route: rule.map(|rule| rule.name.clone()),
            runbook: rule.and_then(|rule| rule.runbook.clone()),
            escalation: self.escalation_of(team, rule),
            routed_by: in_words(role_by, team_by),
            team: team.map(str::to_owned),
        }
    }

    /// The team with this name.
    pub fn team(&self, name: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.name == name)
    }

    /// The first service that the incident belongs to: by its matcher, or because the logs call it by that name.
    fn service_of(&self, subject: &Subject<'_>) -> Option<&Service> {
        self.services.iter().find(|service| {
            let matches = service.matcher.as_ref().is_some_and(|matcher| matcher.matches(subject, None));
            matches || subject.service == Some(service.name.as_str())
        })
    }

    /// The first route that matches and that the incident is loud enough for.
    fn rule_of(&self, subject: &Subject<'_>, service: Option<&Service>) -> Option<&RouteRule> {
        let service = service.map(|service| service.name.as_str());
        self.routes.iter().find(|rule| {
            rule.matcher.matches(subject, service) && rule.min.is_none_or(|min| min.is_reached_by(subject))
        })
    }

    /// The role and what decided it.
    fn role_of(&self, subject: &Subject<'_>, rule: Option<&RouteRule>) -> (Role, String) {
        if let Some((rule, role)) = rule.and_then(|rule| rule.role.map(|role| (rule, role))) {
            return (role, format!("route {:?}", rule.name));
        }
        if let Some(role) = subject.cause_role {
            return (role, format!("cause {}", subject.cause));
        }
        let known = subject.status.iter().find_map(|status| self.role_of_status(*status).map(|role| (*status, role)));
        match known {
            Some((status, role)) => (role, format!("status {status:03}")),
            None => (self.defaults.role, "the default role".to_owned()),
        }
    }

    /// The role that `[status]` gives a status.
    pub fn role_of_status(&self, status: u16) -> Option<Role> {
        self.status.iter().find(|entry| entry.status.matches(status)).map(|entry| entry.role)
    }

    /// The team, and what decided it where that was more than `[roles]`.
    fn team_of<'p>(
        &'p self,
        role: Role,
        rule: Option<&'p RouteRule>,
        service: Option<&'p Service>,
    ) -> (Option<&'p str>, Option<String>) {
        let by_rule = rule.and_then(|rule| Some((rule.team.as_deref()?, format!("route {:?}", rule.name))));
        let by_service = || {
            service
                .and_then(|service| Some((service.owners.get(&role)?.as_str(), format!("service {:?}", service.name))))
        };
        match by_rule.or_else(by_service) {
            Some((team, by)) => (Some(team), Some(by)),
            None => (self.roles.get(&role).map(String::as_str), None),
        }
    }

    fn escalation_of(&self, team: Option<&str>, rule: Option<&RouteRule>) -> Option<String> {
        let by_team = || team.and_then(|team| self.team(team)).and_then(|team| team.escalation.clone());
        rule.and_then(|rule| rule.escalation.clone()).or_else(by_team)
    }
}

impl Threshold {
    /// Whether the incident is at least this loud. Where its share is not known (no access log) the other thresholds
    /// decide: a big outage must not go quiet because a log is missing. A share alone cannot be reached unknown.
    fn is_reached_by(&self, subject: &Subject<'_>) -> bool {
        let seconds = u64::try_from(subject.duration_seconds).unwrap_or(0);
        let others_decide = self.count.is_some() || self.lasts.is_some();
        self.count.is_none_or(|count| subject.count >= count)
            && self.share.is_none_or(|min| subject.share.map_or(others_decide, |share| share >= min))
            && self.lasts.is_none_or(|lasts| seconds >= lasts.as_secs())
    }
}

fn in_words(role_by: String, team_by: Option<String>) -> String {
    match team_by {
        Some(team_by) if team_by != role_by => format!("{role_by}, then {team_by}"),
        _ => role_by,
    }
}
