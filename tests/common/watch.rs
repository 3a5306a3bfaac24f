//! A watch of real files by the built program, for the tests that follow logs.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use super::triage;
use serde_json::Value;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

pub(crate) const TICK: Duration = Duration::from_millis(20);

/// A failed request, with a path of its own.
pub(crate) fn line(number: usize) -> String {
    format!(
        "203.0.113.{} - - [{}] \"GET /a/{number} HTTP/1.1\" 502 157 \"-\" \"Mozilla/5.0\"\n",
        number % 250 + 1,
        chrono::Utc::now().format("%d/%b/%Y:%H:%M:%S +0000")
    )
}

pub(crate) struct Watch {
    pub(crate) child: Child,
}

impl Watch {
    pub(crate) fn start(folder: &Path, args: &[&str], out: Stdio) -> Self {
        let err = OpenOptions::new().create(true).append(true).open(folder.join("stderr")).unwrap();
        let child = triage(folder).arg("--follow").args(args).stdout(out).stderr(err).spawn().unwrap();
        Self { child }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until something holds; fails where the watch has ended before.
    pub(crate) fn until(&mut self, folder: &Path, what: &str, holds: impl Fn() -> bool) {
        while !holds() {
            let ended = self.child.try_wait().unwrap();
            let told = || fs::read_to_string(folder.join("stderr")).unwrap_or_default();
            assert!(ended.is_none(), "the watch ended ({ended:?}) before {what}: {}", told());
            sleep(TICK);
        }
    }

    pub(crate) fn ends(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// A word with the watch that keeps its state in this folder; a subcommand comes before its flags.
pub(crate) fn word(folder: &Path, args: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.args(args).args(["--state", "state", "--tz", "UTC", "--nginx-conf", "/dev/null"]);
    command.current_dir(folder).env("NO_COLOR", "1").env_remove("TRIAGE_STATE").output().unwrap()
}

/// What the state holds: lines read, failures counted, gaps.
pub(crate) fn counted(folder: &Path) -> Option<(u64, u64, usize)> {
    let ran = word(folder, &["status", "--output-format", "json"]);
    let told: Value = serde_json::from_slice(&ran.stdout).ok()?;
    Some(sums(&told))
}

pub(crate) fn sums(told: &Value) -> (u64, u64, usize) {
    let of = |list: &Value, field: &str| -> u64 {
        list.as_array().unwrap().iter().map(|one| one[field].as_u64().unwrap_or(0)).sum()
    };
    (of(&told["sources"], "lines"), of(&told["incidents"], "requests_failed"), told["gaps"].as_array().unwrap().len())
}

pub(crate) fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("report.json")).unwrap()).unwrap()
}

/// What a watch with [`KEPT`] is asked to do.
pub(crate) const KEPT: &[&str] = &["--state", "state", "-o", "report.json", "access.log"];
