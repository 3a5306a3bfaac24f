//! The calendar: days since the epoch, month names, plain digits.

/// The number that these ASCII digits are; `None` where one is no digit, there is none, or there are too many.
pub(super) fn digits(text: &[u8]) -> Option<i64> {
    /// 18 digits always fit an i64.
    const MOST: usize = 18;
    if text.is_empty() || text.len() > MOST || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

/// Days from 1970-01-01 to this date of the Gregorian calendar; `None` where there is no such date.
///
/// The method is Howard Hinnant's `days_from_civil`: years begin in March, so that the leap day is the last.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// The year of the Gregorian calendar in which this day since 1970-01-01 lies.
pub(super) fn year_of(days: i64) -> i64 {
    // No year is off by more than one from the average.
    let near = 1970 + days.div_euclid(365);
    (0..=near.abs() / 400 + 2)
        .map(|back| near + 1 - back)
        .find(|year| days_from_civil(*year, 1, 1) <= Some(days))
        .unwrap_or(near)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `Jan` is 1, ... `Dec` is 12.
pub(super) fn month_named(name: &[u8; 3]) -> Option<i64> {
    const NAMES: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    NAMES.iter().position(|known| *known == name).map(|index| index as i64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_chrono_over_four_centuries() {
        let mut date = chrono::NaiveDate::from_ymd_opt(1899, 12, 31).expect("a date");
        for _ in 0..146_100 {
            use chrono::Datelike;
            let ours = days_from_civil(i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            assert_eq!(ours, Some(i64::from(date.num_days_from_ce() - 719_163)));
            date = date.succ_opt().expect("a next day");
        }
    }

    #[test]
    fn dates_that_are_none() {
        assert_eq!(days_from_civil(2025, 2, 29), None);
        assert_eq!(days_from_civil(2026, 0, 1), None);
        assert_eq!(days_from_civil(2026, 4, 31), None);
    }
}
