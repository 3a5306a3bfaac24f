//! One followed path, through rotations, truncations and restarts.
//!
//! ```text
//! look(now): stat the path --same file--> grown? cut? --another file--> old ones stay open, what was missed is found
//! next_chunk(): the oldest file first; a newer one only where the older ones have nothing for now
//! position(): what was handed out; committed with the counts it makes each line count once
//! ```

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::descriptors::Descriptors;
use super::identity::Identity;
use super::position::{Finished, Gap, GapReason, Position};
use super::start::Start;
use super::stretch::{Shape, SharedJoint, SharedStart, Step, Stretch};
use super::text::Fault;
use super::turn::{Anchor, OFTEN_MICROS};
use crate::error::Defect;
use crate::source::{Chunk, HeaderMark, PEEK_BYTES};
use crate::time::Timestamp;

/// A file that no longer stands at the path is over when it was not written to for so long, in microseconds. Writers
/// keep the old file until they reopen their log.
pub const GRACE_MICROS: i64 = 60_000_000;

/// The most files of one path that are kept open; the oldest are over before their time.
pub const MOST_OLD_FILES: usize = 64;

/// Files that are known not to be read; the oldest are forgotten.
const MOST_FINISHED: usize = 64;

/// What a look at the path showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// What stands at the path.
    pub sight: Sight,
    /// What is wrong; each thing is told once, and again only after it was well in between.
    pub defects: Vec<Defect>,
}

/// What stands at the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sight {
    /// Nothing new.
    #[default]
    Quiet,
    /// The file has grown.
    Grown,
    /// Another file than before, or the first.
    Rotated,
    /// The same file, cut or written anew.
    Truncated,
    /// Nothing, not yet or no more: it is waited for.
    Missing,
    /// Something that cannot be read.
    Unreadable,
}

/// One followed path. Single-threaded and without a clock of its own.
pub struct Tail {
    pub(super) path: PathBuf,
    pub(super) start: Start,
    pub(super) chunk_bytes: usize,
    pub(super) shape: Shape,
    /// The files that are not over, oldest first.
    pub(super) files: Vec<Stretch>,
    /// The last of them stands at the path.
    pub(super) is_live: bool,
    pub(super) finished: Vec<Finished>,
    pub(super) next_age: u32,
    pub(super) old_ns: i64,
    pub(super) now: Timestamp,
    pub(super) looked: Option<Timestamp>,
    /// How long the path was watched, in microseconds, and the same at the last look. It never runs backwards, and it
    /// does not jump with the clock, nor over a time in which nobody looked.
    pub(super) watched_micros: i64,
    pub(super) watched_then_micros: i64,
    /// The file that was read last, where it was not found after a restart.
    pub(super) lost: Option<Anchor>,
    /// What is told if nothing that may have been that file is found.
    pub(super) lost_gap: Option<Gap>,
    /// The position to go on from, until the first look.
    pub(super) resumed: Option<Position>,
    pub(super) gaps: Vec<Gap>,
    pub(super) defects: Vec<Defect>,
    /// What was told last to be wrong.
    told: Option<String>,
    /// A cut was dealt with since the last look.
    pub(super) was_cut: bool,
    head: Vec<u8>,
    pub(super) descriptors: Descriptors,
}

impl Tail {
    /// Follows a path that was not followed before.
    pub fn new(path: PathBuf, start: Start, chunk_bytes: usize) -> Self {
        Self {
            path,
            start,
            chunk_bytes,
            shape: Shape::default(),
            files: Vec::with_capacity(1),
            is_live: false,
            finished: Vec::new(),
            next_age: 0,
            old_ns: i64::MIN,
            now: Timestamp::default(),
            looked: None,
            watched_micros: 0,
            watched_then_micros: 0,
            lost: None,
            lost_gap: None,
            resumed: None,
            gaps: Vec::new(),
            defects: Vec::new(),
            told: None,
            was_cut: false,
            head: Vec::new(),
            descriptors: Descriptors::default(),
        }
    }

    /// Goes on after a restart.
    pub fn resume(path: PathBuf, position: Position, chunk_bytes: usize) -> Self {
        let looked = position.looked_micros.map(Timestamp::from_micros);
        let (next_age, old_ns) = (position.next_age, position.old_ns);
        let watched_micros = position.watched_micros;
        let finished = position.finished.clone();
        let resumed = Some(position);
        let new = Self::new(path, Start::Beginning, chunk_bytes);
        Self { looked, next_age, old_ns, watched_micros, finished, resumed, ..new }
    }

