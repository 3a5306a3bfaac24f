//! When a window is open, and which team is on duty.
//!
//! In: a window or a team's name, and a point in time. Out: whether it is inside; who takes incidents then.

use super::units::DayTime;
use super::{Playbook, Team, Window};
use crate::time::Timestamp;
use chrono::{DateTime, Datelike, Timelike};

impl Window {
    /// Whether this moment is inside. A time over midnight belongs to the day it begins on: `fri 22:00-06:00` holds on
    /// Saturday at 05:00.
    pub fn contains(&self, at: Timestamp) -> bool {
        let Some(utc) = DateTime::from_timestamp_micros(at.micros()) else { return false };
        let local = utc.with_timezone(&self.timezone);
        let minute = (local.hour() * 60 + local.minute()) as u16;
        let begins_on = |yesterday: bool| {
            let day = if yesterday { local.weekday().pred() } else { local.weekday() };
            self.days.contains(&day)
        };
        if self.times.is_empty() {
            return begins_on(false);
        }
        self.times.iter().any(|time| {
            (begins_on(false) && time.holds_at(minute)) || (begins_on(true) && time.holds_after_midnight(minute))
        })
    }
}

impl DayTime {
    /// Whether the minute lies in the part before midnight, on the day it begins on.
    fn holds_at(self, minute: u16) -> bool {
        minute >= self.from_minutes && (minute < self.until_minutes || self.goes_over_midnight())
    }

    /// Whether the minute lies in the part after midnight.
    fn holds_after_midnight(self, minute: u16) -> bool {
        self.goes_over_midnight() && minute < self.until_minutes
    }

    fn goes_over_midnight(self) -> bool {
        self.from_minutes >= self.until_minutes
    }
}

impl Playbook {
    /// The team that takes an incident of this team at this time: itself within its `active` window, else `otherwise`, and so
    /// on. Teams that hand over in a circle keep what they have.
    pub fn on_duty<'p>(&'p self, team: &'p str, at: Timestamp) -> &'p str {
        let mut team = team;
        for _ in 0..self.teams.len() {
            match self.team(team).and_then(|known| self.stand_in(known, at)) {
                Some(other) => team = other,
                None => return team,
            }
        }
        team
    }

    /// Who takes the team's incidents, where it does not itself at this time.
    fn stand_in<'p>(&'p self, team: &'p Team, at: Timestamp) -> Option<&'p str> {
        let active = team.active.as_deref()?;
        if self.in_window(active, at) { None } else { team.otherwise.as_deref() }
    }

    /// Whether the window with this name is open.
    pub(super) fn in_window(&self, name: &str, at: Timestamp) -> bool {
        self.windows.iter().any(|window| window.name == name && window.contains(at))
    }
}

#[cfg(test)]
mod tests {
    use crate::playbook::{Known, Playbook};
    use crate::time::Timestamp;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
    }

    fn playbook(text: &str) -> Playbook {
        Playbook::parse("p.toml", text, &Known { causes: &[], formats: &[] }).unwrap()
    }

    #[test]
    fn windows_hold_in_their_own_zone_and_over_midnight() {
        let text = "[window.office]\ndays = \"mon-fri\"\ntimes = \"09:00-18:00\"\ntimezone = \"Europe/Berlin\"\n\
                    [window.night]\ndays = \"fri\"\ntimes = \"22:00-06:00\"\ntimezone = \"UTC\"\n\
                    [window.sunday]\ndays = \"sun\"\ntimezone = \"UTC\"\n";
        let playbook = playbook(text);
        for (window, time, open) in [
            ("office", "2026-11-23T08:00:00Z", true),  // Monday, 09:00 in Berlin
            ("office", "2026-11-23T07:59:59Z", false), // a second before
            ("office", "2026-11-23T17:00:00Z", false), // 18:00 is after it
            ("office", "2026-07-20T07:00:00Z", true),  // summer time
            ("office", "2026-11-21T12:00:00Z", false), // Saturday
            ("night", "2026-11-20T23:00:00Z", true),   // Friday
            ("night", "2026-11-21T05:59:00Z", true),   // Saturday morning
            ("night", "2026-11-20T05:00:00Z", false),  // Friday morning is Thursday's night
            ("night", "2026-11-21T23:00:00Z", false),
            ("sunday", "2026-11-22T23:59:00Z", true),
            ("sunday", "2026-11-23T00:00:00Z", false),
        ] {
            assert_eq!(playbook.in_window(window, at(time)), open, "{window} {time}");
        }
    }

    #[test]
    fn whoever_is_off_duty_hands_over() {
        let window = "[window.day]\ndays = \"mon-sun\"\ntimes = \"08:00-20:00\"\ntimezone = \"UTC\"\n";
        let team = |name: &str, other: &str| format!("[team.{name}]\nactive = \"day\"\notherwise = \"{other}\"\n");
        let text =
            format!("{window}{}{}[team.c]\n{}{}", team("a", "b"), team("b", "c"), team("x", "y"), team("y", "x"));
        let playbook = playbook(&text);
        let (noon, night) = (at("2026-11-23T12:00:00Z"), at("2026-11-23T02:00:00Z"));
        assert_eq!((playbook.on_duty("a", noon), playbook.on_duty("a", night)), ("a", "c"));
        assert!(["x", "y"].contains(&playbook.on_duty("x", night)));
        assert_eq!(playbook.on_duty("nobody", night), "nobody");
    }
}
