//! What the keys do and what the words mean.
//!
//! In: nothing. Out: rows.

use super::sheet::{Ink, Rows, fill};

/// A key, or a word, and what it does or means.
const TEXT: &[(&str, &str)] = &[
    ("j k  ↓ ↑", "the next incident, the one before; on other pages a row down, up"),
    ("PgDn PgUp", "a page down, up"),
    ("Home End", "the first, the last"),
    ("Enter Tab", "all about the chosen incident, and back"),
    ("e", "the lines that prove it"),
    ("c", "what to check first, what to leave alone, who is told when"),
    ("a", "acknowledge: somebody takes it, and its notices are not repeated"),
    ("s", "the logs: how far they are read, what was lost"),
    ("/", "only incidents with this in their cause, service, owner or upstreams"),
    ("w", "show warnings, or leave them out"),
    ("Esc", "back to the list; in the list: without filter"),
    ("Ctrl-L", "draw anew"),
    ("q  Ctrl-C", "quit"),
    ("", ""),
    ("open", "its last failure is not long ago"),
    ("ack", "open, and somebody has it"),
    ("ended", "quiet for longer than --gap says"),
    ("failed", "requests; attempts where no access log counts them"),
    ("lag", "bytes on disk that were not read yet"),
    ("gap", "a loss that could not be avoided"),
];

/// Column of the explanations.
const TEXT_AT: usize = 13;

/// The page.
pub(super) fn rows() -> Rows {
    let row = |(word, text): &(&str, &str)| {
        vec![(format!("  {}", fill(word, TEXT_AT - 2, false)), Ink::Bold), ((*text).to_owned(), Ink::Plain)]
    };
    Rows(TEXT.iter().map(row).collect())
}
