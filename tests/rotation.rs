//! The ways in which logs are rotated, with real files, a writer that reopens its log late, and the real logrotate: what a
//! file on disk holds is counted, nothing is counted twice, and what is lost is told as a gap.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test fails by panicking, or says what it skips"
)]

mod common;

use common::watch::{KEPT, TICK, Watch, append, counted, line, report, sums};
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// A watch that counts nothing more for so many looks has read all that it will.
const QUIET_LOOKS: u32 = 400;

/// Rotations lie so far apart: closer than any server's, so that files move while a watch looks for them.
const BETWEEN_ROTATIONS: Duration = Duration::from_millis(5);

/// A folder with a log, what writes it, and a watch of it.
struct Scene {
    folder: TempDir,
    log: PathBuf,
    writer: File,
    written: usize,
    watch: Watch,
}

impl Scene {
    /// The log is there with its first lines, and the watch has read them.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("access.log");
        let writer = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let watch = Watch::start(folder.path(), KEPT, Stdio::null());
        let mut scene = Self { folder, log, writer, written: 0, watch };
        scene.write(50);
        scene.settle();
        scene
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&mut self, lines: usize) {
        for _ in 0..lines {
            self.writer.write_all(line(self.written).as_bytes()).unwrap();
            self.written += 1;
        }
    }

    /// Another file is written from now on, as after SIGUSR1.
    fn reopen(&mut self) {
        self.writer = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
    }

    fn restart(&mut self, meanwhile: impl FnOnce(&mut Self)) {
        self.watch.signal("-KILL");
        self.watch.child.wait().unwrap();
        meanwhile(self);
        self.watch = Watch::start(self.path(), KEPT, Stdio::null());
    }

    /// Waits until all that was written is counted and committed, or nothing more comes.
    fn settle(&mut self) {
        let (mut last, mut quiet) = (None, 0);
        while quiet < QUIET_LOOKS {
            assert!(self.watch.child.try_wait().unwrap().is_none(), "the watch ended: {}", self.told());
            let now = counted(self.path());
            if now.is_some_and(|(lines, ..)| lines == self.written as u64) {
                return;
            }
            quiet = if now == last { quiet + 1 } else { 0 };
            last = now;
            sleep(TICK);
        }
    }

    fn told(&self) -> String {
        fs::read_to_string(self.path().join("stderr")).unwrap_or_default()
    }

    /// Lines read, failures counted, gaps, when the watch has ended.
    fn ends(mut self) -> (u64, u64, usize) {
        self.settle();
        self.watch.signal("-TERM");
        assert_eq!(self.watch.child.wait().unwrap().code(), Some(0), "{}", self.told());
        eprintln!("gaps: {}", report(self.path())["gaps"]);
        sums(&report(self.path()))
    }

    /// Rotates with the real logrotate; `false` where there is none.
    fn logrotate(&self, how: &str) -> bool {
        let conf = self.path().join("rotate.conf");
        fs::write(&conf, format!("\"{}\" {{\n rotate 100\n missingok\n{how}\n}}\n", self.log.display())).unwrap();
        let ran = Command::new("logrotate").arg("-f").arg("-s").arg(self.path().join("rotated")).arg(&conf).output();
        let Ok(ran) = ran else {
            eprintln!("skipped: logrotate is not installed");
            return false;
        };
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        true
    }

    /// The numbers of the lines that the files still hold.
    fn on_disk(&self) -> BTreeSet<String> {
        let files = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let logs =
            files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("access")));
        let text: String = logs.map(|path| fs::read_to_string(path).unwrap()).collect();
        text.lines().filter_map(|line| line.split(" \"GET ").nth(1)).map(str::to_owned).collect()
    }
}

#[test]
fn renamed_and_written_on_until_the_server_reopens() {
    let mut scene = Scene::new();
    for round in 0..8 {
        scene.write(200);
        if !scene.logrotate("create") {
            return;
        }
        scene.write(20);
        scene.reopen();
        sleep(BETWEEN_ROTATIONS);
        if round % 3 == 2 {
            scene.restart(|_| ());
        }
    }
    let written = scene.written as u64;
    assert_eq!(scene.ends(), (written, written, 0));
}

#[test]
fn compressed_at_once_while_nobody_watches() {
    let mut scene = Scene::new();
    for _ in 0..3 {
        scene.write(100);
        let mut is_there = true;
        scene.restart(|scene| {
            for _ in 0..3 {
                scene.write(100);
                is_there = scene.logrotate("create\ncompress");
                scene.reopen();
            }
        });
        if !is_there {
            return;
        }
        scene.settle();
    }
    let written = scene.written as u64;
    assert_eq!(scene.ends(), (written, written, 0));
}

