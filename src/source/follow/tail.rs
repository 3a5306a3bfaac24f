//! One followed path, through rotations and truncations.

use std::path::PathBuf;
use std::sync::Arc;

use super::position::{Gap, Position};
use crate::error::Defect;
use crate::source::{Chunk, HeaderMark};
use crate::time::Timestamp;

/// Where the reading of a path begins that is already there. A file that appears later is read from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Its first line.
    Beginning,
    /// What is written from now on.
    End,
    /// So many lines before its end.
    LastLines(u64),
}

/// Tells of a line whether a record begins with it; shared by all files of a path.
pub type SharedStart = Arc<dyn Fn(&[u8]) -> bool + Send + Sync>;

/// Tells of whole lines where they can be cut; shared by all files of a path.
pub type SharedJoint = Arc<dyn Fn(&[u8]) -> Option<usize> + Send + Sync>;

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
    /// Nothing, not yet or no more.
    Missing,
    /// Something that cannot be read.
    Unreadable,
}

/// One followed path. Single-threaded and without a clock of its own.
pub struct Tail {
    path: PathBuf,
    #[expect(dead_code, reason = "the reading follows")]
    start: Start,
    #[expect(dead_code, reason = "the reading follows")]
    chunk_bytes: usize,
    position: Position,
}

impl Tail {
    /// Follows a path that was not followed before.
    pub fn new(path: PathBuf, start: Start, chunk_bytes: usize) -> Self {
        Self { path, start, chunk_bytes, position: Position::default() }
    }

    /// Goes on after a restart.
    pub fn resume(path: PathBuf, position: Position, chunk_bytes: usize) -> Self {
        Self { path, start: Start::Beginning, chunk_bytes, position }
    }

    /// The path as it was given.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Sets where records begin, for every file of the path.
    pub fn set_record_start(&mut self, _starts: SharedStart) {}

    /// Sets where lines can be cut, for every file of the path.
    pub fn set_joint(&mut self, _joint: SharedJoint) {}

    /// Sets how header lines look, for every file of the path.
    pub fn set_header(&mut self, _mark: HeaderMark) {}

    /// The first bytes of the file, for format detection, after a [`look`](Self::look) and before anything is taken.
    /// Whole lines, but where there is none yet. They are what will be read first; where the reading starts further on,
    /// the head of the file all the same.
    pub fn peek(&mut self, _n: usize) -> &[u8] {
        &[]
    }

    /// Looks at the path.
    pub fn look(&mut self, _now: Timestamp, _gaps: &mut Vec<Gap>) -> Look {
        Look::default()
    }

    /// The next whole records, with the age of their file: it rises with each new file and each truncation. `None`
    /// where there are no more for now.
    pub fn next_chunk(&mut self) -> Option<(u32, Chunk)> {
        None
    }

    /// What stands behind the last whole record of each file, for a view of what is to come; it is not consumed.
    pub fn open_ends(&mut self) -> Vec<(u32, Chunk)> {
        Vec::new()
    }

    /// The same, consumed, one by one until `None`: for the end of the run. Files that are over are closed by `look`.
    pub fn close(&mut self) -> Option<(u32, Chunk)> {
        None
    }

    /// What was handed out by [`next_chunk`](Self::next_chunk) and [`close`](Self::close).
    pub fn position(&self) -> Position {
        self.position.clone()
    }

    /// Bytes on disk that were not handed out yet, as of the last look.
    pub fn lag_bytes(&self) -> u64 {
        0
    }
}
