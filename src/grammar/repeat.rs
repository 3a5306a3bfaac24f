//! What a record has in common with the one before it.
//!
//! In an outage an error log says the same thing thousands of times: the same level, process and message, another
//! stamp, another connection and another request. A few comparisons then stand for reading all of that anew.
//!
//! In: records and how they were read. Out: the fields of a record up to its tail, where they repeat. Exact: the bytes up
//! to and with the tail's opening are the same but for the connection's number and the stamp, which is as long as the last
//! one and which the caller must find to be a stamp; reading them would give the same.

use crate::event::{Event, Field};
use crate::text::{begins_with, find_near};
use std::ops::Range;

/// Longer beginnings are not worth keeping: they hold somebody's data and do not repeat.
const MOST_BYTES: usize = 512;

/// The beginning of the last record.
#[derive(Debug, Default)]
pub(super) struct Repeat {
    /// Where the stamp stands; empty where the record has none.
    stamp: Range<usize>,
    /// Up to the connection's number.
    head: Vec<u8>,
    /// From behind the number to the end of the tail's opening.
    middle: Vec<u8>,
    /// Fields in the head, by their place in it.
    in_head: Vec<(Field, Range<usize>)>,
    /// Fields in the middle, by their place in it.
    in_middle: Vec<(Field, Range<usize>)>,
    /// The errno's name, which stands nowhere in the record.
    errno: Option<&'static str>,
}

impl Repeat {
    /// Where the tail begins, where the record begins like the last one; its fields up to there are then set, a stamp among
    /// them that may be none.
    pub(super) fn read<'a>(&self, record: &'a [u8], event: &mut Event<'a>) -> Option<usize> {
        if self.head.is_empty() {
            return None;
        }
        let (before, after) = (&self.head[..self.stamp.start], &self.head[self.stamp.end..]);
        if !begins_with(record, before) || !begins_with(record.get(self.stamp.end..)?, after) {
            return None;
        }
        let rest = &record[self.head.len()..];
        let digits = find_near(rest, |byte| !byte.is_ascii_digit()).filter(|digits| *digits > 0)?;
        if !begins_with(&rest[digits..], &self.middle) {
            return None;
        }
        let (head, middle) = (&record[..self.head.len()], &rest[digits..]);
        for (field, place) in &self.in_head {
            event.set(*field, &head[place.clone()]);
        }
        event.set(Field::Connection, &rest[..digits]);
        for (field, place) in &self.in_middle {
            event.set(*field, &middle[place.clone()]);
        }
        if let Some(name) = self.errno {
            event.set(Field::Errno, name.as_bytes());
        }
        Some(head.len() + digits + self.middle.len())
    }

    /// Remembers a record that was read: its tail's opening ends at `tail`.
    pub(super) fn remember(&mut self, record: &[u8], tail: usize, errno: Option<&'static str>, event: &Event<'_>) {
        self.forget();
        let Some(number) = event.raw(Field::Connection).and_then(|value| place_in(record, value)) else { return };
        if tail > MOST_BYTES || number.end > tail || number.is_empty() {
            return;
        }
        for (field, value) in event.iter().filter(|(field, _)| *field != Field::Connection) {
            match place_in(record, value) {
                Some(place) if place.end <= number.start => self.in_head.push((field, place)),
                Some(place) if place.start >= number.end && place.end <= tail => {
                    self.in_middle.push((field, place.start - number.end..place.end - number.end));
                }
                _ => {}
            }
        }
        self.head.extend_from_slice(&record[..number.start]);
        self.middle.extend_from_slice(&record[number.end..tail]);
        self.errno = errno;
        let stamp = event.raw(Field::Time).and_then(|stamp| place_in(record, stamp));
        self.stamp = stamp.filter(|stamp| stamp.end <= number.start).unwrap_or(0..0);
    }

    /// Forgets the last record.
    pub(super) fn forget(&mut self) {
        self.head.clear();
        self.middle.clear();
        self.in_head.clear();
        self.in_middle.clear();
    }
}

/// Where a value borrowed from the record lies in it; `None` where it was not borrowed from it.
fn place_in(record: &[u8], value: &[u8]) -> Option<Range<usize>> {
    let start = (value.as_ptr() as usize).checked_sub(record.as_ptr() as usize)?;
    let end = start.checked_add(value.len())?;
    (end <= record.len()).then_some(start..end)
}
