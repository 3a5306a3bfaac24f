//! Random schedules of writing, rotating, cutting, compressing, killing and going on, on real files: what was handed out
//! is what was written, nothing twice, and what is missing is on no disk file and told as a gap.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::turn::QUIET_BEFORE_COPY_MICROS;
use super::*;
use crate::source::Chunk;
use crate::source::overlap::OVERLAP_BYTES;
use crate::time::Timestamp;
use op::{Op, ops};
use proptest::prelude::*;

struct World {
    directory: tempfile::TempDir,
    writer: File,
    number: usize,
    /// The rest of a line that was begun.
    rest: Vec<u8>,
    begun: Vec<u8>,
    written: Vec<String>,
    /// Pieces of lines that were torn by what happened to their file.
    pieces: HashSet<String>,
    now: i64,
    tail: Tail,
    handed: Vec<String>,
    open: Vec<String>,
    ends: BTreeMap<u32, u64>,
    committed: Position,
    committed_ends: BTreeMap<u32, u64>,
    gaps: Vec<Gap>,
    open_gaps: Vec<Gap>,
    /// The log was cut, and that is not yet committed; it was looked at since.
    is_cut: bool,
    was_seen: bool,
    /// When something was written last.
    wrote: i64,
}

const CHUNK_BYTES: usize = 200;

