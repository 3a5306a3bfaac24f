//! One cause: what it means, whose it is, what to do first, and the rules that see it.

use super::{Knowledge, owner};
use crate::cause::{Cause, CauseId, Rule};
use crate::report::terminal::page::Page;
use crate::report::terminal::words;
use std::io;

/// Rows that an example may take.
const EXAMPLE_ROWS: usize = 4;

/// Tells all of a cause.
pub(super) fn tell(id: CauseId, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let cause = knowledge.catalogue.cause(id);
    page.tagged(0, cause.severity, &cause.title)?;
    page.field("cause", &cause.id)?;
    page.field("means", &cause.meaning)?;
    page.field("at fault", words::hop(cause.hop))?;
    owners(cause, knowledge, page)?;
    page.field("severity", &format!("{}, where it hits everybody", cause.severity))?;
    page.field_if("retry", cause.retry_safe.as_deref())?;
    page.field_if("avoid", cause.wrong_reflex.as_deref())?;
    checks(cause, page)?;
    relations(id, knowledge, page)?;
    page.field("rank", &rank(cause))?;
    page.field("file", &cause.file)?;
    rules(id, knowledge, page)
}

/// Whose it is: by the cause's own role, else by each status that the map knows.
fn owners(cause: &Cause, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    if cause.role.is_some() {
        return page.field("owner", &owner::of(&owner::subject(cause, &[]), Some(cause), knowledge));
    }
    for (place, status) in [500, 502, 503, 504].into_iter().enumerate() {
        let whose = owner::of(&owner::subject(cause, &[status]), Some(cause), knowledge);
        page.field(if place == 0 { "owner" } else { "" }, &format!("{status}: {whose}"))?;
    }
    Ok(())
}

fn checks(cause: &Cause, page: &mut Page<'_>) -> io::Result<()> {
    for (place, check) in cause.checks.iter().enumerate() {
        page.field(if place == 0 { "check" } else { "" }, &format!("{}. {check}", place + 1))?;
    }
    Ok(())
}

/// The causes it takes in or explains, and those that do so with it.
fn relations(id: CauseId, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let catalogue = &knowledge.catalogue;
    let cause = catalogue.cause(id);
    let holding = |has: fn(&Cause) -> &[CauseId]| -> Vec<CauseId> {
        catalogue.causes().filter(|(_, other)| has(other).contains(&id)).map(|(id, _)| id).collect()
    };
    list(page, "absorbs", "the same trouble's first signs and aftermath", &cause.absorbs, knowledge)?;
    list(page, "explains", "consequences, kept apart", &cause.explains, knowledge)?;
    list(page, "part of", "absorbed by", &holding(|other| &other.absorbs), knowledge)?;
    list(page, "follows", "explained by", &holding(|other| &other.explains), knowledge)
}

fn list(page: &mut Page<'_>, label: &str, how: &str, ids: &[CauseId], knowledge: &Knowledge) -> io::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = ids.iter().map(|id| knowledge.catalogue.cause(*id).id.as_str()).collect();
    page.field(label, &format!("{} ({how})", names.join(", ")))
}

fn rank(cause: &Cause) -> String {
    let mut text = format!("precedence {}", cause.precedence);
    for (holds, words) in [
        (cause.consequence, "; a consequence: never the root while another cause overlaps"),
        (cause.lasting, "; said once an episode, not once a failure"),
        (cause.unlogged, "; requests lost by it leave no access line"),
    ] {
        if holds {
            text.push_str(words);
        }
    }
    text
}

fn rules(id: CauseId, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    for (_, rule) in knowledge.catalogue.rules().filter(|(_, rule)| rule.cause == Some(id)) {
        page.blank()?;
        one_rule(rule, page)?;
    }
    Ok(())
}

fn one_rule(rule: &Rule, page: &mut Page<'_>) -> io::Result<()> {
    let status = rule.status.map_or(String::new(), |status| format!(", status {status:03}"));
    page.sentence(0, &format!("Seen in {}: a {}{status}", rule.on.join(", "), rule.gives))?;
    page.field("rule", &place(rule))?;
    wording(rule, page)?;
    if let Some(example) = rule.examples.first() {
        for (place, line) in example.lines().enumerate() {
            page.quoted(if place == 0 { "example" } else { "" }, line, EXAMPLE_ROWS)?;
        }
    }
    Ok(())
}

/// Where a rule stands.
pub(super) fn place(rule: &Rule) -> String {
    format!("{} ({}:{})", rule.id, rule.place.0, rule.place.1)
}

/// What a record must say for a rule.
pub(super) fn wording(rule: &Rule, page: &mut Page<'_>) -> io::Result<()> {
    for (place, says) in rule.says.iter().enumerate() {
        page.field(if place == 0 { "says" } else { "or" }, &says.to_string())?;
    }
    page.field_if("when", rule.when_text.as_deref())
}
