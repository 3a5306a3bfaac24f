//! What the tests of the built program share: running it, and reading its JSON report.

#![allow(dead_code, reason = "each test file uses its own part of this")]

#[cfg(unix)]
pub(crate) mod watch;

use serde_json::Value;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program in a neutral setting: this machine's zone, nginx.conf, terminal and variables play no part.
pub(crate) fn triage(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TRIAGE_")) {
        command.env_remove(name);
    }
    command.env("NO_COLOR", "1").env_remove("COLUMNS").env("TZ", "UTC");
    command
        .args(["--tz", "UTC", "--nginx-conf", "/dev/null", "--apache-conf", "/dev/null"])
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: output.stdout,
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The report, where it is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.out).unwrap_or_else(|error| {
            panic!("stdout is no JSON report ({error}); exit code {}, stderr: {}", self.code, self.err)
        })
    }
}

/// Runs the program in a folder.
pub(crate) fn run<A: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = A>) -> Ran {
    Ran::of(triage(folder).args(args).output().unwrap())
}

/// Runs the program in a folder, for its JSON report.
pub(crate) fn run_json<A: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = A>) -> Ran {
    Ran::of(triage(folder).args(["--output-format", "json"]).args(args).output().unwrap())
}

/// The text of a field, or what stands there as JSON.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The items of a list.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every line is accounted for: lines = events + passed + benign + unknown + cut, for every source.
pub(crate) fn assert_books_balance(report: &Value) {
    let mut sum = 0;
    for source in list(&report["sources"]) {
        let count = |key: &str| source[key].as_u64().unwrap();
        let parts: u64 = ["events", "passed", "benign", "unknown", "cut"].into_iter().map(count).sum();
        assert_eq!(count("lines"), parts, "the books of this source do not balance: {source}");
        sum += parts;
    }
    assert_eq!(report["totals"]["lines"].as_u64(), Some(sum), "totals.lines is not the sum over the sources");
}

/// Every file below a folder whose name `wanted` likes, sorted.
pub(crate) fn files(folder: &Path, wanted: impl Fn(&str) -> bool + Copy) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, wanted));
        } else if path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())) {
            all.push(path);
        }
    }
    all.sort();
    all
}
