//! Which files are one log, rotated, and in which order they were written.
//!
//! In: file names. Out: the name that the set shares, and an age that sorts oldest first. Known shapes: logrotate's
//! numbers (`access.log.2.gz`) and dates (`access.log-20260101`, with an epoch or a time behind, `access-20260101.log`),
//! rotatelogs and Tomcat (`access.2026-01-01.log`), IIS (`u_ex260101.log`).

use std::cmp::Reverse;

/// What a compressed copy of a log is called, after the log's name. Only used to tell copies; content decides how it is read.
const PACKED_SUFFIXES: [&str; 6] = [".gz", ".zst", ".zstd", ".bz2", ".xz", ".lzma"];

/// IIS's names for a site's daily or hourly log, before the date `yymmdd` or `yymmddhh`.
const IIS_PREFIXES: [&str; 3] = ["u_ex", "u_in", "u_nc"];

/// A file's place in its set. Sorts oldest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Age {
    /// By date as a number (20260101), then by what stands behind it (a time, an epoch, a serial number).
    Dated(Vec<u64>),
    /// By number: the higher, the older.
    Numbered(Reverse<u32>),
    /// The file that is being written.
    Current,
}

/// What a file's name says about rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rotation {
    /// The name that the set shares: the name without number, date and compression.
    pub(super) base: String,
    /// The file's place in the set.
    pub(super) age: Age,
    /// Whether its name says that it is compressed.
    pub(super) packed: bool,
}

/// Reads a file name.
pub(super) fn rotation(name: &str) -> Rotation {
    let plain = PACKED_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix)).filter(|plain| !plain.is_empty());
    let packed = plain.is_some();
    let plain = plain.unwrap_or(name);
    let (base, age) = dated(plain)
        .or_else(|| iis(plain))
        .or_else(|| numbered(plain))
        .unwrap_or_else(|| (plain.to_owned(), Age::Current));
    Rotation { base, age, packed }
}

/// `access.log.7`. Not `10.0.0.7`, which is an address, nor `sales.2026`, which is a year.
fn numbered(name: &str) -> Option<(String, Age)> {
    let (base, number) = name.rsplit_once('.')?;
    let is_number = (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: u32 = number.parse().ok().filter(|number| is_number && !(1900..2100).contains(number))?;
    let last = base.rsplit('.').next().unwrap_or(base);
    last.bytes().any(|byte| byte.is_ascii_alphabetic()).then(|| (base.to_owned(), Age::Numbered(Reverse(number))))
}

/// `u_ex260101.log`, `u_ex26010113.log`.
fn iis(name: &str) -> Option<(String, Age)> {
    let prefix = IIS_PREFIXES.iter().find(|prefix| name.starts_with(**prefix))?;
    let rest = &name[prefix.len()..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (stamp, extension) = rest.split_at(digits);
    if !matches!(digits, 6 | 8) || !is_extension(extension) {
        return None;
    }
    let date = date_of(&format!("20{}", &stamp[..6]))?;
    let hour = stamp[6..].parse().ok();
    Some((format!("{prefix}*{extension}"), Age::Dated(std::iter::once(date).chain(hour).collect())))
}

/// A date behind a separator, or at the beginning, that reaches to the end of the name or to its extension.
fn dated(name: &str) -> Option<(String, Age)> {
    let separators = name.bytes().enumerate().filter(|(_, byte)| is_separator(*byte)).map(|(at, _)| (at, at + 1));
    std::iter::once((0, 0)).chain(separators).find_map(|(cut, from)| {
        let (key, length) = stamp(&name[from..])?;
        let extension = &name[from + length..];
        let before = if cut == 0 { "*" } else { &name[..cut] };
        is_extension(extension).then(|| (format!("{before}{extension}"), Age::Dated(key)))
    })
}

/// The date at the head of a text and the numbers behind it, with the length in bytes of it all.
fn stamp(text: &str) -> Option<(Vec<u64>, usize)> {
    let mut length = date_length(text)?;
    let digits: String = text[..length].chars().filter(char::is_ascii_digit).collect();
    let mut key = vec![date_of(&digits)?];
    while let Some((number, more)) = behind(&text[length..]) {
        key.push(number);
        length += more;
    }
    Some((key, length))
}

/// The length of `20260101` or `2026-01-01` (or with `_` or `.`) at the head of a text.
fn date_length(text: &str) -> Option<usize> {
    let digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let separator = |at: usize| text.as_bytes().get(at).is_some_and(|byte| is_separator(*byte));
    if (0..8).all(digit) {
        return Some(8);
    }
    let dashed = (0..10).all(|at| if matches!(at, 4 | 7) { separator(at) } else { digit(at) });
    dashed.then_some(10)
}

/// The date of eight digits as one number, where it is one.
fn date_of(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
    ((1990..2100).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)).then_some(number)
}

/// A further number behind a date: a time, an epoch, a serial number; with the length in bytes.
fn behind(text: &str) -> Option<(u64, usize)> {
    let joint = text.bytes().next().is_some_and(|byte| is_separator(byte) || matches!(byte, b'T' | b':'));
    let from = usize::from(joint);
    let digits = text.as_bytes()[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text[from..from + digits].parse().ok()?;
    let zulu = text[from + digits..].starts_with('Z');
    Some((number, from + digits + usize::from(zulu)))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}

/// Nothing, or the likes of `.log`.
fn is_extension(text: &str) -> bool {
    text.strip_prefix('.').map_or(text.is_empty(), |letters| {
        !letters.is_empty() && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_of(name: &str) -> String {
        rotation(name).base
    }

    #[test]
    fn rotated_names_share_their_base() {
        for name in [
            "access.log",
            "access.log.1",
            "access.log.12.gz",
            "access.log.zst",
            "access.log-20260101",
            "access.log-20260101.xz",
            "access.log-20260101-1767225600",
            "access.log.2026-01-01",
            "access.log.2026-01-01-13.bz2",
            "access.log-20260101T130000Z.lzma",
            "access-20260101.log",
            "access-20260101.log.gz",
            "access.2026_01_01.log",
        ] {
            assert_eq!(base_of(name), "access.log", "{name}");
        }
        assert_eq!(base_of("localhost_access_log.2026-01-01.txt"), "localhost_access_log.txt");
        assert_eq!(base_of("access_log.20260101"), "access_log");
        assert_eq!(base_of("u_ex260101.log"), "u_ex*.log");
        assert_eq!(base_of("2026-01-01.log"), "*.log");
    }

    #[test]
    fn names_that_only_look_rotated_stay_whole() {
        for name in [
            "10.0.0.7",
            "sales.2026",
            "httperr1.log",
            "error",
            "a-20261301.log",
            "u_ex26.log",
            "1234_elasticloadbalancing_eu_app.lb_20260101T0005Z_10.0.0.1_x.log",
            ".gz",
        ] {
            assert_eq!(rotation(name), Rotation { base: name.into(), age: Age::Current, packed: false }, "{name}");
        }
    }

    #[test]
    fn ages_sort_oldest_first() {
        let names = [
            "a.log-20251231-99.gz",
            "a.log-20260101",
            "a.log-20260101-1",
            "a.log-20260101-2",
            "a.log.10.gz",
            "a.log.2",
            "a.log.1",
            "a.log",
        ];
        assert!(names.windows(2).all(|pair| rotation(pair[0]).age < rotation(pair[1]).age));
        assert!(rotation("u_ex26010113.log").age < rotation("u_ex260102.log").age);
    }
}
