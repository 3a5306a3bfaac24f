//! Who would have been told, counted in log time: the batch report's `escalation` and `muted_by`.
//!
//! In: the incidents of a report, routed and chained; the playbook. Out: the same with those two fields filled. The watch
//! that really tells asks the playbook the same questions, on the clock.

use super::{Incident, Kind, Lists, Step};
use crate::playbook::{Call, Playbook, Standing};
use crate::time::Timestamp;
use std::collections::HashMap;
use std::time::Duration;

/// Fills `muted_by` and `escalation`.
pub(super) fn fill(incidents: &mut [Incident], playbook: &Playbook) {
    let told: Vec<(Option<String>, Vec<Step>)> = {
        let lists: Vec<Lists<'_>> = incidents.iter().map(Lists::of).collect();
        let parents: HashMap<&str, &Incident> = incidents.iter().map(|one| (one.id.as_str(), one)).collect();
        let of = |(incident, own): (&Incident, &Lists<'_>)| {
            let first = later(incident.start, playbook.defaults.group_wait);
            let muted = playbook.mute(&own.standing(), &sources(&lists, incidents, first, playbook), first);
            let parent = incident.parent_id.as_ref().and_then(|id| parents.get(id.as_str()).copied());
            let is_silent = incident.kind == Kind::Warning || is_explained(incident, parent, playbook);
            let steps = match muted {
                None if !is_silent => steps(own, incident.end, first, playbook),
                _ => Vec::new(),
            };
            (muted.map(|mute| mute.text().to_owned()), steps)
        };
        incidents.iter().zip(&lists).map(of).collect()
    };
    for (incident, (muted_by, escalation)) in incidents.iter_mut().zip(told) {
        (incident.muted_by, incident.escalation) = (muted_by, escalation);
    }
}

/// The incidents that may inhibit another at this time: open, and seen by users.
fn sources<'l>(
    lists: &'l [Lists<'_>],
    incidents: &[Incident],
    at: Timestamp,
    playbook: &Playbook,
) -> Vec<Standing<'l>> {
    if playbook.inhibitions.is_empty() {
        return Vec::new();
    }
    let seen = incidents.iter().zip(lists).filter(|(incident, _)| incident.kind == Kind::Incident);
    let standings = seen.map(|(_, lists)| lists.standing());
    standings.filter(|standing| standing.start <= at && playbook.is_open(standing.end, at)).collect()
}

/// Whether another incident speaks for this one: its parent, where users saw that one too and it lasted long enough.
pub fn is_explained(incident: &Incident, parent: Option<&Incident>, playbook: &Playbook) -> bool {
    parent.is_some_and(|parent| {
        parent.kind == Kind::Incident && incident.end <= later(parent.end, playbook.defaults.resolve_after)
    })
}

/// The calls until it would have been over.
fn steps(lists: &Lists<'_>, end: Timestamp, first: Timestamp, playbook: &Playbook) -> Vec<Step> {
    let over = later(end, playbook.defaults.resolve_after);
    let calls = playbook.calls(&lists.climber(), |after| later(first, after));
    let in_time = calls.into_iter().filter(|call| later(first, call.after) < over);
    in_time.map(|call| Step { after: short(call.after), at: later(first, call.after), to: recipients(&call) }).collect()
}

/// `platform (platform-chat), pager`: the team on duty with its channels is told as one.
fn recipients(call: &Call) -> String {
    let channels = call.channels.join(", ");
    match &call.team {
        Some(team) => format!("{team} ({channels})"),
        None => channels,
    }
}

fn later(from: Timestamp, after: Duration) -> Timestamp {
    from.plus_micros(i64::try_from(after.as_micros()).unwrap_or(i64::MAX))
}

/// As a playbook writes it: `0m`, `5m`, `1h30m`.
fn short(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(seconds / 86_400, 'd'), (seconds / 3_600 % 24, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0m".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Known;
    use crate::report::sample;

    const PLAYBOOK: &str = r#"
[defaults]
group_wait = "30s"
resolve_after = "10m"
[team.platform]
notify = ["chat"]
escalation = "page"
[escalation.page]
steps = [
  { after = "0m", notify = ["@team"] },
  { after = "5m", notify = ["pager"] },
  { after = "1h30m", notify = ["boss"] },
]
[channel.chat]
type = "slack"
url_env = "A"
[channel.pager]
type = "pagerduty"
routing_key_env = "B"
[channel.boss]
type = "slack"
url_env = "C"
"#;

    fn filled(more: &str) -> Vec<Incident> {
        let known = Known { causes: &["upstream.refused"], formats: &[] };
        let playbook = Playbook::parse("p.toml", &format!("{PLAYBOOK}{more}"), &known).unwrap();
        let mut incidents = sample::report().incidents;
        incidents.iter_mut().for_each(|incident| incident.escalation.clear());
        incidents[1].team = Some("platform".into());
        fill(&mut incidents, &playbook);
        incidents
    }

    #[test]
    fn steps_are_due_until_it_is_over() {
        let steps = &filled("")[0].escalation;
        let told: Vec<_> = steps.iter().map(|step| (step.after.as_str(), step.at, step.to.as_str())).collect();
        // It lasts 252 seconds and is over ten minutes later: the boss is not called.
        assert_eq!(told, [("0m", sample::at(30), "platform (chat)"), ("5m", sample::at(330), "pager")]);
    }

    #[test]
    fn what_another_explains_or_a_silence_mutes_calls_nobody() {
        let incidents = filled("");
        assert!(incidents[1].parent_id.is_some() && incidents[1].escalation.is_empty());
        let silence =
            "[[silence]]\nmatch = { cause = \"upstream.refused\" }\nuntil = 2099-01-01T00:00:00Z\nreason = \"move\"\n";
        let incidents = filled(silence);
        assert_eq!((incidents[0].muted_by.as_deref(), incidents[0].escalation.len()), (Some("move"), 0));
        let inhibit = "[[inhibit]]\nname = \"lb\"\nsource = { hop = \"app\" }\ntarget = { hop = \"lb\" }\n";
        assert_eq!(filled(inhibit)[1].muted_by.as_deref(), Some("lb"));
        // A child that goes on long after its parent is over stands alone.
        let mut alone = filled("");
        alone[1].end = sample::at(252 + 601);
        fill(&mut alone, &Playbook::parse("p.toml", PLAYBOOK, &Known { causes: &[], formats: &[] }).unwrap());
        assert!(!alone[1].escalation.is_empty());
    }

    #[test]
    fn spans_are_written_as_in_a_playbook() {
        for (seconds, text) in [(0, "0m"), (30, "30s"), (5_400, "1h30m"), (90_061, "1d1h1m1s")] {
            assert_eq!(short(Duration::from_secs(seconds)), text);
        }
    }
}
