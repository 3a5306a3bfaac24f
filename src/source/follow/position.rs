//! Up to where a followed path was read: what is committed together with the counts, so that each line is counted once.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use crate::source::Carry;
use crate::time::Timestamp;

/// Up to where one followed path was handed out, over all its files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The files that are not over yet, oldest first; the last one was the last to stand at the path.
    pub files: Vec<FilePosition>,
    /// Files that are not to be read, oldest first: they were read to their end, or were there before.
    pub finished: Vec<Finished>,
    /// When the path was looked at last, in microseconds since 1970; `None` where it never was.
    pub looked_micros: Option<i64>,
    /// How long it was watched, in microseconds; times between looks that lie far apart count in part only.
    pub watched_micros: i64,
    /// The age of the next file.
    pub next_age: u32,
    /// What was last written no later is old, in nanoseconds since 1970, where no file is left to tell it.
    pub old_ns: i64,
}

/// Up to where one file was handed out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePosition {
    /// Which file.
    pub identity: Identity,
    /// Where it stood when it was opened, without links.
    pub path: PathBuf,
    /// Its number among the files of the path; a truncation begins a new one.
    pub age: u32,
    /// Bytes of its text that were handed out; the next record begins here.
    pub offset: u64,
    /// Marks of what was handed out, by offset; the last one is of the up to 64 bytes before `offset`.
    pub marks: Vec<Mark>,
    /// What the next lines belong to, where they start no record.
    pub carry: Carry,
    /// The header line in force at the offset.
    pub header: Option<Vec<u8>>,
    /// Lines handed out.
    pub lines: u64,
    /// When it was last written, as the file system tells, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// When it was last seen to have grown, in microseconds of watching.
    pub grew_micros: i64,
    /// It is a copy, and whole: it is over when it is read.
    pub whole: bool,
    /// It had been read to its end at the last look.
    pub dry: bool,
    /// What was read and not handed out, where it is on no disk any more.
    pub rest: Vec<u8>,
    /// It was cut, and if more than so many bytes turn out to have been in it, something may be lost.
    pub gap_beyond: Option<u64>,
}

/// A file that is not to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which file.
    pub identity: Identity,
    /// The mark at the end of its text, where that is known.
    pub end: Option<Mark>,
    /// Lines handed out.
    pub lines: u64,
}

/// What stood before an offset: the hash of up to 64 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The offset in bytes.
    pub offset: u64,
    /// XXH3 of the up to 64 bytes before it.
    pub hash: u64,
}

/// Where something may have been lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Up to here the file was read, in bytes.
    pub offset: u64,
    /// When that was seen.
    pub at: Timestamp,
    /// Why it is not known that nothing was lost.
    pub why: GapReason,
}

/// Why something may have been lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapReason {
    /// The file was cut, or written anew, and no copy of what it held was found.
    CutWithoutCopy,
    /// The file was copied and cut while it was written to: lines between the copy and the cut are in no file.
    CutWhileWritten,
    /// The file is gone, and nothing that holds what followed was found.
    Gone,
}

impl GapReason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::CutWithoutCopy => "the file was cut, and no copy of what it held was found",
            Self::CutWhileWritten => "the file was copied and cut while it was written to",
            Self::Gone => "the file is gone, and it may have held more than was read",
        }
    }
}
