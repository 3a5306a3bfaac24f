//! Holding a pattern against a line.
//!
//! In: the pieces of a pattern, a line. Out: the fields, and where the pieces end; nothing where they do not fit.

use super::pattern::Piece;
use super::span::Span;
use crate::event::{Event, Field};

/// How often a field's end is looked for anew when the rest of the line does not fit.
const MOST_RETRIES: usize = 16;

/// The same as [`fit`] where every value ends at the first place where the next literal stands, as in nearly all lines:
/// what is found is then what `fit` would try first. `None` where that does not fit, or cannot be told so simply.
#[inline]
pub(super) fn fit_straight<'a>(
    pieces: &[Piece],
    line: &'a [u8],
    mut at: usize,
    event: &mut Event<'a>,
) -> Option<usize> {
    let mut left = pieces.iter();
    while let Some(piece) = left.next() {
        at = match piece {
            Piece::Literal(text) => text.is_at(line, at).then(|| at + text.len())?,
            Piece::Value(field, Span::Until) => match left.next() {
                None => {
                    keep(*field, &line[at..], event);
                    line.len()
                }
                Some(Piece::Literal(text)) => {
                    let end = text.find(line, at)?;
                    keep(*field, &line[at..end], event);
                    end + text.len()
                }
                Some(_) => return None,
            },
            Piece::Value(field, Span::Fixed(bytes)) => {
                keep(*field, line.get(at..at + bytes)?, event);
                at + bytes
            }
            Piece::Value(field, span) => {
                let (length, kept) = span.length(&line[at..])?;
                keep(*field, &line[at..at + kept], event);
                at + length
            }
            Piece::Optional(inner) => {
                let mark = event.mark();
                fit(inner, line, at, event).unwrap_or_else(|| {
                    event.rewind(mark);
                    at
                })
            }
        };
    }
    Some(at)
}

/// Where the pieces end in the line when they begin at `at`; `None` where they do not fit.
pub(super) fn fit<'a>(mut pieces: &[Piece], line: &'a [u8], mut at: usize, event: &mut Event<'a>) -> Option<usize> {
    while let Some((piece, rest)) = pieces.split_first() {
        at = match piece {
            Piece::Literal(text) => text.is_at(line, at).then(|| at + text.len())?,
            Piece::Optional(inner) => {
                let mark = event.mark();
                fit(inner, line, at, event).unwrap_or_else(|| {
                    event.rewind(mark);
                    at
                })
            }
            Piece::Value(field, Span::Until) => return fit_until(*field, rest, line, at, event),
            Piece::Value(field, span) => {
                let (length, kept) = span.length(&line[at..])?;
                keep(*field, &line[at..at + kept], event);
                at + length
            }
        };
        pieces = rest;
    }
    Some(at)
}

/// A value that ends where the rest of the pattern begins to fit.
fn fit_until<'a>(
    field: Option<Field>,
    rest: &[Piece],
    line: &'a [u8],
    at: usize,
    event: &mut Event<'a>,
) -> Option<usize> {
    let mut from = at;
    for _ in 0..MOST_RETRIES {
        let Some(end) = next_stop(rest, line, from) else { break };
        keep(field, &line[at..end], event);
        if let Some(done) = fit(rest, line, end, event) {
            return Some(done);
        }
        from = end + 1;
    }
    // Nothing that must follow: the value runs to the end.
    rest.iter().all(|piece| matches!(piece, Piece::Optional(_))).then(|| {
        keep(field, &line[at..], event);
        line.len()
    })
}

/// The next place at or after `from` where a piece that may follow begins.
fn next_stop(rest: &[Piece], line: &[u8], from: usize) -> Option<usize> {
    let mut nearest: Option<usize> = None;
    for piece in rest {
        let (text, must) = match piece {
            Piece::Literal(text) => (text, true),
            Piece::Optional(inner) => match inner.first() {
                Some(Piece::Literal(text)) => (text, false),
                _ => return None,
            },
            Piece::Value(..) => return None,
        };
        if let Some(found) = text.find(line, from) {
            nearest = Some(nearest.map_or(found, |other| other.min(found)));
        }
        if must {
            break;
        }
    }
    nearest
}

#[inline]
fn keep<'a>(field: Option<Field>, value: &'a [u8], event: &mut Event<'a>) {
    if let Some(field) = field {
        event.set(field, value);
    }
}
