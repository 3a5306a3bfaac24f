//! One cell of a table.
//!
//! In: a number, or text that may come from a log. Out: text that neither a terminal nor a spreadsheet acts on.

use crate::text::harmless;

/// Text, harmless; with a leading `'` where a spreadsheet would take it for a formula (OWASP, "CSV Injection").
pub(super) fn safe(text: &str) -> String {
    let clean = harmless(text.as_bytes());
    if begins_formula(text) { format!("'{clean}") } else { clean }
}

/// Begins with a control character, or, after blanks that some programs drop, with a formula's sign (full-width ones
/// too).
fn begins_formula(text: &str) -> bool {
    text.starts_with(char::is_control)
        || text.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

/// Items in one cell, separated by `;`, each made safe on its own: a spreadsheet may be told to split there.
pub(super) fn joined(items: impl Iterator<Item = String>) -> String {
    items.map(|item| safe(&item)).collect::<Vec<_>>().join(";")
}

/// A number of ours, as it is.
pub(super) fn number(number: impl ToString) -> String {
    number.to_string()
}

/// A fraction of ours; empty where there is none.
pub(super) fn fraction(fraction: Option<f64>) -> String {
    fraction.filter(|value| value.is_finite()).map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for (text, cell) in [
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2+3", "'-2+3"),
            ("  +1", "'  +1"),
            ("\t=1", "'\\x09=1"),
            ("\r\nx", "'\\x0d\\x0ax"),
            ("＝1", "'＝1"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(safe(text), cell);
        }
    }

    #[test]
    fn every_item_of_a_list_is_guarded() {
        assert_eq!(joined(["/a=1".into(), "=cmd=2".into()].into_iter()), "/a=1;'=cmd=2");
    }

    #[test]
    fn our_numbers_stay_numbers() {
        assert_eq!((number(-3), fraction(Some(0.31))), ("-3".into(), "0.31".into()));
        assert_eq!((fraction(Some(f64::NAN)), fraction(None)), (String::new(), String::new()));
    }
}