impl World {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("access.log");
        let writer = append(&path);
        let tail = Tail::new(path, Start::Beginning, CHUNK_BYTES);
        let committed = tail.position();
        let mut world = Self {
            directory,
            writer,
            number: 0,
            rest: Vec::new(),
            begun: Vec::new(),
            written: Vec::new(),
            pieces: HashSet::new(),
            now: 1_000_000_000_000,
            tail,
            handed: Vec::new(),
            open: Vec::new(),
            ends: BTreeMap::new(),
            committed,
            committed_ends: BTreeMap::new(),
            gaps: Vec::new(),
            open_gaps: Vec::new(),
            is_cut: false,
            was_seen: false,
            wrote: 0,
        };
        world.look(usize::MAX);
        world.commit();
        world
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("access.log")
    }

    fn line(&mut self) -> Vec<u8> {
        self.number += 1;
        format!("{:06} {}.\n", self.number, "x".repeat(self.number * 7 % 61)).into_bytes()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).expect("written");
        self.wrote = self.now;
    }

    fn finish_line(&mut self) {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            self.write(&rest);
            let whole = [std::mem::take(&mut self.begun), rest].concat();
            self.written.push(text(&whole));
        }
    }

    fn append(&mut self, lines: usize) {
        self.finish_line();
        for _ in 0..lines {
            let line = self.line();
            self.write(&line);
            self.written.push(text(&line));
        }
    }

    fn partial(&mut self) {
        self.finish_line();
        let line = self.line();
        let cut = 1 + self.number % (line.len() - 2);
        self.write(&line[..cut]);
        (self.begun, self.rest) = (line[..cut].to_vec(), line[cut..].to_vec());
    }

    /// The file is cut under the line that was begun.
    fn tear(&mut self) {
        self.pieces.insert(text(&self.begun));
        self.pieces.insert(text(&self.rest));
        let (begun, rest) = (std::mem::take(&mut self.begun), std::mem::take(&mut self.rest));
        if !begun.is_empty() {
            self.write(&rest);
        }
    }

    fn shift(&self, keep: usize) {
        let name = |number: usize, suffix: &str| self.directory.path().join(format!("access.log.{number}{suffix}"));
        for suffix in ["", ".gz"] {
            let _ = fs::remove_file(name(keep + 40, suffix));
            for number in (1..keep + 40).rev() {
                let _ = fs::rename(name(number, suffix), name(number + 1, suffix));
            }
        }
    }

    fn play(&mut self, op: &Op) {
        match op {
            Op::Append(lines) => self.append(*lines),
            Op::Partial => self.partial(),
            Op::Rotate { keep } => {
                if self.path().exists() {
                    self.shift(*keep);
                    fs::rename(self.path(), self.path().with_extension("log.1")).expect("renamed");
                    drop(append(&self.path()));
                }
            }
            Op::Reopen => {
                self.finish_line();
                self.writer = append(&self.path());
            }
            Op::CopyTruncate { between } => {
                self.play(&Op::Reopen);
                self.begin_file();
                self.partial_maybe();
                self.shift(9);
                let copy = self.path().with_extension("log.1");
                // So that it is seen to be younger than what it is a copy of: the file system's clock is coarse.
                std::thread::sleep(std::time::Duration::from_millis(12));
                fs::write(&copy, fs::read(self.path()).expect("read")).expect("copied");
                // A log that was silent for so long has nothing to say in that very moment either.
                let is_silent = self.now - self.wrote >= QUIET_BEFORE_COPY_MICROS;
                if self.begun.is_empty() && !is_silent {
                    self.append(*between);
                }
                self.writer.set_len(0).expect("cut");
                (self.is_cut, self.was_seen) = (true, false);
                self.tear();
            }
            Op::Refill(lines) => {
                self.play(&Op::Reopen);
                self.begin_file();
                self.writer.set_len(0).expect("cut");
                (self.is_cut, self.was_seen) = (true, false);
                self.append(*lines);
            }
            Op::Recreate => {
                self.play(&Op::Reopen);
                self.begin_file();
                if self.is_cut && self.has_archive() {
                    self.look_and_commit();
                }
                fs::remove_file(self.path()).expect("removed");
                self.writer = append(&self.path());
            }
            Op::Compress(number) => self.compress(*number),
            Op::Look => self.look(usize::MAX),
            Op::Glance(chunks) => self.look(*chunks),
            Op::Commit => self.commit(),
            Op::Kill => self.kill(),
            Op::Wait(seconds) => self.now += seconds * 1_000_000,
        }
    }

    /// What becomes of a file cannot always be seen where nothing of it was read and committed, or so little that another
    /// may begin the same.
    fn begin_file(&mut self) {
        let there = fs::metadata(self.path()).map(|meta| Identity::of(&meta)).ok();
        let is_new = |file: &FilePosition| file.offset < OVERLAP_BYTES as u64 || Some(file.identity) != there;
        if self.committed.files.last().is_none_or(is_new) {
            self.append(4);
            self.look_and_commit();
        }
    }

    /// What was copied, cut and is gone cannot be told from what was moved, where it is an archive that holds all that was
    /// read: nobody can know that there was more.
    fn can_be_told(&self) -> bool {
        let there = fs::metadata(self.path()).map(|meta| Identity::of(&meta)).ok();
        !self.is_cut || self.committed.files.last().map(|file| file.identity) == there
    }

    fn has_archive(&self) -> bool {
        let mut entries = fs::read_dir(self.directory.path()).expect("a directory");
        entries.any(|entry| entry.expect("an entry").path().extension().is_some_and(|suffix| suffix == "gz"))
    }

    fn look_and_commit(&mut self) {
        self.look(usize::MAX);
        self.commit();
    }

    fn partial_maybe(&mut self) {
        if self.number.is_multiple_of(3) {
            self.partial();
        }
    }

    fn compress(&mut self, number: usize) {
        let plain = self.directory.path().join(format!("access.log.{number}"));
        let packed = self.directory.path().join(format!("access.log.{number}.gz"));
        // The writer is done with it, as logrotate's delay sees to.
        let held = self.writer.metadata().expect("meta");
        if !self.can_be_told() {
            self.look_and_commit();
        }
        let Ok(meta) = fs::metadata(&plain) else { return };
        if Identity::of(&meta) == Identity::of(&held) {
            return;
        }
        let mut archive =
            flate2::write::GzEncoder::new(File::create(&packed).expect("made"), flate2::Compression::fast());
        archive.write_all(&fs::read(&plain).expect("read")).expect("packed");
        let file = archive.finish().expect("whole");
        file.set_modified(meta.modified().expect("a time")).expect("set");
        fs::remove_file(plain).expect("removed");
    }

    fn look(&mut self, chunks: usize) {
        self.now += 100_000;
        self.was_seen = true;
        let look = self.tail.look(Timestamp::from_micros(self.now), &mut self.open_gaps);
        assert_eq!(look.defects, [], "nothing is wrong");
        for _ in 0..chunks {
            let Some((age, chunk)) = self.tail.next_chunk() else { break };
            self.take(age, &chunk);
        }
        let mut gaps = std::mem::take(&mut self.open_gaps);
        self.tail.look(Timestamp::from_micros(self.now), &mut gaps);
        self.open_gaps = gaps;
    }

    fn take(&mut self, age: u32, chunk: &Chunk) {
        let end = self.ends.entry(age).or_insert(chunk.offset);
        assert_eq!(*end, chunk.offset, "age {age} goes on where it was");
        *end += chunk.bytes.len() as u64;
        let whole = match chunk.torn {
            true => memchr::memrchr(b'\n', &chunk.bytes).map_or(0, |end| end + 1),
            false => chunk.bytes.len(),
        };
        self.open.extend(lines(&chunk.bytes[..whole]));
    }

    fn commit(&mut self) {
        let json = serde_json::to_string(&self.tail.position()).expect("written");
        self.committed = serde_json::from_str(&json).expect("read");
        self.committed_ends = self.ends.clone();
        self.handed.append(&mut self.open);
        self.is_cut &= !std::mem::take(&mut self.was_seen);
        self.gaps.append(&mut self.open_gaps);
    }

    fn kill(&mut self) {
        self.open.clear();
        self.open_gaps.clear();
        self.was_seen = false;
        self.ends = self.committed_ends.clone();
        self.tail = Tail::resume(self.path(), self.committed.clone(), CHUNK_BYTES);
    }

    fn end(&mut self) {
        self.play(&Op::Reopen);
        self.append(1);
        self.look(usize::MAX);
        for _ in 0..9 {
            self.now += OFTEN_MICROS;
            self.look(usize::MAX);
        }
        while let Some((age, chunk)) = self.tail.close() {
            self.take(age, &chunk);
        }
        self.commit();
    }

    fn on_disk(&self) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for entry in fs::read_dir(self.directory.path()).expect("a directory") {
            let path = entry.expect("an entry").path();
            let mut bytes = fs::read(&path).expect("read");
            if path.extension().is_some_and(|suffix| suffix == "gz") {
                let packed = std::mem::take(&mut bytes);
                flate2::read::MultiGzDecoder::new(&packed[..]).read_to_end(&mut bytes).expect("unpacked");
            }
            all.extend(lines(&bytes));
        }
        all
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).expect("opened")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\n').to_owned()
}

