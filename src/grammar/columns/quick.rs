//! The quick look at a row: nearly all requests were answered well, and of those only a few columns are asked for.
//!
//! In: a row. Out: its time, status and service, where it has exactly its columns and was answered well. Every other row
//! is for the careful reading.

use super::{Column, Kind};
use crate::event::{Event, Field};

/// More columns than this are read carefully.
const MOST_COLUMNS: usize = 40;

/// Fields that are asked for whatever was answered.
const ASKED: [Field; 7] =
    [Field::Date, Field::Service, Field::Server, Field::Host, Field::UpstreamName, Field::Started, Field::Status];

/// Where in a row stands what is always asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quick {
    columns: usize,
    /// First and last column of the stamp.
    time: (usize, usize),
    status: usize,
    others: Vec<(usize, Field)>,
}

impl Quick {
    /// For rows of these columns; `None` where they have no status, no stamp, or the stamp in parts that stand apart.
    pub(super) fn new(columns: &[Column]) -> Option<Self> {
        let of = |field: Field| columns.iter().position(|column| column.field == Some(field));
        let last = columns.iter().rposition(|column| column.field == Some(Field::Time))?;
        let time = (of(Field::Time)?, last);
        let is_whole = columns[time.0..=time.1].iter().all(|column| column.field == Some(Field::Time));
        let is_plain = |column: &&Column| !matches!(column.kind, Kind::Client | Kind::UrlRequest);
        let others = ASKED.into_iter().filter_map(|field| {
            // The last column of a field is the one that is kept.
            let at = columns.iter().rposition(|column| column.field == Some(field))?;
            columns.get(at).filter(is_plain).map(|_| (at, field))
        });
        let quick = Self { columns: columns.len(), time, status: of(Field::Status)?, others: others.collect() };
        let has_one = |field: Field| columns.iter().filter(|column| column.field == Some(field)).count() <= 1;
        let is_clear = ASKED.into_iter().all(has_one) && columns.iter().all(|column| column.kind != Kind::UrlRequest);
        (is_whole && is_clear && columns.len() <= MOST_COLUMNS).then_some(quick)
    }

    /// Fills the fields of a row without quotes whose columns stand apart by `gap`; `false` where it has another number of
    /// columns or was not answered well: then nothing is filled.
    #[inline]
    pub(super) fn read<'a>(&self, line: &'a [u8], gap: u8, event: &mut Event<'a>) -> bool {
        // Where each column begins; behind the last one, where another would.
        let mut starts = [0_u32; MOST_COLUMNS + 1];
        if count_starts(line, gap, &mut starts) != self.columns {
            return false;
        }
        let cell = |from: usize, to: usize| line.get(starts[from] as usize..starts[to + 1] as usize - 1);
        let (Some(time), Some(status)) = (cell(self.time.0, self.time.1), cell(self.status, self.status)) else {
            return false;
        };
        let is_well = matches!(status, [b'1'..=b'4', b'0'..=b'9', b'0'..=b'9']);
        if is_well {
            event.set(Field::Time, time);
            self.others.iter().for_each(|(at, field)| event.set(*field, cell(*at, *at).unwrap_or_default()));
        }
        is_well
    }
}

/// Finds where columns begin, eight bytes at a time; how many there are, or one too many where there is no room.
#[inline]
fn count_starts(line: &[u8], gap: u8, starts: &mut [u32; MOST_COLUMNS + 1]) -> usize {
    let mut found = 1;
    let mut note = |at: usize| {
        if let Some(start) = starts.get_mut(found) {
            *start = at as u32 + 1;
        }
        found += 1;
    };
    let (words, rest) = line.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let mut hits = hits(u64::from_le_bytes(*word), gap);
        while hits != 0 {
            note(at * 8 + hits.trailing_zeros() as usize / 8);
            hits &= hits - 1;
        }
    }
    let begins = line.len() - rest.len();
    rest.iter().enumerate().filter(|(_, byte)| **byte == gap).for_each(|(at, _)| note(begins + at));
    note(line.len());
    found - 1
}

/// The high bit of each of eight bytes that is this one.
#[inline]
pub(super) fn hits(word: u64, byte: u8) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differs = word ^ u64::from_ne_bytes([byte; 8]);
    !(((differs & LOW) + LOW) | differs | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[(Option<Field>, Kind)]) -> Vec<Column> {
        names.iter().map(|(field, kind)| Column { field: *field, kind: *kind, choice: 0 }).collect()
    }

    #[test]
    fn a_row_answered_well_is_read_at_a_glance_and_no_other() {
        let time = (Some(Field::Time), Kind::Stamp);
        let row = [time, time, (None, Kind::Any), (Some(Field::Status), Kind::Status), (Some(Field::Host), Kind::Any)];
        let quick = Quick::new(&columns(&row)).expect("it has all");
        let read = |line: &str| {
            let mut event = Event::default();
            let is_read = quick.read(line.as_bytes(), b' ', &mut event);
            let text = |field| event.raw(field).map(|value| String::from_utf8_lossy(value).into_owned());
            is_read.then(|| [Field::Time, Field::Status, Field::Host].map(text))
        };
        let some = |text: &str| Some(text.to_owned());
        let stamp = some("2026-01-15 20:44:57");
        let line = "2026-01-15 20:44:57 /a-long-path-of-many-bytes 200 shop";
        assert_eq!(read(line), Some([stamp.clone(), some("200"), some("shop")]));
        assert_eq!(read("2026-01-15 20:44:57  404 "), Some([stamp, some("404"), some("")]));
        for not_at_a_glance in [
            "",
            "2026-01-15 20:44:57 / 502 shop",
            "2026-01-15 20:44:57 / - shop",
            "2026-01-15 20:44:57 / 200",
            &line.replace("-", " "),
        ] {
            assert_eq!(read(not_at_a_glance), None, "{not_at_a_glance:?}");
        }
        assert!(Quick::new(&columns(&[time, (None, Kind::Any), time, row[3]])).is_none(), "a stamp in parts");
        assert!(Quick::new(&columns(&row[..2])).is_none(), "no status");
    }
}
