//! What a machine does to a watch: it kills it within a commit, fills its disk, grants no inotify, reads no output, puts its
//! clock back, and takes its terminal away. Counts stay exact. Each test skips where the machine cannot do that to it.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says where it skips"
)]

mod common;

use common::watch::{KEPT, TICK, Watch, append, counted, line, report, sums};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// Longer than the screen, the commit and the look at the logs wait.
const SEVERAL_TURNS: Duration = Duration::from_secs(3);

/// What a pipe holds.
const PIPE_BYTES: usize = 64 << 10;

/// The flags that [`common::triage`] gives, for a watch that is begun by another program.
const ALWAYS: [&str; 4] = ["--tz", "UTC", "--nginx-conf", "/dev/null"];

/// Begins a watch by way of another program, which is to run what stands behind its arguments.
fn start(folder: &Path, by: &str, args: &[impl AsRef<OsStr>], out: Stdio) -> Watch {
    let err = File::options().create(true).append(true).open(folder.join("stderr")).unwrap();
    let mut command = Command::new(by);
    command.args(args).arg(env!("CARGO_BIN_EXE_triage")).arg("--follow").args(ALWAYS).args(KEPT);
    let command = command.current_dir(folder).env("NO_COLOR", "1").env_remove("TRIAGE_STATE");
    Watch { child: command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap() }
}

/// Whether the program is there and this ends well.
fn can(program: &str, args: &[&str]) -> bool {
    let ran = Command::new(program).args(args).output();
    let can = ran.is_ok_and(|ran| ran.status.success());
    if !can {
        eprintln!("skipped: `{program} {}` does not work here", args.join(" "));
    }
    can
}

/// The watch itself, below the program that began it.
fn below(parent: &Child) -> Option<String> {
    let id = parent.id();
    let told = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
    told.split_whitespace().next().map(str::to_owned)
}

fn settle(watch: &mut Watch, folder: &Path, written: usize) {
    watch.until(folder, "all is committed", || counted(folder).is_some_and(|sums| sums.0 == written as u64));
}

#[test]
fn killed_at_any_call_of_a_commit_it_goes_on_from_the_state_before_or_after() {
    if !can("strace", &["-e", "inject=sync:signal=KILL:when=999", "true"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    let (mut written, mut killed) = (0, 0);
    for call in ["fsync", "/^rename", "unlink", "/^open", "write"] {
        for nth in [1, 2, 3] {
            // Files are opened all the time; those of a commit come late.
            let nth = if call == "/^open" { nth * 40 } else { nth };
            let kill = format!("inject={call}:signal=KILL:when={nth}");
            let args = ["-f", "-qq", "-o", "/dev/null", "-e", &kill];
            let mut watch = start(here, "strace", &args, Stdio::null());
            for _ in 0..40 {
                append(&log, &line(written));
                written += 1;
                sleep(TICK / 4);
            }
            // Some calls are not made so often.
            for _ in 0..60 {
                if watch.child.try_wait().unwrap().is_some() {
                    killed += 1;
                    break;
                }
                sleep(TICK);
            }
            if let Some(watched) = below(&watch.child) {
                drop(Command::new("kill").args(["-KILL", &watched]).status());
            }
            watch.ends();
        }
    }
    assert!(killed > 5, "only {killed} watches were killed at a call: the names of the calls are others here");
    let mut watch = Watch::start(here, KEPT, Stdio::null());
    settle(&mut watch, here, written);
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0), "{}", fs::read_to_string(here.join("stderr")).unwrap());
    assert_eq!(sums(&report(here)), (written as u64, written as u64, 0));
}

