//! Alertmanager: alerts pushed to it, and its webhook JSON (version 4) for whoever reads that.
//!
//! An alert is known by its labels, so they are those of the first notice for as long as the trouble lasts; what changes is in
//! the annotations.

use super::{Notice, NoticeKind, words};
use crate::time::Timestamp;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Where alerts are pushed, below the address of the Alertmanager.
pub(super) const PUSH_PATH: &str = "/api/v2/alerts";
/// What stands for "has not ended" in webhooks.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// What is pushed: one alert. It counts as over where it is not told again within twice `repeat`.
pub(super) fn push(notice: &Notice, repeat: Duration) -> Value {
    let keep = i64::try_from(repeat.as_micros()).unwrap_or(i64::MAX).saturating_mul(2);
    let until = if is_over(notice) { over_at(notice) } else { notice.at.plus_micros(keep) };
    json!([{
        "labels": labels(notice),
        "annotations": annotations(notice),
        "startsAt": notice.body.start.to_string(),
        "endsAt": until.to_string(),
    }])
}

/// What a webhook gets.
pub(super) fn webhook(notice: &Notice) -> Value {
    let status = if is_over(notice) { "resolved" } else { "firing" };
    let (labels, annotations) = (labels(notice), annotations(notice));
    let group = json!({ "alertname": labels["alertname"], "incident": labels["incident"] });
    json!({
        "version": "4",
        "groupKey": format!("triage/{}", notice.trouble),
        "truncatedAlerts": 0,
        "status": status,
        "receiver": notice.channel,
        "groupLabels": group,
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "notification_reason": notice.kind.name(),
        "alerts": [{
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": notice.body.start.to_string(),
            "endsAt": if is_over(notice) { over_at(notice).to_string() } else { NEVER.into() },
            "generatorURL": "",
            "fingerprint": notice.trouble,
        }],
    })
}

fn is_over(notice: &Notice) -> bool {
    notice.kind == NoticeKind::Resolve
}

/// Never before it began: an alert that ends before it starts is refused.
fn over_at(notice: &Notice) -> Timestamp {
    notice.at.max(notice.body.start)
}

/// An empty label is none.
fn labels(notice: &Notice) -> Map<String, Value> {
    let labels = &notice.labels;
    let all = [
        ("alertname", labels.cause.clone()),
        ("cause", labels.cause.clone()),
        ("hop", labels.hop.map(|hop| hop.name().to_owned()).unwrap_or_default()),
        ("incident", notice.trouble.clone()),
        ("role", labels.role.map(|role| role.name().to_owned()).unwrap_or_default()),
        ("service", words::service(notice).unwrap_or_default().to_owned()),
        ("severity", labels.severity.name().to_owned()),
        ("team", labels.team.clone().unwrap_or_default()),
    ];
    texts(all)
}

fn annotations(notice: &Notice) -> Map<String, Value> {
    let body = &notice.body;
    let facts: Vec<String> =
        words::facts(notice).into_iter().map(|(label, value)| format!("{label}: {value}")).collect();
    let all = [
        ("check", body.checks.join("\n")),
        ("description", facts.join("\n")),
        ("evidence", body.evidence.join("\n")),
        ("runbook_url", words::runbook(notice).unwrap_or_default().to_owned()),
        ("severity_now", notice.severity.name().to_owned()),
        ("summary", words::summary(notice)),
        ("troubles", body.lines.join("\n")),
    ];
    texts(all)
}

fn texts<const N: usize>(all: [(&str, String); N]) -> Map<String, Value> {
    let named = all.into_iter().filter(|(_, value)| !value.is_empty());
    named.map(|(name, value)| (name.to_owned(), value.into())).collect()
}
