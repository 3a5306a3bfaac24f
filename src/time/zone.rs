//! The zone that zone-less stamps are read in.

use crate::error::{Defect, Result, did_you_mean};
use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, Offset, TimeZone};
use std::fmt;

/// A zone: named (with its summer time), a fixed offset, or whatever the machine uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// `Europe/Berlin`, `UTC`.
    Named(chrono_tz::Tz),
    /// `+02:00`.
    Fixed(FixedOffset),
    /// The machine's own.
    Machine,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Named(chrono_tz::UTC);

    /// From what the user typed: an IANA name, `UTC`, `Z`, `local`, `+02:00`.
    ///
    /// # Errors
    /// Where there is no such zone, with the nearest name.
    pub fn named(text: &str) -> Result<Self> {
        if text.eq_ignore_ascii_case("local") {
            return Ok(Self::Machine);
        }
        if let Some(seconds) = text.starts_with(['+', '-']).then(|| super::read_offset(text.as_bytes())).flatten() {
            return FixedOffset::east_opt(seconds as i32).map(Self::Fixed).ok_or_else(|| unknown(text));
        }
        let name = if matches!(text, "Z" | "z" | "utc") { "UTC" } else { text };
        name.parse().map(Self::Named).map_err(|_| unknown(text))
    }

    /// UTC microseconds of these wall-clock microseconds, and how much later the second reading is where the clock was put
    /// back and the reading comes twice (0 where it comes once).
    ///
    /// A reading that never comes (the clock was put forward) is taken as if it had not been put forward.
    pub(super) fn to_utc(self, wall: i64) -> (i64, i64) {
        let Some(naive) = DateTime::from_timestamp_micros(wall).map(|time| time.naive_utc()) else { return (wall, 0) };
        let (first, second) = match self {
            Self::Named(zone) => local_offsets(&zone, naive),
            Self::Fixed(offset) => (offset.local_minus_utc(), offset.local_minus_utc()),
            Self::Machine => local_offsets(&chrono::Local, naive),
        };
        (wall - i64::from(first) * super::MICROS, i64::from(first - second) * super::MICROS)
    }

    /// The zone's offset from UTC in seconds at this UTC time.
    pub fn offset_seconds(self, at: super::Timestamp) -> i32 {
        let Some(utc) = DateTime::from_timestamp_micros(at.micros()).map(|time| time.naive_utc()) else { return 0 };
        match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix().local_minus_utc(),
            Self::Fixed(offset) => offset.local_minus_utc(),
            Self::Machine => chrono::Local.offset_from_utc_datetime(&utc).local_minus_utc(),
        }
    }
}

/// The offsets of the first and the second time that this reading comes.
fn local_offsets<Z: TimeZone>(zone: &Z, wall: NaiveDateTime) -> (i32, i32) {
    let seconds = |offset: Z::Offset| offset.fix().local_minus_utc();
    match zone.offset_from_local_datetime(&wall) {
        LocalResult::Single(offset) => (seconds(offset.clone()), seconds(offset)),
        LocalResult::Ambiguous(first, second) => (seconds(first), seconds(second)),
        LocalResult::None => {
            let before = wall - chrono::Duration::hours(3);
            let offset = zone.offset_from_local_datetime(&before).earliest().map_or(0, seconds);
            (offset, offset)
        }
    }
}

fn unknown(text: &str) -> Defect {
    let defect = Defect::new("--tz", format!("there is no time zone \"{text}\""));
    let hint = did_you_mean(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
    defect.hint(
        hint.unwrap_or_else(|| "give an IANA name such as Europe/Berlin, an offset such as +02:00, or UTC".into()),
    )
}

impl fmt::Display for Zone {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => out.write_str(zone.name()),
            Self::Fixed(offset) => write!(out, "{offset}"),
            Self::Machine => out.write_str("the machine's zone"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_answered_with_the_right_one() {
        let defect = Zone::named("Europe/Berln").expect_err("no such zone");
        assert!(defect.to_string().contains("Europe/Berlin"), "{defect}");
        assert_eq!(Zone::named("+02:00").expect("an offset").to_string(), "+02:00");
    }
}
