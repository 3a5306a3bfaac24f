//! A pipe that is followed: a thread reads it, so that waiting for it holds up nothing else.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

use crate::error::{Defect, Result};
use crate::source::open::defect_of;
use crate::source::{Chunk, Chunker, HeaderMark, Joint, Member, Opened, Progress, RecordStart, open};

/// What the thread reads at a time, in bytes.
const BLOCK_BYTES: usize = 64 << 10;

/// Blocks that wait to be taken; when there are so many, the pipe's writer waits.
const MOST_BLOCKS: usize = 16;

/// Standard input or a named pipe, followed until its writer closes it.
pub struct Pipe {
    chunker: Chunker<Blocks>,
}

/// What the thread has read.
struct Blocks {
    from: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    /// Bytes of the block that were given.
    given: usize,
    ended: bool,
    fault: Option<io::Error>,
}

impl Pipe {
    /// Begins to read; the thread ends with the pipe, or with the first block after this was dropped.
    ///
    /// # Errors
    /// The pipe may not be read, or there is no thread to be had.
    pub fn open(member: &Member, chunk_bytes: usize) -> Result<Self> {
        let opened = open(member, &Progress::default())?;
        let (to, from) = sync_channel(MOST_BLOCKS);
        std::thread::Builder::new()
            .name("pipe".into())
            .spawn(move || pump(opened, &to))
            .map_err(|error| Defect::new(&member.display, format!("no thread can be started to read it: {error}")))?;
        let blocks = Blocks { from, block: Vec::new(), given: 0, ended: false, fault: None };
        Ok(Self { chunker: Chunker::follow(blocks, chunk_bytes) })
    }

    /// Sets where records begin.
    pub fn set_record_start(&mut self, starts: RecordStart) {
        self.chunker.set_record_start(starts);
    }

    /// Sets where lines can be cut.
    pub fn set_joint(&mut self, joint: Joint) {
        self.chunker.set_joint(joint);
    }

    /// Sets how header lines look.
    pub fn set_header(&mut self, mark: HeaderMark) {
        self.chunker.set_header(mark);
    }

    /// The first bytes that have come, for format detection.
    pub fn peek(&mut self, n: usize) -> &[u8] {
        self.chunker.peek_now(n)
    }

    /// The next whole records; `None` where none have come.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        self.chunker.next_whole()
    }

    /// What has come of the next record; not consumed. A line that has not ended is marked as torn.
    pub fn open_end(&mut self) -> Option<Chunk> {
        self.chunker.open_end()
    }

    /// The same, consumed, one by one until `None`: for the end of the run, or of the pipe.
    pub fn close(&mut self) -> Option<Chunk> {
        let torn = self.chunker.reader().fault.is_some();
        self.chunker.close_next(torn)
    }

    /// The writer has closed it and all that came was taken, but for the open end.
    pub fn ended(&self) -> bool {
        self.chunker.reader().ended
    }

    /// What ended it early, once.
    pub fn defect(&mut self) -> Option<Defect> {
        self.chunker.reader_mut().fault.take().map(|fault| defect_of("stdin", fault))
    }
}

impl Read for Blocks {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.block.len() && !self.ended {
            match self.from.try_recv() {
                Ok(Ok(block)) => (self.block, self.given) = (block, 0),
                Ok(Err(fault)) => (self.fault, self.ended) = (Some(fault), true),
                Err(TryRecvError::Empty) => return Ok(0),
                Err(TryRecvError::Disconnected) => self.ended = true,
            }
        }
        let count = (&self.block[self.given..]).read(out)?;
        self.given += count;
        Ok(count)
    }
}

/// Reads to the end, or until nobody takes it any more.
fn pump(mut from: Opened, to: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut block = vec![0; BLOCK_BYTES];
        let read = from.read(&mut block);
        let block = match read {
            Ok(0) => return,
            Ok(count) => {
                block.truncate(count);
                Ok(block)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = block.is_err();
        if to.send(block).is_err() || is_last {
            return;
        }
    }
}