    /// Shares the bound on open descriptors with the other tails of the program.
    pub fn share(&mut self, descriptors: &Descriptors) {
        self.descriptors = descriptors.clone();
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files that are read now, oldest first: which one it is, its age, and where it stood when it was opened.
    pub fn files(&self) -> impl Iterator<Item = (Identity, u32, &Path)> + '_ {
        self.files.iter().map(|file| (file.identity, file.age, file.path.as_path()))
    }

    /// Sets where records begin, for every file of the path.
    pub fn set_record_start(&mut self, starts: SharedStart) {
        self.shape.starts = Some(starts);
        self.reshape();
    }

    /// Sets where lines can be cut, for every file of the path.
    pub fn set_joint(&mut self, joint: SharedJoint) {
        self.shape.joint = Some(joint);
        self.reshape();
    }

    /// Sets how header lines look, for every file of the path.
    pub fn set_header(&mut self, mark: HeaderMark) {
        self.shape.header = Some(mark);
        self.reshape();
    }

    fn reshape(&mut self) {
        self.files.iter_mut().for_each(|file| file.shape(&self.shape));
    }

    /// The first bytes, for format detection, after a [`look`](Self::look): those that will be read first, or where
    /// there are none, or the reading began further on, the head of the newest file. Whole lines, but where there is none.
    pub fn peek(&mut self, n: usize) -> &[u8] {
        let n = n.min(PEEK_BYTES);
        let begun = self.files.iter().any(|file| file.text().at() > 0);
        let ready = self.files.iter_mut().position(|file| !begun && !file.peek(n).is_empty());
        if let Some(index) = ready {
            return self.files[index].peek(n);
        }
        self.head = self.files.last().and_then(|file| super::start::head(&file.path, n).ok()).unwrap_or_default();
        &self.head
    }

    /// Looks at the path. Gaps are told where the files show that something may have been lost.
    pub fn look(&mut self, now: Timestamp, gaps: &mut Vec<Gap>) -> Look {
        self.now = now;
        self.watched_then_micros = self.watched_micros;
        let since = self.looked.map_or(0, |looked| now.micros().saturating_sub(looked.micros()));
        self.watched_micros += since.clamp(0, OFTEN_MICROS);
        if let Some(position) = self.resumed.take() {
            self.find_again(&position);
        }
        let is_first = self.looked.is_none();
        let mut sight = match self.look_at_path(is_first) {
            Ok(sight) => sight,
            Err(defect) => self.unreadable(defect),
        };
        // A server writes to the old file until it reopens its log, which may then be silent.
        if self.look_at_old_files() && sight == Sight::Quiet {
            sight = Sight::Grown;
        }
        if std::mem::take(&mut self.was_cut) && sight != Sight::Rotated {
            sight = Sight::Truncated;
        }
        self.looked = Some(now);
        self.tell_faults();
        self.rest();
        gaps.append(&mut self.gaps);
        Look { sight, defects: std::mem::take(&mut self.defects) }
    }

    fn look_at_path(&mut self, is_first: bool) -> Result<Sight, Defect> {
        let shown = || self.path.to_string_lossy().into_owned();
        let meta = match fs::metadata(&self.path) {
            Ok(meta) if meta.is_file() => meta,
            Ok(_) => return Err(Defect::new(shown(), "it is no file").hint("a log is waited for at this path")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self.missing(is_first)),
            Err(error) => return Err(crate::source::open::unopened(&shown(), &error)),
        };
        let is_same = self.files.last().is_some_and(|file| file.identity == Identity::of(&meta));
        if is_same {
            self.is_live = true;
            return Ok(self.look_at_live(&meta));
        }
        let file = File::open(&self.path).map_err(|error| crate::source::open::unopened(&shown(), &error))?;
        let meta = file.metadata().map_err(|error| crate::source::open::unopened(&shown(), &error))?;
        self.told = None;
        match is_first {
            true => self.begin(file, &meta),
            false => self.rotated(file, &meta),
        }
        Ok(Sight::Rotated)
    }

    fn missing(&mut self, is_first: bool) -> Sight {
        self.is_live = false;
        self.told = None;
        if is_first {
            self.know_what_was_there();
        }
        Sight::Missing
    }

    fn unreadable(&mut self, defect: Defect) -> Sight {
        self.is_live = false;
        self.tell(defect);
        Sight::Unreadable
    }

    fn tell(&mut self, defect: Defect) {
        if self.told.as_deref() != Some(&*defect.what) {
            self.told = Some(defect.what.clone());
            self.defects.push(defect);
        }
    }

