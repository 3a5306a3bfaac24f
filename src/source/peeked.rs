//! A reader whose first bytes were looked at and are given again.

use std::io::{self, Read};

/// A reader with its first bytes at hand. An error met while looking comes back after those bytes.
pub(super) struct Peeked<R> {
    head: Vec<u8>,
    at: usize,
    fault: Option<io::Error>,
    inner: R,
}

impl<R: Read> Peeked<R> {
    /// Looks at the first `n` bytes; fewer where the reader has fewer.
    pub(super) fn new(mut inner: R, n: usize) -> Self {
        let mut head = Vec::with_capacity(n);
        let fault = inner.by_ref().take(n as u64).read_to_end(&mut head).err();
        Self { head, at: 0, fault, inner }
    }

    /// The first bytes, where none was read yet.
    pub(super) fn head(&self) -> &[u8] {
        &self.head[self.at..]
    }

    /// Drops the first `n` bytes of the head.
    pub(super) fn skip(&mut self, n: usize) {
        self.at = (self.at + n).min(self.head.len());
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at < self.head.len() {
            let count = self.head().read(out)?;
            self.at += count;
            return Ok(count);
        }
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => self.inner.read(out),
        }
    }
}
