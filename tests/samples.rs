//! Every sample gives the verdict that its golden holds.
//!
//! `samples/<format>/<name>.log` has `<name>.golden` beside it, and `<name>.log_format` where its layout must be told;
//! `samples/stories/<name>/` has `samples/stories/<name>.golden`. `UPDATE_GOLDENS=1 cargo test --test samples` writes
//! them anew; read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Ran, assert_books_balance, files, root, run_json};
use std::path::{Path, PathBuf};
use triage::report::golden;

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

/// The report as goldens have it.
fn shown(ran: &Ran) -> String {
    let report = ran.json();
    assert_books_balance(&report);
    golden::lines(&report, ran.code, &ran.err)
}
