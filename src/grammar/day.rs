//! Times of day whose date stands elsewhere: in a field of its own, or in a directive above the rows (`#Date:`).
//!
//! In: the stamp of a record, its date where it has one, the day in force. Out: its time.

use super::RecordReader;
use crate::time::{Shape, Timestamp};

/// `2026-01-15`.
const DATE_BYTES: usize = 10;
/// `20:44:57.123456789+01:00`; a longer one is no time of day.
const MOST_CLOCK_BYTES: usize = 24;

/// A day, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day([u8; DATE_BYTES]);

impl Day {
    /// The day that a text begins with, perhaps behind blanks: `2026-01-15 20:44:57`.
    pub fn of(text: &[u8]) -> Option<Self> {
        let date = text.trim_ascii_start().first_chunk::<DATE_BYTES>()?;
        Shape::Iso.fits(&[date, b"T00:00".as_slice()].concat()).then_some(Self(*date))
    }
}

impl RecordReader {
    /// Reads a stamp that is a time of day, with the record's date or else the day in force; and how much later it may
    /// have been.
    pub(super) fn time_of_day(&mut self, clock: &[u8], date: Option<&[u8]>) -> Option<(Timestamp, i64)> {
        if clock.get(2) != Some(&b':') || clock.len() > MOST_CLOCK_BYTES {
            return None;
        }
        let day = match date {
            Some(date) => Day::of(date)?,
            None => self.day?,
        };
        let mut stamp = [b' '; DATE_BYTES + 1 + MOST_CLOCK_BYTES];
        stamp[..DATE_BYTES].copy_from_slice(&day.0);
        stamp[DATE_BYTES + 1..=DATE_BYTES + clock.len()].copy_from_slice(clock);
        let stamp = &stamp[..=DATE_BYTES + clock.len()];
        self.stamps.iter_mut().find_map(|reader| Some((reader.read(stamp)?, reader.fold_micros())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::grammar::Grammars;
    use crate::time::Zone;
    use std::sync::Arc;

    #[test]
    fn a_time_of_day_is_of_the_day_in_force() {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let format = grammars.with_id("iis.w3c").find(|format| format.layout == "time only").expect("the layout");
        let mut reader = RecordReader::new(Arc::clone(format), Zone::UTC);
        let mut time = |lines: &[&str]| {
            reader.begin(None);
            let (row, preamble) = lines.split_last().expect("a row");
            preamble.iter().for_each(|line| assert!(reader.preamble(line.as_bytes(), false), "{line}"));
            reader.read(row.as_bytes(), &mut Event::default()).flatten().map(|time| time.to_string())
        };
        let (fields, row) = ("#Fields: time cs-method cs-uri-stem sc-status", "20:44:57 GET /cart 502");
        let found = Some("2026-01-15T20:44:57.000Z".to_owned());
        assert_eq!(time(&["#Date: 2026-01-15 20:00:00", fields, row]), found);
        assert_eq!(time(&["#Date: 2026-01-14 00:00:00", "#Date: 2026-01-15 20:00:00", fields, row]), found);
        assert_eq!(time(&["#Date: 2026-13-15", fields, row]), None, "no day of the calendar");
        assert_eq!(time(&[fields, row]), None, "nobody says which day");
    }
}
