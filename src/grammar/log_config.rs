//! Apache's `LogFormat` strings, taken as they stand.
//!
//! In: `LogFormat "%h %l %u %t \"%r\" %>s %b" common`, or the bare string. Out: its parts, which [`super::notation`]
//! turns into a pattern as it does with nginx's. A directive is known by `%`, its name in braces and its letter: modifiers
//! (`>`, `<`, `!`, status lists) do not change what it looks like.
//! Source of the notation: mod_log_config (FORMATS.md section 7).

use super::notation::{Escape, LogFormat, Notation, Part};
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_while};
use nom::character::complete::{anychar, char, multispace0, multispace1, none_of, satisfy};
use nom::combinator::{map, opt};
use nom::multi::many0;
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// The directive, or the string alone; `None` where it is neither.
pub(super) fn parse(text: &str) -> Option<LogFormat> {
    let (name, text) = match directive(text) {
        Ok((_, (text, name))) => (name, text),
        Err(_) if text.starts_with("LogFormat") || text.starts_with("CustomLog") => return None,
        Err(_) => (String::new(), plain(text)),
    };
    let format = LogFormat { name, escape: Escape::Default, text, notation: Notation::Percent };
    let has_directive = parts(&format.text).iter().any(|part| matches!(part, Part::Variable(_)));
    has_directive.then_some(format)
}

/// `LogFormat "..." nickname`
fn directive(text: &str) -> IResult<&str, (String, String)> {
    let (text, _) = (tag("LogFormat"), multispace1).parse(text)?;
    let (text, string) = terminated(quoted, multispace0).parse(text)?;
    let (text, name) = take_while(|letter: char| !letter.is_whitespace()).parse(text)?;
    Ok((text, (string, name.to_owned())))
}

fn quoted(text: &str) -> IResult<&str, String> {
    let inside = many0(alt((preceded(char('\\'), map(anychar, unescaped)), none_of("\"\\"))));
    map(delimited(char('"'), inside, char('"')), |letters: Vec<char>| letters.into_iter().collect()).parse(text)
}

fn unescaped(letter: char) -> char {
    match letter {
        'n' => '\n',
        't' => '\t',
        other => other,
    }
}

/// The bare string, still in its quotes and with its quotes escaped, or not.
fn plain(text: &str) -> String {
    match quoted(text) {
        Ok(("", inside)) => inside,
        _ => text.replace("\\\"", "\"").replace("\\t", "\t"),
    }
}

/// Text and directives in turn.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let mut found = many0(alt((percent, directive_part, map(is_not("%"), |text: &str| vec![Part::Text(text.into())]))));
    let parts = found.parse(text).map_or(Vec::new(), |(_, parts)| parts);
    let mut joined: Vec<Part> = Vec::new();
    for part in parts.into_iter().flatten() {
        match (joined.last_mut(), part) {
            (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
            (_, part) => joined.push(part),
        }
    }
    joined
}

fn percent(text: &str) -> IResult<&str, Vec<Part>> {
    map(tag("%%"), |_| vec![Part::Text("%".into())]).parse(text)
}

fn directive_part(text: &str) -> IResult<&str, Vec<Part>> {
    let modifiers = take_while(|letter: char| letter.is_ascii_digit() || "!,<>".contains(letter));
    let name = opt(delimited(char('{'), is_not("}"), char('}')));
    let (text, (_, _, name, _, letter)) =
        (char('%'), modifiers, name, many0(satisfy(|letter| "<>".contains(letter))), letter).parse(text)?;
    let key = match name {
        // Names of headers are the same in any case.
        Some(name) if ["i", "o", "C"].contains(&letter.as_str()) => {
            format!("%{{{}}}{letter}", name.to_ascii_lowercase())
        }
        Some(name) => format!("%{{{name}}}{letter}"),
        None => format!("%{letter}"),
    };
    Ok((
        text,
        match key.as_str() {
            // The stamp brings its brackets along.
            "%t" => vec![Part::Text("[".into()), Part::Variable(key), Part::Text("]".into())],
            _ => vec![Part::Variable(key)],
        },
    ))
}

/// The letter of a directive; `^ti` and `^to` are trailers.
fn letter(text: &str) -> IResult<&str, String> {
    let trailer = map(alt((tag("^ti"), tag("^to"))), str::to_owned);
    let single = map(satisfy(|letter| letter.is_ascii_alphabetic()), |letter| letter.to_string());
    alt((trailer, single)).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let variable = |part| match part {
            Part::Variable(key) => Some(key),
            Part::Text(_) => None,
        };
        parts(text).into_iter().filter_map(variable).collect()
    }

    #[test]
    fn directives_are_known_by_name_and_letter() {
        assert_eq!(
            keys("%h %!200,304>s %{Referer}i %>{X-A}o %{ms}T %% %400,501{User-agent}i"),
            ["%h", "%s", "%{referer}i", "%{x-a}o", "%{ms}T", "%{user-agent}i"]
        );
        assert_eq!(parts("%t"), [Part::Text("[".into()), Part::Variable("%t".into()), Part::Text("]".into())]);
    }

    #[test]
    fn a_directive_and_its_string_are_the_same() {
        let told = parse(r#"LogFormat "%h \"%r\" %>s" short"#).expect("a directive");
        assert_eq!((told.name.as_str(), told.text.as_str()), ("short", "%h \"%r\" %>s"));
        for bare in [r#""%h \"%r\" %>s""#, r#"%h "%r" %>s"#, r#"%h \"%r\" %>s"#] {
            assert_eq!(parse(bare).expect("bare").text, told.text, "{bare}");
        }
        assert!(parse("LogFormat \"%h").is_none() && parse("100 %").is_none());
    }
}
