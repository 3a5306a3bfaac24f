//! Points in log time as people read them, in the zone they asked for.
//!
//! In: a [`Timestamp`]. Out: `2026-11-21 09:04:28`, with milliseconds where any stamp of the report has them. Machine
//! output (JSON, CSV) does not come through here: it keeps RFC 3339 in UTC.

use super::{Report, numbers};
use crate::time::Timestamp;
use chrono::{DateTime, Datelike, Offset};
use chrono_tz::Tz;

/// How the report's stamps are shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    zone: Tz,
    milliseconds: bool,
}

impl Clock {
    /// Shows milliseconds where any stamp of the report has them, so that all stamps line up.
    pub(crate) fn of(report: &Report, zone: Tz) -> Self {
        let window = report.window.iter().flat_map(|window| [window.first, window.last]);
        let incidents = report.incidents.iter().flat_map(|incident| [incident.start, incident.end]);
        Self { zone, milliseconds: window.chain(incidents).any(|stamp| stamp.micros() % 1_000_000 != 0) }
    }

    /// Shows whole seconds.
    pub(crate) fn seconds(zone: Tz) -> Self {
        Self { zone, milliseconds: false }
    }

    /// As short as it stays clear from the other point: `09:04:28` on the same day, else `11-21 09:04`, else `2025-11-21`.
    pub(crate) fn short(&self, seen_from: Timestamp, stamp: Timestamp) -> String {
        let same = |shape: &str| self.show(seen_from, shape) == self.show(stamp, shape);
        match (same("%Y"), same("%F")) {
            (_, true) => self.show(stamp, "%H:%M:%S"),
            (true, _) => self.show(stamp, "%m-%d %H:%M"),
            _ => self.show(stamp, "%F"),
        }
    }

    /// `2026-11-21 09:04:28`.
    pub(crate) fn stamp(&self, stamp: Timestamp) -> String {
        self.show(stamp, "%Y-%m-%d %H:%M:%S")
    }

    /// From one point to another: `2026-11-21 09:04:28 to 09:08:40 (4m 12s)`; a moment is one stamp.
    pub(crate) fn span(&self, first: Timestamp, last: Timestamp) -> String {
        if first == last {
            return self.stamp(first);
        }
        let micros = last.micros().saturating_sub(first.micros()).max(0) as u64;
        format!("{} to {} ({})", self.stamp(first), self.later(first, last), numbers::duration(micros))
    }

    /// The later stamp, without its date where that is the earlier one's.
    pub(crate) fn later(&self, earlier: Timestamp, later: Timestamp) -> String {
        if self.show(earlier, "%F") == self.show(later, "%F") {
            self.show(later, "%H:%M:%S")
        } else {
            self.stamp(later)
        }
    }

    /// The zone's name; other than for UTC with its offset, twice where that changes between the two points.
    pub(crate) fn zone_name(&self, first: Timestamp, last: Timestamp) -> String {
        match (self.offset(first), self.offset(last)) {
            (Some(_), Some(_)) if self.zone == Tz::UTC => "UTC".into(),
            (Some(start), Some(end)) if start == end => format!("{} ({start})", self.zone),
            (Some(start), Some(end)) => format!("{} ({start}, later {end})", self.zone),
            _ => self.zone.to_string(),
        }
    }

    /// `+01:00`.
    fn offset(&self, stamp: Timestamp) -> Option<String> {
        local(stamp, self.zone).map(|time| time.offset().fix().to_string())
    }

    fn show(&self, stamp: Timestamp, shape: &str) -> String {
        let Some(time) = local(stamp, self.zone) else { return "out-of-range".into() };
        let text = time.format(shape).to_string();
        if self.milliseconds && shape.ends_with("%S") { format!("{text}{}", time.format("%.3f")) } else { text }
    }
}

/// The stamp in the zone. `None` outside the years 1 to 9998: no log means them, and chrono's edges are near.
fn local(stamp: Timestamp, zone: Tz) -> Option<DateTime<Tz>> {
    DateTime::from_timestamp_micros(stamp.micros())
        .filter(|time| (1..=9998).contains(&time.year()))
        .map(|time| time.with_timezone(&zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_262_400; // 2026-11-21T12:00:00Z

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((NOON + seconds) * 1_000_000)
    }

    #[test]
    fn a_span_repeats_the_date_only_where_it_changes() {
        let clock = Clock { zone: Tz::UTC, milliseconds: false };
        assert_eq!(clock.span(at(0), at(252)), "2026-11-21 12:00:00 to 12:04:12 (4m 12s)");
        assert_eq!(clock.span(at(0), at(43_260)), "2026-11-21 12:00:00 to 2026-11-22 00:01:00 (12h 1m)");
        assert_eq!(clock.span(at(0), at(0)), "2026-11-21 12:00:00");
    }

    #[test]
    fn a_short_stamp_leaves_out_what_is_the_same() {
        let clock = Clock::seconds(Tz::UTC);
        for (seconds, text) in [(252, "12:04:12"), (-86_400, "11-20 12:00"), (-366 * 86_400, "2025-11-20")] {
            assert_eq!(clock.short(at(0), at(seconds)), text);
        }
    }

    #[test]
    fn the_zone_is_named_with_its_offset() {
        let clock = Clock { zone: Tz::Europe__Berlin, milliseconds: true };
        assert_eq!(clock.stamp(at(0)), "2026-11-21 13:00:00.000");
        assert_eq!(clock.zone_name(at(0), at(9)), "Europe/Berlin (+01:00)");
        assert_eq!(clock.zone_name(at(-60 * 86_400), at(9)), "Europe/Berlin (+02:00, later +01:00)");
        assert_eq!(Clock { zone: Tz::UTC, ..clock }.zone_name(at(0), at(9)), "UTC");
    }

    #[test]
    fn absurd_stamps_are_said_to_be_so() {
        let clock = Clock { zone: Tz::Asia__Tokyo, milliseconds: false };
        for micros in [i64::MIN, i64::MAX] {
            assert_eq!(clock.stamp(Timestamp::from_micros(micros)), "out-of-range");
        }
        let (first, last) = (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX));
        assert!(clock.span(first, last).starts_with("out-of-range to out-of-range ("));
    }
}
