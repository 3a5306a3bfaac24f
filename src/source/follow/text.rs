//! The bytes of one followed file. In: a file, plain or packed, and a place in it. Out: a reader that gives nothing where
//! there is nothing for now, and that stops where the file no longer holds what was read before.
//!
//! Each read of a plain file is one `pread` that begins up to 64 bytes before the place reached and must find them
//! unchanged. Offsets count in the text: without a byte order mark, unpacked.

use std::fs::File;
use std::io::{self, Read};

use super::marks::Marks;
use crate::source::overlap::{Overlap, overlap_start};
use crate::source::unpack::{Archive, MAGIC_BYTES};

/// The most that one read takes, in bytes.
const READ_BYTES: usize = 256 << 10;

/// UTF-8's byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Where the bytes come from.
pub(super) enum Origin {
    /// A plain file.
    Plain(File),
    /// An archive, unpacked; it stands at the place reached.
    Packed(Box<dyn Read + Send>),
    /// A plain file whose descriptor was given back: it is opened again when it grows.
    Away,
    /// There is nothing more to be had.
    Ended,
}

/// Why a reader stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// What was read before stands there no more.
    Cut,
    /// The system refuses, in its words.
    Failed(String),
    /// It is no plain text: what it is, and what to do.
    Refused(&'static str, &'static str),
}

/// What stands in a plain file before its text.
enum Head {
    /// So many bytes: a byte order mark, or a hole. A writer without `O_APPEND` leaves one when its file is cut.
    Bytes(u64),
    /// Nothing but NULs so far.
    Unwritten,
    /// No text.
    Refused(&'static str, &'static str),
}

/// The text of one followed file.
pub(super) struct Text {
    origin: Origin,
    /// The next byte to read.
    at: u64,
    /// The last bytes before it.
    before: Overlap,
    marks: Marks,
    /// Bytes before the text: a byte order mark or a hole.
    head_bytes: u64,
    /// A hole was found at the beginning, of so many bytes, and nobody was told yet.
    hole_bytes: u64,
    /// A run of NULs is known to end before here.
    nul_until: u64,
    fault: Option<Fault>,
    room: Vec<u8>,
}

impl Text {
    /// The text of a file from a place on; `before` stands before it.
    pub(super) fn new(origin: Origin, head_bytes: u64, at: u64, before: Overlap, marks: Marks) -> Self {
        Self { origin, at, before, marks, head_bytes, hole_bytes: 0, nul_until: 0, fault: None, room: Vec::new() }
    }

    /// Where the next byte stands that is to be read.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// What stands before it.
    pub(super) fn before(&self) -> &Overlap {
        &self.before
    }

    /// Marks of what was read.
    pub(super) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Bytes of the file before its text.
    pub(super) fn head_bytes(&self) -> u64 {
        self.head_bytes
    }

    /// Where the bytes come from.
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Goes on at the same place of another file, which holds the same text; `before` stands before the place.
    pub(super) fn go_on_in(&mut self, origin: Origin, head_bytes: u64, before: Overlap) {
        self.before = before;
        (self.origin, self.head_bytes, self.fault, self.nul_until) = (origin, head_bytes, None, 0);
    }

    /// Gives the descriptor back, or takes a new one of the same file.
    pub(super) fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// Whether a file of this size can still hold what was read, and does, as far as that can be seen.
    pub(super) fn still_holds(&self, size: u64) -> bool {
        let Origin::Plain(file) = &self.origin else { return true };
        size >= self.at + self.head_bytes
            && before(file, self.head_bytes, self.at).map_or(true, |bytes| bytes == self.before)
    }

