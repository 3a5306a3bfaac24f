//! Splits a chunk into its records, with the caps on a record's length. The worker's half of the chunk contract.
//!
//! In: a chunk's bytes and carry. Out: [`Piece`]s that, joined, are the chunk again: no byte is lost.
//!
//! A record is its first line and the lines after it that start none, up to [`MAX_RECORD_LINES`] lines and
//! [`MAX_RECORD_BYTES`] bytes (FORMATS.md section 1.4: so that a foreign file does not become one record).

use memchr::{memchr, memrchr};

use super::Carry;

/// A record's lines beyond this many are cut.
pub const MAX_RECORD_LINES: u64 = 64;

/// A record's further lines that end beyond this many bytes after its beginning are cut. Its first line is kept whole.
pub const MAX_RECORD_BYTES: usize = 64 << 10;

/// One or more whole lines of a chunk that share a fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The lines, with their LFs.
    pub text: &'a [u8],
    /// Where they begin in the chunk, in bytes.
    pub at: usize,
    /// How many lines they are.
    pub lines: u64,
    /// What they are.
    pub kind: PieceKind,
}

/// What the lines of a [`Piece`] are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// A record, from its first line, as far as the caps allow.
    Record,
    /// The lines of a record that are over its caps.
    Cut,
    /// A single line before any record has begun in this source.
    Orphan,
}

/// The pieces of a chunk, in order.
pub struct Pieces<'a, F> {
    bytes: &'a [u8],
    at: usize,
    carry: Carry,
    starts: F,
    /// Where the line at `at` ends, where it is known already to start a record.
    known_end: Option<usize>,
}

/// The pieces of a chunk with these bytes and this carry; `starts` is what the chunker was given.
pub fn pieces<F: Fn(&[u8]) -> bool>(bytes: &[u8], carry: Carry, starts: F) -> Pieces<'_, F> {
    Pieces { bytes, at: 0, carry, starts, known_end: None }
}

impl<'a, F: Fn(&[u8]) -> bool> Iterator for Pieces<'a, F> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.at == self.bytes.len() {
            return None;
        }
        let known = self.known_end.take();
        let end = known.unwrap_or_else(|| line_end(self.bytes, self.at));
        let begins = known.is_some() || self.starts(self.at, end);
        Some(match (begins, self.carry) {
            (true, _) => {
                self.carry = Carry::Continues;
                self.take_lines(end, PieceKind::Record, MAX_RECORD_LINES, MAX_RECORD_BYTES)
            }
            (false, Carry::Orphan) => self.take_lines(end, PieceKind::Orphan, 1, 0),
            (false, _) => self.take_lines(end, PieceKind::Cut, u64::MAX, usize::MAX),
        })
    }
}

impl<'a, F: Fn(&[u8]) -> bool> Pieces<'a, F> {
    fn starts(&self, at: usize, end: usize) -> bool {
        (self.starts)(without_lf(&self.bytes[at..end]))
    }

    /// The piece from the line that ends at `end`, with the lines after it that start no record, within the caps.
    fn take_lines(&mut self, mut end: usize, kind: PieceKind, max_lines: u64, max_bytes: usize) -> Piece<'a> {
        let at = self.at;
        let mut lines = 1;
        while end < self.bytes.len() && lines < max_lines {
            let next = line_end(self.bytes, end);
            if self.starts(end, next) {
                self.known_end = Some(next);
                break;
            }
            if next - at > max_bytes {
                break;
            }
            end = next;
            lines += 1;
        }
        self.at = end;
        Piece { text: &self.bytes[at..end], at, lines, kind }
    }
}

/// Where the line that begins at `at` ends: after its LF, or at the end.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |lf| at + lf + 1)
}

/// Where the line that ends at `end` (after its LF) begins.
pub(super) fn line_start(bytes: &[u8], end: usize) -> usize {
    memrchr(b'\n', &bytes[..end - 1]).map_or(0, |lf| lf + 1)
}

/// The line without its LF.
pub(super) fn without_lf(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}
