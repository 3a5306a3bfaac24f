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
    /// Any line that begins with one of these (`#Fields:`, `#Date:`); it holds until the next that begins so.
    Begins(Arc<[Box<[u8]>]>),
    /// The first line of the source, or the first behind lines that begin with `#`, where it is one at all. It is in force
    /// from the beginning.
    FirstLine,
}

/// Keeps the header in force while a source is read.
#[derive(Debug)]
pub(super) struct Headers {
    mark: HeaderMark,
    /// A line's end, and what all marks begin with.
    within: Finder<'static>,
    /// The last line of each mark.
    last: Vec<Vec<u8>>,
    in_force: Option<Arc<[u8]>>,
}

impl Headers {
    pub(super) fn new(mark: HeaderMark) -> Self {
        let texts: &[Box<[u8]>] = match &mark {
            HeaderMark::Begins(texts) => texts,
            HeaderMark::FirstLine => &[],
        };
        let within = Finder::new(&[b"\n", common_start(texts)].concat()).into_owned();
        let last = vec![Vec::new(); texts.len().max(1)];
        Self { mark, within, last, in_force: None }
    }

    /// Takes in whole lines that stand at this offset of their source; gives the header in force where they begin: a line
    /// a mark, in the order of the marks.
    pub(super) fn pass(&mut self, lines: &[u8], offset: u64) -> Option<Arc<[u8]>> {
        let before = self.in_force.clone();
        self.take_in(lines, offset);
        match self.mark {
            HeaderMark::FirstLine => self.in_force.clone(),
            HeaderMark::Begins(_) => before,
        }
    }

    /// The header in force behind what was passed.
    pub(super) fn in_force(&self) -> Option<Arc<[u8]>> {
        self.in_force.clone()
    }

    /// The header that was in force where a reading goes on.
    pub(super) fn resume(&mut self, header: Option<Arc<[u8]>>) {
        for line in header.iter().flat_map(|header| header.split(|byte| *byte == b'\n')) {
            let at = match &self.mark {
                HeaderMark::FirstLine => Some(0),
                HeaderMark::Begins(texts) => texts.iter().position(|text| line.starts_with(text)),
            };
            if let Some(last) = at.and_then(|at| self.last.get_mut(at)) {
                *last = line.to_vec();
            }
        }
        self.in_force = header;
    }

    fn take_in(&mut self, lines: &[u8], offset: u64) {
        let mut starts: Vec<(usize, usize)> = Vec::new();
        let within = &self.within;
        match &self.mark {
            HeaderMark::FirstLine if offset == 0 => starts.push((0, behind_remarks(lines))),
            HeaderMark::FirstLine => {}
            HeaderMark::Begins(texts) => {
                let begins = within.find_iter(lines).map(|lf| lf + 1);
                for start in std::iter::once(0).chain(begins) {
                    let at = texts.iter().position(|text| lines[start..].starts_with(text));
                    starts.retain(|(other, _)| Some(*other) != at);
                    starts.extend(at.map(|at| (at, start)));
                }
            }
        }
        if starts.is_empty() {
            return;
        }
        for (at, start) in starts {
            let end = memchr::memchr(b'\n', &lines[start..]).map_or(lines.len(), |lf| start + lf);
            self.last[at].clear();
            // One that is too long is none, here and in the worker's hands; what was in force before it no longer is.
            if end - start <= MAX_HEADER_BYTES {
                self.last[at].extend_from_slice(&lines[start..end]);
            }
        }
        let lines: Vec<&[u8]> = self.last.iter().filter(|line| !line.is_empty()).map(Vec::as_slice).collect();
        self.in_force = (!lines.is_empty()).then(|| lines.join(&b'\n').into());
    }
}

/// What all of these begin with.
fn common_start(texts: &[Box<[u8]>]) -> &[u8] {
    let first: &[u8] = texts.first().map_or(b"", |text| text);
    let is_common = |length: &usize| texts.iter().all(|text| text.starts_with(&first[..*length]));
    &first[..(0..=first.len()).rev().find(is_common).unwrap_or(0)]
}

/// Where the first line begins that does not begin with `#`.
fn behind_remarks(lines: &[u8]) -> usize {
    let mut at = 0;
    while lines.get(at) == Some(&b'#') {
        at += memchr::memchr(b'\n', &lines[at..]).map_or(lines.len() - at, |lf| lf + 1);
    }
    at
}
