//! `triage playbook`, and what a playbook makes of the report: who would have been told when, and what mutes it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Ran, root, run, run_json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const PLAYBOOK: &str = r#"
[defaults]
role = "sre"
[roles]
app = "web"
infra = "platform"
sre = "platform"
db = "platform"
[team.web]
notify = ["chat"]
[team.platform]
notify = ["chat"]
escalation = "page"
[escalation.page]
steps = [
  { after = "0m", notify = ["@team"] },
  { after = "5m", notify = ["pager"], severity = "critical" },
  { after = "1d", notify = ["pager"] },
]
[channel.chat]
type = "slack"
url_env = "CHAT_URL"
[channel.pager]
type = "pagerduty"
routing_key_file = "/etc/triage/pager.key"
[[expect]]
given = { cause = "upstream.refused", status = 502 }
team = "platform"
"#;

fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("playbook.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn story() -> PathBuf {
    root().join("samples/stories/refused")
}

fn args<'a>(playbook: &'a Path, logs: &'a Path) -> [&'a Path; 3] {
    [Path::new("--playbook"), playbook, logs]
}

/// Runs `triage playbook`; variables of whoever runs the tests play no part.
fn ask(what: &str, playbook: &Path) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.env_remove("TRIAGE_PLAYBOOK").env_remove("TRIAGE_GRAMMARS").env("NO_COLOR", "1");
    Ran::of(command.args(["playbook", what]).arg(playbook).output().unwrap())
}

#[test]
fn the_report_says_who_would_have_been_told() {
    let (folder, path) = written(PLAYBOOK);
    let report = run_json(folder.path(), args(&path, &story())).json();
    let refused = &report["incidents"][0];
    // The story's trouble lasts from 09:13:12 to 09:16:10; it is over ten minutes later, and the first notice waits 30 s.
    let expected = serde_json::json!([
        { "after": "0m", "at": "2026-03-03T09:13:42.000Z", "to": "platform (chat)" },
        { "after": "5m", "at": "2026-03-03T09:18:42.000Z", "to": "pager" },
    ]);
    assert_eq!((&refused["cause"], &refused["escalation"]), (&"upstream.refused".into(), &expected));
    assert_eq!(refused["muted_by"], serde_json::Value::Null);
    let told = String::from_utf8(run(folder.path(), args(&path, &story())).out).unwrap();
    let line = "  pages      platform (chat) at 09:13:42 (after 0m)   pager at 09:18:42 (after 5m)\n";
    assert!(told.contains(line), "{told}");
}

#[test]
fn a_silence_mutes_the_notices_and_never_the_report() {
    let silence = "[[silence]]\nmatch = { cause = \"upstream.refused\" }\nfrom = 2026-03-03T09:00:00Z\n\
                   until = 2026-03-03T10:00:00Z\nreason = \"CHG-4711\"\n";
    let (folder, path) = written(&format!("{PLAYBOOK}{silence}"));
    let report = run_json(folder.path(), args(&path, &story())).json();
    let refused = &report["incidents"][0];
    assert_eq!((&refused["muted_by"], &refused["requests_failed"]), (&"CHG-4711".into(), &109.into()));
    assert_eq!(refused["escalation"], serde_json::json!([]));
    let told = String::from_utf8(run(folder.path(), args(&path, &story())).out).unwrap();
    assert!(told.contains("  muted by   CHG-4711\n"), "{told}");
}

#[test]
fn without_a_playbook_nobody_is_told() {
    let folder = TempDir::new().unwrap();
    let report = run_json(folder.path(), [story()]).json();
    assert!(report["incidents"].as_array().unwrap().iter().all(|one| one["escalation"] == serde_json::json!([])));
}

#[test]
fn a_playbook_is_shown_without_its_secrets() {
    let (_folder, path) = written(PLAYBOOK);
    let ran = ask("show", &path);
    let told = String::from_utf8(ran.out).unwrap();
    for line in ["  infra  platform", "  chat   Slack, by $CHAT_URL", "  pager  PagerDuty, by /etc/triage/pager.key"] {
        assert!(told.contains(line), "{line}\nnot in\n{told}");
    }
    assert!(told.contains("after 5m pager as critical") && ran.code == 0, "{told}");
}

#[test]
fn tests_and_lint_end_with_1_where_something_is_found() {
    let (_folder, path) = written(PLAYBOOK);
    let of = |what: &str| ask(what, &path);
    assert_eq!((of("test").code, of("lint").code, of("lint").err.as_str()), (0, 0, ""));
    fs::write(&path, format!("{PLAYBOOK}severity = \"critical\"\n[channel.idle]\ntype = \"slack\"\nurl_env = \"A\"\n"))
        .unwrap();
    let tested = of("test");
    assert!(tested.code == 1 && tested.err.contains("playbook.toml:26: severity critical expected"), "{tested:?}");
    let linted = of("lint");
    assert!(linted.code == 1 && linted.err.contains("nobody is ever told on channel \"idle\""), "{linted:?}");
    fs::write(&path, "[team.a]\nnotify = \"nowhere\"\n").unwrap();
    for what in ["show", "test", "lint"] {
        assert!(of(what).code == 2 && of(what).err.contains("unknown channel \"nowhere\""), "{what}");
    }
}
