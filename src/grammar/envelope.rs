//! Wrappers around the real line: what syslog puts before it, the JSON that Docker and journald put it into.
//!
//! In: the files of `grammars/envelopes/`, and lines. Out: the line inside, still as it is written there, with what the
//! wrapper says about it. Formats are found on the line inside (FORMATS.md section 0); `unwrap` makes its text of it.

use super::json;
use super::pattern::Pattern;
use super::when::Condition;
use crate::error::{Defect, Result};
use crate::event::{Event, Field};
use crate::knowledge::{self, File};
use crate::time::Shape;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// One layout of one envelope, and what its lines stand in further inside.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Its id and layout, for people: `syslog (RFC 3164)`.
    pub name: String,
    /// How its stamps look; `None` where it has none.
    pub stamp: Option<Shape>,
    /// Lines of one lane follow one another: a piece of a line is continued in its own lane.
    pub lane: Vec<Field>,
    opening: Opening,
    /// The text inside ends with this, unless it is a piece of a line.
    line_end: Option<Box<[u8]>>,
    /// What a line meets that is a piece of one.
    piece: Option<Condition>,
    /// What a line must say to stand in this wrapper.
    own: Option<Condition>,
    /// What stands before, in and behind a text that stands for several of the same, with their number.
    repeats: Option<[Box<[u8]>; 3]>,
    /// The line itself is what stands inside: the wrapper's keys are among its own.
    whole: bool,
    /// A note for the report's reader on logs in this wrapper.
    pub note: Option<String>,
    /// The wrapper in which the text inside stands once more.
    pub inner: Option<Arc<Envelope>>,
}

/// So many wrappers may stand in each other: a container's log that holds what went through syslog. More is a loop.
const MOST_NESTED: usize = 2;

/// A line that says it stands for more is taken at its word only up to here: the number is whatever somebody wrote.
pub(super) const MOST_REPEATS: u32 = 10_000;

#[derive(Debug, Clone)]
enum Opening {
    Pattern(Pattern),
    /// A JSON object that begins with this text.
    Json(Box<[u8]>, json::Keys),
}

