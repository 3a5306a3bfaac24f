//! Opens one member and gives its bytes as text: unpacked by magic bytes, without a byte order mark.
//!
//! In: a [`Member`]. Out: [`Opened`], a reader whose errors carry a [`Defect`]. All bytes that could be read come
//! before the error. Nothing is read, and no named pipe is opened, before the first read.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use super::peeked::Peeked;
use super::unpack::{Archive, MAGIC_BYTES, Unpacked};
use super::{Input, Member, Progress, unicode};
use crate::error::{Defect, Result};

/// Opens a member for reading; `progress` counts its bytes as they come from disk.
///
/// # Errors
/// A file that is missing or may not be read. What is wrong inside a file shows while reading.
pub fn open(member: &Member, progress: &Progress) -> Result<Opened> {
    let origin = match &member.input {
        Input::Stdin => Origin::Stdin(io::stdin()),
        Input::Fifo(path) => Origin::Fifo(path.clone()),
        Input::File(path) => {
            let file = File::open(path).map_err(|error| unopened(&member.display, &error))?;
            let size = file.metadata().ok().filter(std::fs::Metadata::is_file).map_or(0, |meta| meta.len());
            Origin::File { file, size, read: 0 }
        }
    };
    let raw = Raw { origin, name: member.display.clone(), progress: progress.clone() };
    Ok(Opened { name: member.display.clone(), given: 0, stage: Stage::Untouched(raw) })
}

/// The defect of a path that cannot be opened or looked at.
pub(super) fn unopened(name: &str, error: &io::Error) -> Defect {
    match error.kind() {
        io::ErrorKind::NotFound => Defect::new(name, "there is no such file"),
        io::ErrorKind::PermissionDenied => Defect::new(name, "this user may not read it")
            .hint("run as a member of the group that owns the logs (often `adm`), or with sudo"),
        _ => Defect::new(name, format!("it cannot be opened: {error}")),
    }
}

/// The defect inside an I/O error, or one made of its words.
pub(super) fn defect_of(name: &str, error: io::Error) -> Defect {
    let words = error.to_string();
    error
        .into_inner()
        .and_then(|inner| inner.downcast::<Defect>().ok())
        .map_or_else(|| Defect::new(name, format!("reading failed: {words}")), |defect| *defect)
}

/// The text of one member. Its errors carry a [`Defect`]; after one the text has ended.
pub struct Opened {
    name: String,
    /// Bytes of text given so far.
    given: u64,
    stage: Stage,
}

enum Stage {
    Untouched(Raw),
    Reading(Box<dyn Read + Send>),
    Ended,
}

impl Read for Opened {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Stage::Untouched(_) = self.stage {
            self.begin()?;
        }
        let Stage::Reading(reader) = &mut self.stage else { return Ok(0) };
        match reader.read(out) {
            Ok(count) => {
                self.given += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.stage = Stage::Ended;
                Err(self.explain(error))
            }
        }
    }
}

impl Opened {
    /// Looks at the first bytes and puts together what reads the rest.
    fn begin(&mut self) -> io::Result<()> {
        let Stage::Untouched(raw) = std::mem::replace(&mut self.stage, Stage::Ended) else { return Ok(()) };
        let raw = Peeked::new(raw, MAGIC_BYTES);
        if let Some(defect) = refused(&self.name, raw.head()) {
            return Err(io::Error::other(defect));
        }
        let plain: Box<dyn Read + Send> = match Archive::of(raw.head()) {
            Some(archive) => Box::new(Unpacked::new(raw, archive, self.name.clone())),
            None => Box::new(raw),
        };
        self.stage = Stage::Reading(unicode::as_utf8(plain));
        Ok(())
    }

    /// The error with a defect inside.
    fn explain(&self, error: io::Error) -> io::Error {
        if error.get_ref().is_some_and(|inner| inner.is::<Defect>()) {
            return error;
        }
        let what = format!("reading failed: {error}; its first {} bytes were used", self.given);
        io::Error::other(Defect::new(&self.name, what))
    }
}

/// Binary files that people name by mistake, with what to do instead.
fn refused(name: &str, head: &[u8]) -> Option<Defect> {
    let (what, hint) = match head {
        [b'L', b'P', b'K', b'S', b'H', b'H', b'R', b'H', ..] => {
            ("a binary systemd journal", "pipe its text: `journalctl -o short-iso --file FILE | triage -`")
        }
        [b'P', b'K', 3, 4, ..] => ("a zip archive, which is not unpacked", "use `unzip -p FILE | triage -`"),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => {
            ("a 7z archive, which is not unpacked", "use `7z x -so FILE | triage -`")
        }
        _ => return None,
    };
    Some(Defect::new(name, format!("it is {what}")).hint(hint))
}

/// The bytes of a member as they stand on disk or come from a pipe.
struct Raw {
    origin: Origin,
    name: String,
    progress: Progress,
}

enum Origin {
    Stdin(io::Stdin),
    /// Opened at the first read: opening it waits for a writer.
    Fifo(PathBuf),
    Pipe(File),
    File {
        file: File,
        /// Its size when it was opened; 0 where the size says nothing (`/proc`).
        size: u64,
        read: u64,
    },
}

impl Read for Raw {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Origin::Fifo(path) = &self.origin {
            self.origin = Origin::Pipe(File::open(path)?);
        }
        let count = match &mut self.origin {
            Origin::Stdin(stdin) => stdin.read(out)?,
            Origin::Fifo(_) => 0,
            Origin::Pipe(pipe) => pipe.read(out)?,
            Origin::File { file, size, read } => {
                let count = file.read(out)?;
                *read += count as u64;
                if count == 0 && !out.is_empty() && *read < *size {
                    return Err(shrank(&self.name, *read, std::mem::take(size)));
                }
                count
            }
        };
        self.progress.add(count);
        Ok(count)
    }
}

fn shrank(name: &str, read: u64, size: u64) -> io::Error {
    let what = format!("it shrank while it was read: {read} of {size} bytes were used");
    io::Error::other(Defect::new(name, what).hint("it was truncated or replaced meanwhile; read its rotated copy too"))
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
