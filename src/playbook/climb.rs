//! How an incident climbs: who is called after how long.
//!
//! In: an incident's team and escalation, and the time its steps count from. Out: every [`Call`] in the order of time.
//! Whoever asks stops calling when the incident is over or somebody took it.

use super::{Escalation, EscalationStep, Matcher, Playbook, Recipient, Subject};
use crate::event::Severity;
use crate::time::Timestamp;
use std::time::Duration;

/// Whose the incident is and how it climbs.
#[derive(Debug, Clone, Copy)]
pub struct Climber<'a> {
    /// What the steps' `if` asks.
    pub subject: Subject<'a>,
    /// The playbook's service that it belongs to.
    pub service: Option<&'a str>,
    /// The team that owns it.
    pub team: Option<&'a str>,
    /// The escalation that its route names; the team's own where it names none.
    pub escalation: Option<&'a str>,
}

/// One call of an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// After the first notice.
    pub after: Duration,
    /// What it is, the same each time the incident is looked at: escalation, step, repetition.
    pub name: String,
    /// Whether it is the first step's.
    pub is_first: bool,
    /// The channels, each once.
    pub channels: Vec<String>,
    /// The team on duty, where the step calls the owning team.
    pub team: Option<String>,
    /// The severity it raises the incident to.
    pub severity: Option<Severity>,
}

impl Playbook {
    /// Every call, earliest first. `at` is the time at which a call that is due so long after the first notice takes place: who is
    /// on duty then is called.
    pub fn calls(&self, climber: &Climber<'_>, at: impl Fn(Duration) -> Timestamp) -> Vec<Call> {
        let on_duty = climber.team.map(|team| self.on_duty(team, at(Duration::ZERO)));
        let own = || on_duty.and_then(|team| self.team(team)).and_then(|team| team.escalation.as_deref());
        let name = climber.escalation.or_else(own);
        let mut calls = match self.escalations.iter().find(|known| Some(known.name.as_str()) == name) {
            Some(escalation) => self.steps(escalation, climber, &at),
            None => vec![self.plain_call(climber, &at)],
        };
        calls.retain(|call| !call.channels.is_empty());
        calls.sort_by_key(|call| call.after);
        calls
    }

    /// Without an escalation the team's own channels hear of it once.
    fn plain_call(&self, climber: &Climber<'_>, at: impl Fn(Duration) -> Timestamp) -> Call {
        let step = EscalationStep {
            after: Duration::ZERO,
            notify: vec![Recipient::OwningTeam],
            severity: None,
            repeat: 0,
            only_if: None,
        };
        self.call(&step, Duration::ZERO, "team/0/0".into(), climber, at)
    }

    fn steps(&self, escalation: &Escalation, climber: &Climber<'_>, at: impl Fn(Duration) -> Timestamp) -> Vec<Call> {
        let fits = |matcher: &Matcher| matcher.matches(&climber.subject, climber.service);
        let mut calls = Vec::new();
        let mut before = Duration::ZERO;
        for (place, step) in escalation.steps.iter().enumerate() {
            let pause = self.pause(step, before);
            before = step.after;
            if !step.only_if.as_ref().is_none_or(fits) {
                continue;
            }
            for time in 0..=step.repeat {
                let after = step.after.saturating_add(pause.saturating_mul(u32::try_from(time).unwrap_or(u32::MAX)));
                let name = format!("{}/{place}/{time}", escalation.name);
                let call = self.call(step, after, name, climber, &at);
                calls.push(Call { is_first: place == 0 && time == 0, ..call });
            }
        }
        calls
    }

    /// A step is repeated after as long as it came after the step before it; `group_interval` where that is no time at all.
    fn pause(&self, step: &EscalationStep, before: Duration) -> Duration {
        let apart = step.after.saturating_sub(before);
        if apart.is_zero() { self.defaults.group_interval } else { apart }
    }

    fn call(
        &self,
        step: &EscalationStep,
        after: Duration,
        name: String,
        climber: &Climber<'_>,
        at: impl Fn(Duration) -> Timestamp,
    ) -> Call {
        let calls_team = step.notify.contains(&Recipient::OwningTeam);
        let team = climber.team.filter(|_| calls_team).map(|team| self.on_duty(team, at(after)));
        let own = team.and_then(|team| self.team(team)).map_or(&[][..], |team| team.notify.as_slice());
        let mut channels: Vec<String> = Vec::new();
        for recipient in &step.notify {
            let named = match recipient {
                Recipient::OwningTeam => own,
                Recipient::Channel(channel) => std::slice::from_ref(channel),
            };
            for channel in named.iter().filter(|channel| !channels.contains(channel)).cloned().collect::<Vec<_>>() {
                channels.push(channel);
            }
        }
        Call { after, name, is_first: true, channels, team: team.map(str::to_owned), severity: step.severity }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Known;

    const PLAYBOOK: &str = r#"
[team.db]
notify = ["db-chat"]
escalation = "page"
active = "day"
otherwise = "sre"
[team.sre]
notify = ["sre-chat"]
escalation = "chat"
[team.plain]
notify = ["db-chat", "sre-chat"]
[escalation.page]
steps = [
  { after = "0m", notify = ["@team"] },
  { after = "5m", notify = ["pager", "@team"], severity = "critical" },
  { after = "45m", notify = ["boss"], repeat = 2, if = { severity = "error" } },
]
[escalation.chat]
steps = [{ after = "0m", notify = ["@team"], repeat = 1 }]
[window.day]
days = "mon-sun"
times = "08:00-20:00"
timezone = "UTC"
[channel.db-chat]
type = "slack"
url_env = "A"
[channel.sre-chat]
type = "slack"
url_env = "B"
[channel.pager]
type = "pagerduty"
routing_key_env = "C"
[channel.boss]
type = "slack"
url_env = "D"
"#;

    /// The calls as `minutes: channels`, from a time of the day on.
    fn calls(team: &str, escalation: Option<&str>, severity: Severity, hour: i64) -> Vec<String> {
        let playbook = Playbook::parse("p.toml", PLAYBOOK, &Known { causes: &[], formats: &[] }).unwrap();
        let subject = Subject { severity, ..Subject::default() };
        let climber = Climber { subject, service: None, team: Some(team), escalation };
        let at = |after: Duration| Timestamp::from_micros((hour * 3_600 + after.as_secs() as i64) * 1_000_000);
        let told = |call: Call| format!("{}: {}", call.after.as_secs() / 60, call.channels.join(" "));
        playbook.calls(&climber, at).into_iter().map(told).collect()
    }

    #[test]
    fn steps_count_from_the_first_notice() {
        let expected = ["0: db-chat", "5: pager db-chat", "45: boss", "85: boss", "125: boss"];
        assert_eq!(calls("db", None, Severity::Error, 9), expected);
        assert_eq!(calls("db", None, Severity::Warning, 9), expected[..2]);
        assert_eq!(calls("plain", None, Severity::Error, 9), ["0: db-chat sre-chat"]);
        assert_eq!(calls("nobody", None, Severity::Error, 9), Vec::<String>::new());
    }

    #[test]
    fn who_is_on_duty_is_called() {
        assert_eq!(calls("db", None, Severity::Error, 21), ["0: sre-chat", "5: sre-chat"]); // sre's own escalation
        assert_eq!(calls("db", Some("page"), Severity::Warning, 21), ["0: sre-chat", "5: pager sre-chat"]);
        assert_eq!(calls("db", Some("page"), Severity::Warning, 19), ["0: db-chat", "5: pager db-chat"]);
    }
}
