//! Byte order marks: UTF-8's is dropped, UTF-16 becomes UTF-8. Everything else stays as it is: logs are bytes.
//!
//! PowerShell's `>` and some IIS tools write UTF-16 (RELIABILITY.md section 2.1).

use std::io::{self, Read};

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::peeked::Peeked;

/// Bytes that are transcoded at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// The longest byte order mark that counts here.
const BOM_BYTES: usize = 3;

/// The reader without its byte order mark, UTF-16 as UTF-8.
pub(super) fn as_utf8(reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
    let mut reader = Peeked::new(reader, BOM_BYTES);
    match Encoding::for_bom(reader.head()) {
        None => Box::new(reader),
        Some((encoding, length)) => {
            reader.skip(length);
            match encoding {
                encoding if encoding == UTF_8 => Box::new(reader),
                encoding => Box::new(Utf16::new(reader, encoding)),
            }
        }
    }
}

/// UTF-16 as UTF-8; half pairs become U+FFFD.
struct Utf16<R> {
    inner: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// Raw bytes at hand: `raw[from..to]`.
    from: usize,
    to: usize,
    text: Vec<u8>,
    /// Bytes of `text` that were given.
    given: usize,
    ended: bool,
}

impl<R: Read> Utf16<R> {
    fn new(inner: R, encoding: &'static Encoding) -> Self {
        debug_assert!(encoding == UTF_16LE || encoding == UTF_16BE);
        let decoder = encoding.new_decoder_without_bom_handling();
        Self { inner, decoder, raw: vec![0; BLOCK_BYTES], from: 0, to: 0, text: Vec::new(), given: 0, ended: false }
    }

    /// Transcodes the next block into `text`.
    fn refill(&mut self) -> io::Result<()> {
        if self.from == self.to {
            self.to = self.inner.read(&mut self.raw)?;
            self.from = 0;
            self.ended = self.to == 0;
        }
        self.text.resize(BLOCK_BYTES, 0);
        self.given = 0;
        let raw = &self.raw[self.from..self.to];
        let (result, read, written, _) = self.decoder.decode_to_utf8(raw, &mut self.text, self.ended);
        self.from += read;
        self.text.truncate(written);
        debug_assert!(!self.ended || result == CoderResult::InputEmpty, "the end of the text fits one block");
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.refill()?;
        }
        let count = (&self.text[self.given..]).read(out)?;
        self.given += count;
        Ok(count)
    }
}
