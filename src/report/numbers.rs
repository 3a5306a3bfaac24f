//! Numbers as people read them: counts, shares, spans of time.
//!
//! In: plain numbers. Out: short text such as `4,212`, `<0.1 %`, `4m 12s`. Machine output does not come through here.

/// Microseconds in a second.
const SECOND: u64 = 1_000_000;

/// A count with thousands separators: `1,204,331`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 request`, `1,204 requests`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

/// Part of a whole in percent. 0 % and 100 % are said only where they are exact; a whole of nothing is 0 %.
pub(crate) fn percent_of(part: u64, whole: u64) -> String {
    percent(if whole == 0 { 0.0 } else { part as f64 / whole as f64 })
}

/// A share (0 to 1) in percent: `<0.1 %`, `2.4 %`, `31 %`, `>99.9 %`.
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        _ if percent.is_nan() || percent <= 0.0 => "0 %".into(),
        _ if percent >= 100.0 => "100 %".into(),
        _ if percent < 0.1 => "<0.1 %".into(),
        _ if percent > 99.9 => ">99.9 %".into(),
        _ if (10.0..99.5).contains(&percent) => format!("{percent:.0} %"),
        _ => format!("{} %", format!("{percent:.1}").trim_end_matches(".0")),
    }
}

/// A span of time in its two largest units: `830ms`, `42s`, `4m 12s`, `1h 3m`, `2d 4h`. Takes microseconds.
pub(crate) fn duration(micros: u64) -> String {
    let seconds = micros / SECOND;
    match seconds {
        0 if micros > 0 => format!("{}ms", (micros / 1000).max(1)),
        0..60 => format!("{seconds}s"),
        60..3_600 => two_units(seconds, 60, "m", "s"),
        3_600..86_400 => two_units(seconds / 60, 60, "h", "m"),
        _ => two_units(seconds / 3_600, 24, "d", "h"),
    }
}

/// `4m 12s`, or `4m` where nothing is left over.
fn two_units(amount: u64, ratio: u64, large: &str, small: &str) -> String {
    match (amount / ratio, amount % ratio) {
        (whole, 0) => format!("{}{large}", thousands(whole)),
        (whole, rest) => format!("{}{large} {rest}{small}", thousands(whole)),
    }
}

/// A latency, given in milliseconds: `0.4 ms`, `812 ms`, `60.0 s`.
pub(crate) fn latency(milliseconds: f64) -> String {
    match milliseconds {
        ms if !ms.is_finite() || ms <= 0.0 => "0 ms".into(),
        ms if ms < 10.0 => format!("{} ms", format!("{ms:.1}").trim_end_matches(".0")),
        ms if ms < 1000.0 => format!("{ms:.0} ms"),
        ms if ms < 600_000.0 => format!("{:.1} s", ms / 1000.0),
        ms => duration((ms * 1000.0) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_204_331, "1,204,331")] {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(thousands(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!((count(1, "request"), count(1200, "request")), ("1 request".into(), "1,200 requests".into()));
    }

    #[test]
    fn nothing_and_everything_are_said_only_where_exact() {
        for (part, whole, text) in [
            (0, 5, "0 %"),
            (1, 5_000_000, "<0.1 %"),
            (24, 1000, "2.4 %"),
            (4212, 4480, "94 %"),
            (997, 1000, "99.7 %"),
            (4_999_999, 5_000_000, ">99.9 %"),
            (5, 5, "100 %"),
            (0, 0, "0 %"),
        ] {
            assert_eq!(percent_of(part, whole), text);
        }
        assert_eq!(percent(f64::NAN), "0 %");
    }

    #[test]
    fn spans_keep_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0s"),
            (42, "42s"),
            (252, "4m 12s"),
            (300, "5m"),
            (3_780, "1h 3m"),
            (187_200, "2d 4h"),
            (31_536_000, "365d"),
        ] {
            assert_eq!(duration(seconds * SECOND), text);
        }
        assert_eq!((duration(830_000), duration(12)), ("830ms".into(), "1ms".into()));
    }

    #[test]
    fn latencies_change_unit_where_the_eye_would() {
        for (ms, text) in [(0.0, "0 ms"), (0.44, "0.4 ms"), (3.0, "3 ms"), (812.4, "812 ms"), (60_004.0, "60.0 s")] {
            assert_eq!(latency(ms), text);
        }
        assert_eq!((latency(900_000.0), latency(f64::INFINITY)), ("15m".into(), "0 ms".into()));
    }
}
