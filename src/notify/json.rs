//! The notice as JSON, for webhooks of one's own. Field names are a contract: extend, never rename.

use super::Notice;
use serde_json::{Value, json};

/// What is posted.
pub(super) fn payload(notice: &Notice) -> Value {
    let (labels, body) = (&notice.labels, &notice.body);
    json!({
        "schema": "triage.notice/1",
        "key": notice.key,
        "kind": notice.kind,
        "trouble": notice.trouble,
        "incident": body.incident,
        "revision": notice.revision,
        "severity": notice.severity,
        "at": notice.at,
        "news": notice.news,
        "cause": labels.cause,
        "title": body.title,
        "hop": labels.hop,
        "service": labels.service,
        "role": labels.role,
        "team": labels.team,
        "owner": body.owner,
        "failed": body.failed,
        "status": body.status,
        "start": body.start,
        "end": body.end,
        "upstreams": body.upstreams,
        "paths": body.paths,
        "evidence": body.evidence,
        "checks": body.checks,
        "runbook": body.runbook,
        "doubt": body.doubt,
        "troubles": body.lines,
    })
}
