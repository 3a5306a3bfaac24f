//! The request line.
//!
//! In: an event. Out: its method and URI as fields of their own.

use crate::event::{Event, Field};

/// Method and URI of a request line, where the log writes the line as one.
pub fn split_request(event: &mut Event<'_>) {
    let Some(line) = event.get(Field::Request) else { return };
    // Methods are short.
    let Some(space) = line.iter().position(|byte| *byte == b' ') else { return };
    let (method, rest) = (&line[..space], &line[space + 1..]);
    // ` HTTP/1.1` is nine bytes long; ` HTTP/2` and what a client may invent are looked for.
    let usual = rest.len().checked_sub(9).filter(|at| rest[*at..].starts_with(b" HTTP/"));
    let last_word = usual.or_else(|| memchr::memrchr(b' ', rest).filter(|at| rest[at + 1..].starts_with(b"HTTP/")));
    let end = last_word.unwrap_or(rest.len());
    event.set(Field::Method, method);
    event.set(Field::Uri, &rest[..end]);
}

/// Whether this ends as a request line does: with `HTTP/1.1`.
pub(super) fn ends_as_request(value: &[u8]) -> bool {
    value.len() >= 8 && value[value.len() - 8..].starts_with(b"HTTP/")
}
