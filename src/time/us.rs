//! Stamps as they are written in the United States: the month first.

use super::civil::{days_from_civil, digits};
use super::{DAY, Wall, clock_micros};

/// `1/15/2026, 8:44:57`, also with a year of two digits; `1/15/2026 8:44:57 AM`. A blank between day and hour without the
/// half of the day is how others write, who put the day first: that is not read.
pub(super) fn read_us(stamp: &[u8]) -> Wall {
    let (stamp, half) = match stamp.split_last_chunk::<3>() {
        Some((stamp, b" AM")) => (stamp, Some(0)),
        Some((stamp, b" PM")) => (stamp, Some(12)),
        _ => (stamp, None),
    };
    let gap = if half.is_some() { b' ' } else { b',' };
    let mut parts = stamp.splitn(4, |byte| *byte == b'/' || *byte == gap);
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    // Two digits: the product is younger than 1990.
    let year = match (digits(year)?, year.len()) {
        (year @ 0..90, 2) => year + 2000,
        (year, 2) => year + 1900,
        (year, _) => year,
    };
    let days = days_from_civil(year, digits(month)?, digits(day)?)?;
    let mut clock = parts.next()?.trim_ascii_start().splitn(3, |byte| *byte == b':');
    let hours = match (digits(clock.next()?)?, half) {
        (hours, None) => hours,
        (hours @ 1..=12, Some(half)) => hours % 12 + half,
        _ => return None,
    };
    let micros = clock_micros(hours, digits(clock.next()?)?, digits(clock.next()?)?)?;
    Some((days * DAY + micros, None))
}
