//! Watching real files with the built program: what is written is counted once, through rotation, kill -9 and restarts.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::watch::{KEPT, Watch, append, counted, line, report, sums, word};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

#[test]
fn what_is_written_is_counted_once_through_kill_and_rotation() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    File::create(&log).unwrap();
    let mut written = 0;
    for round in 0..6 {
        let mut watch = Watch::start(here, KEPT, Stdio::null());
        for _ in 0..50 {
            append(&log, &line(written));
            written += 1;
        }
        if round % 2 == 1 {
            fs::rename(&log, here.join(format!("access.log.{}", 9 - round))).unwrap();
            append(&log, &line(written));
            written += 1;
        }
        // Some rounds end before anything of them is committed, some after. What was rotated before a watch first looked is
        // none of its business: the first round is one of the latter.
        if round == 0 || round % 3 != 0 {
            watch.until(here, "all is committed", || counted(here).is_some_and(|sums| sums.0 == written as u64));
        }
        watch.signal("-KILL");
        watch.ends();
    }
    let mut watch = Watch::start(here, KEPT, Stdio::null());
    watch.until(here, "all is committed", || counted(here).is_some_and(|sums| sums.0 == written as u64));
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    assert_eq!(sums(&report(here)), (written as u64, written as u64, 0));
}

#[test]
fn events_are_told_as_they_happen_and_an_incident_can_be_taken() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    append(&log, &line(0));
    let mut watch = Watch::start(
        here,
        &["--output-format", "ndjson", "--state", "state", "--gap", "3s", "access.log"],
        Stdio::piped(),
    );
    let mut events = BufReader::new(watch.child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&events.next().unwrap().unwrap()).unwrap() };
    let opened = next();
    assert_eq!((opened["event"].as_str(), opened["incident"]["status"][0].as_u64()), (Some("opened"), Some(502)));
    let id = opened["incident"]["id"].as_str().unwrap();
    let taken = word(here, &["ack", id, "--by", "ann"]);
    assert!(taken.status.success(), "{}", String::from_utf8_lossy(&taken.stderr));
    let acknowledged = next();
    assert_eq!((acknowledged["event"].as_str(), acknowledged["why"].as_str()), (Some("acknowledged"), Some("by ann")));
    let resolved = next();
    assert_eq!((resolved["event"].as_str(), resolved["incident"]["id"].as_str()), (Some("resolved"), Some(id)));
    watch.signal("-INT");
    assert_eq!(watch.ends(), Some(130));
}

#[test]
fn a_state_is_of_one_watch_and_a_damaged_one_is_refused() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    append(&log, &line(0));
    let mut watch = Watch::start(here, KEPT, Stdio::null());
    watch.until(here, "the state is committed", || counted(here).is_some());
    assert_eq!(Watch::start(here, KEPT, Stdio::null()).ends(), Some(2));
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    fs::write(here.join("state/state"), "something else").unwrap();
    assert_eq!(Watch::start(here, KEPT, Stdio::null()).ends(), Some(2));
    let told = fs::read_to_string(here.join("stderr")).unwrap();
    assert!(told.contains("another watch keeps its state here"), "{told}");
    assert!(told.contains("nothing is counted on from it"), "{told}");
    assert_eq!(fs::read_to_string(here.join("state/state")).unwrap(), "something else");
}

#[test]
fn a_state_that_cannot_be_written_is_told_once_and_holds_up_nothing() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    append(&log, &line(0));
    let mut watch = Watch::start(here, KEPT, Stdio::null());
    watch.until(here, "the state is committed", || counted(here).is_some());
    // Where the new state would be written there is a folder that cannot be removed.
    fs::create_dir_all(here.join("state/state.new/full")).unwrap();
    append(&log, &line(1));
    sleep(Duration::from_secs(3));
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(2));
    assert_eq!(sums(&report(here)).0, 2);
    let told = fs::read_to_string(here.join("stderr")).unwrap();
    assert_eq!(told.matches("the state cannot be written").count(), 1, "{told}");
}
