//! Stamps with the month's name: syslog's header, which names no year, and Redis.
//!
//! In: the stamp's bytes, and when its log was written last. Out: wall-clock microseconds.

use super::civil::{days_from_civil, digits, month_named, year_of};
use super::{DAY, Timestamp, Wall, fractional_clock, whole_clock};

/// The stamp in the latest year in which it is not later than the log's last writing; a day is left for zones and clocks.
pub(super) fn read_before(stamp: &[u8], written: Timestamp) -> Option<i64> {
    /// 29 February comes every four years, with the exception of most centuries.
    const MOST_YEARS_BACK: i64 = 8;
    let latest = written.micros() + DAY;
    let year = year_of(latest.div_euclid(DAY));
    (0..=MOST_YEARS_BACK).filter_map(|back| read(stamp, year - back)).find(|wall| *wall <= latest)
}

/// The stamp in a year that has every date.
pub(super) fn read_in_any_year(stamp: &[u8]) -> Option<i64> {
    const A_LEAP_YEAR: i64 = 2000;
    read(stamp, A_LEAP_YEAR)
}

/// `Jan  5 03:02:01`
fn read(stamp: &[u8], year: i64) -> Option<i64> {
    let (&[m1, m2, m3, b' ', d1, d2, b' '], clock) = stamp.split_first_chunk::<7>()? else { return None };
    let day = if d1 == b' ' { digits(&[d2])? } else { digits(&[d1, d2])? };
    Some(days_from_civil(year, month_named(&[m1, m2, m3])?, day)? * DAY + whole_clock(clock)?)
}

/// `15 Jan 2026 20:44:57.123`
pub(super) fn read_day_first(stamp: &[u8]) -> Wall {
    let (&[d1, d2, b' ', m1, m2, m3, b' ', y1, y2, y3, y4, b' '], clock) = stamp.split_first_chunk::<12>()? else {
        return None;
    };
    let days = days_from_civil(digits(&[y1, y2, y3, y4])?, month_named(&[m1, m2, m3])?, digits(&[d1, d2])?)?;
    let (micros, rest) = fractional_clock(clock)?;
    rest.is_empty().then_some((days * DAY + micros, None))
}

#[cfg(test)]
mod tests {
    use crate::time::{Shape, StampReader, Zone};

    #[test]
    fn a_stamp_without_a_year_is_read_from_the_log_s_last_writing() {
        let read = |stamp: &str, written: &str| {
            let written = StampReader::new(Shape::Iso, Zone::UTC).read(written.as_bytes());
            let mut reader = StampReader::new(Shape::MonthFirst, Zone::UTC).written(written);
            reader.read(stamp.as_bytes()).map(|time| time.to_string())
        };
        assert_eq!(read("Dec 31 23:59:59", "2026-01-01 00:10:00").as_deref(), Some("2025-12-31T23:59:59.000Z"));
        assert_eq!(read("Jan  1 00:00:01", "2026-01-01 00:10:00").as_deref(), Some("2026-01-01T00:00:01.000Z"));
        assert_eq!(read("Feb 29 12:00:00", "2026-01-01 00:10:00").as_deref(), Some("2024-02-29T12:00:00.000Z"));
        assert_eq!(StampReader::new(Shape::MonthFirst, Zone::UTC).read(b"Jan  1 00:00:01"), None);
    }
}
