//! Where the reading of a file begins that is there at the first look.

use std::fs::File;
use std::io;
use std::path::Path;

use memchr::{memrchr, memrchr_iter};

use super::text::{head_bytes, read_at};

/// Read backwards in blocks of so many bytes.
const BLOCK_BYTES: u64 = 64 << 10;

/// Where the reading of a path begins that is already there. A file that appears later is read from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Its first line. Rotated files that are there already are not read.
    Beginning,
    /// What is written from now on; a line that has begun already is read whole.
    End,
    /// So many lines before its end.
    LastLines(u64),
}

impl Start {
    /// The offset in a plain file's text where its reading begins.
    pub(super) fn offset(self, file: &File) -> io::Result<u64> {
        let head_bytes = head_bytes(file)?;
        let size = file.metadata()?.len();
        let at = match self {
            Self::Beginning => head_bytes,
            Self::End => lines_back(file, size, 0)?,
            Self::LastLines(lines) => lines_back(file, size, lines)?,
        };
        Ok(at.max(head_bytes) - head_bytes)
    }
}

/// Where the last so many whole lines begin.
fn lines_back(file: &File, size: u64, lines: u64) -> io::Result<u64> {
    // The first LF from the back ends the last whole line; the one before the lines wanted stands that many further.
    let mut left = lines;
    let mut end = size;
    let mut block = vec![0; BLOCK_BYTES as usize];
    while end > 0 {
        let from = end.saturating_sub(BLOCK_BYTES);
        let count = read_at(file, &mut block[..(end - from) as usize], from)?;
        for lf in memrchr_iter(b'\n', &block[..count]) {
            if left == 0 {
                return Ok(from + lf as u64 + 1);
            }
            left -= 1;
        }
        end = from;
    }
    Ok(0)
}

/// The first whole lines of a file, up to `n` bytes; part of a line only where the first one is longer.
pub(super) fn head(path: &Path, n: usize) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = vec![0; n];
    let count = read_at(&file, &mut bytes, head_bytes(&file)?)?;
    bytes.truncate(count);
    if let Some(last) = memrchr(b'\n', &bytes) {
        bytes.truncate(last + 1);
    }
    Ok(bytes)
}
