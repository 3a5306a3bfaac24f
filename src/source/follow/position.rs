//! Up to where a followed path was read: what is committed together with the counts, so that each line is counted once.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::identity::Identity;
use crate::source::Carry;
use crate::time::Timestamp;

/// Up to where one followed path was handed out, over all its files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The files that are not over yet, oldest first; the last one is the one that stands at the path.
    pub files: Vec<FilePosition>,
    /// Files that were read to their end, oldest first: never to be read again.
    pub finished: Vec<Finished>,
    /// When the path was looked at last, in microseconds since 1970.
    pub looked_micros: i64,
    /// The age of the next file.
    pub next_age: u32,
    /// A file that was there before the path was first looked at is not read from its beginning if this is set.
    pub seen: bool,
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
    /// Bytes handed out; the next record begins here.
    pub offset: u64,
    /// The up to 64 bytes before the offset.
    pub overlap: Vec<u8>,
    /// Marks of what was read further back.
    pub marks: Vec<Mark>,
    /// What the next lines belong to, where they start no record.
    pub carry: Carry,
    /// The header line in force at the offset.
    pub header: Option<Vec<u8>>,
    /// Lines handed out.
    pub lines: u64,
    /// When it was last written, as the file system tells, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// When it was last seen to have grown, in microseconds since 1970.
    pub grew_micros: i64,
    /// It had been read to its end at the last look.
    pub dry: bool,
}

/// A file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Which file.
    pub identity: Identity,
    /// Bytes of its text.
    pub size: u64,
    /// Its last bytes, up to 64.
    pub overlap: Vec<u8>,
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
