//! Cells: where the values of a row begin and end.
//!
//! In: a row and what separates its values. Out: the range of each value, without its quotes.

use super::quick::hits;
use std::ops::Range;

/// The values of a row, from left to right.
pub(super) struct Cells<'a, 'g> {
    line: &'a [u8],
    gap: &'g [u8],
    quoted: bool,
    /// Where the next value begins; `None` behind the last.
    at: Option<usize>,
}

impl<'a, 'g> Cells<'a, 'g> {
    pub(super) fn new(line: &'a [u8], gap: &'g [u8], quoted: bool) -> Self {
        Self { line, gap, quoted, at: Some(0) }
    }

    /// Where the value that begins at `at` ends.
    #[inline]
    fn end(&self, at: usize) -> Option<usize> {
        let rest = &self.line[at..];
        let [gap] = self.gap else { return memchr::memmem::find(rest, self.gap).map(|end| at + end) };
        // Most values are short.
        let word = rest.first_chunk::<8>().map_or(0, |word| hits(u64::from_le_bytes(*word), *gap));
        match word {
            0 => memchr::memchr(*gap, rest).map(|end| at + end),
            found => Some(at + found.trailing_zeros() as usize / 8),
        }
    }

    /// Where the quoted value whose inside begins at `at` ends: at a quote before a gap or the end that is neither doubled
    /// nor behind a backslash. Not every product escapes a quote inside: one before anything else is text.
    #[inline]
    fn end_of_quoted(&self, mut at: usize) -> Option<usize> {
        loop {
            let quote = at + memchr::memchr(b'"', self.line.get(at..)?)?;
            let after = &self.line[quote + 1..];
            let escaped = quote > at && self.line[quote - 1] == b'\\';
            if !escaped && (after.is_empty() || after.starts_with(self.gap)) {
                return Some(quote);
            }
            at = quote + if after.first() == Some(&b'"') { 2 } else { 1 };
        }
    }
}

impl Iterator for Cells<'_, '_> {
    type Item = Range<usize>;

    #[inline]
    fn next(&mut self) -> Option<Range<usize>> {
        let at = self.at?;
        if self.quoted
            && self.line.get(at) == Some(&b'"')
            && let Some(end) = self.end_of_quoted(at + 1)
        {
            self.at = (end + 1 < self.line.len()).then(|| end + 1 + self.gap.len());
            return Some(at + 1..end);
        }
        let end = self.end(at);
        self.at = end.map(|end| end + self.gap.len());
        Some(at..end.unwrap_or(self.line.len()))
    }
}