/// A line inside an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The text, without what marks its end; escaped where it is a JSON value.
    pub text: &'a [u8],
    /// It is the inside of a JSON value.
    pub is_json: bool,
    /// The rest of the line follows in a later one of the same lane.
    pub is_piece: bool,
    /// It stands for so many of the same.
    pub times: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEnvelope {
    id: String,
    #[serde(rename = "title")]
    _title: String,
    layout: Vec<RawLayout>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLayout {
    name: String,
    pattern: Option<String>,
    begins: Option<String>,
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
    stamp: Option<Shape>,
    #[serde(default)]
    lane: Vec<Field>,
    line_end: Option<String>,
    piece: Option<String>,
    when: Option<String>,
    repeats: Option<[String; 3]>,
    #[serde(default)]
    whole: bool,
    note: Option<String>,
    examples: Vec<String>,
}

impl Envelope {
    /// The envelopes built in, each held against its own examples.
    ///
    /// # Errors
    /// Where a file of knowledge is wrong: names file and line.
    pub fn built_in() -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for file in knowledge::built_in("envelopes/") {
            let raw: RawEnvelope = file.parse()?;
            for layout in &raw.layout {
                all.push(build(&file, &raw.id, layout)?);
            }
        }
        Ok(all)
    }

    /// The line inside, with the wrapper's own words in `event`; `None` where the line has no such wrapper. A stamp that
    /// is none tells another line that happens to look alike.
    pub fn open<'a>(&self, line: &'a [u8], memo: &mut json::Memo, event: &mut Event<'a>) -> Option<Opened<'a>> {
        event.clear();
        let is_object = match &self.opening {
            Opening::Pattern(pattern) => pattern.read(line, event).then_some(false)?,
            Opening::Json(begins, keys) => {
                (line.starts_with(begins) && json::read(line, keys, memo, event)).then_some(true)?
            }
        };
        let is_json = is_object && !self.whole;
        let text = if self.whole { line } else { event.raw(Field::Inner)? };
        if let (Some(shape), Some(stamp)) = (self.stamp, event.raw(Field::Time))
            && !shape.fits(stamp)
        {
            return None;
        }
        if self.own.as_ref().is_some_and(|own| !own.holds(event)) {
            return None;
        }
        let ended = self.line_end.as_ref().map(|end| text.strip_suffix(&**end));
        let is_piece = ended == Some(None) || self.piece.as_ref().is_some_and(|piece| piece.holds(event));
        let text = ended.flatten().unwrap_or(text);
        let weight = event.get(Field::Weight).and_then(number).map_or(1, |weight| weight.clamp(1, MOST_REPEATS));
        let (times, text) = self.repeated(text).unwrap_or((weight, text));
        Some(Opened { text, is_json, is_piece, times })
    }

    /// The number of the lane that a line opened by this wrapper is in; `seed` stands for the lane outside.
    pub(super) fn lane_of(&self, event: &Event<'_>, seed: u64) -> u64 {
        self.lane.iter().fold(seed, |seed, field| xxh3_64_with_seed(event.raw(*field).unwrap_or_default(), seed))
    }

    /// A text that stands for several, and for how many.
    fn repeated<'a>(&self, text: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let [before, between, behind] = self.repeats.as_ref()?;
        let rest = text.strip_prefix(&**before)?;
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let times = number(&rest[..digits])?;
        let inner = rest[digits..].strip_prefix(&**between)?.strip_suffix(&**behind)?;
        (1..=MOST_REPEATS).contains(&times).then_some((times, inner))
    }

    /// This wrapper around that one; `None` where as many stand in each other as may.
    pub fn around(&self, inner: &Arc<Self>) -> Option<Self> {
        let depth = 1 + inner.levels().count();
        let name = format!("{} in {}", inner.name, self.name);
        (depth <= MOST_NESTED && self.inner.is_none()).then(|| Self {
            name,
            note: self.note.clone().or_else(|| inner.note.clone()),
            inner: Some(Arc::clone(inner)),
            ..self.clone()
        })
    }

    /// This wrapper and those inside, from the outermost.
    pub fn levels(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |envelope| envelope.inner.as_deref())
    }

    /// Whether its lines are JSON objects, which no other kind of log takes for its own.
    pub fn is_json(&self) -> bool {
        matches!(self.opening, Opening::Json(..))
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn build(file: &File, id: &str, layout: &RawLayout) -> Result<Envelope> {
    let wrong = |what: String| Defect::new(&file.name, what).at(file.line_of(&layout.name));
    let opening = match (&layout.pattern, &layout.begins) {
        (Some(pattern), None) => Opening::Pattern(Pattern::parse(pattern).map_err(wrong)?),
        (None, Some(begins)) => Opening::Json(begins.as_bytes().into(), json::Keys::load(file, &layout.keys)?),
        _ => return Err(wrong(format!("layout \"{}\" needs a pattern, or begins and keys", layout.name))),
    };
    let envelope = Envelope {
        name: format!("{id} ({})", layout.name),
        stamp: layout.stamp,
        lane: layout.lane.clone(),
        opening,
        line_end: layout.line_end.as_ref().map(|end| end.as_bytes().into()),
        piece: layout.piece.as_deref().map(Condition::parse).transpose().map_err(wrong)?,
        own: layout.when.as_deref().map(Condition::parse).transpose().map_err(wrong)?,
        repeats: layout.repeats.as_ref().map(|words| words.each_ref().map(|word| word.as_bytes().into())),
        whole: layout.whole,
        note: layout.note.clone(),
        inner: None,
    };
    let opens = |example: &&String| {
        envelope.open(example.as_bytes(), &mut json::Memo::default(), &mut Event::default()).is_none()
    };
    match layout.examples.iter().find(opens) {
        Some(example) => Err(wrong(format!("layout \"{}\" does not open its own example: {example}", layout.name))),
        None => Ok(envelope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(line: &str) -> Option<(String, String, bool)> {
        let envelopes = Envelope::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        envelopes.iter().find_map(|envelope| {
            let mut event = Event::default();
            let opened = envelope.open(line.as_bytes(), &mut json::Memo::default(), &mut event)?;
            Some((envelope.name.clone(), String::from_utf8_lossy(opened.text).into_owned(), opened.is_piece))
        })
    }

    #[test]
    fn every_envelope_opens_its_own_examples() {
        let line = "Nov 21 09:04:28 web1 nginx: 2026/11/21 09:04:28 [notice] 1#1: exit";
        let inner = "2026/11/21 09:04:28 [notice] 1#1: exit".to_owned();
        assert_eq!(opened(line), Some(("syslog (RFC 3164)".into(), inner, false)));
    }

    #[test]
    fn a_line_that_stands_for_several_says_how_many() {
        let envelopes = Envelope::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let opened = |inner: &str| {
            let line = format!("Nov 21 09:04:28 web1 kernel: {inner}");
            let mut event = Event::default();
            let opened = envelopes
                .iter()
                .find_map(|envelope| envelope.open(line.as_bytes(), &mut json::Memo::default(), &mut event));
            opened.map(|opened| (String::from_utf8_lossy(opened.text).into_owned(), opened.times))
        };
        let whole = |text: &str| Some((text.to_owned(), 1));
        assert_eq!(opened("message repeated 3 times: [ boom [1]]"), Some(("boom [1]".to_owned(), 3)));
        for other in ["message repeated 99999999999 times: [ boom]", "message repeated 0 times: [ boom]", "boom"] {
            assert_eq!(opened(other), whole(other), "{other}");
        }
    }

    #[test]
    fn a_row_of_a_sample_stands_for_as_many_as_it_says() {
        let envelopes = Envelope::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let times = |line: &str| {
            let open = |envelope: &Envelope| {
                envelope
                    .open(line.as_bytes(), &mut json::Memo::default(), &mut Event::default())
                    .map(|opened| opened.times)
            };
            envelopes.iter().find_map(open)
        };
        let row = |weight: &str| {
            format!(r#"{{"EdgeResponseStatus":521,"RayID":"707c283ab88274cd","sampleInterval":{weight}}}"#)
        };
        assert_eq!(times(&row("10")), Some(10));
        assert_eq!(times(&row("1")), Some(1));
        assert_eq!(times(&row("0")), Some(1));
        assert_eq!(times(&row("4000000000")), Some(MOST_REPEATS));
        assert_eq!(times(r#"{"EdgeResponseStatus":521,"RayID":"707c283ab88274cd"}"#), None);
    }

    #[test]
    fn pieces_are_told_from_whole_lines() {
        let piece = |line: &str| opened(line).map(|(_, _, is_piece)| is_piece);
        assert_eq!(piece(r#"{"log":"GET /a","stream":"stdout","time":"2026-11-21T09:04:28Z"}"#), Some(true));
        assert_eq!(piece(r#"{"log":"GET /a\n","stream":"stdout","time":"2026-11-21T09:04:28Z"}"#), Some(false));
        assert_eq!(piece("2026-11-21T09:04:28.1Z stdout P GET /a"), Some(true));
        assert_eq!(piece("2026-11-21T09:04:28.1Z stdout F GET /a"), Some(false));
        assert_eq!(piece("2026-11-21T09:04:28.1Z elsewhere"), None);
        assert_eq!(piece(r#"{"time":"2026-11-21T09:04:28Z","message":"an application's own JSON"}"#), None);
        assert_eq!(piece("Nov 31 is no day web1 nginx: x"), None);
    }
}