    /// Why it stopped, once.
    pub(super) fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// The bytes of the hole at its beginning, once.
    pub(super) fn take_hole(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.hole_bytes)).filter(|bytes| *bytes > 0)
    }

    /// Remembers that the file is cut: nothing is read of it before this is dealt with.
    pub(super) fn set_cut(&mut self) {
        self.fault = Some(Fault::Cut);
    }

    fn read_plain(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == 0 && !self.find_head()? {
            return Ok(0);
        }
        let Origin::Plain(file) = &self.origin else { return Ok(0) };
        let size = file.metadata()?.len().saturating_sub(self.head_bytes);
        if size < self.at {
            self.fault = Some(Fault::Cut);
        }
        let want = out.len().min(READ_BYTES).min(usize::try_from(size.saturating_sub(self.at)).unwrap_or(READ_BYTES));
        if want == 0 || self.fault.is_some() {
            return Ok(0);
        }
        let over = self.before.bytes().len();
        self.room.resize(over + want, 0);
        let from = self.at - over as u64 + self.head_bytes;
        let count = read_at(file, &mut self.room, from)?;
        if count < over || self.room[..over] != *self.before.bytes() {
            self.fault = Some(Fault::Cut);
            return Ok(0);
        }
        let count = self.without_hole(over, count, size)?;
        out[..count].copy_from_slice(&self.room[over..over + count]);
        Ok(count)
    }

    /// Finds where the text begins; `false` where it does not yet.
    fn find_head(&mut self) -> io::Result<bool> {
        let Origin::Plain(file) = &self.origin else { return Ok(false) };
        match head(file)? {
            Head::Bytes(bytes) => {
                self.head_bytes = bytes;
                self.hole_bytes = if bytes == BOM.len() as u64 { 0 } else { bytes };
                return Ok(true);
            }
            Head::Unwritten => {}
            Head::Refused(what, hint) => self.fault = Some(Fault::Refused(what, hint)),
        }
        Ok(false)
    }

    /// How many of the bytes read can be given: NULs at the end of a file are room that its writer has not filled yet.
    fn without_hole(&mut self, over: usize, count: usize, size: u64) -> io::Result<usize> {
        let new = &self.room[over..count];
        let nuls = new.iter().rev().take_while(|byte| **byte == 0).count();
        let given = new.len() - nuls;
        if given > 0 || nuls == 0 || self.at < self.nul_until {
            return Ok(if given > 0 { given } else { new.len() });
        }
        let Origin::Plain(file) = &self.origin else { return Ok(0) };
        match nul_run(file, self.at + self.head_bytes, size + self.head_bytes)? {
            Some(end) => {
                self.nul_until = end - self.head_bytes;
                Ok(new.len().min((self.nul_until - self.at) as usize))
            }
            None => Ok(0),
        }
    }
}

impl Read for Text {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.fault.is_some() {
            return Ok(0);
        }
        let read = match &mut self.origin {
            Origin::Plain(_) => self.read_plain(out),
            Origin::Packed(reader) => reader.read(out),
            Origin::Away | Origin::Ended => Ok(0),
        };
        match read {
            Ok(count) if count > 0 => {
                self.marks.pass(self.at, &out[..count], &mut self.before);
                self.at += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            // Following goes on: what fails now may work at the next look.
            Err(error) => {
                self.fault = Some(Fault::Failed(error.to_string()));
                Ok(0)
            }
            Ok(_) => {
                self.room = Vec::new();
                Ok(0)
            }
        }
    }
}

/// What stands in a plain file before its text.
fn head(file: &File) -> io::Result<Head> {
    let mut bytes = [0; MAGIC_BYTES];
    let count = read_at(file, &mut bytes, 0)?;
    let bytes = &bytes[..count];
    if Archive::of(bytes).is_some() {
        return Ok(Head::Refused("it is an archive, which does not grow", "read it without --follow"));
    }
    Ok(match bytes {
        [] => Head::Bytes(0),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Head::Refused("it is UTF-16, which is not followed", "pipe it as UTF-8 into `triage --follow -`")
        }
        [0, ..] => match nul_run(file, 0, file.metadata()?.len())? {
            Some(end) => Head::Bytes(end),
            None => Head::Unwritten,
        },
        bytes if bytes.starts_with(BOM) => Head::Bytes(BOM.len() as u64),
        _ => Head::Bytes(0),
    })
}

/// The bytes of a plain file before its text.
pub(super) fn head_bytes(file: &File) -> io::Result<u64> {
    Ok(match head(file)? {
        Head::Bytes(bytes) => bytes,
        Head::Unwritten | Head::Refused(..) => 0,
    })
}

/// Where a run of NULs that begins at `from` ends; `None` where it reaches to the end of the file, `size`.
fn nul_run(file: &File, from: u64, size: u64) -> io::Result<Option<u64>> {
    let mut block = vec![0; READ_BYTES];
    let mut at = from;
    while at < size {
        let count = read_at(file, &mut block, at)?;
        if let Some(end) = block[..count].iter().position(|byte| *byte != 0) {
            return Ok(Some(at + end as u64));
        }
        if count == 0 {
            break;
        }
        at += count as u64;
    }
    Ok(None)
}

/// The up to 64 bytes of a file's text before an offset; fewer where the file is shorter.
pub(super) fn before(file: &File, head_bytes: u64, offset: u64) -> io::Result<Overlap> {
    let from = overlap_start(offset);
    let mut bytes = vec![0; (offset - from) as usize];
    let count = read_at(file, &mut bytes, from + head_bytes)?;
    Ok(Overlap::of(&bytes[..count]))
}

/// Reads at a place until the room is full or the file ends.
#[cfg(unix)]
pub(super) fn read_at(file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    loop {
        match file.read_at(room, at) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads at a place until the room is full or the file ends.
#[cfg(not(unix))]
pub(super) fn read_at(mut file: &File, room: &mut [u8], at: u64) -> io::Result<usize> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(at))?;
    file.read(room)
}
