//! An incident in words for a notice: without secrets, harmless, within bounds.
//!
//! In: an [`Incident`]. Out: its [`Body`] and [`Labels`]. Escaping is for each channel to do.

use super::{Body, Labels};
use crate::event::Severity;
use crate::report::Incident;
use crate::report::terminal::words;
use crate::text::{harmless, redact::redact};
use crate::time::Timestamp;

/// Letters of a name or a sentence.
const MOST_LETTERS: usize = 300;
/// Letters of a line of evidence.
const MOST_EVIDENCE_LETTERS: usize = 600;
/// Lines of evidence.
const MOST_EVIDENCE: usize = 2;
/// Upstreams and paths named, each.
const MOST_NAMED: usize = 3;
/// Checks told.
const MOST_CHECKS: usize = 4;

impl Body {
    /// What a notice says of an incident.
    pub(super) fn of(incident: &Incident) -> Self {
        let upstreams = incident.upstreams.iter().map(|upstream| upstream.address.as_str());
        let paths = incident.paths.iter().map(|path| path.path.as_str());
        Self {
            incident: incident.id.clone(),
            title: clean(&incident.title, MOST_LETTERS),
            owner: owner(incident),
            failed: words::failed(incident),
            status: incident.status.iter().copied().take(MOST_NAMED).collect(),
            start: incident.start,
            end: incident.end,
            upstreams: upstreams.take(MOST_NAMED).map(|name| clean(name, MOST_LETTERS)).collect(),
            paths: paths.take(MOST_NAMED).map(|name| clean(name, MOST_LETTERS)).collect(),
            evidence: incident
                .evidence
                .iter()
                .take(MOST_EVIDENCE)
                .map(|line| clean(&line.text, MOST_EVIDENCE_LETTERS))
                .collect(),
            checks: incident.checks.iter().take(MOST_CHECKS).map(|check| clean(check, MOST_LETTERS)).collect(),
            runbook: incident.runbook.as_deref().map(|runbook| clean(runbook, MOST_LETTERS)),
            doubt: incident.doubt.as_deref().map(|doubt| clean(doubt, MOST_LETTERS)),
            lines: Vec::new(),
        }
    }

    /// What a digest says.
    pub(super) fn of_digest(title: String, lines: Vec<String>, at_micros: i64) -> Self {
        let at = Timestamp::from_micros(at_micros);
        Self {
            incident: String::new(),
            title,
            owner: "several".into(),
            failed: String::new(),
            status: Vec::new(),
            start: at,
            end: at,
            upstreams: Vec::new(),
            paths: Vec::new(),
            evidence: Vec::new(),
            checks: Vec::new(),
            runbook: None,
            doubt: None,
            lines,
        }
    }
}

impl Labels {
    /// What receivers know the incident by from now on.
    pub(super) fn of(incident: &Incident, severity: Severity) -> Self {
        let service = incident.routed.service.as_deref().unwrap_or(&incident.service);
        Self {
            cause: incident.cause.clone(),
            hop: Some(incident.hop),
            service: clean(service, MOST_LETTERS),
            role: Some(incident.role),
            team: incident.team.clone(),
            severity,
        }
    }
}

/// Who owns it: `platform (role infra)`.
pub(super) fn owner(incident: &Incident) -> String {
    let owner = match &incident.team {
        Some(team) => format!("{team} (role {})", incident.role),
        None => format!("role {}", incident.role),
    };
    clean(&owner, MOST_LETTERS)
}

/// One trouble of a digest in a line: `error upstream.refused: 109 requests, service shop.example.com, owner platform`.
pub(super) fn line(incident: &Incident) -> String {
    let owner = incident.team.as_deref().unwrap_or(incident.role.name());
    let failed = words::failed_in_short(incident);
    let service = clean(&incident.service, MOST_LETTERS);
    let line = format!("{} {}: {failed}, service {service}, owner {owner}", incident.severity, incident.cause);
    clean(&line, MOST_LETTERS)
}

/// Redacted, harmless, and cut where it is too long. Redacted first: a cut secret would not be known any more.
pub(super) fn clean(text: &str, most_letters: usize) -> String {
    cut(&harmless(redact(text).as_bytes()), most_letters)
}

/// At most so many letters, the last one `…` where some were left out.
pub(super) fn cut(text: &str, most_letters: usize) -> String {
    match text.char_indices().nth(most_letters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most_letters.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_text_is_clean_and_short() {
        assert_eq!(clean("GET /?token=hunter2 \u{1b}]0;x\u{202e}", 300), "GET /?token=[redacted] \\x1b]0;x\\u{202e}");
        assert_eq!((cut("äöü", 3), cut("äöüß", 3)), ("äöü".into(), "äö…".into()));
        let long = format!("{}?token=hunter2", "a".repeat(595));
        assert!(!clean(&long, MOST_EVIDENCE_LETTERS).contains("hunt"));
    }
}
