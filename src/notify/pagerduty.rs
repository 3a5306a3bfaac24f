//! PagerDuty Events API v2.
//!
//! One alert a trouble: its dedup key is the id that the trouble was first told under. Severities have the same names there.

use super::{Notice, NoticeKind, body::cut, words};
use serde_json::{Value, json};

/// Where events go.
pub(super) const ADDRESS: &str = "https://events.pagerduty.com/v2/enqueue";
/// Letters of a summary.
const MOST_SUMMARY: usize = 1_024;
/// Letters of a dedup key.
const MOST_KEY: usize = 255;
/// Bytes of an event.
const MOST_EVENT_BYTES: usize = 512_000;

/// What is posted.
pub(super) fn payload(notice: &Notice, routing_key: &str) -> Value {
    let action = match notice.kind {
        NoticeKind::Acknowledge => "acknowledge",
        NoticeKind::Resolve => "resolve",
        _ => "trigger",
    };
    let mut event = json!({
        "routing_key": routing_key,
        "event_action": action,
        "dedup_key": cut(&notice.trouble, MOST_KEY),
        "client": "triage",
        "payload": describe(notice),
    });
    if let Some(url) = words::runbook(notice) {
        event["links"] = json!([{ "href": url, "text": "runbook" }]);
    }
    if event.to_string().len() > MOST_EVENT_BYTES {
        event["payload"]["custom_details"] = json!({ "cut": "the details were too long" });
    }
    event
}

fn describe(notice: &Notice) -> Value {
    let (labels, body) = (&notice.labels, &notice.body);
    let service = words::service(notice);
    let mut details = serde_json::Map::new();
    for (label, value) in words::facts(notice) {
        details.insert(label.replace(' ', "_"), value.into());
    }
    for (label, lines) in [("evidence", &body.evidence), ("check", &body.checks), ("troubles", &body.lines)] {
        if !lines.is_empty() {
            details.insert(label.into(), json!(lines));
        }
    }
    details.insert("incident".into(), json!(body.incident));
    details.insert("notice".into(), json!(notice.key));
    json!({
        "summary": cut(&words::summary(notice), MOST_SUMMARY),
        "source": service.unwrap_or("triage"),
        "severity": notice.severity.name(),
        "timestamp": body.start.to_string(),
        "component": body.upstreams.first(),
        "group": service,
        "class": labels.cause,
        "custom_details": details,
    })
}
