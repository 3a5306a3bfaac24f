//! nginx's `log_format` strings, taken as they stand.
//!
//! In: `log_format main '$remote_addr ...' '...';`, or the bare string, and the table that says which field a variable
//! fills (`grammars/formats/nginx.access.toml`, `[variables]`). Out: a [`Pattern`].
//! Source of the notation: nginx's ngx_http_log_module (FORMATS.md section 2).

use super::log_config;
use super::pattern::{Pattern, Piece, Span};
use super::units::{Unit, Units};
use crate::event::Field;
use crate::time::Shape;
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till1, take_while1};
use nom::character::complete::{anychar, char, multispace0, multispace1};
use nom::combinator::{map, opt, value, verify};
use nom::multi::{fold_many0, many0, many1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};
use std::collections::HashMap;

/// How nginx writes bytes that could break a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Escape {
    /// `\xHH`; a missing variable is `-`.
    #[default]
    Default,
    /// JSON's escapes; a missing variable is nothing.
    Json,
    /// None at all; a missing variable is nothing.
    None,
}

/// Whose notation a string is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// `$variable`: nginx.
    Dollar,
    /// `%directive`: Apache.
    Percent,
}

/// A `log_format` directive: its name (where given), escape and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFormat {
    /// The name that `access_log` refers to; empty for a bare string.
    pub name: String,
    /// How values are escaped.
    pub escape: Escape,
    /// The text with its variables.
    pub text: String,
    /// How the variables are written.
    pub notation: Notation,
}

/// What a variable fills and how far its value reaches.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The field; `None` for variables nobody here asks for.
    pub field: Option<Field>,
    /// The extent of its value, [`Span::Until`] for most.
    pub span: Span,
    /// How its stamp is written, where it is one.
    pub stamp: Option<Shape>,
    /// Whether another variable for the same field is to be preferred (`$uri` is not what the client sent).
    pub weak: bool,
    /// In what it counts, where it is a duration in another unit than seconds.
    pub unit: Option<Unit>,
}

impl Variable {
    /// A variable that fills no field.
    pub const NOT_KEPT: Self = Self { field: None, span: Span::Until, stamp: None, weak: false, unit: None };

    /// How much its value is worth beside another one for the same field.
    fn worth(&self) -> u8 {
        match self.stamp {
            Some(Shape::Epoch | Shape::EpochMs) => 4,
            Some(Shape::Iso) => 3,
            _ if self.unit.is_some() => 3,
            _ => 2 - u8::from(self.weak),
        }
    }
}

/// Which variables there are, by name without `$`.
pub type Variables = HashMap<String, Variable>;

impl LogFormat {
    /// From a directive or a bare string.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if !text.contains('$')
            && let Some(format) = log_config::parse(text)
        {
            return Ok(format);
        }
        let format = match directive(text) {
            Ok((_, format)) => format,
            Err(_) if text.starts_with("log_format") => {
                return Err(
                    "the log_format directive is not closed: it needs a name, its strings in quotes and a \";\"".into(),
                );
            }
            Err(_) => {
                Self { name: String::new(), escape: Escape::Default, text: bare(text), notation: Notation::Dollar }
            }
        };
        if !format.text.contains('$') {
            return Err("it has no variable such as $status (nginx) or %>s (Apache)".into());
        }
        Ok(format)
    }

    /// The pattern that reads its lines.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn compile(&self, variables: &Variables) -> Result<Pattern, String> {
        let parts = self.parts();
        let chosen = chosen(&parts, variables);
        let mut pieces: Vec<Piece> = Vec::new();
        for (index, (part, variable)) in parts.iter().zip(chosen).enumerate() {
            let piece = match part {
                Part::Text(text) => Piece::literal(text.as_bytes()),
                Part::Variable(_) => piece_for(variable, &parts[index + 1..], self.escape),
            };
            push(&mut pieces, piece);
        }
        Pattern::from_pieces(pieces)
    }

    /// How the stamp is written that [`Self::compile`] keeps; `None` where the format has none.
    pub fn stamp(&self, variables: &Variables) -> Option<Shape> {
        chosen(&self.parts(), variables)
            .into_iter()
            .filter(|kept| kept.field == Some(Field::Time))
            .find_map(|kept| kept.stamp)
    }

    /// In what the durations count that [`Self::compile`] keeps.
    pub fn units(&self, variables: &Variables) -> Units {
        let kept = chosen(&self.parts(), variables).into_iter().find(|kept| kept.field == Some(Field::Duration));
        Units { duration: kept.and_then(|kept| kept.unit).unwrap_or(Unit::S) }
    }

    /// The variables it uses that the table does not know: user variables, or slips of the hand.
    pub fn unknown_variables(&self, variables: &Variables) -> Vec<String> {
        let names = self.parts().into_iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name),
            Part::Text(_) => None,
        });
        names.filter(|name| !variables.contains_key(name) && !is_open_family(name)).collect()
    }
}

