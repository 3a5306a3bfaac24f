//! Points in log time, and every shape in which logs write them.
//!
//! In: the stamp's bytes and the zone for stamps that name none. Out: a [`Timestamp`] in UTC. Shapes and their zones:
//! FORMATS.md, "Time zone and clock table". No clock is read here.

pub mod as_micros;
mod civil;
mod syslog;
mod us;
mod zone;

use civil::{days_from_civil, digits, month_named};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
pub use zone::Zone;

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Shown as RFC 3339, UTC, milliseconds, `Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// The time this many microseconds later (earlier where negative), at the ends of the range where it overflows.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp_micros(self.0) {
            Some(time) => write!(out, "{}", time.format("%Y-%m-%dT%H:%M:%S%.3fZ")),
            None => out.write_str("out-of-range"),
        }
    }
}

/// For people's eyes as RFC 3339; in binary forms, which lose nothing, as microseconds.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { self.0.serialize(to) }
    }
}

/// Of binary forms only: what is shown has lost its microseconds.
impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        i64::deserialize(from).map(Self)
    }
}

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

crate::event::closed_list! {
    /// The ways logs write a stamp.
    Shape {
        /// `2026/01/15 20:44:57`: nginx error. Local, no offset.
        Slashed = "slashed",
        /// `15/Jan/2026:20:45:05 +0000`: common log format. Names its offset; without one (HAProxy, which adds
        /// milliseconds) it is local.
        Clf = "clf",
        /// `2026-01-15T20:45:05.123+01:00`, also with a space or a tab for the `T`, without fraction, without offset (then local).
        Iso = "iso",
        /// `1768509905.123`: seconds since the epoch.
        Epoch = "epoch",
        /// `1768509905123`: milliseconds since the epoch.
        EpochMs = "epoch-ms",
        /// `1768509905`, `1768509905.123`, `1768509905123`, up to nanoseconds: since the epoch, the unit by the number of digits.
        Unix = "unix",
        /// `15-Jan-2026 20:45:05`, perhaps with `.123456`, perhaps followed by a zone's name: php-fpm and PHP. Local.
        Dashed = "dashed",
        /// `Thu Jan 15 20:44:57.652118 2026`, also without fraction: C's asctime, Apache's error log. Local.
        Ctime = "ctime",
        /// `Jan 15 20:44:57`, the day perhaps padded by a space: syslog's header. Local, without a year.
        MonthFirst = "month-first",
        /// `15 Jan 2026 20:44:57.123`: Redis. Local.
        DayFirst = "day-first",
        /// `1/15/2026, 8:44:57`, also with a year of two digits: IIS's native log; `1/15/2026 8:44:57 AM`: PowerShell. Local.
        Us = "us",
    }
}

impl Shape {
    /// Whether stamps of this shape say their zone themselves.
    pub fn names_its_zone(self, stamp: &[u8]) -> bool {
        match self {
            Self::Epoch | Self::EpochMs | Self::Unix => true,
            Self::Slashed | Self::Ctime | Self::MonthFirst | Self::DayFirst | Self::Us => false,
            Self::Dashed => stamp.ends_with(b" UTC"),
            Self::Clf => read_clf(stamp).is_some_and(|(_, offset)| offset.is_some()),
            Self::Iso => read_iso(stamp).is_some_and(|(_, offset)| offset.is_some()),
        }
    }

    /// Whether this is a stamp of this shape, and a date of the calendar.
    pub fn fits(self, stamp: &[u8]) -> bool {
        self.read(stamp).is_some()
    }

    /// The offset from UTC in seconds that a stamp of local time shows: the zone of the machine that wrote it.
    pub fn local_offset_seconds(stamp: &[u8]) -> Option<i32> {
        let (_, offset) = read_clf(stamp).or_else(|| read_iso(stamp))?;
        offset.map(|seconds| seconds as i32)
    }

    /// Wall-clock microseconds as written, with the offset from UTC in seconds where the stamp names one.
    fn read(self, stamp: &[u8]) -> Option<(i64, Option<i64>)> {
        match self {
            Self::Slashed => read_slashed(stamp),
            Self::Clf => read_clf(stamp),
            Self::Iso => read_iso(stamp),
            Self::Epoch => read_epoch(stamp).map(|micros| (micros, Some(0))),
            Self::EpochMs => digits(stamp).map(|ms| (ms.saturating_mul(1000), Some(0))),
            Self::Unix => read_unix(stamp).map(|micros| (micros, Some(0))),
            Self::Dashed => read_dashed(stamp),
            Self::Ctime => read_ctime(stamp),
            Self::MonthFirst => syslog::read_in_any_year(stamp).map(|micros| (micros, None)),
            Self::DayFirst => syslog::read_day_first(stamp),
            Self::Us => us::read_us(stamp),
        }
    }
}

/// Reads the stamps of one log. Neighbouring lines mostly bear the same stamp, so the last one is remembered.
#[derive(Debug, Clone)]
pub struct StampReader {
    shape: Shape,
    zone: Zone,
    memo: ([u8; MEMO_BYTES], usize),
    value: Timestamp,
    fold_micros: i64,
    /// When the log was written last, for stamps without a year.
    written: Option<Timestamp>,
}

/// Stamps longer than this are read anew each time; no common shape is longer.
const MEMO_BYTES: usize = 40;

impl StampReader {
    /// For stamps of `shape`; `zone` is used where they name none.
    pub fn new(shape: Shape, zone: Zone) -> Self {
        Self { shape, zone, memo: ([0; MEMO_BYTES], 0), value: Timestamp::default(), fold_micros: 0, written: None }
    }

    /// The same for a log that was written last at this time: it tells the year where a stamp has none.
    #[must_use]
    pub fn written(self, written: Option<Timestamp>) -> Self {
        Self { written, ..self }
    }

    /// The stamp's point in time; `None` where it is not of this shape or no date of the calendar.
    #[inline]
    pub fn read(&mut self, stamp: &[u8]) -> Option<Timestamp> {
        if self.memo.1 == stamp.len()
            && self.memo.0[..self.memo.1] == *stamp
            && !stamp.is_empty()
            && stamp.len() < MEMO_BYTES
        {
            return Some(self.value);
        }
        let (wall, offset) = match self.shape {
            Shape::MonthFirst => (syslog::read_before(stamp, self.written?)?, None),
            shape => shape.read(stamp)?,
        };
        let (value, fold_micros) = match offset {
            Some(seconds) => (wall - seconds * MICROS, 0),
            None => self.zone.to_utc(wall),
        };
        (self.value, self.fold_micros) = (Timestamp(value), fold_micros);
        self.memo.1 = stamp.len().min(MEMO_BYTES);
        self.memo.0[..self.memo.1].copy_from_slice(&stamp[..self.memo.1]);
        Some(self.value)
    }

    /// How much later the stamp read last may have been: it lies in the hour that comes twice when the clock is put back,
    /// and was read as the first of the two. 0 where its time is certain.
    pub fn fold_micros(&self) -> i64 {
        self.fold_micros
    }
}

/// A wall-clock reading, with the offset from UTC in seconds where the stamp names one.
type Wall = Option<(i64, Option<i64>)>;

fn read_slashed(stamp: &[u8]) -> Wall {
    let (&[y1, y2, y3, y4, b'/', m1, m2, b'/', d1, d2, b' '], clock) = stamp.split_first_chunk::<11>()? else {
        return None;
    };
    let days = days_from_civil(digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?)?;
    Some((days * DAY + whole_clock(clock)?, None))
}

fn read_clf(stamp: &[u8]) -> Wall {
    let slash = stamp.iter().position(|byte| *byte == b'/')?;
    let day = digits(&stamp[..slash])?;
    let (&[m1, m2, m3, b'/', y1, y2, y3, y4, b':'], rest) = stamp[slash + 1..].split_first_chunk::<9>()? else {
        return None;
    };
    let days = days_from_civil(digits(&[y1, y2, y3, y4])?, month_named(&[m1, m2, m3])?, day)?;
    let (micros, rest) = fractional_clock(rest)?;
    let offset = match rest {
        b"" => None,
        rest => Some(read_offset(rest.strip_prefix(b" ")?)?),
    };
    Some((days * DAY + micros, offset))
}

fn read_ctime(stamp: &[u8]) -> Wall {
    let (&[_, _, _, b' ', m1, m2, m3, b' ', d1, d2, b' '], rest) = stamp.split_first_chunk::<11>()? else {
        return None;
    };
    let (micros, year) = fractional_clock(rest)?;
    let day = if d1 == b' ' { digits(&[d2])? } else { digits(&[d1, d2])? };
    let days = days_from_civil(digits(year.strip_prefix(b" ")?)?, month_named(&[m1, m2, m3])?, day)?;
    Some((days * DAY + micros, None))
}

fn read_dashed(stamp: &[u8]) -> Wall {
    let (&[d1, d2, b'-', m1, m2, m3, b'-', y1, y2, y3, y4, b' '], clock) = stamp.split_first_chunk::<12>()? else {
        return None;
    };
    let mut words = clock.split(|byte| *byte == b' ');
    let clock = words.next()?;
    // PHP names its zone; the one that needs no rules is known here.
    let offset = words.next().filter(|zone| *zone == b"UTC").map(|_| 0);
    let days = days_from_civil(digits(&[y1, y2, y3, y4])?, month_named(&[m1, m2, m3])?, digits(&[d1, d2])?)?;
    let (micros, rest) = fractional_clock(clock)?;
    rest.is_empty().then_some((days * DAY + micros, offset))
}

fn read_iso(stamp: &[u8]) -> Wall {
    let (&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' ' | b'\t'], clock) =
        stamp.split_first_chunk::<11>()?
    else {
        return None;
    };
    let days = days_from_civil(digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?)?;
    // Some write no seconds.
    let minutes = |clock: &[u8; 5]| whole_clock(&[clock, b":00".as_slice()].concat());
    let (micros, rest) = match <&[u8; 5]>::try_from(clock) {
        Ok(clock) => (minutes(clock)?, b"".as_slice()),
        Err(_) => fractional_clock(clock)?,
    };
    let offset = match rest.trim_ascii() {
        b"" => None,
        b"Z" | b"z" | b"UTC" | b"GMT" => Some(0),
        // `CET`: PostgreSQL writes the zone's short name, of which there are several with one meaning each.
        name if name.len() <= 5 && name.iter().all(u8::is_ascii_uppercase) => None,
        signed => Some(read_offset(signed)?),
    };
    Some((days * DAY + micros, offset))
}

fn read_epoch(stamp: &[u8]) -> Option<i64> {
    let mut parts = stamp.splitn(2, |byte| *byte == b'.');
    let seconds = digits(parts.next()?)?;
    let micros = parts.next().map_or(Some(0), fraction)?;
    seconds.checked_mul(MICROS)?.checked_add(micros)
}

/// Until the year 5138 a number of seconds has at most eleven digits, and since 1973 one of milliseconds has twelve.
fn read_unix(stamp: &[u8]) -> Option<i64> {
    match stamp.len() {
        0..=11 => read_epoch(stamp),
        _ if stamp.contains(&b'.') => read_epoch(stamp),
        12..=14 => digits(stamp)?.checked_mul(1000),
        15..=17 => digits(stamp),
        length => digits(stamp.get(length - 3..)?).and(digits(&stamp[..length - 3])),
    }
}

/// Microseconds in a day.
const DAY: i64 = 86_400 * MICROS;

/// `HH:MM:SS` and nothing after it, in microseconds.
fn whole_clock(clock: &[u8]) -> Option<i64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return None };
    clock_micros(digits(&[h1, h2])?, digits(&[m1, m2])?, digits(&[s1, s2])?)
}

/// `HH:MM:SS[.,]fraction` and what comes after it.
fn fractional_clock(clock: &[u8]) -> Option<(i64, &[u8])> {
    let (head, rest) = clock.split_first_chunk::<8>()?;
    // MariaDB pads the hour by a space.
    let mut padded = *head;
    if padded[0] == b' ' {
        padded[0] = b'0';
    }
    let micros = whole_clock(&padded)?;
    let Some((b'.' | b',', rest)) = rest.split_first() else { return Some((micros, rest)) };
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    Some((micros + fraction(&rest[..end])?, &rest[end..]))
}

/// A leap second (`:60`) is taken as the first of the next minute.
fn clock_micros(hours: i64, minutes: i64, seconds: i64) -> Option<i64> {
    (hours < 24 && minutes < 60 && seconds <= 60).then_some((hours * 3600 + minutes * 60 + seconds) * MICROS)
}

/// Digits after the decimal point as microseconds; what is finer is dropped.
fn fraction(text: &[u8]) -> Option<i64> {
    let kept = &text[..text.len().min(6)];
    Some(digits(kept)? * 10_i64.pow(6 - kept.len() as u32))
}

/// `+0100`, `+01:00`, `-05` as seconds.
fn read_offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = text.split_first()?;
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match *rest {
        [h1, h2] => (digits(&[h1, h2])?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (digits(&[h1, h2])?, digits(&[m1, m2])?),
        _ => return None,
    };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(shape: Shape, stamp: &str) -> Option<String> {
        StampReader::new(shape, Zone::UTC).read(stamp.as_bytes()).map(|time| time.to_string())
    }

    #[test]
    fn every_shape_reads_its_stamp() {
        let same = Some("2026-01-15T20:44:57.000Z".to_string());
        assert_eq!(utc(Shape::Slashed, "2026/01/15 20:44:57"), same);
        assert_eq!(utc(Shape::Clf, "15/Jan/2026:21:44:57 +0100"), same);
        assert_eq!(utc(Shape::Clf, "5/Jan/2026:00:00:00 +0000").as_deref(), Some("2026-01-05T00:00:00.000Z"));
        assert_eq!(utc(Shape::Iso, "2026-01-15T20:44:57+00:00"), same);
        assert_eq!(utc(Shape::Iso, "2026-01-15 20:44:57"), same);
        assert_eq!(utc(Shape::Iso, "2026-01-15 20:44").as_deref(), Some("2026-01-15T20:44:00.000Z"));
        assert_eq!(utc(Shape::Us, "01/15/26, 20:44:57"), same);
        assert_eq!(utc(Shape::Us, "1/5/2026, 8:44:07").as_deref(), Some("2026-01-05T08:44:07.000Z"));
        assert_eq!(utc(Shape::Iso, "2026-01-15T15:14:57.000-05:30"), same);
        assert_eq!(utc(Shape::Epoch, "1768509897.000"), same);
        assert_eq!(utc(Shape::EpochMs, "1768509897000"), same);
        for stamp in ["1768509897", "1768509897.0", "1768509897000", "1768509897000000", "1768509897000000000"] {
            assert_eq!(utc(Shape::Unix, stamp), same, "{stamp}");
        }
        assert_eq!(utc(Shape::Dashed, "15-Jan-2026 20:44:57"), same);
        assert_eq!(utc(Shape::Ctime, "Thu Jan 15 20:44:57 2026"), same);
        assert_eq!(utc(Shape::Ctime, "Thu Jan 15 20:44:57.000123 2026"), same);
        assert_eq!(utc(Shape::Clf, "15/Jan/2026:20:44:57.250").as_deref(), Some("2026-01-15T20:44:57.250Z"));
        assert_eq!(utc(Shape::DayFirst, "15 Jan 2026 20:44:57.000"), same);
        assert_eq!(utc(Shape::Iso, "2026-01-15 20:44:57 CET"), same);
        assert_eq!(utc(Shape::Iso, "2026-01-15  8:44:57").as_deref(), Some("2026-01-15T08:44:57.000Z"));
        assert_eq!(
            utc(Shape::Dashed, "15-Jan-2026 20:44:57.250 Europe/Berlin").as_deref(),
            Some("2026-01-15T20:44:57.250Z")
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for stamp in
            ["2026/13/15 20:44:57", "2026/02/30 20:44:57", "2026/01/15 25:44:57", "2026/01/15", "yesterday", ""]
        {
            assert_eq!(utc(Shape::Slashed, stamp), None, "{stamp}");
        }
        assert_eq!(utc(Shape::Epoch, "99999999999999999999"), None);
    }

    #[test]
    fn zoneless_stamps_are_read_in_the_zone_given() {
        let berlin = Zone::named("Europe/Berlin").expect("a known zone");
        let mut reader = StampReader::new(Shape::Slashed, berlin);
        let read = |reader: &mut StampReader, stamp: &str| reader.read(stamp.as_bytes()).map(|time| time.to_string());
        assert_eq!(read(&mut reader, "2026/07/01 12:00:00").as_deref(), Some("2026-07-01T10:00:00.000Z"));
        assert_eq!(read(&mut reader, "2026/12/01 12:00:00").as_deref(), Some("2026-12-01T11:00:00.000Z"));
        // 02:30 comes twice on 2026-10-25; the stamp cannot say which. On 2026-03-29 it never comes.
        assert_eq!(read(&mut reader, "2026/10/25 02:30:00").as_deref(), Some("2026-10-25T00:30:00.000Z"));
        assert_eq!(reader.fold_micros(), 3_600_000_000);
        assert_eq!(read(&mut reader, "2026/03/29 02:30:00").as_deref(), Some("2026-03-29T01:30:00.000Z"));
    }
}
