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

    /// UTC microseconds of these wall-clock microseconds.
    ///
    /// A reading that comes twice (the clock was put back) is taken as the first; one that never comes (it was put
    /// forward) as if the clock had not been put forward: a log gives no way to tell.
    pub(super) fn to_utc(self, wall: i64) -> i64 {
        let Some(naive) = DateTime::from_timestamp_micros(wall).map(|time| time.naive_utc()) else { return wall };
        wall - i64::from(self.offset_at(naive)) * super::MICROS
    }

    fn offset_at(self, wall: NaiveDateTime) -> i32 {
        match self {
            Self::Named(zone) => local_offset(&zone, wall),
            Self::Fixed(offset) => offset.local_minus_utc(),
            Self::Machine => local_offset(&chrono::Local, wall),
        }
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

fn local_offset<Z: TimeZone>(zone: &Z, wall: NaiveDateTime) -> i32 {
    match zone.offset_from_local_datetime(&wall) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix().local_minus_utc(),
        LocalResult::None => {
            let before = wall - chrono::Duration::hours(3);
            zone.offset_from_local_datetime(&before).earliest().map_or(0, |offset| offset.fix().local_minus_utc())
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
