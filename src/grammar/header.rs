//! Headers: lines that say which columns follow, on their way into a reader.
//!
//! In: the header in force where a chunk begins, and lines that may be one. Out: a reader that knows the columns.

use super::columns::Preamble;
use super::{Reader, RecordReader};

impl RecordReader {
    /// Takes in a line that is no record but says what follows: a header, or another directive. `first`: it is the first
    /// line of its source. `false` where it is none of this format.
    pub fn preamble(&mut self, line: &[u8], first: bool) -> bool {
        let Reader::Columns(columns) = &self.format.reader else { return false };
        // The first line may come again where a source was put together from several.
        let is_again = || self.header.1.is_some() && self.header.0 == line;
        match columns.preamble(line, first) {
            Preamble::None => is_again(),
            Preamble::Directive => true,
            Preamble::Day(day) => {
                self.day = Some(day);
                true
            }
            Preamble::Header(row) => {
                self.header = (line.to_vec(), row);
                true
            }
        }
    }

    /// The bytes that a header or a directive can begin with, where it is not the first line.
    pub fn openings(&self) -> impl Iterator<Item = u8> + '_ {
        let marks: &[u8] = if let Reader::Columns(columns) = &self.format.reader { columns.openings() } else { &[] };
        marks.iter().copied().chain(self.header.0.first().copied())
    }

    /// Begins a chunk: with the header in force there, and no other.
    pub fn begin(&mut self, header: Option<&[u8]>) {
        self.header = (Vec::new(), None);
        self.day = None;
        for line in header.into_iter().flat_map(|header| header.split(|byte| *byte == b'\n')) {
            self.preamble(line.strip_suffix(b"\r").unwrap_or(line), true);
        }
    }

    /// Whether a header of its format is in force.
    pub fn has_header(&self) -> bool {
        self.header.1.is_some()
    }
}
