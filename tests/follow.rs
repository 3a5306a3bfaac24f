//! Watching real files with the built program: what is written is counted once, through rotation, kill -9 and restarts.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::watch::{KEPT, Watch, append, counted, line, report, sums, word};
use serde_json::Value;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
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

/// Where notices go: what came, in its order. The first one is refused.
fn endpoint() -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook", listener.local_addr().unwrap());
    let came = Arc::<Mutex<Vec<Value>>>::default();
    let heard = Arc::clone(&came);
    spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut length, mut line) = (0, String::new());
            while stream.read_line(&mut line).unwrap_or(0) > 2 {
                let field = line.to_ascii_lowercase();
                length = field.strip_prefix("content-length:").map_or(length, |value| value.trim().parse().unwrap());
                line.clear();
            }
            let mut body = vec![0; length];
            // Whoever is killed while he sends has told nothing.
            if stream.read_exact(&mut body).is_err() || length == 0 {
                continue;
            }
            let mut came = heard.lock().unwrap();
            came.push(serde_json::from_slice(&body).unwrap());
            let status = if came.len() == 1 { "503 Service Unavailable" } else { "200 OK" };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            drop(stream.get_mut().write_all(answer.as_bytes()));
        }
    });
    (address, came)
}

#[test]
fn a_trouble_is_told_once_and_so_is_its_end_through_kills() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    let (address, came) = endpoint();
    let playbook = format!(
        "version = 1\n[defaults]\ngroup_wait = \"0s\"\nresolve_after = \"1s\"\n[roles]\ninfra = \"web\"\n[team.web]\n\
         notify = [\"hook\"]\n[channel.hook]\ntype = \"webhook\"\nformat = \"json\"\nurl = \"{address}\"\n"
    );
    fs::write(here.join("playbook.toml"), playbook).unwrap();
    let args = [&["--playbook", "playbook.toml", "--gap", "3s"], KEPT].concat();
    let told = |kind: &str| -> Vec<String> {
        let came = came.lock().unwrap();
        let of_kind = came.iter().filter(|notice| notice["kind"] == kind);
        of_kind.map(|notice| notice["key"].as_str().unwrap().to_owned()).collect()
    };
    append(&log, &line(0));
    let mut watch = Watch::start(here, &args, Stdio::null());
    for kill in 1..=4 {
        // While it is refused, when it has just come, and later.
        watch.until(here, "the trouble is told", || told("trigger").len() >= kill.min(2));
        watch.signal("-KILL");
        watch.ends();
        append(&log, &line(kill));
        watch = Watch::start(here, &args, Stdio::null());
    }
    watch.until(here, "the end is told", || !told("resolve").is_empty());
    watch.signal("-TERM");
    watch.ends();
    let (mut triggers, mut ends) = (told("trigger"), told("resolve"));
    triggers.dedup();
    ends.dedup();
    assert_eq!((triggers.len(), ends.len()), (1, 1), "{:?}", came.lock().unwrap());
    let came = came.lock().unwrap();
    assert!(came.iter().all(|notice| notice["schema"] == "triage.notice/1" && notice["trouble"] == came[0]["trouble"]));
}
