//! Apache's `ErrorLogFormat` strings, taken as they stand.
//!
//! In: `ErrorLogFormat "[%t] [%l] %M"`, or the bare string, and the table that says how each item looks
//! (`grammars/formats/apache.error.toml`, `[items]`). Out: the text of a [`super::pattern::Pattern`].
//! An item that has nothing to say vanishes with its field: all from one gap to the next (a space that no backslash
//! precedes, or `% `). Where two items run into each other with nothing between them, what neither of them ends is read as
//! one value that nobody keeps. Source: server/log.c (FORMATS.md section 7).

use crate::time::Shape;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, tag_no_case, take_while};
use nom::character::complete::{anychar, char, digit0, multispace1, one_of, satisfy};
use nom::combinator::{map, opt, value};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How one item looks in a line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    /// As a pattern has it.
    pattern: String,
    /// It stands in every line.
    #[serde(default)]
    always: bool,
    /// Where it ends shows in itself, whatever follows.
    #[serde(default)]
    ends: bool,
    /// It must not be lost.
    #[serde(default)]
    needed: bool,
    stamp: Option<Shape>,
}

/// Every item by its name: `%M`, `%{u}t`.
pub(super) type Items = BTreeMap<String, Item>;

/// A part of the string.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    /// Here a field ends and the next begins.
    Gap,
    Item {
        name: String,
        hyphen: bool,
    },
}

/// What a string is read with.
#[derive(Debug, PartialEq)]
pub(super) struct ErrorFormat {
    /// The text of the pattern.
    pub(super) pattern: String,
    /// How its stamps look.
    pub(super) stamp: Option<Shape>,
}

/// The string of an `ErrorLogFormat` directive, or a bare one: of all formats only this one has a message. `None` where
/// the text is something else.
pub(super) fn string_of(text: &str) -> Option<String> {
    let text = text.trim();
    let (rest, named) =
        opt((tag_no_case::<_, _, nom::error::Error<&str>>("ErrorLogFormat"), multispace1)).parse(text).ok()?;
    let string = unquoted(rest.trim());
    let has_message = parts(&string).iter().any(|part| matches!(part, Part::Item { name, .. } if name == "%M"));
    (named.is_some() || has_message).then_some(string)
}

/// In a configuration only the quote itself is escaped: `\ ` is the format's own.
fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inside) => inside.replace("\\\"", "\""),
        None => text.to_owned(),
    }
}

/// How lines of this string are read.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn compile(string: &str, items: &Items) -> Result<ErrorFormat, String> {
    let parts = parts(string);
    let mut stamp = None;
    let mut pattern = String::new();
    for field in parts.split(|part| *part == Part::Gap) {
        let (text, always) = field_pattern(field, items, &mut stamp)?;
        pattern.push_str(&if always || text.is_empty() { text } else { format!("{{?{text}}}") });
    }
    for (name, what) in [("{message", "%M"), ("{time", "%t")] {
        if !pattern.contains(name) {
            return Err(format!("it has no {what}: without it no failure can be told"));
        }
    }
    Ok(ErrorFormat { pattern, stamp })
}

