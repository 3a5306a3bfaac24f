//! Whose something is, and which line of the playbook says so.

use super::Knowledge;
use crate::cause::Cause;
use crate::event::Role;
use crate::knowledge;
use crate::playbook::Subject;

/// `payments (role app), by status 500, then service "checkout" (playbook.toml:12, playbook.toml:30)`.
pub(super) fn of(subject: &Subject<'_>, cause: Option<&Cause>, knowledge: &Knowledge) -> String {
    let playbook = &knowledge.playbook;
    let route = playbook.route(subject);
    let mut places = playbook.places_of(&route, subject);
    if let Some(file) = cause.filter(|_| route.routed_by.starts_with("cause ")).and_then(place_of_role) {
        places.insert(0, file);
    }
    let who = match &route.team {
        Some(team) => format!("{team} (role {}: {})", route.role, in_words(route.role)),
        None => format!("role {}: {}", route.role, in_words(route.role)),
    };
    let places = if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) };
    format!("{who}; by {}{places}", route.routed_by)
}

/// The role in words.
pub(super) fn in_words(role: Role) -> &'static str {
    match role {
        Role::App => "the application's team",
        Role::Infra => "gateways and infrastructure",
        Role::Sre => "capacity and on-call",
        Role::Db => "databases and the APIs behind",
    }
}

/// The line of the cause's own file that names its role.
fn place_of_role(cause: &Cause) -> Option<String> {
    let path = cause.file.strip_prefix("grammars/").unwrap_or(&cause.file);
    let file = knowledge::built_in(path).next()?;
    Some(format!("{}:{}", cause.file, file.line_of("\nrole = ") + 1))
}

/// The subject of a cause alone.
pub(super) fn subject<'a>(cause: &'a Cause, statuses: &'a [u16]) -> Subject<'a> {
    Subject {
        cause: &cause.id,
        cause_role: cause.role,
        hop: Some(cause.hop),
        status: statuses,
        severity: cause.severity,
        count: 1,
        ..Subject::default()
    }
}
