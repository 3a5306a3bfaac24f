//! One status: what it means, whose it is, which causes give it, what tells who wrote it.

use super::{Knowledge, owner};
use crate::cause::{CauseId, Gives, Rule};
use crate::event::Field;
use crate::grammar::when::Counts;
use crate::playbook::{StatusPattern, Subject};
use crate::report::terminal::page::Page;
use std::collections::BTreeSet;
use std::io;

/// Tells all of a status.
pub(super) fn tell(status: u16, knowledge: &Knowledge, page: &mut Page<'_>) -> io::Result<()> {
    let meaning = knowledge.statuses.meaning(status);
    page.sentence(0, title(&meaning.code, &meaning.name).trim_end())?;
    page.field("means", &meaning.means)?;
    page.field("owner", &owner(status, knowledge))?;
    page.field("who wrote", &meaning.decides)?;
    page.field("log", FIELDS_TO_LOG)?;
    let causes = causes(status, knowledge);
    if causes.is_empty() {
        return Ok(());
    }
    page.heading(&format!(
        "Causes whose rules give {status:03} (where none is found, the status alone decides the owner)"
    ))?;
    page.pairs(&named(&causes, knowledge))
}

/// What an access log must have, so that who answered can be told.
const FIELDS_TO_LOG: &str = "log_format with $upstream_addr, $upstream_status, $upstream_header_time and \
     $upstream_bytes_received (who wrote it), $request_time and $upstream_response_time (which timeout), $host (whose), \
     $request_id (joins it with the error log and the application's)";

/// Tells of several statuses, one row each.
pub(super) fn tell_range(
    text: &str,
    pattern: StatusPattern,
    knowledge: &Knowledge,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let known: Vec<_> = knowledge.statuses.matching(pattern).collect();
    page.sentence(0, &format!("{text}: {} statuses are known here", known.len()))?;
    if text.starts_with('5') {
        page.field(
            "means",
            "A hop failed to answer the request: the application, or one on the way to it that says so.",
        )?;
    }
    page.field("log", FIELDS_TO_LOG)?;
    page.blank()?;
    let rows: Vec<(String, String)> = known
        .iter()
        .filter_map(|meaning| Some((title(&meaning.code, &meaning.name), role(meaning.status()?, knowledge))))
        .collect();
    page.pairs(&rows)?;
    page.blank()?;
    page.sentence(
        0,
        "The cause decides before the status does. More on one: triage explain 502; on two: triage explain 502 504",
    )
}

/// `502 Bad Gateway`.
pub(super) fn title(code: &str, name: &str) -> String {
    format!("{code} {name}")
}

/// Whose it is where no cause is found.
pub(super) fn owner(status: u16, knowledge: &Knowledge) -> String {
    if knowledge.playbook.entry_of_status(status).is_none() {
        return "nobody: it is no failure".into();
    }
    let statuses = [status];
    let subject = Subject { status: &statuses, count: 1, ..Subject::default() };
    format!("{}; a cause that is found decides first", owner::of(&subject, None, knowledge))
}

/// The role that the map gives a status, in short.
fn role(status: u16, knowledge: &Knowledge) -> String {
    match knowledge.playbook.role_of_status(status) {
        Some(role) => format!("{role}: {}", owner::in_words(role)),
        None => "nobody: it is no failure".into(),
    }
}

/// Id and title of each.
pub(super) fn named(causes: &BTreeSet<CauseId>, knowledge: &Knowledge) -> Vec<(String, String)> {
    let cause = |id: &CauseId| knowledge.catalogue.cause(*id);
    causes.iter().map(|id| (cause(id).id.clone(), cause(id).title.clone())).collect()
}

/// The causes that a rule gives to failures with this status.
pub(super) fn causes(status: u16, knowledge: &Knowledge) -> BTreeSet<CauseId> {
    let rules = knowledge.catalogue.rules().filter(|(_, rule)| gives(rule, status));
    rules.filter_map(|(_, rule)| rule.cause).collect()
}

/// The rule names the status as what the client sees, or asks the record for it.
fn gives(rule: &Rule, status: u16) -> bool {
    let digits = format!("{status:03}");
    let asks_for_it = || {
        let Some(when) = &rule.when else { return false };
        let mut asks = false;
        when.each_field(&mut |field, counts| asks |= counts != Counts::Presence && field == Field::Status);
        asks && when.holds_by(Field::Status, digits.as_bytes()) != Some(false)
    };
    matches!(rule.gives, Gives::Failure | Gives::Echo)
        && (rule.status == Some(status) || (rule.status.is_none() && asks_for_it()))
}