/// One field, and whether it stands in every line.
fn field_pattern(field: &[Part], items: &Items, stamp: &mut Option<Shape>) -> Result<(String, bool), String> {
    let (mut text, mut always) = (String::new(), true);
    let mut rest = field;
    while let Some((part, behind)) = rest.split_first() {
        rest = behind;
        let (name, hyphen) = match part {
            Part::Text(words) => {
                text.push_str(&words.replace('{', "{{").replace('}', "}}"));
                continue;
            }
            Part::Gap => continue,
            Part::Item { name, hyphen } => (name, *hyphen),
        };
        let item = items.get(name);
        let next = match behind.first() {
            Some(Part::Item { name, .. }) => Some(name),
            _ => None,
        };
        always &= hyphen || item.is_some_and(|item| item.always);
        match (item, next) {
            (Some(item), next) if item.ends || next.is_none() => {
                *stamp = stamp.or(item.stamp);
                let own =
                    if hyphen && !item.always { format!("{{?-}}{{?{}}}", item.pattern) } else { item.pattern.clone() };
                text.push_str(&own);
            }
            (None, None) => text.push_str("{_:not  ]\"}"),
            (item, Some(next)) => {
                let is_needed = |item: Option<&Item>| item.is_some_and(|item| item.needed);
                if is_needed(item) || is_needed(items.get(next)) {
                    return Err(format!(
                        "{name} and {next} run into each other: nobody can tell where the first one ends"
                    ));
                }
                // The one that follows ends both.
                rest = &behind[1..];
                text.push_str("{_:not  ]\"}");
            }
            (Some(_), None) => {}
        }
    }
    Ok((text, always))
}

