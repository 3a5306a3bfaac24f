//! The only reading I/O of the program: from what the user typed to chunks of whole records.
//!
//! In: paths, directories, globs, `-`. Out: [`Log`]s with their members in reading order, and from each member
//! [`Chunk`]s of plain UTF-8 or raw bytes. It knows nothing about formats: where a record begins is told to it.
//!
//! In reading order:
//!
//! | file | from -> to |
//! |---|---|
//! | `find` | what was typed -> [`Log`]s, defects, notes (`walk` and `glob` look into directories, `rotate` orders a set) |
//! | `open` | one [`Member`] -> its bytes as text: unpacked by magic bytes (`unpack`), without BOM, UTF-16 as UTF-8 (`unicode`) |
//! | `chunk` | bytes -> [`Chunk`]s that end where a record ends |
//! | `header` | lines that say which columns follow -> the one in force where a chunk begins |
//! | `record` | one chunk -> its records, with the caps on a record's length |
//! | `progress` | how many bytes were read, out of how many |
//!
//! No mmap: a log that is truncated while mapped kills the process (RELIABILITY.md section 2.2).
//!
//! The caller reads the members of one [`Log`] one after the other, as one stream; offsets and line numbers count
//! within a member.

mod chunk;
mod find;
pub mod follow;
mod glob;
mod header;
mod open;
mod overlap;
mod peeked;
mod progress;
mod record;
mod rotate;
mod unicode;
mod unpack;
mod walk;

pub use chunk::{Carry, Chunk, Chunker, Joint, MAX_LINE_BYTES, PEEK_BYTES, RecordStart};
pub use find::{Found, MAX_FILES, find};
pub use header::{HeaderMark, MAX_HEADER_BYTES};
pub use open::{Opened, open};
pub use progress::Progress;
pub use record::{MAX_RECORD_BYTES, MAX_RECORD_LINES, Piece, PieceKind, Pieces, pieces};
pub use walk::MAX_DEPTH;

use std::path::PathBuf;
use std::time::SystemTime;

/// One log: a single file or pipe, or a rotated set that is read as one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// What reports call it: the file as the user named it; for a rotated set the name without its dates and numbers.
    pub name: String,
    /// The files of the set, oldest first; never empty.
    pub members: Vec<Member>,
}

/// One file, pipe or archive of a [`Log`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where its bytes come from.
    pub input: Input,
    /// Its name as the user typed it or as the directory gave it; raw text, to be made harmless before it is shown.
    pub display: String,
    /// Its size on disk in bytes (compressed, where it is an archive); `None` for pipes.
    pub size: Option<u64>,
    /// When it was last written, for stamps without a year; `None` for pipes.
    pub modified: Option<SystemTime>,
}

/// Where a member's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A regular file or an archive.
    File(PathBuf),
    /// A named pipe, or a shell's `<(...)`. It can be read once and has no size.
    Fifo(PathBuf),
}

impl Member {
    /// The member that reads standard input; shown as `stdin`.
    pub fn stdin() -> Self {
        Self { input: Input::Stdin, display: "stdin".into(), size: None, modified: None }
    }

    /// The member that reads this path, looked at on disk for kind, size and age.
    ///
    /// A path that cannot be looked at becomes a file without size: opening it tells what is wrong.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let meta = std::fs::metadata(&path).ok();
        let display = path.to_string_lossy().into_owned();
        match meta {
            Some(meta) if walk::is_fifo(&meta) => {
                Self { input: Input::Fifo(path), display, size: None, modified: None }
            }
            meta => Self {
                input: Input::File(path),
                display,
                size: meta.as_ref().map(std::fs::Metadata::len),
                modified: meta.and_then(|meta| meta.modified().ok()),
            },
        }
    }
}
