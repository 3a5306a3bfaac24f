//! `triage playbook`: what a playbook says, whether its own tests hold, and what in it is likely a mistake.
//!
//! In: the playbook named, or the one of `--playbook`, or the built-in one. Out: a page, or findings with their lines; the
//! exit code.

use super::args::{Args, PlaybookAsked, PlaybookWhat};
use super::main_job::{library, now, one, playbook_in, terminal_style, to_stdout};
use super::{FAILED, WRONG, complain};
use crate::cause::Catalogue;
use crate::error::Defect;
use crate::event::Role;
use crate::grammar::Grammars;
use crate::playbook::{Channel, Escalation, EscalationStep, Playbook, Recipient, Setting, Target, Team};
use crate::report::numbers::{count, duration};
use crate::report::terminal::page::Page;
use std::io;
use std::time::Duration;

/// Shows, tests or lints; the exit code: 1 where a test does not hold or something was found.
pub(super) fn run(asked: &PlaybookAsked, args: &Args) -> u8 {
    match work(asked, args) {
        Ok(code) => code,
        Err(defects) => {
            complain(&defects);
            WRONG
        }
    }
}

fn work(asked: &PlaybookAsked, args: &Args) -> Result<u8, Vec<Defect>> {
    let library = library(args).map_err(one)?;
    let grammars = Grammars::load(&library).map_err(one)?;
    let catalogue = Catalogue::load(&library, &grammars).map_err(one)?;
    let file = asked.file.as_deref().or(args.reading.playbook.as_deref());
    let playbook = playbook_in(file, &grammars, &catalogue)?;
    match asked.what {
        PlaybookWhat::Show => show(&playbook, args).map(|()| 0),
        PlaybookWhat::Test => test(&playbook, &catalogue),
        PlaybookWhat::Lint => lint(&playbook),
    }
}

fn test(playbook: &Playbook, catalogue: &Catalogue) -> Result<u8, Vec<Defect>> {
    let role_of = |id: &str| catalogue.causes().find(|(_, cause)| cause.id == id).and_then(|(_, cause)| cause.role);
    let results = playbook.check_expectations(role_of);
    let all = count(playbook.expectations.len() as u64, "expectation");
    to_stdout(|out| writeln!(out, "{all}, {} held", results.held)).map_err(one)?;
    let missed = results.missed.iter().map(|missed| Defect::new(&playbook.file, &missed.what).at(missed.line));
    complain(&missed.collect::<Vec<_>>());
    Ok(if results.missed.is_empty() { 0 } else { FAILED })
}

fn lint(playbook: &Playbook) -> Result<u8, Vec<Defect>> {
    let findings = playbook.lint(now().unwrap_or_default());
    let found = count(findings.len() as u64, "finding");
    to_stdout(|out| writeln!(out, "{}: {found}", playbook.file)).map_err(one)?;
    complain(&findings.iter().map(|finding| finding.defect.clone()).collect::<Vec<_>>());
    Ok(if findings.is_empty() { 0 } else { FAILED })
}

fn show(playbook: &Playbook, args: &Args) -> Result<(), Vec<Defect>> {
    let style = terminal_style(args, chrono_tz::UTC);
    to_stdout(|out| tell(playbook, &mut Page::new(out, &style))).map_err(one)
}

fn tell(playbook: &Playbook, page: &mut Page<'_>) -> io::Result<()> {
    page.sentence(0, &playbook.file)?;
    table(page, "Defaults", defaults(playbook))?;
    let roles = Role::ALL.iter().map(|role| (role.name().to_owned(), team_of(playbook, *role))).collect();
    table(page, "Who plays a role", roles)?;
    table(page, "Whose a status is, where its cause does not say", statuses(playbook))?;
    table(page, "Services, the first that fits", services(playbook))?;
    table(page, "Routes, the first that fits", routes(playbook))?;
    table(page, "Teams", playbook.teams.iter().map(|team| (team.name.clone(), in_words(team))).collect())?;
    let escalations = playbook.escalations.iter().map(|escalation| (escalation.name.clone(), steps(escalation)));
    table(page, "Escalations", escalations.collect())?;
    let channels = playbook.channels.iter().map(|channel| (channel.name.clone(), reached(channel)));
    table(page, "Channels", channels.collect())?;
    table(page, "What mutes notices", mutes(playbook))
}

fn table(page: &mut Page<'_>, title: &str, pairs: Vec<(String, String)>) -> io::Result<()> {
    if pairs.is_empty() {
        return Ok(());
    }
    page.heading(title)?;
    page.pairs(&pairs)
}

