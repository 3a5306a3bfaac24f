//! Unpacks archives: gzip, zstd, bzip2, xz and lzma, with any number of members one after the other.
//!
//! In: compressed bytes. Out: all bytes that decode, then, where the archive is broken, one [`Defect`] that says how
//! many they were. The codecs are driven by hand, step by step: the ready-made readers throw away what a step has
//! decoded when the same step meets the damage, or stop after the first member.

use std::io::{self, BufRead, BufReader, Read};

use crate::error::Defect;

/// Bytes of the head that are enough to know an archive.
pub(super) const MAGIC_BYTES: usize = 13;

/// Compressed bytes that are read at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// The most memory that an xz archive may ask for, in bytes: above what `xz -9` needs.
const XZ_MEMORY_BYTES: u64 = 128 << 20;

/// zstd loses what a failing step has decoded, so its steps are kept small: the loss stays below this many bytes.
const ZSTD_STEP_BYTES: usize = 4 << 10;

/// gzip's window: the largest there is, as its base-2 logarithm.
const GZIP_WINDOW_BITS: u8 = 15;

/// A kind of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Archive {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Lzma,
}

impl Archive {
    /// The archive that begins so, by its magic bytes; a file's name never matters.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            // lzma has no magic: its default properties, a dictionary of at most 256 MiB, an unknown or sane length.
            [0x5d, 0, 0, _, 0..=0x10, length @ ..] if is_lzma_length(length) => Some(Self::Lzma),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
        }
    }

    /// Whether a further member can begin with this byte.
    fn begins_with(self, byte: u8) -> bool {
        match self {
            Self::Gzip => byte == 0x1f,
            Self::Zstd => byte == 0x28 || (0x50..=0x5f).contains(&byte),
            Self::Bzip2 => byte == b'B',
            Self::Xz => byte == 0xfd,
            Self::Lzma => byte == 0x5d,
        }
    }

    fn codec(self) -> Result<Codec, String> {
        let words = |error: liblzma::stream::Error| error.to_string();
        Ok(match self {
            Self::Gzip => Codec::Gzip(flate2::Decompress::new_gzip(GZIP_WINDOW_BITS)),
            Self::Zstd => Codec::Zstd(zstd::stream::raw::Decoder::new().map_err(|error| error.to_string())?),
            Self::Bzip2 => Codec::Bzip2(bzip2::Decompress::new(false)),
            Self::Xz => Codec::Xz(liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY_BYTES, 0).map_err(words)?),
            Self::Lzma => Codec::Xz(liblzma::stream::Stream::new_lzma_decoder(XZ_MEMORY_BYTES).map_err(words)?),
        })
    }
}

fn is_lzma_length(length: &[u8]) -> bool {
    matches!(length, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, ..] | [_, _, _, _, _, 0, 0, 0, ..])
}

/// The decoder of one member.
enum Codec {
    Gzip(flate2::Decompress),
    Zstd(zstd::stream::raw::Decoder<'static>),
    Bzip2(bzip2::Decompress),
    Xz(liblzma::stream::Stream),
}

/// What one step of a codec did.
struct Step {
    read: usize,
    written: usize,
    /// Whether the member has ended, or why it cannot go on.
    ended: Result<bool, String>,
}

impl Codec {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let before = self.totals();
        let ended = match self {
            Self::Gzip(codec) => codec
                .decompress(input, out, flate2::FlushDecompress::None)
                .map(|status| status == flate2::Status::StreamEnd)
                .map_err(|error| error.to_string()),
            Self::Bzip2(codec) => codec
                .decompress(input, out)
                .map(|status| status == bzip2::Status::StreamEnd)
                .map_err(|error| error.to_string()),
            Self::Xz(codec) => codec
                .process(input, out, liblzma::stream::Action::Run)
                .map(|status| status == liblzma::stream::Status::StreamEnd)
                .map_err(|error| error.to_string()),
            Self::Zstd(codec) => return zstd_step(codec, input, out),
        };
        let after = self.totals();
        Step { read: (after.0 - before.0) as usize, written: (after.1 - before.1) as usize, ended }
    }

