//! A pipe that is followed: a thread reads it, so that waiting for it holds up nothing else.

use crate::error::Defect;
use crate::source::{Chunk, HeaderMark, Joint, Member, RecordStart};

/// Standard input or a named pipe, followed until its writer closes it.
pub struct Pipe {}

impl Pipe {
    /// Begins to read; the thread ends with the pipe, or when this is dropped.
    ///
    /// # Errors
    /// The pipe may not be read, or there is no thread to be had.
    pub fn open(_member: &Member, _chunk_bytes: usize) -> crate::error::Result<Self> {
        Ok(Self {})
    }

    /// Sets where records begin.
    pub fn set_record_start(&mut self, _starts: RecordStart) {}

    /// Sets where lines can be cut.
    pub fn set_joint(&mut self, _joint: Joint) {}

    /// Sets how header lines look.
    pub fn set_header(&mut self, _mark: HeaderMark) {}

    /// The first bytes that have come, for format detection.
    pub fn peek(&mut self, _n: usize) -> &[u8] {
        &[]
    }

    /// The next whole records; `None` where none have come.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        None
    }

    /// What has come of the next record; not consumed.
    pub fn open_end(&mut self) -> Option<Chunk> {
        None
    }

    /// The same, consumed, one by one until `None`: for the end of the run, or of the pipe.
    pub fn close(&mut self) -> Option<Chunk> {
        None
    }

    /// The writer has closed it and all that came was handed out, but for the open end.
    pub fn ended(&self) -> bool {
        false
    }

    /// What ended it early, once.
    pub fn defect(&mut self) -> Option<Defect> {
        None
    }
}