    fn look_at_live(&mut self, meta: &Metadata) -> Sight {
        let index = self.files.len() - 1;
        if !self.files[index].is_written(meta) {
            self.files[index].look(meta, self.watched_micros);
            return Sight::Quiet;
        }
        self.wake(index);
        if self.files[index].still_holds(meta.len()) {
            let before = self.find_before_empty(index);
            let index = index + before;
            self.files[index].look(meta, self.watched_micros);
            return Sight::Grown;
        }
        self.cut(index);
        Sight::Truncated
    }

    /// The next whole records, with the age of their file: it rises with each new file and each truncation. `None`
    /// where there are no more for now.
    pub fn next_chunk(&mut self) -> Option<(u32, Chunk)> {
        let mut index = 0;
        while index < self.files.len() {
            match self.files[index].next() {
                Step::Chunk(chunk) => return Some((self.files[index].age, chunk)),
                Step::Dry => index += 1,
                Step::Cut => {
                    self.cut(index);
                    self.was_cut = true;
                }
                Step::Done => self.finish(index),
            }
        }
        self.rest();
        None
    }

    /// A file is over: what is kept is that it is not to be read again.
    fn finish(&mut self, index: usize) {
        let mut file = self.files.remove(index);
        if let Some(at) = file.gap_beyond.filter(|at| file.text().at() > *at) {
            self.gaps.push(Gap { offset: at, at: self.now, why: GapReason::CutWhileWritten });
        }
        if let Some(fault) = file.fault.take() {
            self.tell_fault(&file.path, &fault);
        }
        self.is_live &= index < self.files.len();
        let goes_on = self.files.iter().any(|other| other.identity == file.identity);
        self.old_ns = self.old_ns.max(file.modified_ns);
        if !goes_on {
            self.know(file.finished());
        }
    }

    /// Remembers a file that is not to be read.
    pub(super) fn know(&mut self, finished: Finished) {
        self.finished.retain(|other| other.identity != finished.identity);
        self.finished.push(finished);
        let over = self.finished.len().saturating_sub(MOST_FINISHED);
        self.finished.drain(..over);
    }

    fn tell_faults(&mut self) {
        for index in 0..self.files.len() {
            let (file, shown) = (&mut self.files[index], self.path.to_string_lossy().into_owned());
            let (fault, hole) = (file.fault.take(), file.text_mut().take_hole());
            if let Some(bytes) = hole {
                let what = format!("its first {bytes} bytes were never written (NULs) and were passed over");
                let hint = "its writer does not append: after copytruncate it goes on at its old place";
                self.defects.push(Defect::new(shown, what).hint(hint));
            }
            if let Some(fault) = fault {
                let path = self.files[index].path.clone();
                self.tell_fault(&path, &fault);
            }
        }
    }

    fn tell_fault(&mut self, path: &Path, fault: &Fault) {
        let shown = path.to_string_lossy().into_owned();
        match fault {
            Fault::Cut => {}
            Fault::Failed(why) => self.tell(Defect::new(shown, format!("reading failed: {why}"))),
            Fault::Refused(what, hint) => self.tell(Defect::new(shown, *what).hint(*hint)),
        }
    }

    /// What stands behind the last whole record of each file, for a view of what is to come; it is not consumed. A line
    /// that has not ended is marked as torn.
    pub fn open_ends(&mut self) -> Vec<(u32, Chunk)> {
        self.files.iter().filter_map(|file| Some((file.age, file.open_end()?))).collect()
    }

    /// The same, consumed, one by one until `None`: for the end of the run. Files that are over are closed by
    /// [`next_chunk`](Self::next_chunk).
    pub fn close(&mut self) -> Option<(u32, Chunk)> {
        for file in &mut self.files {
            if let Some(chunk) = file.close_now() {
                return Some((file.age, chunk));
            }
        }
        None
    }

    /// What was handed out by [`next_chunk`](Self::next_chunk) and [`close`](Self::close).
    pub fn position(&self) -> Position {
        if let Some(position) = &self.resumed {
            return position.clone();
        }
        Position {
            files: self.files.iter().filter(|file| !file.is_empty()).map(Stretch::position).collect(),
            finished: self.finished.clone(),
            looked_micros: self.looked.map(Timestamp::micros),
            watched_micros: self.watched_micros,
            next_age: self.next_age,
            old_ns: self.old_ns,
        }
    }

    /// Bytes on disk that were not handed out yet, as of the last look.
    pub fn lag_bytes(&self) -> u64 {
        self.files.iter().map(Stretch::lag_bytes).sum()
    }
}
