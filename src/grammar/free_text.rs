//! Free text: what programs print without any layout, stack traces among it.
//!
//! In: the `[text]` table of a format, and lines. Out: whether a line goes on with the record before it, and whether lines
//! are of this kind at all.

use super::wording::Wording;
use super::{Format, Marks, Witness};
use crate::event::{Event, Field};
use serde::Deserialize;

/// How the lines of a free text belong together.
#[derive(Debug)]
pub(super) struct FreeText {
    goes_on: Vec<Wording>,
    closes: Vec<Box<[u8]>>,
    frames: Vec<Box<[u8]>>,
    known_by: Vec<Wording>,
}

/// The same as it stands in a grammar.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFreeText {
    /// A line that has such a wording goes on with the record before it; so do empty and indented lines.
    goes_on: Vec<String>,
    /// The first line behind indented or empty ones closes the record where its first word ends like this: a Python trace
    /// ends in `KeyError: 'price'`.
    closes: Vec<String>,
    /// Not behind an indented line that begins so: where the error's name comes first, these are the frames below it, and
    /// another name is another error.
    frames: Vec<String>,
    /// A log is of this kind where one of its lines has such a wording.
    known_by: Vec<String>,
}

impl From<&RawFreeText> for FreeText {
    fn from(raw: &RawFreeText) -> Self {
        let wordings = |texts: &[String]| texts.iter().map(|text| Wording::parse(text)).collect();
        Self {
            goes_on: wordings(&raw.goes_on),
            closes: raw.closes.iter().map(|text| text.as_bytes().into()).collect(),
            frames: raw.frames.iter().map(|text| text.as_bytes().into()).collect(),
            known_by: wordings(&raw.known_by),
        }
    }
}

impl FreeText {
    /// Whether the line belongs to the record in which the line before it stands.
    pub(super) fn goes_on(&self, before: &[u8], line: &[u8]) -> bool {
        is_inner(line)
            || self.goes_on.iter().any(|wording| wording.fits(line))
            || (is_inner(before) && !self.is_frame(before) && self.closes_a_trace(line))
    }

    /// Whether the line shows that a log is free text with something to tell.
    pub(super) fn knows(&self, line: &[u8]) -> bool {
        self.known_by.iter().any(|wording| wording.fits(line))
    }

    fn is_frame(&self, line: &[u8]) -> bool {
        self.frames.iter().any(|frame| line.trim_ascii_start().starts_with(frame))
    }

    fn closes_a_trace(&self, line: &[u8]) -> bool {
        let word = memchr::memmem::find(line, b": ").map_or(line, |end| &line[..end]);
        let word = word.strip_suffix(b":").unwrap_or(word);
        memchr::memchr(b' ', word).is_none() && self.closes.iter().any(|end| word.ends_with(end))
    }
}

/// Empty or indented.
fn is_inner(line: &[u8]) -> bool {
    line.first().is_none_or(|first| matches!(first, b' ' | b'\t'))
}

impl Format {
    /// Whether its lines are free text: any line can be read by it, and what no rule knows there is nothing to look into.
    pub fn is_free_text(&self) -> bool {
        self.text.is_some()
    }

    /// Whether a line of free text goes on with the record of the line before it.
    pub fn goes_on(&self, before: &[u8], line: &[u8]) -> bool {
        self.text.as_ref().is_some_and(|text| text.goes_on(before, line))
    }

    /// Whether this line alone shows that a log is such free text.
    pub fn is_known_by(&self, line: &[u8]) -> bool {
        self.text.as_ref().is_some_and(|text| text.knows(line))
    }

    /// Whether its lines can name a request, who asked or was asked, or what for.
    pub fn names_requests(&self) -> bool {
        const NAMES: [Field; 8] = [
            Field::Request,
            Field::Uri,
            Field::Client,
            Field::Upstream,
            Field::RequestId,
            Field::Connection,
            Field::Service,
            Field::Server,
        ];
        NAMES.iter().any(|field| self.has(*field))
    }

    /// Whether its lines name the client but never the request.
    pub fn pairs_by_client(&self) -> bool {
        self.witness == Witness::Diagnosis
            && self.stamp_marks == Marks::Event
            && self.has(Field::Client)
            && !self.has(Field::Request)
            && !self.has(Field::Method)
    }

    /// Whether the record is of a level at which nobody looks for trouble: what no rule knows there is benign.
    pub fn is_quiet(&self, event: &Event<'_>) -> bool {
        let level = event.get(Field::Level).unwrap_or_default();
        self.quiet.iter().any(|quiet| level.eq_ignore_ascii_case(quiet.as_bytes()))
    }
}

/// Levels at which nobody looks for trouble, where a grammar says nothing.
pub(super) fn usual_quiet() -> Vec<String> {
    ["notice", "info", "debug"].map(str::to_owned).to_vec()
}
