//! The small values of a playbook: durations, shares, rates, times of the day and days of the week.
//!
//! In: what somebody typed. Out: the value, or a [`Fault`] that says how to write it.

use super::fault::Fault;
use chrono::Weekday;
use std::str::FromStr;
use std::time::Duration;

/// The units of a duration with their seconds, largest first.
const UNITS_SECONDS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];
/// The longest duration a playbook may ask for: ten years. Beyond it is a slip of the hand.
const MAX_DURATION_SECONDS: u64 = 10 * 366 * 86_400;
/// Minutes in a day.
const DAY_MINUTES: u16 = 24 * 60;

/// `30s`, `5m`, `1h30m`, `2d`: each unit once, largest first.
pub(super) fn duration(text: &str) -> Result<Duration, Fault> {
    seconds(text)
        .map(Duration::from_secs)
        .ok_or_else(|| Fault::new(format!("{text:?} is no duration"), "write it as 30s, 5m, 1h30m or 2d"))
}

fn seconds(text: &str) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    let (mut rest, mut sum) = (text, 0_u64);
    let mut units = UNITS_SECONDS.iter(); // moves on only, so units come largest first and once
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest[digits..].chars().next()?;
        let (_, width) = units.find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(rest[..digits].parse::<u64>().ok()?.checked_mul(*width)?)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    (sum <= MAX_DURATION_SECONDS).then_some(sum)
}

/// `5%` as 0.05. A share written as a number goes through [`share_of_one`].
pub(super) fn share(text: &str) -> Result<f64, Fault> {
    let percent = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    percent.map(|percent| percent / 100.0).and_then(in_range).ok_or_else(|| bad_share(&format!("{text:?}")))
}

/// A share between 0 and 1.
pub(super) fn share_of_one(value: f64) -> Result<f64, Fault> {
    in_range(value).ok_or_else(|| bad_share(&value.to_string()))
}

fn in_range(share: f64) -> Option<f64> {
    (0.0..=1.0).contains(&share).then_some(share)
}

fn bad_share(shown: &str) -> Fault {
    Fault::new(format!("{shown} is no share"), "write it as \"5%\" or 0.05, from 0 to 1")
}

/// How many in how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u64,
    /// In this time.
    pub per: Duration,
}

/// `30/h`, `5/10m`.
pub(super) fn rate(text: &str) -> Result<Rate, Fault> {
    let read = || {
        let (count, per) = text.split_once('/')?;
        // "30/h" is said for "30/1h".
        let per = if per.len() == 1 { seconds(&format!("1{per}"))? } else { seconds(per)? };
        let rate = Rate { count: digits(count)?, per: Duration::from_secs(per) };
        (rate.count > 0 && per > 0).then_some(rate)
    };
    read().ok_or_else(|| Fault::new(format!("{text:?} is no rate"), "write it as \"30/h\" or \"5/10m\""))
}

/// A part of a day, in minutes from midnight of the window's zone. `from >= until` goes over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTime {
    /// First minute inside.
    pub from_minutes: u16,
    /// First minute after it, at most 1440.
    pub until_minutes: u16,
}

/// `09:00-18:00`, `22:00-06:00`, `00:00-24:00`.
pub(super) fn day_time(text: &str) -> Result<DayTime, Fault> {
    let read = || {
        let (from, until) = text.split_once('-')?;
        let span = DayTime { from_minutes: minutes(from)?, until_minutes: minutes(until)? };
        (span.from_minutes < DAY_MINUTES && span.from_minutes != span.until_minutes).then_some(span)
    };
    read().ok_or_else(|| Fault::new(format!("{text:?} is no time of the day"), "write it as \"09:00-18:00\""))
}

/// A number of digits alone: no sign, no space.
pub(super) fn digits<N: FromStr>(text: &str) -> Option<N> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |text: &str| digits(text).filter(|_| text.len() == 2);
    let (hour, minute): (u16, u16) = (number(hour)?, number(minute)?);
    (minute < 60 && hour * 60 + minute <= DAY_MINUTES).then_some(hour * 60 + minute)
}

/// `sun`, `mon-fri`, `fri-mon` (over the end of the week).
pub(super) fn days(text: &str) -> Result<Vec<Weekday>, Fault> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse::<Weekday>(), last.trim().parse::<Weekday>()) {
        (Ok(first), Ok(last)) => Ok(days_between(first, last)),
        _ => Err(Fault::new(format!("{text:?} is no day of the week"), "write it as \"sun\" or \"mon-fri\"")),
    }
}

fn days_between(first: Weekday, last: Weekday) -> Vec<Weekday> {
    let mut days = vec![first];
    let mut day = first;
    while day != last {
        day = day.succ();
        days.push(day);
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_largest_first() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("1h30m", 5_400), ("2d", 172_800), ("0m", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "m", "-5m", "5 m", "30m1h", "1h1h", "5x", "5m3", "99999999999999999999s", "9999d", "5µ"]
        {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn shares_are_percent_or_parts_of_one() {
        assert_eq!((share("5%"), share("0.1%"), share_of_one(0.05)), (Ok(0.05), Ok(0.001), Ok(0.05)));
        assert!(share("5").is_err() && share("101%").is_err() && share("NaN%").is_err() && share("-1%").is_err());
        assert!(share_of_one(5.0).is_err() && share_of_one(f64::NAN).is_err());
    }

    #[test]
    fn rates_count_in_a_time() {
        assert_eq!(rate("30/h"), Ok(Rate { count: 30, per: Duration::from_secs(3_600) }));
        assert_eq!(rate("5/10m"), Ok(Rate { count: 5, per: Duration::from_secs(600) }));
        assert!(["30", "30/", "/h", "0/h", "30/0m", "x/h", "+3/h"].iter().all(|text| rate(text).is_err()));
    }

    #[test]
    fn times_of_the_day_may_cross_midnight() {
        assert_eq!(day_time("22:00-06:30"), Ok(DayTime { from_minutes: 1_320, until_minutes: 390 }));
        assert!(day_time("00:00-24:00").is_ok());
        assert!(
            ["9-18", "25:00-26:00", "24:00-02:00", "09:60-10:00", "10:00-10:00", "+9:00-10:00"]
                .iter()
                .all(|text| day_time(text).is_err())
        );
    }

    #[test]
    fn days_go_round_the_week() {
        assert_eq!(days("sun"), Ok(vec![Weekday::Sun]));
        assert_eq!(days("mon-fri").map(|days| days.len()), Ok(5));
        assert_eq!(days("sat-mon"), Ok(vec![Weekday::Sat, Weekday::Sun, Weekday::Mon]));
        assert!(days("someday").is_err() && days("").is_err());
    }
}
