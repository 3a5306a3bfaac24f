//! Chunks of a source that still grows: its end is only dry for now, and the last record stays open.
//!
//! A partial last line, and the last record where another line may belong to it, are not handed out before they have
//! ended, or before the caller knows that nothing more comes and closes the source.

use std::io::Read;
use std::sync::Arc;

use super::{Carry, Chunk, Chunker};
use crate::source::overlap::Overlap;

/// Where the reading of a followed source goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) struct Mid {
    /// Where the next chunk begins.
    pub(in crate::source) offset: u64,
    /// The carry of the next chunk.
    pub(in crate::source) carry: Carry,
    /// The header line in force.
    pub(in crate::source) header: Option<Arc<[u8]>>,
}

impl<R: Read> Chunker<R> {
    /// A chunker whose reader may have more to give after it gave nothing.
    pub(in crate::source) fn follow(reader: R, chunk_bytes: usize) -> Self {
        Self { passed: Some(Overlap::default()), ..Self::new(reader, chunk_bytes) }
    }

    /// Goes on in the middle of a source. `held` was read before and not handed out: the reader gives what comes behind.
    pub(in crate::source) fn go_on(&mut self, offset: u64, passed: Overlap, held: &[u8]) {
        self.offset = offset;
        self.passed = Some(passed);
        self.buffer = held.to_vec();
        self.filled = held.len();
    }

    /// Sets the last bytes that were handed out, where they were not at hand.
    pub(in crate::source) fn set_passed(&mut self, passed: Overlap) {
        self.passed = Some(passed);
    }

    /// Puts the next chunk in its context; to be called after everything was set.
    pub(in crate::source) fn set_context(&mut self, carry: Carry, header: Option<Arc<[u8]>>) {
        self.carry = carry;
        if let Some(headers) = &mut self.headers {
            headers.resume(header);
        }
    }

    /// Where the next chunk begins.
    pub(in crate::source) fn mid(&self) -> Mid {
        let header = self.headers.as_ref().and_then(super::Headers::in_force);
        Mid { offset: self.offset, carry: self.carry, header }
    }

    /// The last bytes that were handed out.
    pub(in crate::source) fn passed(&self) -> Overlap {
        self.passed.clone().unwrap_or_default()
    }

    /// What was read and not handed out; without a line that is too long, of which nothing is kept.
    pub(in crate::source) fn held(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }

    /// Whether a line that is too long is being read over.
    pub(in crate::source) fn is_skipping(&self) -> bool {
        self.skip.is_some()
    }

    /// The reader.
    pub(in crate::source) fn reader(&self) -> &R {
        &self.reader
    }

    /// The reader, to give it another place to read from.
    pub(in crate::source) fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// As [`peek`](Self::peek), of what there is by now.
    pub(in crate::source) fn peek_now(&mut self, n: usize) -> &[u8] {
        self.dry = false;
        self.peek(n);
        // Thousands of logs may be looked at before the first of them is read.
        self.release();
        self.peek(n)
    }

    /// The next whole records; `None` where there are none for now.
    pub(in crate::source) fn next_whole(&mut self) -> Option<Chunk> {
        self.dry = false;
        let chunk = self.next_chunk();
        if chunk.is_none() {
            self.release();
        }
        let mut chunk = chunk.and_then(Result::ok)?;
        // A round of thousands of logs holds a chunk of each.
        if chunk.bytes.capacity() > 4 * chunk.bytes.len() {
            chunk.bytes.shrink_to_fit();
        }
        Some(chunk)
    }

    /// What is left when nothing more comes, piece by piece until `None`. The last line counts, ended or not, unless it
    /// is torn: its rest is known to be lost.
    pub(in crate::source) fn close_next(&mut self, torn: bool) -> Option<Chunk> {
        self.ended = true;
        self.dry = false;
        let chunk = self.next_chunk().and_then(Result::ok);
        self.ended = false;
        chunk.map(|mut chunk| {
            chunk.torn = torn && !chunk.bytes.is_empty() && !chunk.bytes.ends_with(b"\n");
            chunk
        })
    }

    /// What was read and not handed out, as it stands. A line that has not ended is marked as torn.
    pub(in crate::source) fn open_end(&self) -> Option<Chunk> {
        let bytes = self.held().to_vec();
        let Mid { offset, carry, header } = self.mid();
        let torn = !bytes.ends_with(b"\n");
        (!bytes.is_empty() && self.skip.is_none()).then_some(Chunk {
            bytes,
            offset,
            carry,
            header,
            oversize: None,
            torn,
        })
    }

    /// Keeps no more room than what is held: most followed files are idle.
    fn release(&mut self) {
        self.spare = Vec::new();
        if self.filled == 0 {
            self.buffer = Vec::new();
        } else if self.buffer.len() > 4 * self.filled {
            self.buffer.truncate(self.filled);
            self.buffer.shrink_to_fit();
        }
    }
}
