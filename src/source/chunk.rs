//! Cuts a stream of bytes into chunks of whole records, so that workers can read them side by side.
//!
//! In: any reader. Out: [`Chunk`]s whose bytes, joined, are the stream's, but for lines over [`MAX_LINE_BYTES`].
//!
//! How a line is classified (start of a record, continuation, cut, orphan) never depends on the chunk size: a record
//! is only split where each of its further lines is over the cap of [`MAX_RECORD_BYTES`] anyway, and [`Carry`] tells
//! the worker so. `record::pieces` is the worker's half of that contract.

mod live;

use std::io::{self, Read};
use std::sync::Arc;

use memchr::{memchr, memrchr};
use serde::{Deserialize, Serialize};

use super::header::{HeaderMark, Headers};
use super::overlap::Overlap;
use super::record::{MAX_RECORD_BYTES, line_end, line_start};
use crate::error::{Defect, Result};

/// A line longer than this many bytes (without its LF) is counted and cut, never buffered whole.
pub const MAX_LINE_BYTES: usize = 1 << 20;

/// The most that [`Chunker::peek`] gives, in bytes.
pub const PEEK_BYTES: usize = 64 << 10;

/// The first read of a source in bytes: small files should not pay for a large buffer.
const FIRST_READ_BYTES: usize = 64 << 10;

const _: () = assert!(MAX_LINE_BYTES >= MAX_RECORD_BYTES, "what follows a cut line must be over the record's cap");

/// Tells of a line, given without its LF (a CR is still there), whether a new record begins with it.
pub type RecordStart = Box<dyn Fn(&[u8]) -> bool + Send>;

/// Tells of whole lines after how many bytes the last place is where nothing that began before goes on behind; `None`
/// where there is none. What it says of a place may not depend on where the lines begin, if that is such a place too.
pub type Joint = Box<dyn Fn(&[u8]) -> Option<usize> + Send>;

/// Where so many bytes have no joint, they are cut all the same: what is open there is closed.
const MOST_OPEN_BYTES: usize = 2 * MAX_LINE_BYTES;

/// What a worker takes: whole records, or the mark of one line that was too long.
#[derive(Debug)]
pub struct Chunk {
    /// The bytes, ending after an LF except at the end of the source. Empty where `oversize` is set.
    pub bytes: Vec<u8>,
    /// Where the first byte stands in the decompressed text of its member, from 0.
    pub offset: u64,
    /// What the leading lines that start no record belong to.
    pub carry: Carry,
    /// The header line in force before its first line, without its LF, where the log has such lines.
    pub header: Option<Arc<[u8]>>,
    /// Set where the chunk stands for one line over [`MAX_LINE_BYTES`]: its true length in bytes, with its LF where
    /// it has one. The line counts as one cut line; it also ends the record that it stands in.
    pub oversize: Option<u64>,
    /// The last line is torn: the reading ended early within it (a defect follows). It is no proof of anything and is
    /// to be counted as cut.
    pub torn: bool,
}

/// What the lines at a chunk's head that start no record belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carry {
    /// There are none: the chunk begins with a record.
    Fresh,
    /// A record of an earlier chunk, and they are over its cap: they count as cut.
    Continues,
    /// Nothing: no record has begun in this source yet.
    Orphan,
}

/// Where the bytes at hand can be cut.
enum Cut {
    /// After so many bytes; what follows them.
    At(usize, Carry),
    /// The line at hand is over [`MAX_LINE_BYTES`].
    Oversize,
    /// Nowhere yet: the record at hand needs more bytes.
    More,
}

/// A line over [`MAX_LINE_BYTES`] that is being read over.
struct Skip {
    /// Its bytes so far.
    length: u64,
    /// The carry of what follows it.
    carry: Carry,
    /// The last of them.
    passed: Overlap,
}

/// Reads a source and cuts it into [`Chunk`]s. Holds about two times `chunk_bytes` and the caps in memory.
pub struct Chunker<R> {
    reader: R,
    chunk_bytes: usize,
    /// Bytes read and not yet handed out are `buffer[..filled]`; the rest is room.
    buffer: Vec<u8>,
    filled: usize,
    /// A buffer that a worker handed back.
    spare: Vec<u8>,
    /// Where `buffer[0]` stands in the source.
    offset: u64,
    /// The reader has nothing more to give.
    ended: bool,
    /// The reader has nothing more to give for now; only where the source is followed.
    dry: bool,
    /// The last bytes that were handed out, where the source is followed.
    passed: Option<Overlap>,
    /// The line that is too long and has not ended yet.
    skip: Option<Skip>,
    /// Why the reader ended early, told once after the last chunk.
    defect: Option<Defect>,
    starts: Option<RecordStart>,
    joint: Option<Joint>,
    /// The carry of the next chunk.
    carry: Carry,
    headers: Option<Headers>,
}