fn defaults(playbook: &Playbook) -> Vec<(String, String)> {
    let defaults = &playbook.defaults;
    let times = [
        ("group_wait", defaults.group_wait),
        ("group_interval", defaults.group_interval),
        ("repeat_interval", defaults.repeat_interval),
        ("resolve_after", defaults.resolve_after),
    ];
    let mut all = vec![("role".to_owned(), defaults.role.name().to_owned())];
    all.extend(times.map(|(name, time)| (name.to_owned(), span(time))));
    let rate = defaults.max_notices;
    all.push(("max_notices".into(), format!("{} in {}", rate.count, span(rate.per))));
    all
}

fn span(time: Duration) -> String {
    duration(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

fn team_of(playbook: &Playbook, role: Role) -> String {
    playbook.roles.get(&role).cloned().unwrap_or_else(|| "no team".into())
}

/// Each once: the first entry decides.
fn statuses(playbook: &Playbook) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for entry in &playbook.status {
        let status = entry.status.to_string();
        if !all.iter().any(|(known, _)| *known == status) {
            all.push((status, entry.role.name().to_owned()));
        }
    }
    all
}

fn services(playbook: &Playbook) -> Vec<(String, String)> {
    let line = |service: &crate::playbook::Service| {
        let owners: Vec<String> = service.owners.iter().map(|(role, team)| format!("{role} {team}")).collect();
        let owners = if owners.is_empty() { "as elsewhere".into() } else { owners.join(", ") };
        (service.name.clone(), format!("{owners} (line {})", service.line))
    };
    playbook.services.iter().map(line).collect()
}

fn routes(playbook: &Playbook) -> Vec<(String, String)> {
    let line = |route: &crate::playbook::RouteRule| {
        let parts = [
            route.role.map(|role| format!("role {role}")),
            route.team.as_ref().map(|team| format!("team {team}")),
            route.severity.map(|severity| format!("severity {severity}")),
            route.escalation.as_ref().map(|name| format!("escalation {name}")),
            route.runbook.as_ref().map(|runbook| format!("runbook {runbook}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (route.name.clone(), format!("{} (line {})", parts.join(", "), route.line))
    };
    playbook.routes.iter().map(line).collect()
}

fn in_words(team: &Team) -> String {
    let channels = if team.notify.is_empty() { "no channel of its own".into() } else { team.notify.join(", ") };
    let escalation = team.escalation.as_ref().map(|name| format!("; climbs by {name}")).unwrap_or_default();
    let hours = team.active.as_ref().zip(team.otherwise.as_ref());
    let hours = hours.map(|(window, other)| format!("; within {window}, else {other}")).unwrap_or_default();
    format!("{channels}{escalation}{hours}")
}

fn steps(escalation: &Escalation) -> String {
    let step = |step: &EscalationStep| {
        let whom: Vec<&str> = step
            .notify
            .iter()
            .map(|recipient| match recipient {
                Recipient::OwningTeam => "@team",
                Recipient::Channel(channel) => channel,
            })
            .collect();
        let raised = step.severity.map(|severity| format!(" as {severity}")).unwrap_or_default();
        let again = if step.repeat > 0 { format!(", {} times more", step.repeat) } else { String::new() };
        let only = if step.only_if.is_some() { " (if it fits)" } else { "" };
        format!("after {} {}{raised}{again}{only}", span(step.after), whom.join(" and "))
    };
    escalation.steps.iter().map(step).collect::<Vec<_>>().join("; ")
}

/// How a channel is reached: where its secret is found, never the secret.
fn reached(channel: &Channel) -> String {
    let by = |setting: &Setting| match setting {
        Setting::Plain(url) => url.clone(),
        Setting::Env(name) => format!("${name}"),
        Setting::File(path) => path.display().to_string(),
    };
    match &channel.target {
        Target::Slack(url) => format!("Slack, by {}", by(url)),
        Target::Pagerduty { key, .. } => format!("PagerDuty, by {}", by(key)),
        Target::Webhook { url, format } => format!("webhook ({format} JSON), by {}", by(url)),
        Target::Alertmanager(url) => format!("Alertmanager, by {}", by(url)),
    }
}

fn mutes(playbook: &Playbook) -> Vec<(String, String)> {
    let silences = playbook.silences.iter().map(|silence| {
        let window = silence.window.as_ref().map(|window| format!("within {window} "));
        let from = silence.from.map(|from| format!("from {from} "));
        let until = silence.until.map(|until| format!("until {until} "));
        let when: String = [window, from, until].into_iter().flatten().collect();
        (silence.reason.clone(), format!("silence {when}(line {})", silence.line))
    });
    let inhibitions =
        playbook.inhibitions.iter().map(|rule| (rule.name.clone(), format!("inhibition (line {})", rule.line)));
    silences.chain(inhibitions).collect()
}
