//! Text laid into columns: measured, wrapped, cut.
//!
//! In: any text, log text too. Out: rows that are harmless and no wider than asked. Every function here makes its text
//! harmless first (doing so twice changes nothing), so that no way leads past it.

use super::numbers::thousands;
use crate::text::harmless;
use unicode_width::UnicodeWidthChar;

/// Columns that the text takes at most, escapes included.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Combining marks count as a column: terminals differ over them, and a line of nothing else must end too.
fn columns_of(letter: char) -> usize {
    letter.width().unwrap_or(1).max(1)
}

/// Wraps at words, and inside a word where it is wider than the row. Always at least one row.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    wrap_some(&harmless(text.as_bytes()), width, usize::MAX).0
}

/// Wraps into at most `rows` rows; where more are needed, the last ends by saying how much was left out.
pub(crate) fn wrap_at_most(text: &str, width: usize, rows: usize) -> Vec<String> {
    let clean = harmless(text.as_bytes());
    let (mut lines, rest) = wrap_some(&clean, width, rows);
    if let (false, Some(last)) = (rest.is_empty(), lines.last_mut()) {
        *last = ended(last, rest, width);
    }
    lines
}

/// The row with a note on what follows it, shortened to make room.
fn ended(row: &str, rest: &str, width: usize) -> String {
    let left_out = |kept: usize| (row[kept..].chars().count() + rest.chars().count()) as u64;
    let note = |kept: usize| format!("… ({} more characters)", thousands(left_out(kept)));
    // Measured on the longest note there can be: the count may gain a digit while the row is shortened.
    let room = width.saturating_sub(columns(&note(0)));
    let kept = if columns(row) <= room { row.len() } else { fitting(row, room) };
    format!("{}{}", &row[..kept], note(kept))
}

/// Up to `rows` rows and what is left over.
fn wrap_some(clean: &str, width: usize, rows: usize) -> (Vec<String>, &str) {
    let mut rest = clean.trim_matches(' ');
    let mut lines = Vec::new();
    while lines.is_empty() || (!rest.is_empty() && lines.len() < rows) {
        let (row, after) = rest.split_at(break_at(rest, width));
        lines.push(row.trim_end_matches(' ').to_owned());
        rest = after.trim_start_matches(' ');
    }
    (lines, rest)
}

/// Where the first row ends: at its last space, unless that would leave most of the row empty.
fn break_at(text: &str, width: usize) -> usize {
    let end = fitting(text, width);
    if end == text.len() || text[end..].starts_with(' ') {
        return end;
    }
    text[..end].rfind(' ').filter(|space| *space * 3 >= end).unwrap_or(end)
}

/// Bytes of the longest start that fits; at least one letter, so that every loop ends.
fn fitting(text: &str, width: usize) -> usize {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += columns_of(letter);
        if used > width && at > 0 {
            return at;
        }
    }
    text.len()
}

/// One row: the start of the text, ended by `…` where some is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    let clean = harmless(text.as_bytes());
    if columns(&clean) <= width {
        return clean;
    }
    format!("{}…", &clean[..fitting(&clean, width.saturating_sub(1))])
}

/// One row: the end of the text (of a path, the end tells more), begun by `…` where some is missing.
pub(crate) fn cut_start(text: &str, width: usize) -> String {
    let clean = harmless(text.as_bytes());
    let mut surplus = columns(&clean).saturating_sub(width);
    if surplus == 0 {
        return clean;
    }
    surplus += 1; // the mark itself
    let kept = clean.char_indices().find(|(_, letter)| {
        let whole = surplus == 0;
        surplus = surplus.saturating_sub(columns_of(*letter));
        whole
    });
    format!("…{}", kept.map_or("", |(at, _)| &clean[at..]))
}

/// Items one after another; a row breaks only between items. An item wider than the row is cut.
pub(crate) fn flow(items: &[String], separator: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for (place, item) in items.iter().enumerate() {
        let separator = if place + 1 < items.len() { separator } else { "" };
        let item = format!("{}{separator}", cut(item, width.saturating_sub(columns(separator.trim_end()))));
        match rows.last_mut() {
            Some(row) if columns(row) + columns(item.trim_end()) <= width => row.push_str(&item),
            _ => rows.push(item),
        }
    }
    rows.iter().map(|row| row.trim_end_matches(' ').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_at_words_and_inside_long_ones() {
        assert_eq!(wrap("nothing listens on the address", 12), ["nothing", "listens on", "the address"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("a bcdefghijk", 6), ["a bcde", "fghijk"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn says_how_much_was_cut() {
        assert_eq!(wrap_at_most("one two", 40, 2), ["one two"]);
        let rows = wrap_at_most(&"0123456789".repeat(20), 40, 2);
        assert_eq!(rows, ["0123456789".repeat(4), "01234567890123456… (143 more characters)".into()]);
        assert!(rows.iter().all(|row| columns(row) <= 40));
    }

    #[test]
    fn cuts_either_end() {
        assert_eq!((cut("abcdef", 4), cut("abcd", 4)), ("abc…".into(), "abcd".into()));
        assert_eq!((cut_start("abcdef", 4), cut_start("abcd", 4)), ("…def".into(), "abcd".into()));
        assert_eq!((cut("日本語", 4), cut_start("日本語", 4)), ("日…".into(), "…語".into()));
        assert_eq!(cut("\x1b[2J", 20), "\\x1b[2J");
    }

    #[test]
    fn items_stay_whole() {
        let items = ["alpha (1)", "beta (2)", "gamma (3)"].map(String::from);
        assert_eq!(flow(&items, ", ", 20), ["alpha (1), beta (2),", "gamma (3)"]);
        assert_eq!(flow(&items, "   ", 12), ["alpha (1)", "beta (2)", "gamma (3)"]);
        assert_eq!(flow(&items, ", ", 5), ["alp…,", "bet…,", "gamm…"]);
    }
}