/// Text, gaps and items in turn.
fn parts(string: &str) -> Vec<Part> {
    let text = map(is_not("%\\ "), |text: &str| vec![Part::Text(text.into())]);
    let escaped = map(preceded(char('\\'), anychar), |letter| vec![Part::Text(unescaped(letter))]);
    let gap = value(vec![Part::Gap, Part::Text(" ".into())], char(' '));
    let lone = map(one_of("%\\"), |letter| vec![Part::Text(letter.into())]);
    let all = many0(alt((item, text, escaped, gap, lone))).parse(string);
    let mut joined: Vec<Part> = Vec::new();
    for part in all.map_or(Vec::new(), |(_, parts)| parts).into_iter().flatten() {
        match (joined.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    joined
}

fn unescaped(letter: char) -> String {
    match letter {
        ' ' | '"' | '\\' | '%' => letter.into(),
        't' => "\t".into(),
        other => format!("\\{other}"),
    }
}

/// `%M`, `%-m`, `%7F`, `%{u}t`, `%%`, and `% `, which is a gap without any text.
fn item(text: &str) -> IResult<&str, Vec<Part>> {
    let mut special = preceded(char('%'), alt((value(Part::Text("%".into()), char('%')), value(Part::Gap, char(' ')))));
    if let Ok((rest, part)) = special.parse(text) as IResult<&str, Part> {
        return Ok((rest, vec![part]));
    }
    let name = opt(delimited(char('{'), is_not("}"), char('}')));
    let modifiers = (take_while(|letter| matches!(letter, '-' | '+')), digit0);
    let (text, (_, (sign, _), name, letter)) =
        (tag("%"), modifiers, name, satisfy(|letter| letter.is_ascii_alphabetic())).parse(text)?;
    let name = name.map_or(format!("%{letter}"), |name: &str| format!("%{{{}}}{letter}", name.to_ascii_lowercase()));
    Ok((text, vec![Part::Item { name, hyphen: sign.contains('-') }]))
}

#[cfg(test)]
mod tests {
    use crate::event::{Event, Field};
    use crate::grammar::{Grammars, RecordReader};
    use crate::time::Zone;
    use std::sync::Arc;

    const FIELDS: [Field; 8] = [
        Field::Level,
        Field::Module,
        Field::Client,
        Field::Code,
        Field::ErrnoText,
        Field::Message,
        Field::Referrer,
        Field::Pid,
    ];

    /// The time and the fields of a line, where it is read.
    fn read(string: &str, line: &str) -> Option<(String, Vec<String>)> {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let format = grammars.told(string).unwrap_or_else(|what| panic!("{string}: {what}"));
        assert_eq!(format.id, "apache.error");
        let mut event = Event::default();
        let time = RecordReader::new(Arc::clone(&format), Zone::UTC).read(line.as_bytes(), &mut event)??;
        let word = |field: &Field| event.get(*field).map(|value| String::from_utf8_lossy(value).into_owned());
        Some((time.to_string(), FIELDS.iter().filter_map(word).collect()))
    }

    fn told(time: &str, fields: &[&str]) -> Option<(String, Vec<String>)> {
        Some((format!("2026-01-15T20:44:{time}Z"), fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    const USUAL: &str =
        r#"ErrorLogFormat "[%{u}t] [%-m:%l] [pid %P:tid %T] %7F: %E: [client\ %a] %M% ,\ referer\ %{Referer}i""#;

    #[test]
    fn fields_that_say_nothing_vanish_with_what_stands_around_them() {
        let head = "[Thu Jan 15 20:44:57.652118 2026] [proxy:error] [pid 3710:tid 3713]";
        let refused =
            "(111)Connection refused: AH00957: http: attempt to connect to 192.0.2.80:8081 (192.0.2.80:8081) failed";
        let attempt = "http: attempt to connect to 192.0.2.80:8081 (192.0.2.80:8081) failed";
        let with = |fields: &[&str]| told("57.652", fields);
        assert_eq!(
            read(USUAL, &format!("{head} {refused}")),
            with(&["error", "proxy", "00957", "Connection refused", attempt, "3710"])
        );
        assert_eq!(
            read(
                USUAL,
                &format!("{head} [client 203.0.113.9:33265] AH01114: HTTP: failed, referer https://shop.example.com/")
            ),
            with(&["error", "proxy", "203.0.113.9", "01114", "HTTP: failed", "https://shop.example.com/", "3710"])
        );
        assert_eq!(
            read(USUAL, "[Thu Jan 15 20:44:57.652118 2026] [-:notice] [pid 1:tid 2] mod_x.c(3): AH00163: ready"),
            with(&["notice", "00163", "ready", "1"])
        );
    }

    #[test]
    fn fields_that_run_into_each_other_are_read_where_one_of_them_ends_by_itself() {
        let line = "Thu Jan 15 20:44:57 2026errorAH01114: HTTP: failed";
        assert_eq!(read("%t%l%M", line), told("57.000", &["error", "01114", "HTTP: failed"]));
        // Module and level, or two numbers: nobody can tell one from the other.
        let line = "[Thu Jan 15 20:44:57 2026] proxyerror 37103713 AH01114: HTTP: failed";
        assert_eq!(read("[%t] %m%l %P%T %M", line), told("57.000", &["01114", "HTTP: failed"]));
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let error = grammars.told("[%t] %m%M").expect_err("no end");
        assert!(error.contains("%m and %M run into each other"), "{error}");
        assert!(grammars.told("[%l] %M").is_err() && grammars.told("ErrorLogFormat \"[%t] [%l]\"").is_err());
    }

    #[test]
    fn a_message_is_not_taken_for_the_client_that_is_missing() {
        let string = "%t %l %a %M";
        let line = |rest: &str| format!("Thu Jan 15 20:44:57 2026 error {rest}");
        let client = "203.0.113.9";
        assert_eq!(
            read(string, &line("203.0.113.9:5000 no such file")),
            told("57.000", &["error", client, "no such file"])
        );
        assert_eq!(read(string, &line("[2001:db8::7]:5000 gone")), told("57.000", &["error", "[2001:db8::7]", "gone"]));
        assert_eq!(read(string, &line("AH00163: ready")), told("57.000", &["error", "00163", "ready"]));
        assert_eq!(read(string, &line("bad: ready")), told("57.000", &["error", "bad: ready"]));
    }

    #[test]
    fn json_is_a_format_like_any_other() {
        let string = r#"ErrorLogFormat "{\"time\":\"%{cu}t\",\"level\":\"%l\",\"client\":\"%-a\",\"msg\":\"%M\"}""#;
        let line =
            r#"{"time":"2026-01-15 20:44:57.652118","level":"error","client":"-","msg":"AH01114: HTTP: "x" failed"}"#;
        assert_eq!(read(string, line), told("57.652", &["error", "01114", r#"HTTP: "x" failed"#]));
    }
}