#[test]
fn a_full_disk_is_told_once_and_the_state_is_kept_again_when_there_is_room() {
    let mounts = "mount -t tmpfs -o size=256k,mode=700 none state";
    if !can("unshare", &["-Urm", "sh", "-c", "mount -t tmpfs -o size=256k none /mnt"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    fs::create_dir(here.join("state")).unwrap();
    append(&log, &line(0));
    let script = format!("{mounts} && head -c 1000000 /dev/zero > state/full 2>/dev/null; exec \"$@\"");
    let mut watch = start(here, "unshare", &["-Urm", "sh", "-c", &script, "sh"], Stdio::null());
    let told = || fs::read_to_string(here.join("stderr")).unwrap();
    watch.until(here, "it is told", || told().contains("the state cannot be written"));
    append(&log, &line(1));
    sleep(SEVERAL_TURNS);
    assert_eq!(told().matches("the state cannot be written").count(), 1, "{}", told());
    // `unshare` and `sh` became the watch, whose own view of the folder shows what is mounted there.
    let state = format!("/proc/{}/root{}/state", watch.child.id(), here.display());
    fs::remove_file(format!("{state}/full")).unwrap();
    watch.until(here, "it is kept again", || Path::new(&format!("{state}/state")).exists());
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(2));
    assert_eq!(sums(&report(here)), (2, 2, 0));
}

#[test]
fn without_inotify_it_looks_for_itself() {
    let none = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"";
    if !can("unshare", &["-Ur", "sh", "-c", none, "sh", "true"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    append(&log, &line(0));
    let mut watch = start(here, "unshare", &["-Ur", "sh", "-c", none, "sh"], Stdio::null());
    settle(&mut watch, here, 1);
    let mut written = 1;
    for round in 0..3 {
        for _ in 0..100 {
            append(&log, &line(written));
            written += 1;
        }
        fs::rename(&log, here.join(format!("access.log.{}", 9 - round))).unwrap();
        append(&log, &line(written));
        written += 1;
        settle(&mut watch, here, written);
    }
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    assert_eq!(sums(&report(here)), (written as u64, written as u64, 0));
}

#[test]
fn while_nobody_reads_what_it_tells_nothing_is_lost() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    // Each site is an incident of its own: more of them are told than a pipe holds.
    let of_site = |site: usize| format!("site{site}.example.com {}", line(site));
    append(&log, &of_site(0));
    let mut watch = Watch::start(here, KEPT, Stdio::piped());
    settle(&mut watch, here, 1);
    let mut written = 1;
    for round in 0..40 {
        for _ in 0..25 {
            append(&log, &of_site(written));
            written += 1;
        }
        if round % 12 == 11 {
            fs::rename(&log, here.join(format!("access.log.{}", 90 - round))).unwrap();
        }
        sleep(TICK * 5);
    }
    let mut out = watch.child.stdout.take().unwrap();
    let read = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    settle(&mut watch, here, written);
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    let told = read.join().unwrap();
    assert!(told.len() > PIPE_BYTES, "only {} bytes were told: nothing was held up", told.len());
    assert_eq!(told.lines().filter(|line| line.contains(" opened ")).count(), written);
    assert_eq!(sums(&report(here)), (written as u64, written as u64, 0));
}

#[test]
fn a_terminal_that_goes_away_ends_the_watch_in_good_order() {
    if !can("script", &["-qec", "true", "/dev/null"]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    append(&log, &line(0));
    let args = [&["exec", env!("CARGO_BIN_EXE_triage"), "--follow"], &ALWAYS[..], KEPT].concat().join(" ");
    let mut terminal = Command::new("script");
    terminal.args(["-qfc", &args, "/dev/null"]).current_dir(here).env_remove("TRIAGE_STATE").env("TERM", "xterm");
    let terminal = terminal.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut watch = Watch { child: terminal.spawn().unwrap() };
    settle(&mut watch, here, 1);
    let watched = below(&watch.child).unwrap();
    append(&log, &line(1));
    watch.signal("-KILL");
    watch.ends();
    while Path::new(&format!("/proc/{watched}/exe")).exists() {
        sleep(TICK);
    }
    assert_eq!(sums(&report(here)), (2, 2, 0));
    assert_eq!(counted(here), Some((2, 2, 0)));
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_keeps_nobody_busy() {
    let folder = TempDir::new().unwrap();
    let (here, log) = (folder.path(), folder.path().join("access.log"));
    let (shim, shift) = (here.join("clock.so"), here.join("shift"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/clock.c");
    if !can("cc", &["-shared", "-fPIC", "-o", shim.to_str().unwrap(), source]) {
        return;
    }
    const DAY: i64 = 86_400;
    let preload = format!("LD_PRELOAD={}", shim.display());
    let shifted = format!("CLOCK_SHIFT={}", shift.display());
    fs::write(&shift, "0").unwrap();
    append(&log, &line(0));
    let mut watch = start(here, "env", &[&preload, &shifted], Stdio::null());
    settle(&mut watch, here, 1);
    let mut written = 1;
    for jump in [-DAY, DAY, 0, 3_600, -3_600, 30 * DAY, 0] {
        fs::write(&shift, jump.to_string()).unwrap();
        for _ in 0..20 {
            append(&log, &line(written));
            written += 1;
        }
        fs::rename(&log, here.join(format!("access.log.{}", 100 - written / 20))).unwrap();
        append(&log, &line(written));
        written += 1;
        settle(&mut watch, here, written);
    }
    let before = busy_ticks(watch.child.id());
    sleep(SEVERAL_TURNS);
    let busy = busy_ticks(watch.child.id()) - before;
    // A tick is 10 ms.
    assert!(busy <= 45, "{busy} ticks of {SEVERAL_TURNS:?}: it is busy with nothing");
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    assert_eq!(sums(&report(here)), (written as u64, written as u64, 0));
}

/// Time that a process has used, in the kernel's ticks.
fn busy_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let behind_name = stat.rsplit_once(')').unwrap().1;
    behind_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}
