//! A report as its golden holds it: what is to stay the same, in lines that are easy to read and to compare.
//!
//! In: the JSON report, the exit code, what went to stderr. Out: lines.

use serde_json::Value;
use std::fmt::{Arguments, Write};

/// Characters of an evidence line that a golden shows.
const EVIDENCE_SHOWN: usize = 150;

/// The JSON report as lines that are easy to read and to compare. What the cause files say of a cause in general (its
/// checks, what to avoid) is left out: it would change goldens without any change of a verdict.
pub fn lines(report: &Value, code: i32, err: &str) -> String {
    let mut out = String::new();
    let totals = &report["totals"];
    let (requests, failed, explained) = (&totals["requests"], &totals["requests_5xx"], &totals["explained_5xx"]);
    put(&mut out, format_args!("exit {code}: {failed} of {requests} requests answered 5xx, {explained} explained"));
    list(&report["sources"]).iter().for_each(|source| show_source(source, &mut out));
    list(&report["incidents"]).iter().for_each(|incident| show_incident(incident, &mut out));
    list(&report["notes"]).iter().for_each(|note| put(&mut out, format_args!("note: {}", text(note))));
    for shape in list(&report["unknown"]) {
        put(&mut out, format_args!("unknown: {} x {}", text(&shape["template"]), shape["count"]));
    }
    err.lines().for_each(|line| put(&mut out, format_args!("stderr: {line}")));
    out
}

fn show_source(source: &Value, out: &mut String) {
    let get = |key: &str| text(&source[key]);
    let parts =
        ["events", "passed", "benign", "unknown", "cut"].map(|key| format!("{} {key}", source[key])).join(" + ");
    put(out, format_args!("log: {} is {}: {} lines = {parts}", get("path"), get("format"), source["lines"]));
    put(out, format_args!("  {} to {}, zone {}", get("first"), get("last"), get("zone")));
}

fn show_incident(incident: &Value, out: &mut String) {
    let get = |key: &str| text(&incident[key]);
    put(out, format_args!("\n{} {} {}", get("kind"), get("cause"), get("severity")));
    let mut row = |label: &str, value: String| put(out, format_args!("  {label}: {value}"));
    row("id", get("id"));
    if !incident["parent_id"].is_null() {
        row("part of", get("parent_id"));
    }
    row("certainty", format!("{} {}", get("certainty"), get("certainty_counts")));
    row("hop", get("hop"));
    row("owner", format!("{} (team {}), by {}", get("role"), get("team"), get("routed_by")));
    row("service", get("service"));
    row("status", counts(&incident["status_counts"], "status"));
    row(
        "failed",
        format!(
            "{} requests of {}, {} attempts",
            get("requests_failed"),
            get("requests_total"),
            get("attempts_failed")
        ),
    );
    row("when", format!("{} to {}", get("start"), get("end")));
    row("latency_ms", get("latency_ms"));
    row("upstreams", counts(&incident["upstreams"], "address"));
    row("paths", counts(&incident["paths"], "path"));
    row("clients", get("clients"));
    row("absorbed", counts(&incident["absorbed"], "cause"));
    row("doubt", get("doubt"));
    for proof in list(&incident["evidence"]) {
        let line: String = text(&proof["text"]).chars().take(EVIDENCE_SHOWN).collect();
        row("evidence", format!("{}:{}: {}", text(&proof["source"]), proof["line"], line.escape_debug()));
    }
}

/// `502 x 109, 504 x 2`.
fn counts(items: &Value, name: &str) -> String {
    list(items).iter().map(|item| format!("{} x {}", text(&item[name]), item["count"])).collect::<Vec<_>>().join(", ")
}

/// One line; a text takes any.
fn put(out: &mut String, line: Arguments<'_>) {
    let _ = writeln!(out, "{line}");
}

/// The text of a field, or what stands there as JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