    /// Bytes in and out so far. These are right after a failed step too, unlike its result.
    fn totals(&self) -> (u64, u64) {
        match self {
            Self::Gzip(codec) => (codec.total_in(), codec.total_out()),
            Self::Bzip2(codec) => (codec.total_in(), codec.total_out()),
            Self::Xz(codec) => (codec.total_in(), codec.total_out()),
            Self::Zstd(_) => (0, 0),
        }
    }
}

fn zstd_step(codec: &mut zstd::stream::raw::Decoder<'static>, input: &[u8], out: &mut [u8]) -> Step {
    use zstd::stream::raw::Operation;
    let room = out.len().min(ZSTD_STEP_BYTES);
    match codec.run_on_buffers(input, &mut out[..room]) {
        Ok(done) => Step { read: done.bytes_read, written: done.bytes_written, ended: Ok(done.remaining == 0) },
        Err(error) => Step { read: 0, written: 0, ended: Err(error.to_string()) },
    }
}

/// The decompressed bytes of an archive.
pub(super) struct Unpacked<R> {
    input: BufReader<R>,
    archive: Archive,
    name: String,
    /// The member at hand; `None` between members.
    codec: Option<Codec>,
    members: u64,
    /// Decompressed bytes so far.
    given: u64,
    fault: Option<String>,
    done: bool,
}

impl<R: Read> Unpacked<R> {
    /// The content of an archive of this kind; `name` is what a defect calls it.
    pub(super) fn new(inner: R, archive: Archive, name: String) -> Self {
        let input = BufReader::with_capacity(BLOCK_BYTES, inner);
        Self { input, archive, name, codec: None, members: 0, given: 0, fault: None, done: false }
    }

    /// Goes to the next member; false at the end of the archive.
    fn next_member(&mut self) -> io::Result<bool> {
        let first = self.skip_padding()?;
        match first {
            None => return Ok(false),
            Some(byte) if !self.archive.begins_with(byte) => return Err(self.trailing()),
            Some(_) => {}
        }
        match self.archive.codec() {
            Ok(codec) => self.codec = Some(codec),
            Err(why) => return Err(self.broken(&why)),
        }
        self.members += 1;
        Ok(true)
    }

    /// Skips the zeros that pad an archive (tapes, xz) and gives the byte after them.
    fn skip_padding(&mut self) -> io::Result<Option<u8>> {
        loop {
            let bytes = self.input.fill_buf()?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let next = bytes.get(zeros).copied();
            self.input.consume(zeros);
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// One step: decoded bytes, 0 where the step gave none and there may be more.
    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let Some(codec) = &mut self.codec else { return Ok(0) };
        let input = self.input.fill_buf()?;
        let step = codec.step(input, out);
        let stuck = step.read == 0 && step.written == 0;
        let at_end = input.is_empty();
        self.input.consume(step.read);
        self.given += step.written as u64;
        match step.ended {
            Ok(true) => self.codec = None,
            Ok(false) if stuck && at_end => self.fault = Some("it ends in the middle".into()),
            Ok(false) if stuck => self.fault = Some("its decoder is stuck".into()),
            Ok(false) => {}
            Err(why) => self.fault = Some(why),
        }
        Ok(step.written)
    }

    fn broken(&mut self, why: &str) -> io::Error {
        self.done = true;
        let (kind, given) = (self.archive.name(), self.given);
        let what = format!("the {kind} archive breaks off: {why}; its first {given} decompressed bytes were used");
        io::Error::other(Defect::new(&self.name, what).hint("fetch the archive again"))
    }

    fn trailing(&mut self) -> io::Error {
        self.done = true;
        let (kind, given) = (self.archive.name(), self.given);
        let what = format!("what follows the {kind} archive is none; its {given} decompressed bytes were used");
        io::Error::other(Defect::new(&self.name, what).hint("unpack it by hand, or fetch it again"))
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while !self.done && !out.is_empty() {
            if let Some(why) = self.fault.take() {
                return Err(self.broken(&why));
            }
            if self.codec.is_none() && !self.next_member()? {
                self.done = true;
                break;
            }
            let count = self.step(out)?;
            if count > 0 {
                return Ok(count);
            }
        }
        Ok(0)
    }
}