impl LogFormat {
    /// Text and variables in turn.
    fn parts(&self) -> Vec<Part> {
        match self.notation {
            Notation::Dollar => {
                many0(alt((variable, text_part))).parse(self.text.as_str()).map_or(Vec::new(), |(_, parts)| parts)
            }
            Notation::Percent => log_config::parts(&self.text),
        }
    }
}

/// Families of variables whose members have free names.
fn is_open_family(name: &str) -> bool {
    const FAMILIES: [&str; 7] =
        ["http_", "sent_http_", "upstream_http_", "cookie_", "arg_", "upstream_cookie_", "jwt_"];
    FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Two values side by side cannot be told apart: the first is then widened over both and kept by neither.
fn push(pieces: &mut Vec<Piece>, piece: Piece) {
    match (pieces.last_mut(), &piece) {
        (Some(Piece::Value(field, span)), Piece::Value(..)) if matches!(span, Span::Until | Span::List) => {
            *field = None;
            *span = Span::Until;
        }
        _ => pieces.push(piece),
    }
}

/// What each part fills. Of several variables for one field the worthiest is kept, the first of equals.
fn chosen(parts: &[Part], variables: &Variables) -> Vec<Variable> {
    let known = |part: &Part| match part {
        Part::Variable(name) => variables.get(name).cloned().unwrap_or(Variable::NOT_KEPT),
        Part::Text(_) => Variable::NOT_KEPT,
    };
    let mut all: Vec<Variable> = parts.iter().map(known).collect();
    for index in 0..all.len() {
        let this = &all[index];
        let beaten = |(other, variable): (usize, &Variable)| {
            let same = this.field.is_some() && variable.field == this.field && other != index;
            same && (variable.worth() > this.worth() || (variable.worth() == this.worth() && other < index))
        };
        if all.iter().enumerate().any(beaten) {
            all[index].field = None;
        }
    }
    all
}

fn piece_for(known: Variable, after: &[Part], escape: Escape) -> Piece {
    let closed = matches!(after.first(), Some(Part::Text(text)) if !text.starts_with([' ', '\t']));
    let span = match known.span {
        // Text other than a gap (a quote, a bracket, `|`) ends the value, and a missing value may be nothing at all
        // (escape=json, none).
        Span::List | Span::Digits | Span::Word if closed || escape != Escape::Default => Span::Until,
        Span::Fixed(_) if escape != Escape::Default => Span::Until,
        span => span,
    };
    Piece::Value(known.field, span)
}

/// A piece of a format string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// As it stands in every line.
    Text(String),
    /// By the name that the table of variables has it under.
    Variable(String),
}

fn variable(text: &str) -> IResult<&str, Part> {
    let name = || take_while1(|letter: char| letter.is_ascii_alphanumeric() || letter == '_');
    map(preceded(char('$'), alt((delimited(char('{'), name(), char('}')), name()))), |name: &str| {
        Part::Variable(name.into())
    })
    .parse(text)
}

fn text_part(text: &str) -> IResult<&str, Part> {
    let plain = map(take_till1(|letter| letter == '$'), str::to_owned);
    // A `$` that begins no variable is text.
    let dollar = map(verify(tag("$"), |_: &str| variable(text).is_err()), str::to_owned);
    map(alt((plain, dollar)), Part::Text).parse(text)
}

/// `log_format name [escape=x] 'a' 'b';`
fn directive(text: &str) -> IResult<&str, LogFormat> {
    let (text, _) = terminated(tag("log_format"), multispace1).parse(text)?;
    let (text, name) = terminated(argument, multispace0).parse(text)?;
    let (text, escape) = opt(terminated(escape, multispace0)).parse(text)?;
    let (text, parts) = many1(terminated(argument, multispace0)).parse(text)?;
    let (text, _) = preceded(multispace0, opt(char(';'))).parse(text)?;
    Ok((text, LogFormat { name, escape: escape.unwrap_or_default(), text: parts.concat(), notation: Notation::Dollar }))
}

fn escape(text: &str) -> IResult<&str, Escape> {
    let kind = alt((
        value(Escape::Json, tag("json")),
        value(Escape::None, tag("none")),
        value(Escape::Default, tag("default")),
    ));
    preceded(tag("escape="), kind).parse(text)
}

/// A bare string may still be wrapped in quotes, several of them, and end in `;`.
fn bare(text: &str) -> String {
    let text = text.strip_suffix(';').unwrap_or(text).trim();
    let quoted = text.starts_with('\'') || (text.starts_with('"') && !text.starts_with("\"$"));
    match many1(terminated(argument, multispace0)).parse(text) {
        Ok(("", parts)) if quoted => parts.concat(),
        _ => text.to_owned(),
    }
}