#[test]
fn copied_and_cut_while_it_is_written() {
    let mut scene = Scene::new();
    if !scene.logrotate("copytruncate") {
        return;
    }
    let mut file = OpenOptions::new().append(true).open(&scene.log).unwrap();
    let (from, lines) = (scene.written, 6_000);
    let writing = std::thread::spawn(move || {
        for number in from..from + lines {
            file.write_all(line(number).as_bytes()).unwrap();
            sleep(Duration::from_micros(100));
        }
    });
    for round in 0..6 {
        sleep(Duration::from_millis(100));
        scene.logrotate("copytruncate");
        if round == 3 {
            scene.restart(|_| ());
        }
    }
    writing.join().unwrap();
    scene.written += lines;
    let (written, on_disk) = (scene.written as u64, scene.on_disk().len() as u64);
    let (read, failed, gaps) = scene.ends();
    assert_eq!(read, failed);
    assert!((on_disk..=written).contains(&read), "{read} of {written} read, {on_disk} on disk");
    assert!(read == written || gaps > 0, "{} lines were lost, and no gap is told", written - read);
}

#[test]
fn a_link_that_leads_to_another_file_each_day() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let day = |day: usize| here.join(format!("access-202601{day:02}.log"));
    append(&day(1), &line(0));
    symlink(day(1), here.join("access.log")).unwrap();
    let mut watch = Watch::start(here, KEPT, Stdio::null());
    watch.until(here, "the first line", || counted(here).is_some_and(|sums| sums.0 == 1));
    let mut written = 1;
    for next in 2..12 {
        for _ in 0..20 {
            append(&day(next - 1), &line(written));
            written += 1;
        }
        append(&day(next), &line(written));
        written += 1;
        symlink(day(next), here.join("new")).unwrap();
        fs::rename(here.join("new"), here.join("access.log")).unwrap();
    }
    watch.until(here, "all days are read", || counted(here).is_some_and(|sums| sums.0 == written as u64));
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    assert_eq!(sums(&report(here)), (written as u64, written as u64, 0), "{}", report(here)["gaps"]);
}

#[test]
fn removed_and_made_anew_with_the_same_inode() {
    let mut scene = Scene::new();
    for _ in 0..8 {
        fs::remove_file(&scene.log).unwrap();
        scene.reopen();
        scene.write(1);
        scene.settle();
    }
    let written = scene.written as u64;
    assert_eq!(scene.ends(), (written, written, 0));
}

#[test]
fn lines_that_come_byte_by_byte_are_not_torn() {
    let mut scene = Scene::new();
    for _ in 0..4 {
        for byte in line(scene.written).into_bytes() {
            scene.writer.write_all(&[byte]).unwrap();
            sleep(Duration::from_millis(2));
        }
        scene.written += 1;
    }
    let written = scene.written as u64;
    assert_eq!(scene.ends(), (written, written, 0));
}

#[test]
fn a_watch_that_was_held_up_catches_up() {
    let mut scene = Scene::new();
    scene.watch.signal("-STOP");
    for round in 0..4 {
        scene.write(500);
        fs::rename(&scene.log, scene.path().join(format!("access.log.{}", 9 - round))).unwrap();
        scene.reopen();
    }
    scene.write(10);
    scene.watch.signal("-CONT");
    let written = scene.written as u64;
    assert_eq!(scene.ends(), (written, written, 0));
}

#[test]
fn cut_while_nobody_watches_and_filled_to_less_the_same_and_more() {
    let mut scene = Scene::new();
    for lines in [10, 10, 60] {
        scene.restart(|scene| {
            File::create(&scene.log).unwrap();
            scene.write(lines);
        });
        scene.settle();
    }
    let written = scene.written as u64;
    let (read, failed, _) = scene.ends();
    assert_eq!((read, failed), (written, written));
}

#[test]
fn files_that_begin_alike_are_not_taken_for_each_other() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let fields = "date time cs-method cs-uri-stem c-ip sc-status sc-substatus sc-win32-status time-taken";
    let head = format!(
        "#Software: Microsoft Internet Information Services 10.0\n#Fields: {fields}\n#Remark: {}\n",
        "x".repeat(4096)
    );
    let name = |site: usize| here.join(format!("logs/W3SVC{site}/u_ex260115.log"));
    (1..=20).for_each(|site| fs::create_dir_all(name(site).parent().unwrap()).unwrap());
    (1..=20).for_each(|file| append(&name(file), &head));
    let mut watch = Watch::start(here, &["--state", "state", "-o", "report.json", "logs"], Stdio::null());
    watch.until(here, "the heads are read", || counted(here).is_some_and(|sums| sums.0 == 60));
    for round in 0..3 {
        for file in 1..=20 {
            append(
                &name(file),
                &format!("2026-01-15 20:44:{:02} GET /{round} 192.0.2.7 502 3 12029 {file}\n", round + 10),
            );
        }
    }
    watch.until(here, "all rows are read", || counted(here).is_some_and(|sums| sums.0 == 120));
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0));
    assert_eq!(sums(&report(here)), (120, 60, 0));
}

#[test]
fn a_log_that_is_not_there_yet_is_waited_for() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let mut watch = Watch::start(here, KEPT, Stdio::null());
    let told = || fs::read_to_string(here.join("stderr")).unwrap_or_default();
    sleep(Duration::from_millis(300));
    append(&here.join("access.log"), &line(0));
    watch.until(here, "the line is read", || counted(here).is_some_and(|sums| sums.0 == 1));
    watch.signal("-TERM");
    assert_eq!(watch.ends(), Some(0), "{}", told());
    let notes = report(here)["notes"].to_string();
    assert!(notes.contains("there is no such file yet; it is waited for"), "{notes}");
}
