//! Every sample gives the verdict that its golden holds.
//!
//! `samples/<format>/<name>.log` has `<name>.golden` beside it, and `<name>.log_format` where its layout must be told;
//! `samples/stories/<name>/` has `samples/stories/<name>.golden`. `UPDATE_GOLDENS=1 cargo test --test samples` writes
//! them anew; read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Ran, assert_books_balance, files, list, root, run_json, text};
use serde_json::Value;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Characters of an evidence line that a golden shows.
const EVIDENCE_SHOWN: usize = 150;

#[test]
fn each_log_gives_its_golden() {
    let logs = files(&root().join("samples"), |name| name.ends_with(".log"));
    let logs: Vec<PathBuf> = logs.into_iter().filter(|log| !log.to_string_lossy().contains("/stories/")).collect();
    assert!(logs.len() > 10, "the samples are gone: only {} logs below samples/", logs.len());
    let wrong: Vec<String> =
        logs.iter().filter_map(|log| difference(&log.with_extension("golden"), &judge(log))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_story_gives_its_golden() {
    let folder = root().join("samples/stories");
    let mut stories: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    stories.retain(|path| path.is_dir());
    stories.sort();
    assert!(stories.len() >= 5, "stories are gone: only {stories:?}");
    let golden = |story: &Path| PathBuf::from(format!("{}.golden", story.display()));
    let judge = |story: &Path| shown(&run_json(story, ["."]));
    let wrong: Vec<String> = stories.iter().filter_map(|story| difference(&golden(story), &judge(story))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_golden_has_its_log() {
    for golden in files(&root().join("samples"), |name| name.ends_with(".golden")) {
        let bare = golden.with_extension("");
        assert!(bare.is_dir() || golden.with_extension("log").is_file(), "{}: no log; delete it", golden.display());
    }
}

fn judge(log: &Path) -> String {
    let name = log.file_name().unwrap().to_string_lossy().into_owned();
    let mut args = vec![name];
    if let Ok(directive) = std::fs::read_to_string(log.with_extension("log_format")) {
        args.extend(["--log-format".into(), directive.trim().into()]);
    }
    shown(&run_json(log.parent().unwrap(), args))
}

/// Where golden and outcome part, or nothing. With `UPDATE_GOLDENS=1` the golden is written instead.
fn difference(golden: &Path, outcome: &str) -> Option<String> {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(golden, outcome).unwrap();
        return None;
    }
    let expected = std::fs::read_to_string(golden).unwrap_or_default();
    if expected == outcome {
        return None;
    }
    let (old, new) = (expected.lines(), outcome.lines());
    let at = old.zip(new).position(|(old, new)| old != new);
    let at = at.unwrap_or_else(|| expected.lines().count().min(outcome.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("(the end)").to_owned();
    Some(format!(
        "{}:{}: the verdict differs\n  golden: {}\n  now:    {}\n  if now is right: UPDATE_GOLDENS=1 cargo test --test samples",
        golden.display(),
        at + 1,
        line(&expected),
        line(outcome)
    ))
}

/// The JSON report as lines that are easy to read and to compare. What the cause files say of a cause in general (its
/// checks, what to avoid) is left out: it would change goldens without any change of a verdict.
fn shown(ran: &Ran) -> String {
    let report = ran.json();
    assert_books_balance(&report);
    let mut out = String::new();
    let totals = &report["totals"];
    let (requests, failed, explained) = (&totals["requests"], &totals["requests_5xx"], &totals["explained_5xx"]);
    writeln!(out, "exit {}: {failed} of {requests} requests answered 5xx, {explained} explained", ran.code).unwrap();
    list(&report["sources"]).iter().for_each(|source| show_source(source, &mut out));
    list(&report["incidents"]).iter().for_each(|incident| show_incident(incident, &mut out));
    list(&report["notes"]).iter().for_each(|note| writeln!(out, "note: {}", text(note)).unwrap());
    for shape in list(&report["unknown"]) {
        writeln!(out, "unknown: {} x {}", text(&shape["template"]), shape["count"]).unwrap();
    }
    ran.err.lines().for_each(|line| writeln!(out, "stderr: {line}").unwrap());
    out
}

fn show_source(source: &Value, out: &mut String) {
    let get = |key: &str| text(&source[key]);
    let parts =
        ["events", "passed", "benign", "unknown", "cut"].map(|key| format!("{} {key}", source[key])).join(" + ");
    writeln!(out, "log: {} is {}: {} lines = {parts}", get("path"), get("format"), source["lines"]).unwrap();
    writeln!(out, "  {} to {}, zone {}", get("first"), get("last"), get("zone")).unwrap();
}

fn show_incident(incident: &Value, out: &mut String) {
    let get = |key: &str| text(&incident[key]);
    writeln!(out, "\n{} {} {}", get("kind"), get("cause"), get("severity")).unwrap();
    let mut row = |label: &str, value: String| writeln!(out, "  {label}: {value}").unwrap();
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