/// One argument of an nginx directive: quoted by `'` or `"` (with backslash escapes), or a word.
pub(super) fn argument(text: &str) -> IResult<&str, String> {
    alt((quoted('\''), quoted('"'), map(is_not(" \t\r\n;{}'\""), str::to_owned))).parse(text)
}

fn quoted<'a>(quote: char) -> impl Parser<&'a str, Output = String, Error = nom::error::Error<&'a str>> {
    let escaped = preceded(char('\\'), map(anychar, unescape));
    let plain = map(verify(anychar, move |letter| *letter != quote && *letter != '\\'), String::from);
    let inside = fold_many0(alt((escaped, plain)), String::new, |mut text, part| {
        text.push_str(&part);
        text
    });
    delimited(char(quote), inside, char(quote))
}

/// nginx knows `\" \' \\ \t \r \n`; before anything else the backslash stands for itself.
fn unescape(letter: char) -> String {
    match letter {
        '"' | '\'' | '\\' => letter.to_string(),
        't' => "\t".into(),
        'r' => "\r".into(),
        'n' => "\n".into(),
        other => format!("\\{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    fn variables() -> Variables {
        let list = [
            ("remote_addr", Field::Client, Span::Until),
            ("remote_user", Field::User, Span::Until),
            ("time_local", Field::Time, Span::Fixed(26)),
            ("request", Field::Request, Span::Until),
            ("status", Field::Status, Span::Fixed(3)),
            ("upstream_addr", Field::Upstream, Span::List),
            ("upstream_status", Field::UpstreamStatus, Span::List),
            ("request_time", Field::Duration, Span::Until),
        ];
        let variable = |(name, field, span): (&str, Field, Span)| {
            (name.to_owned(), Variable { field: Some(field), span, ..Variable::NOT_KEPT })
        };
        list.into_iter().map(variable).collect()
    }

    fn read(format: &str, line: &str) -> Option<Vec<(&'static str, String)>> {
        let pattern = LogFormat::parse(format).expect("a log_format").compile(&variables()).expect("a pattern");
        let mut event = Event::default();
        pattern.read(line.as_bytes(), &mut event).then(|| {
            event.iter().map(|(field, value)| (field.name(), String::from_utf8_lossy(value).into_owned())).collect()
        })
    }

    #[test]
    fn a_directive_and_its_bare_string_are_the_same() {
        let directive =
            LogFormat::parse("log_format main escape=json '$remote_addr [$time_local] '\n  '\"$request\" $status';");
        let directive = directive.expect("a directive");
        assert_eq!(directive.name, "main");
        assert_eq!(directive.escape, Escape::Json);
        assert_eq!(directive.text, "$remote_addr [$time_local] \"$request\" $status");
        assert_eq!(LogFormat::parse(&directive.text).expect("bare").text, directive.text);
    }

    #[test]
    fn unquoted_lists_are_read_whole() {
        let fields = read(
            "$status $upstream_addr $upstream_status $request_time",
            "502 10.0.0.1:80, 10.0.0.2:80 502, 502 0.004",
        );
        let fields = fields.expect("fits");
        assert!(fields.contains(&("upstream", "10.0.0.1:80, 10.0.0.2:80".into())), "{fields:?}");
        assert!(fields.contains(&("upstream_status", "502, 502".into())), "{fields:?}");
    }

    #[test]
    fn columns_may_be_apart_by_tabs_or_bars() {
        for gap in ["\\t", "|", ";"] {
            let format = format!("log_format x '$status{gap}$upstream_addr{gap}$upstream_status{gap}$request_time';");
            let line = ["502", "10.0.0.1:80, 10.0.0.2:80", "502, 502", "0.004"].join(&gap.replace("\\t", "\t"));
            let fields = read(&format, &line).unwrap_or_else(|| panic!("{line} does not fit"));
            assert!(fields.contains(&("upstream", "10.0.0.1:80, 10.0.0.2:80".into())), "{fields:?}");
            assert!(fields.contains(&("upstream_status", "502, 502".into())), "{fields:?}");
        }
    }

    #[test]
    fn missing_values_of_escape_json_are_nothing() {
        let format = r#"log_format j escape=json '{"s":$status,"us":"$upstream_status","rt":$request_time}';"#;
        assert!(read(format, r#"{"s":503,"us":"","rt":}"#).is_some());
    }

    #[test]
    fn braces_and_lone_dollars() {
        assert!(read("${remote_addr}x $ $status", "192.0.2.1x $ 200").is_some());
        assert!(LogFormat::parse("log_format main '$status").is_err());
        assert!(LogFormat::parse("no variables here").is_err());
    }
}
