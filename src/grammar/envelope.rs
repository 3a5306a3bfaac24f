//! Wrappers around the real line: what syslog puts before it.
//!
//! In: the files of `grammars/envelopes/`, and lines. Out: the line inside. Formats are found on the line inside
//! (FORMATS.md section 0).

use super::pattern::Pattern;
use crate::error::{Defect, Result};
use crate::event::{Event, Field};
use crate::knowledge::{self, File};
use serde::Deserialize;

/// One layout of one envelope.
#[derive(Debug)]
pub struct Envelope {
    /// Its id and layout, for people: `syslog (RFC 3164)`.
    pub name: String,
    pattern: Pattern,
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
    pattern: String,
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

    /// The line inside; `None` where the line has no such wrapper.
    pub fn open<'a>(&self, line: &'a [u8]) -> Option<&'a [u8]> {
        let mut event = Event::default();
        self.pattern.read(line, &mut event).then(|| event.raw(Field::Inner)).flatten()
    }
}

fn build(file: &File, id: &str, layout: &RawLayout) -> Result<Envelope> {
    let wrong = |what: String| Defect::new(&file.name, what).at(file.line_of(&layout.name));
    let pattern = Pattern::parse(&layout.pattern).map_err(wrong)?;
    if !pattern.fields().contains(&Field::Inner) {
        return Err(wrong(format!("layout \"{}\" has no {{inner}}", layout.name)));
    }
    let envelope = Envelope { name: format!("{id} ({})", layout.name), pattern };
    match layout.examples.iter().find(|example| envelope.open(example.as_bytes()).is_none()) {
        Some(example) => Err(wrong(format!("layout \"{}\" does not open its own example: {example}", layout.name))),
        None => Ok(envelope),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_envelope_opens_its_own_examples() {
        let envelopes = Envelope::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let line = b"Nov 21 09:04:28 web1 nginx: 2026/11/21 09:04:28 [notice] 1#1: exit";
        let inner = envelopes.iter().find_map(|envelope| envelope.open(line));
        assert_eq!(inner, Some(&b"2026/11/21 09:04:28 [notice] 1#1: exit"[..]));
    }
}
