//! Header lines: lines of a log that say which columns follow.
//!
//! In: how such lines look, and lines. Out: whether a line is one. The chunker hands every chunk the header that is in
//! force at its beginning, so that a worker reads its rows as if it had read all that came before.

use memchr::memmem::Finder;
use std::sync::Arc;

/// A longer line is no header, in bytes without its LF.
pub const MAX_HEADER_BYTES: usize = 16 << 10;

/// How the header lines of a log look.
#[derive(Debug, Clone)]
pub enum HeaderMark {
    /// Any line that begins with these bytes (`#Fields:`); it holds until the next.
    Begins(Box<[u8]>),
    /// The first line of the source, where it is one at all.
    FirstLine,
}

/// Keeps the header in force while a source is read.
#[derive(Debug)]
pub(super) struct Headers {
    mark: HeaderMark,
    /// The bytes of the mark behind a line's end.
    within: Finder<'static>,
    in_force: Option<Arc<[u8]>>,
}

impl Headers {
    pub(super) fn new(mark: HeaderMark) -> Self {
        let text = match &mark {
            HeaderMark::Begins(text) => [b"\n", &**text].concat(),
            HeaderMark::FirstLine => Vec::new(),
        };
        Self { mark, within: Finder::new(&text).into_owned(), in_force: None }
    }

    /// The header in force.
    pub(super) fn in_force(&self) -> Option<Arc<[u8]>> {
        self.in_force.clone()
    }

    /// The header that was in force where a reading goes on.
    pub(super) fn resume(&mut self, header: Option<Arc<[u8]>>) {
        self.in_force = header;
    }

    /// Takes in whole lines that stand at this offset of their source.
    pub(super) fn pass(&mut self, lines: &[u8], offset: u64) {
        let start = match &self.mark {
            HeaderMark::FirstLine => (offset == 0).then_some(0),
            HeaderMark::Begins(text) => {
                let last = self.within.find_iter(lines).last().map(|lf| lf + 1);
                last.or_else(|| lines.starts_with(text).then_some(0))
            }
        };
        let Some(start) = start else { return };
        let end = memchr::memchr(b'\n', &lines[start..]).map_or(lines.len(), |lf| start + lf);
        // One that is too long is none, here and in the worker's hands; what was in force before it no longer is.
        self.in_force = (end - start <= MAX_HEADER_BYTES).then(|| lines[start..end].into());
    }
}
