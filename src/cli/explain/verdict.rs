//! The verdict on a record: cause, certainty, rule, owner; and the rules that fitted as well.

use super::{Knowledge, cause, owner, ranking};
use crate::cause::{Cause, Fit, Gives, Judge, Verdict};
use crate::event::{Certainty, Event, Field};
use crate::grammar::Witness;
use crate::incident::{service_of, upstream_of};
use crate::playbook::Subject;
use crate::report::terminal::page::Page;
use crate::report::terminal::words;
use crate::text::harmless;
use std::io;

/// Rules shown besides the winner.
const MOST_OTHERS: usize = 12;

/// What a verdict is about.
pub(super) struct Judged<'e, 'r> {
    /// The record as read.
    pub(super) event: &'e Event<'r>,
    /// What it proves.
    pub(super) witness: Witness,
    /// Its format's id.
    pub(super) format: &'e str,
    /// The verdict on it.
    pub(super) verdict: Verdict,
}

/// Tells the verdict.
pub(super) fn tell(judged: &Judged<'_, '_>, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let verdict = judged.verdict;
    let rule = verdict.rule.map(|id| knowledge.catalogue.rule(id));
    match verdict.cause.map(|id| knowledge.catalogue.cause(id)) {
        Some(cause) => {
            page.tagged(0, cause.severity, &cause.title)?;
            page.field("cause", &format!("{}, {}", cause.id, certainty(verdict.certainty)))?;
            page.field("gives", gives(verdict.gives))?;
            page.field("means", &cause.meaning)?;
            page.field("at fault", words::hop(cause.hop))?;
            page.field("owner", &whose(judged, cause, knowledge))?;
            page.field("more", &format!("triage explain {}  (what to check, whether a retry is safe)", cause.id))?;
        }
        None => {
            page.sentence(0, &format!("No trouble: {}", rule.map_or("", |rule| &rule.title)))?;
            page.field("gives", gives(verdict.gives))?;
        }
    }
    match rule {
        Some(rule) => {
            page.field("rule", &cause::place(rule))?;
            cause::wording(rule, page)?;
            page.field_if("status", rule.status.map(|status| format!("{status:03}")).as_deref())
        }
        None => page.field("rule", "none fits: the status alone decides"),
    }
}

/// The rules that fitted and lost, in order, each with the reason.
pub(super) fn others(
    judge: &Judge<'_>,
    event: &Event<'_>,
    knowledge: &Knowledge,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let ranked = judge.ranked(event);
    let Some((winner, losers)) = ranked.split_first() else { return Ok(()) };
    if losers.is_empty() {
        page.blank()?;
        return page.sentence(0, "No other rule fits.");
    }
    page.heading("Rules that fit too, and why they lost")?;
    for (place, loser) in losers.iter().take(MOST_OTHERS).enumerate() {
        page.item(2, &format!("{}.", place + 1), &lost(*winner, *loser, knowledge))?;
    }
    page.more(losers.len(), MOST_OTHERS, "they rank lower still")
}

fn lost(winner: Fit, loser: Fit, knowledge: &Knowledge) -> String {
    let rule = knowledge.catalogue.rule(loser.rule);
    format!("{}: {}; {}", cause::place(rule), rule.title, ranking::why_lost(winner, loser, &knowledge.catalogue))
}

fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Stated => "stated: the line says it",
        Certainty::Implied => "implied by the fields",
        Certainty::Default => "by the status alone (default): another cause may hide behind it",
    }
}

fn gives(gives: Gives) -> &'static str {
    match gives {
        Gives::Failure => "failure: a request, or an attempt at one, fails by this",
        Gives::Warning => "warning: no request ends as 5xx by this",
        Gives::Condition => "condition: it states no request, and explains the failures around it",
        Gives::Echo => "echo: the failure that the same worker has just stated, with its request; alone a failure",
        Gives::Benign => "benign: no request fails by this",
    }
}

/// Whose this one record is, if it stood alone.
fn whose(judged: &Judged<'_, '_>, cause: &Cause, knowledge: &Knowledge) -> String {
    let event = judged.event;
    let own = judged.verdict.rule.and_then(|rule| knowledge.catalogue.rule(rule).status);
    let statuses: Vec<u16> = event.status().or(own).into_iter().collect();
    let service = harmless(service_of(event, judged.witness));
    let upstream = harmless(&upstream_of(event));
    let uri = event.get(Field::Uri).unwrap_or_default();
    let path = harmless(uri.split(|byte| *byte == b'?').next().unwrap_or_default());
    let method = harmless(event.get(Field::Method).unwrap_or_default());
    let [upstreams, paths, methods] = [[upstream.as_str()], [path.as_str()], [method.as_str()]];
    let named = |list: &'_ [&'_ str]| usize::from(!list[0].is_empty());
    let service = Some(service.as_str()).filter(|service| !service.is_empty());
    let subject = Subject {
        service,
        vhost: service,
        upstreams: &upstreams[..named(&upstreams)],
        paths: &paths[..named(&paths)],
        methods: &methods[..named(&methods)],
        formats: &[judged.format],
        ..owner::subject(cause, &statuses)
    };
    owner::of(&subject, Some(cause), knowledge)
}
