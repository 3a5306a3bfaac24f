//! Stamps as they are written in the United States: the month first.

use super::civil::{days_from_civil, digits};
use super::{DAY, Wall, clock_micros};

/// `1/15/2026, 8:44:57`, also with a year of two digits.
pub(super) fn read_us(stamp: &[u8]) -> Wall {
    let mut parts = stamp.splitn(4, |byte| matches!(byte, b'/' | b','));
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    // Two digits: the product is younger than 1990.
    let year = match (digits(year)?, year.len()) {
        (year @ 0..90, 2) => year + 2000,
        (year, 2) => year + 1900,
        (year, _) => year,
    };
    let days = days_from_civil(year, digits(month)?, digits(day)?)?;
    let mut clock = parts.next()?.trim_ascii_start().splitn(3, |byte| *byte == b':');
    let micros = clock_micros(digits(clock.next()?)?, digits(clock.next()?)?, digits(clock.next()?)?)?;
    Some((days * DAY + micros, None))
}
