//! The closed lists in words, and an incident's numbers as sentences.

use crate::event::{Certainty, Hop};
use crate::report::numbers::{count, percent, thousands};
use crate::report::{CertaintyCounts, Incident};

/// The hop with what it means.
pub(crate) fn hop(hop: Hop) -> &'static str {
    match hop {
        Hop::Client => "client, or whoever stands in front of us",
        Hop::Edge => "edge: CDN or WAF",
        Hop::Lb => "lb: the load balancer",
        Hop::Proxy => "proxy: the reverse proxy or web server",
        Hop::App => "app: the application and its workers",
        Hop::Dependency => "dependency: what the application calls",
        Hop::Network => "network: the path between two hops",
        Hop::Dns => "dns: name resolution",
        Hop::Tls => "tls: TLS between two hops",
    }
}

/// `upstream.refused, stated by the log`; with the numbers where the failures are known in several ways.
pub(super) fn cause(incident: &Incident) -> String {
    let how = match incident.certainty {
        Certainty::Stated => "stated by the log",
        Certainty::Implied => "implied by the fields",
        Certainty::Default => "by the status alone",
    };
    format!("{}, {how}{}", incident.cause, mixed(incident.certainty_counts))
}

/// ` (250 stated, 4 implied)`; nothing where all are known in one way.
fn mixed(counts: CertaintyCounts) -> String {
    let ways = [(counts.stated, "stated"), (counts.implied, "implied"), (counts.default, "by status alone")];
    let told: Vec<String> = ways
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, way)| format!("{} {way}", thousands(*number)))
        .collect();
    if told.len() > 1 { format!(" ({})", told.join(", ")) } else { String::new() }
}

/// Who it is for, and what decided that.
pub(crate) fn owner(incident: &Incident) -> String {
    match &incident.team {
        Some(team) => format!("{team} (role {}), by {}", incident.role, incident.routed_by),
        None => format!("role {}, by {}", incident.role, incident.routed_by),
    }
}

/// How much failed: requests where an access log counts them, otherwise attempts.
pub(crate) fn failed(incident: &Incident) -> String {
    let attempts = count(incident.attempts_failed, "attempt");
    match (incident.requests_failed, incident.attempts_failed) {
        (None, _) => format!("{attempts} (no access log covers this time)"),
        (Some(requests), 0) => format!("{}{}", count(requests, "request"), share(incident)),
        (Some(requests), _) => format!("{}{} ({attempts})", count(requests, "request"), share(incident)),
    }
}

/// `, 31 % of the service's 13,500`.
fn share(incident: &Incident) -> String {
    match (incident.share, incident.requests_total) {
        (Some(share), Some(total)) => format!(", {} of the service's {}", percent(share), thousands(total)),
        (Some(share), None) => format!(", {} of the service's requests", percent(share)),
        _ => String::new(),
    }
}

/// The same in two words, for incidents told in short.
pub(crate) fn failed_in_short(incident: &Incident) -> String {
    match incident.requests_failed {
        Some(requests) if requests > 0 => count(requests, "request"),
        _ => count(incident.attempts_failed, "attempt"),
    }
}

/// The service; `-` says nothing to somebody just woken.
pub(super) fn service(incident: &Incident) -> &str {
    if incident.service == "-" { "not named in the logs" } else { &incident.service }
}