impl<R: Read> Chunker<R> {
    /// A chunker that aims at chunks of `chunk_bytes` (at least 1); every line is a record.
    pub fn new(reader: R, chunk_bytes: usize) -> Self {
        Self {
            reader,
            chunk_bytes: chunk_bytes.max(1),
            buffer: Vec::new(),
            filled: 0,
            spare: Vec::new(),
            offset: 0,
            ended: false,
            dry: false,
            passed: None,
            skip: None,
            defect: None,
            starts: None,
            joint: None,
            carry: Carry::Fresh,
            headers: None,
        }
    }

    /// Sets where records begin. To be called before the first chunk is taken, usually after a [`peek`](Self::peek).
    pub fn set_record_start(&mut self, starts: RecordStart) {
        self.starts = Some(starts);
        self.carry = Carry::Orphan;
    }

    /// Sets where the lines can be cut, in place of where records begin: records of several lines lie inside one another.
    /// To be called before the first chunk is taken.
    pub fn set_joint(&mut self, joint: Joint) {
        self.joint = Some(joint);
        self.chunk_bytes = self.chunk_bytes.min(MOST_OPEN_BYTES);
    }

    /// Sets how header lines look. To be called before the first chunk is taken.
    pub fn set_header(&mut self, mark: HeaderMark) {
        self.headers = Some(Headers::new(mark));
    }

    /// The next bytes, unconsumed, for format detection: whole lines up to `n` bytes (at most [`PEEK_BYTES`]); part
    /// of a line only where the first line is longer. Empty where the source is.
    pub fn peek(&mut self, n: usize) -> &[u8] {
        let n = n.min(PEEK_BYTES);
        self.fill(n);
        let window = self.window(n);
        match memrchr(b'\n', window) {
            Some(last) if !self.ends_within(n) => &window[..=last],
            _ => window,
        }
    }

    /// The next chunk; after the last one the defect that ended the reading early, once; then `None`.
    pub fn next_chunk(&mut self) -> Option<Result<Chunk>> {
        let mut target = self.chunk_bytes;
        if self.skip.is_some() {
            return self.skip_line().map(Ok);
        }
        loop {
            self.fill(target);
            if self.filled == 0 {
                return self.defect.take().map(Err);
            }
            match self.cut(target) {
                Cut::At(length, carry) => return Some(Ok(self.hand_out(length, carry))),
                Cut::Oversize => return self.skip_line().map(Ok),
                Cut::More if self.dry => return None,
                // With joints every window that is no larger sees the same ones, so that it does not show how it grew.
                Cut::More if self.joint.is_some() => target = (target * 2).min(MOST_OPEN_BYTES),
                Cut::More => target *= 2,
            }
        }
    }

    /// Takes back the bytes of a spent chunk, as they are (not cleared), to read into them again.
    pub fn recycle(&mut self, spent: Vec<u8>) {
        if spent.capacity() > self.spare.capacity() {
            self.spare = spent;
        }
    }

    /// Reads until `target` bytes are at hand or the reader ends, or has no more for now.
    fn fill(&mut self, target: usize) {
        while self.filled < target && !self.ended && !self.dry {
            if self.buffer.len() < target && self.filled == self.buffer.len() {
                self.buffer.resize(self.room_for(target), 0);
            }
            let room = target.min(self.buffer.len());
            match self.reader.read(&mut self.buffer[self.filled..room]) {
                Ok(0) if self.passed.is_some() => self.dry = true,
                Ok(0) => self.ended = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.end_with(error),
            }
        }
    }

    /// How large the buffer should become: by doubling at first, at once where the source has shown that it is large.
    fn room_for(&self, target: usize) -> usize {
        match self.offset {
            0 => target.min((self.filled * 2).max(FIRST_READ_BYTES)),
            // What a followed source has to give at a time is small, mostly.
            _ if self.passed.is_some() && self.filled < FIRST_READ_BYTES => target.min(FIRST_READ_BYTES),
            _ => target,
        }
    }

    fn end_with(&mut self, error: io::Error) {
        self.ended = true;
        self.defect = Some(super::open::defect_of("input", error));
    }

    fn window(&self, target: usize) -> &[u8] {
        &self.buffer[..self.filled.min(target)]
    }

    /// Whether the first `target` bytes at hand are all that is left.
    fn ends_within(&self, target: usize) -> bool {
        self.ended && self.filled <= target
    }

    /// Where to cut the first `target` bytes at hand.
    fn cut(&self, target: usize) -> Cut {
        let window = self.window(target);
        let too_long = first_oversize_line(window);
        match too_long {
            Some(0) => return Cut::Oversize,
            Some(start) => return Cut::At(start, self.carry_after(&window[..start])),
            None if self.ends_within(target) => return Cut::At(window.len(), Carry::Continues),
            None => {}
        }
        match memrchr(b'\n', window) {
            None => Cut::More,
            Some(last) => match &self.joint {
                None => self.cut_records(&window[..=last]),
                Some(joint) => match joint(&window[..=last]) {
                    Some(at) => Cut::At(at, Carry::Fresh),
                    None if target == MOST_OPEN_BYTES => Cut::At(last + 1, Carry::Fresh),
                    None => Cut::More,
                },
            },
        }
    }

