//! The report as JSON, for scripts: one object, or one object a line (ndjson).
//!
//! In: the [`Report`]. Out: the contract of DESIGN.md section 6. The values are verbatim log data; in the bytes, what
//! could act on a terminal stands as `\uXXXX`, so that `cat report.json` is harmless.

use super::{Report, Totals, Window};
use crate::text::is_treacherous;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter};
use std::io::{self, Write};

/// Writes the report as one indented object; lists of plain values stay on one line.
///
/// # Errors
/// Those of `out`.
pub fn render_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    report.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Indented::default()))?;
    writeln!(out)
}

/// Writes one object a line, each with its `type`: first the `report`, then every `source`, `gap`, `incident`,
/// `note` and `unknown`.
///
/// # Errors
/// Those of `out`.
pub fn render_ndjson(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let Report { schema, totals, window, zone, .. } = report;
    line("report", &Head { schema, totals, window: window.as_ref(), zone }, out)?;
    lines("source", &report.sources, out)?;
    lines("gap", &report.gaps, out)?;
    lines("incident", &report.incidents, out)?;
    report.notes.iter().try_for_each(|text| line("note", &Note { text }, out))?;
    lines("unknown", &report.unknown, out)
}

/// The sums, without the lists that follow as lines of their own.
#[derive(Serialize)]
struct Head<'a> {
    schema: &'a str,
    totals: &'a Totals,
    window: Option<&'a Window>,
    zone: &'a str,
}

/// A sentence on what could not be told.
#[derive(Serialize)]
struct Note<'a> {
    text: &'a str,
}

/// An object that says what it is.
#[derive(Serialize)]
struct Typed<'a, T> {
    r#type: &'static str,
    #[serde(flatten)]
    body: &'a T,
}

fn lines<T: Serialize>(kind: &'static str, bodies: &[T], out: &mut dyn Write) -> io::Result<()> {
    bodies.iter().try_for_each(|body| line(kind, body, out))
}

fn line<T: Serialize>(kind: &'static str, body: &T, out: &mut dyn Write) -> io::Result<()> {
    let mut serializer = serde_json::Serializer::with_formatter(&mut *out, OneLine(CompactFormatter));
    Typed { r#type: kind, body }.serialize(&mut serializer)?;
    writeln!(out)
}

/// Writes part of a string (serde has already escaped quotes and C0), escaping what does not show as itself.
fn write_shown<W: ?Sized + Write>(out: &mut W, fragment: &str) -> io::Result<()> {
    let mut written = 0;
    for (at, letter) in fragment.char_indices().filter(|(_, letter)| hides(*letter)) {
        out.write_all(&fragment.as_bytes()[written..at])?;
        for unit in letter.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        written = at + letter.len_utf8();
    }
    out.write_all(&fragment.as_bytes()[written..])
}

/// DEL and everything that [`crate::text::harmless`] would escape outside C0.
fn hides(letter: char) -> bool {
    letter == '\u{7f}' || is_treacherous(letter)
}

/// One object a line.
struct OneLine(CompactFormatter);

impl Formatter for OneLine {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        write_shown(out, fragment)
    }
}

/// Two spaces a level. An array of numbers stays on one line: a timeline has hundreds.
#[derive(Default)]
struct Indented {
    /// The arrays and objects that are open, outermost first.
    open: Vec<Level>,
}

/// An open array or object.
struct Level {
    array: bool,
    /// Whether its members stand on lines of their own; settled by its first member.
    broken: bool,
}

impl Indented {
    /// Opens an array or object, itself perhaps a member of an array.
    fn open<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8], array: bool) -> io::Result<()> {
        self.break_array(out)?;
        self.open.push(Level { array, broken: false });
        out.write_all(bracket)
    }

    /// Before a member that is more than a number: where it stands in an array, it gets a line of its own.
    fn break_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.open.last() {
            Some(level) if level.array => self.new_line(out),
            _ => Ok(()),
        }
    }

    fn new_line<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        if let Some(level) = self.open.last_mut() {
            level.broken = true;
        }
        self.indent(out)
    }

    fn indent<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        write!(out, "\n{:1$}", "", self.open.len() * 2)
    }

    /// Closes an array or object, on a line of its own where its members have such.
    fn close<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &[u8]) -> io::Result<()> {
        if self.open.pop().is_some_and(|level| level.broken) {
            self.indent(out)?;
        }
        out.write_all(bracket)
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"[", true)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b"," })
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b"{", false)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        out.write_all(if first { b"" } else { b"," })?;
        self.new_line(out)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b"}")
    }

    fn begin_string<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.break_array(out)?;
        out.write_all(b"\"")
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        write_shown(out, fragment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use serde_json::{Value, from_str};

    type Render = fn(&Report, &mut dyn Write) -> io::Result<()>;

    fn text(render: Render, report: &Report) -> String {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_object_holds_what_serde_holds() {
        let report = sample::report();
        let ours: Value = from_str(&text(render_json, &report)).unwrap();
        assert_eq!(ours, from_str::<Value>(&serde_json::to_string(&report).unwrap()).unwrap());
        assert_eq!(ours["incidents"][0]["status"], serde_json::json!([502, 504]));
    }

    #[test]
    fn levels_are_indented_and_numbers_stay_together() {
        let json = text(render_json, &sample::report());
        assert!(json.starts_with("{\n  \"schema\": \"triage.report/1\",\n  \"totals\": {\n    \"lines\": 1216904,\n"));
        assert!(json.contains("\n      \"status\": [502,504],\n"));
        assert!(json.contains("\n  \"gaps\": [],\n  \"incidents\": [\n    {\n      \"id\": \"f8bcd62a829b1126\",\n"));
        assert!(json.contains("\n      \"checks\": [\n        \"ss -ltnp"));
        assert!(json.ends_with("\n  ]\n}\n"));
    }

    #[test]
    fn every_line_says_what_it_is() {
        let report = sample::report();
        let lines: Vec<Value> = text(render_ndjson, &report).lines().map(|line| from_str(line).unwrap()).collect();
        let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
        let expected =
            ["report", "source", "source", "source", "incident", "incident", "incident", "incident", "note", "unknown"];
        assert_eq!(kinds, expected);
        assert_eq!(lines[0]["totals"]["requests_5xx"], 4480);
        let mut incident = serde_json::to_value(&report.incidents[0]).unwrap();
        incident["type"] = "incident".into();
        assert_eq!(lines[4], incident);
    }

    #[test]
    fn hidden_letters_are_escaped_and_come_back() {
        let mut report = sample::report();
        let nasty = "\u{1b}[2J \u{202e}\u{9b}\u{7f}\u{e0041}\"\\ plain ü \u{200b}";
        report.incidents[0].evidence[0].text = nasty.into();
        for render in [render_json as Render, render_ndjson] {
            let json = text(render, &report);
            assert!(json.contains(r#""\u001b[2J \u202e\u009b\u007f\udb40\udc41\"\\ plain ü \u200b""#));
        }
        let back: Value = from_str(&text(render_json, &report)).unwrap();
        assert_eq!(back["incidents"][0]["evidence"][0]["text"], nasty);
    }
}
