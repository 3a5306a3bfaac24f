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
    /// Where so many columns end from the left, and where the others begin from the right, is all that is asked for.
    left: usize,
    right: usize,
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
        let (status, others) = (of(Field::Status)?, others.collect::<Vec<_>>());
        // Of what is asked for each column is reached from the nearer end.
        let asked = others.iter().map(|(at, _)| *at).chain([time.0, time.1, status]);
        let (left, right): (Vec<usize>, Vec<usize>) = asked.partition(|at| *at < columns.len() / 2);
        let left = left.into_iter().max().map_or(0, |last| last + 1);
        let right = right.into_iter().min().unwrap_or(columns.len());
        let quick = Self { columns: columns.len(), time, status, others, left, right };
        let has_one = |field: Field| columns.iter().filter(|column| column.field == Some(field)).count() <= 1;
        let is_clear = ASKED.into_iter().all(has_one) && columns.iter().all(|column| column.kind != Kind::UrlRequest);
        (is_whole && is_clear && columns.len() <= MOST_COLUMNS).then_some(quick)
    }

    /// Fills the fields of a row without quotes whose columns stand apart by `gap`; `false` where it has another number of
    /// columns or was not answered well: then nothing is filled.
    #[inline]
    pub(super) fn read<'a>(&self, line: &'a [u8], gap: u8, event: &mut Event<'a>) -> bool {
        if gaps(line, gap) + 1 != self.columns {
            return false;
        }
        // Where columns begin; behind the last one, where another would.
        let mut starts = [0_u32; MOST_COLUMNS + 1];
        note_from_left(line, gap, &mut starts[..=self.left]);
        note_from_right(line, gap, &mut starts[self.right..=self.columns]);
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

/// How many gaps there are in a row.
#[inline]
fn gaps(line: &[u8], gap: u8) -> usize {
    /// A byte can count them, so that the loop becomes a few vector instructions.
    const BLOCK_BYTES: usize = 240;
    let in_block = |block: &[u8]| block.iter().fold(0_u8, |sum, byte| sum + u8::from(*byte == gap));
    line.chunks(BLOCK_BYTES).map(|block| usize::from(in_block(block))).sum()
}

/// Notes where the first columns begin, from the second on, as many as there is room for; eight bytes at a time.
#[inline]
fn note_from_left(line: &[u8], gap: u8, starts: &mut [u32]) {
    let mut starts = starts.iter_mut().skip(1);
    let (words, rest) = line.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let mut hits = hits(u64::from_le_bytes(*word), gap);
        while hits != 0 {
            let Some(start) = starts.next() else { return };
            *start = (at * 8) as u32 + hits.trailing_zeros() / 8 + 1;
            hits &= hits - 1;
        }
    }
    let begins = line.len() - rest.len();
    let ends = rest.iter().enumerate().filter(|(_, byte)| **byte == gap).map(|(at, _)| begins + at + 1);
    starts.zip(ends).for_each(|(start, end)| *start = end as u32);
}

/// Notes where the last columns begin, and behind them where another would.
#[inline]
fn note_from_right(line: &[u8], gap: u8, starts: &mut [u32]) {
    let mut starts = starts.iter_mut().rev();
    if let Some(behind) = starts.next() {
        *behind = line.len() as u32 + 1;
    }
    let (rest, words) = line.as_rchunks::<8>();
    for (at, word) in words.iter().enumerate().rev() {
        let mut hits = hits(u64::from_le_bytes(*word), gap);
        while hits != 0 {
            let Some(start) = starts.next() else { return };
            let last = 63 - hits.leading_zeros();
            *start = (rest.len() + at * 8) as u32 + last / 8 + 1;
            hits ^= 1 << last;
        }
    }
    let ends = rest.iter().enumerate().rev().filter(|(_, byte)| **byte == gap).map(|(at, _)| at + 1);
    starts.zip(ends).for_each(|(start, end)| *start = end as u32);
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
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_glance_sees_what_splitting_does(
            row in prop::collection::vec("[a-z0-9-]{0,20}", 4..20),
            places in (1..3_usize, 0..20_usize, 0..20_usize),
            status in prop::sample::select(vec!["200", "404", "502", "-", "20"]),
            missing in 0..3_usize,
        ) {
            let (stamp, places) = (places.0, [places.1, places.2].map(|at| places.0 + at % (row.len() - places.0)));
            let mut known = vec![(None, Kind::Any); row.len()];
            known[places[0]] = (Some(Field::Host), Kind::Any);
            known[places[1]] = (Some(Field::Status), Kind::Status);
            known[..stamp].fill((Some(Field::Time), Kind::Stamp));
            let mut row = row;
            row[places[1]] = status.into();
            let quick = Quick::new(&columns(&known)).expect("it has all");
            let line = row[..row.len() - missing].join(" ");
            let mut event = Event::default();
            let is_read = quick.read(line.as_bytes(), b' ', &mut event);
            prop_assert_eq!(is_read, missing == 0 && matches!(status, "200" | "404"), "{:?}", line);
            let host = (places[0] != places[1]).then(|| row[places[0]].as_str());
            let time = row[..stamp].join(" ");
            let expected = [(Field::Time, Some(time.as_str())), (Field::Status, Some(status)), (Field::Host, host)];
            for (field, value) in expected.into_iter().filter(|_| is_read) {
                prop_assert_eq!(event.raw(field), value.map(str::as_bytes), "{} {:?}", field, line);
            }
        }

        #[test]
        fn gaps_are_counted_however_many_they_are(line in "[ x]{0,1200}") {
            prop_assert_eq!(gaps(line.as_bytes(), b' '), line.bytes().filter(|byte| *byte == b' ').count());
        }
    }
}