fn lines(bytes: &[u8]) -> Vec<String> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(text).collect()
}

fn check(ops: &[Op], with_losses: bool) -> std::result::Result<(), TestCaseError> {
    let mut world = World::new();
    ops.iter().for_each(|op| world.play(op));
    world.end();
    let disk = world.on_disk();
    let mut seen = BTreeSet::new();
    for line in &world.handed {
        if world.pieces.contains(line) {
            continue;
        }
        prop_assert!(seen.insert(line.clone()), "twice: {line}");
        prop_assert!(world.written.contains(line), "never written: {line:?}");
    }
    let lost: Vec<&String> = world.written.iter().filter(|line| !seen.contains(*line)).collect();
    let lost_on_disk: Vec<&&String> = lost.iter().filter(|line| disk.contains(**line)).collect();
    prop_assert!(lost_on_disk.is_empty(), "lost though on disk: {lost_on_disk:?}");
    prop_assert!(lost.is_empty() || !world.gaps.is_empty(), "lost without a gap: {lost:?}");
    if !with_losses {
        prop_assert!(world.gaps.is_empty(), "nothing was lost: {:?}", world.gaps);
        prop_assert!(lost.is_empty());
    }
    Ok(())
}

fn cases(count: u32) -> ProptestConfig {
    let count = std::env::var("TRIAGE_SCHEDULES").ok().and_then(|count| count.parse().ok()).unwrap_or(count);
    ProptestConfig { cases: count, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn rotation_by_rename_loses_nothing_and_tells_no_gap(ops in ops(false)) {
        check(&ops, false)?;
    }

    #[test]
    fn what_is_lost_is_on_no_disk_and_told(ops in ops(true)) {
        check(&ops, true)?;
    }
}

#[path = "op_tests.rs"]
mod op;
#[path = "schedule_tests.rs"]
mod schedules;