    /// Where to cut these whole lines, from the back: before a record, or where one is over its cap.
    fn cut_records(&self, lines: &[u8]) -> Cut {
        let Some(starts) = &self.starts else { return Cut::At(lines.len(), Carry::Fresh) };
        let mut end = lines.len();
        while end > 0 && lines.len() - end < MAX_RECORD_BYTES {
            let start = line_start(lines, end);
            if starts(&lines[start..end - 1]) {
                return self.cut_at_start(lines, start);
            }
            end = start;
        }
        // Whatever record these last lines belong to, it began further back than its cap, or there is none.
        Cut::At(lines.len(), self.carry_after(lines))
    }

    /// Where to cut lines whose last record begins at `start`.
    fn cut_at_start(&self, lines: &[u8], start: usize) -> Cut {
        match start {
            0 if lines.len() < MAX_RECORD_BYTES => Cut::More,
            0 => Cut::At(lines.len(), Carry::Continues),
            _ => Cut::At(start, Carry::Fresh),
        }
    }

    /// The carry of what follows these lines, where it is not known to start a record.
    fn carry_after(&self, lines: &[u8]) -> Carry {
        match &self.starts {
            None => Carry::Fresh,
            Some(starts) if self.carry == Carry::Orphan && !any_line(lines, starts) => Carry::Orphan,
            Some(_) => Carry::Continues,
        }
    }

    /// Hands out the first `length` bytes at hand; only what is left behind them is copied.
    fn hand_out(&mut self, length: usize, carry: Carry) -> Chunk {
        let rest = self.filled - length;
        let mut next = std::mem::take(&mut self.spare);
        if next.len() < rest {
            next.resize(rest, 0);
        }
        next[..rest].copy_from_slice(&self.buffer[length..self.filled]);
        let mut bytes = std::mem::replace(&mut self.buffer, next);
        bytes.truncate(length);
        self.filled = rest;
        if let Some(passed) = &mut self.passed {
            passed.pass(&bytes);
        }
        self.mark(bytes, length as u64, carry, None)
    }

    /// Reads over the line at hand, which is too long, and hands out its mark; `None` where it has not ended yet.
    fn skip_line(&mut self) -> Option<Chunk> {
        let begun = self.skip.take();
        let mut skip = begun.unwrap_or_else(|| self.oversize_begins());
        loop {
            let at_hand = &self.buffer[..self.filled];
            let line = memchr(b'\n', at_hand).map_or(self.filled, |end| end + 1);
            let has_ended = line > 0 && at_hand[line - 1] == b'\n';
            skip.length += line as u64;
            skip.passed.pass(&at_hand[..line]);
            self.buffer.copy_within(line..self.filled, 0);
            self.filled -= line;
            if has_ended {
                break;
            }
            self.fill(self.chunk_bytes.max(FIRST_READ_BYTES));
            if self.filled == 0 && self.dry {
                self.skip = Some(skip);
                return None;
            }
            if self.filled == 0 {
                break;
            }
        }
        if let Some(passed) = &mut self.passed {
            *passed = skip.passed;
        }
        Some(self.mark(Vec::new(), skip.length, skip.carry, Some(skip.length)))
    }

    fn oversize_begins(&self) -> Skip {
        let head = &self.buffer[..self.filled.min(MAX_LINE_BYTES)];
        let begins = self.starts.as_ref().is_some_and(|starts| starts(head));
        let carry = match self.carry {
            Carry::Orphan if !begins => Carry::Orphan,
            _ if self.starts.is_none() => Carry::Fresh,
            _ => Carry::Continues,
        };
        Skip { length: 0, carry, passed: self.passed.clone().unwrap_or_default() }
    }

    /// The chunk that stands next, and the step over it.
    fn mark(&mut self, bytes: Vec<u8>, length: u64, next: Carry, oversize: Option<u64>) -> Chunk {
        let last = self.filled == 0 && self.defect.is_some();
        let torn = last && !bytes.is_empty() && !bytes.ends_with(b"\n");
        let header = self.headers.as_mut().and_then(|headers| headers.pass(&bytes, self.offset));
        let chunk = Chunk { bytes, offset: self.offset, carry: self.carry, header, oversize, torn };
        self.offset += length;
        self.carry = next;
        chunk
    }
}

/// Where the first line over [`MAX_LINE_BYTES`] begins. Hops from line end to line end, about a mebibyte at a time.
fn first_oversize_line(window: &[u8]) -> Option<usize> {
    let mut start = 0;
    while window.len() - start > MAX_LINE_BYTES {
        match memrchr(b'\n', &window[start..=start + MAX_LINE_BYTES]) {
            Some(end) => start += end + 1,
            None => return Some(start),
        }
    }
    None
}

/// Whether any of these lines starts a record. In a log of one's own format the first line answers it.
fn any_line(lines: &[u8], starts: &RecordStart) -> bool {
    let mut at = 0;
    while at < lines.len() {
        let end = line_end(lines, at);
        if starts(super::record::without_lf(&lines[at..end])) {
            return true;
        }
        at = end;
    }
    false
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
