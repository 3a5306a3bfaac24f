//! Patterns: how a grammar says what a line looks like, and how a line is read by it.
//!
//! In: text such as `[{time}] {level}: {?[pool {service}] }{message:rest}` (or pieces from a vendor's notation).
//! Out: fields, borrowed from the line. No regular expression: literals are found with memchr, fields lie between them.
//!
//! | in a pattern | means |
//! |---|---|
//! | `{field}` | the field's value up to the next literal |
//! | `{_}` | the same, not kept |
//! | `{field:19}` | exactly 19 bytes |
//! | `{field:digits}` | one or more digits |
//! | `{field:word}` | one or more bytes that are no space and no tab |
//! | `{field:list}` | a word, or several joined by `, ` or ` : ` (nginx's upstream lists) |
//! | `{field:not ABC}` | bytes that are none of these; perhaps no byte at all |
//! | `{field:peer}` | an address; its port is passed over |
//! | `{field:address}` | the same, where it shows that it is one |
//! | `{field:of warn\|error}` | one of these words |
//! | `{field:rest}` | everything to the end |
//! | `{?...}` | may be missing; must begin with a literal where it follows a value without an end of its own |
//! | `{{`, `}}` | a brace; `{_:0}` stands between two closing braces that are none |

use super::fit::{fit, fit_straight};
pub use super::literal::Literal;
pub use super::span::Span;
use super::span::span;
use crate::event::{Event, Field, bit};
use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_while1};
use nom::combinator::{map, map_opt, opt, verify};
use nom::multi::many0;
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    pieces: Vec<Piece>,
    /// How many pieces tell all that is asked of a request that was answered well; 0 where that takes the whole line.
    gate: usize,
}

/// How much of a pattern fits the beginning of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reach {
    /// Literal pieces that were found.
    pub literals: usize,
    /// Where the last of them ends, in bytes from the line's start.
    pub bytes: usize,
}

/// One piece of a pattern.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Text that must stand there.
    Literal(Literal),
    /// A value; kept where it has a field.
    Value(Option<Field>, Span),
    /// Pieces that may be missing as a whole; behind [`Span::Until`] the first is a literal.
    Optional(Vec<Piece>),
}

impl Piece {
    /// Text that must stand there.
    pub fn literal(text: &[u8]) -> Self {
        Self::Literal(Literal::new(text))
    }
}

impl Pattern {
    /// From the text in a grammar.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        match pieces(text) {
            Ok(("", pieces)) => Self::from_pieces(pieces),
            Ok((rest, _)) => Err(format!("cannot read the pattern from here on: {rest}")),
            Err(error) => Err(format!("not a pattern: {error}")),
        }
    }

    /// From pieces that a vendor's notation was turned into.
    ///
    /// # Errors
    /// Where two values stand side by side, so that nobody can tell where the first ends.
    pub fn from_pieces(pieces: Vec<Piece>) -> Result<Self, String> {
        part_from_each_other(&pieces)?;
        let gate = gate_of(&pieces);
        Ok(Self { pieces, gate })
    }

    /// Reads the whole line; `false` where it does not fit, with `event` then half filled.
    #[inline]
    pub fn read<'a>(&self, line: &'a [u8], event: &mut Event<'a>) -> bool {
        let mark = event.mark();
        if fit_straight(&self.pieces, line, 0, event) == Some(line.len()) {
            return true;
        }
        event.rewind(mark);
        fit(&self.pieces, line, 0, event) == Some(line.len())
    }

    /// How many of its pieces tell all that is asked of a request that failed: none behind them fills a field that anybody
    /// looks at. `asked`: those that rules look at, a bit a field.
    pub fn telling(&self, asked: u64) -> usize {
        /// What nobody looks at but a rule.
        const UNASKED: u64 = bit(Field::BytesSent) | bit(Field::Referrer) | bit(Field::UserAgent);
        let is_asked = |piece: &Piece| {
            let mut fields = Vec::new();
            collect_fields(std::slice::from_ref(piece), &mut fields);
            fields.into_iter().any(|field| bit(field) & (asked | !UNASKED) != 0)
        };
        let behind = self.pieces.iter().rposition(is_asked).map_or(0, |last| last + 1);
        // What ends a value belongs to it.
        let ends = matches!(self.pieces.get(behind), Some(Piece::Literal(_)));
        if self.gate == 0 { self.pieces.len() } else { self.gate.max(behind + usize::from(ends)) }
    }

    /// The same as [`Self::read`], but of a request that was answered well only what stands up to its status and how the
    /// line ends: nobody asks for more, and nearly all lines of an access log are such. Of one that failed, the first
    /// `telling` pieces (see [`Self::telling`]).
    #[inline]
    pub fn skim<'a>(&self, telling: usize, line: &'a [u8], event: &mut Event<'a>) -> bool {
        let (head, rest) = self.pieces.split_at(self.gate);
        if rest.is_empty() || head.is_empty() {
            return self.read(line, event);
        }
        let mark = event.mark();
        if let Some(at) = fit_straight(head, line, 0, event) {
            let ends_well = match rest.last() {
                Some(Piece::Literal(text)) => line.len() > at && text.is_at(line, line.len() - text.len()),
                _ => true,
            };
            if answered_well(event) && ends_well {
                return true;
            }
            let telling = &rest[..telling.clamp(self.gate, self.pieces.len()) - self.gate];
            match fit_straight(telling, line, at, event) {
                Some(_) if telling.len() < rest.len() && ends_well => return true,
                Some(at) if at == line.len() => return true,
                _ => {}
            }
        }
        event.rewind(mark);
        fit(&self.pieces, line, 0, event) == Some(line.len())
    }

    /// How far into the line its pieces fit, where it does not fit as a whole.
    pub fn reach(&self, line: &[u8]) -> Reach {
        let mut reach = Reach::default();
        let mut literals = 0;
        for (at, piece) in self.pieces.iter().enumerate() {
            let Piece::Literal(_) = piece else { continue };
            literals += 1;
            match fit(&self.pieces[..=at], line, 0, &mut Event::default()) {
                Some(end) => reach = Reach { literals, bytes: end },
                None => break,
            }
        }
        reach
    }

    /// The fields it can fill.
    pub fn fields(&self) -> Vec<Field> {
        let mut found = Vec::new();
        collect_fields(&self.pieces, &mut found);
        found
    }
}

/// A status of 1xx to 4xx.
fn answered_well(event: &Event<'_>) -> bool {
    event.status().is_some_and(|status| (100..500).contains(&status))
}

/// How many pieces there are up to a request's status, where nothing behind it is asked of a request answered well.
fn gate_of(pieces: &[Piece]) -> usize {
    /// What a request was for and when, and what may hold that.
    const ASKED: [Field; 8] = [
        Field::Time,
        Field::Status,
        Field::Service,
        Field::Server,
        Field::Host,
        Field::UpstreamName,
        Field::Tail,
        Field::RequestSource,
    ];
    let is_status = |piece: &Piece| matches!(piece, Piece::Value(Some(Field::Status), span) if *span != Span::Until);
    let Some(status) = pieces.iter().position(is_status) else { return 0 };
    let mut behind = Vec::new();
    collect_fields(&pieces[status + 1..], &mut behind);
    if behind.iter().any(|field| ASKED.contains(field)) { 0 } else { status + 1 }
}

/// A value without an end of its own must be followed by text.
fn part_from_each_other(pieces: &[Piece]) -> Result<(), String> {
    let name = |field: &Option<Field>| field.map_or("_", Field::name);
    for pair in pieces.windows(2) {
        let [Piece::Value(first, Span::Until), next] = pair else { continue };
        let second = match next {
            Piece::Optional(inner) => inner.first().unwrap_or(next),
            other => other,
        };
        if let Piece::Value(second, _) = second {
            return Err(format!("nothing separates {{{}}} from {{{}}}", name(first), name(second)));
        }
    }
    pieces.iter().try_for_each(|piece| match piece {
        Piece::Optional(inner) => part_from_each_other(inner),
        _ => Ok(()),
    })
}

fn collect_fields(pieces: &[Piece], found: &mut Vec<Field>) {
    for piece in pieces {
        match piece {
            Piece::Value(Some(field), _) => found.push(*field),
            Piece::Optional(inner) => collect_fields(inner, found),
            _ => {}
        }
    }
}

fn pieces(text: &str) -> IResult<&str, Vec<Piece>> {
    many0(alt((map(literal, |text| Piece::literal(text.as_bytes())), optional, value))).parse(text)
}

fn literal(text: &str) -> IResult<&str, String> {
    let plain = map(is_not("{}"), str::to_owned);
    let brace = alt((map(tag("{{"), |_| "{".to_owned()), map(tag("}}"), |_| "}".to_owned())));
    map(verify(many0(alt((brace, plain))), |parts: &Vec<String>| !parts.is_empty()), |parts| parts.concat()).parse(text)
}

fn optional(text: &str) -> IResult<&str, Piece> {
    let something = |inner: &Vec<Piece>| !inner.is_empty();
    map(verify(delimited(tag("{?"), pieces, tag("}")), something), Piece::Optional).parse(text)
}

fn value(text: &str) -> IResult<&str, Piece> {
    let field = map_opt(name, |name| if name == "_" { Some(None) } else { Field::named(name).map(Some) });
    let inside = (field, opt(preceded(tag(":"), span)));
    map(delimited(tag("{"), inside, tag("}")), |(field, span)| Piece::Value(field, span.unwrap_or(Span::Until)))
        .parse(text)
}

fn name(text: &str) -> IResult<&str, &str> {
    take_while1(|letter: char| letter.is_ascii_lowercase() || letter == '_').parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, line: &str) -> Option<Vec<(String, String)>> {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        let mut event = Event::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pattern
            .read(line.as_bytes(), &mut event)
            .then(|| event.iter().map(|(field, value)| (field.name().to_owned(), text(value))).collect())
    }

    fn pairs(of: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_pattern_says_how_far_it_fits() {
        let pattern = Pattern::parse("{time:4} [{level}] {pid:digits}: {message:rest}").expect("a pattern");
        assert_eq!(pattern.reach(b"12:3 [error] x"), Reach { literals: 2, bytes: 13 });
        assert_eq!(pattern.reach(b"nothing"), Reach::default());
    }

    #[test]
    fn fields_lie_between_literals() {
        assert_eq!(
            read(
                "{client} - {user} [{time:26}] \"{request}\" {status:3} {_}",
                "::1 - a b [15/Jan/2026:20:45:05 +0000] \"GET /\" 200 5"
            ),
            pairs(&[
                ("time", "15/Jan/2026:20:45:05 +0000"),
                ("client", "::1"),
                ("request", "GET /"),
                ("status", "200"),
                ("user", "a b"),
            ])
        );
    }

    #[test]
    fn of_a_request_answered_well_the_status_is_enough() {
        let pattern =
            Pattern::parse("{client:word} \"{request}\" {status:3} {bytes_sent:word} \"{user_agent}\"").expect("one");
        let skim = |asked: u64, line: &str| {
            let mut event = Event::default();
            let fits = pattern.skim(pattern.telling(asked), line.as_bytes(), &mut event);
            fits.then(|| (event.status(), event.raw(Field::UserAgent).is_some()))
        };
        let agent = bit(Field::UserAgent);
        assert_eq!(skim(agent, "::1 \"GET /\" 200 5 \"curl\""), Some((Some(200), false)));
        assert_eq!(skim(agent, "::1 \"GET /\" 502 5 \"curl\""), Some((Some(502), true)));
        assert_eq!(skim(0, "::1 \"GET /\" 502 5 \"curl\""), Some((Some(502), false)), "no rule asks for the agent");
        for asked in [0, agent] {
            assert_eq!(skim(asked, "::1 \"GET /\" 200 5 \"curl"), None);
            assert_eq!(skim(asked, "::1 \"GET /\" 502 5 x"), None);
        }
    }

    #[test]
    fn a_literal_inside_a_value_is_passed_over() {
        assert_eq!(
            read("\"{request}\" {status:digits}", "\"GET /\" x\" 502"),
            pairs(&[("request", "GET /\" x"), ("status", "502")])
        );
    }

    #[test]
    fn optional_pieces_and_lists() {
        let pattern = "{level}: {?[pool {service}] }{message:rest}";
        assert_eq!(
            read(pattern, "WARNING: [pool www] full"),
            pairs(&[("level", "WARNING"), ("message", "full"), ("service", "www")])
        );
        assert_eq!(read(pattern, "NOTICE: ready"), pairs(&[("level", "NOTICE"), ("message", "ready")]));
        assert_eq!(
            read("{upstream:list} {status:3}", "10.0.0.1:80, 10.0.0.2:80 : unix:/a 502"),
            pairs(&[("upstream", "10.0.0.1:80, 10.0.0.2:80 : unix:/a"), ("status", "502")])
        );
        assert_eq!(
            read("{upstream:list}\t{duration:word}\t{_}", "10.0.0.1:80, 10.0.0.2:80\t0.004\tx y"),
            pairs(&[("upstream", "10.0.0.1:80, 10.0.0.2:80"), ("duration", "0.004")])
        );
        assert_eq!(read("{upstream:list} {status:3}", "- 503"), pairs(&[("upstream", "-"), ("status", "503")]));
    }

    #[test]
    fn an_escaped_quote_ends_nothing() {
        assert_eq!(
            read("\"{request}\" {status:3} \"{user_agent}\"", r#""GET /\" 200 x" 400 "a \"b\" \\""#),
            pairs(&[("request", r#"GET /\" 200 x"#), ("status", "400"), ("user_agent", r#"a \"b\" \\"#)])
        );
        assert_eq!(read("\"{user_agent}\"", "\"a\" us=\"502\""), None);
    }

    #[test]
    fn values_may_end_before_given_bytes_or_a_port() {
        let pattern = "[{?{module:not :]}:}{level}] {?[client {client:peer}] }{message:rest}";
        let of = |client: &str, module: &str| {
            let (level, message) = ("error".to_owned(), "x: y".to_owned());
            let mut fields = vec![("level".to_owned(), level), ("message".to_owned(), message)];
            fields.extend((!client.is_empty()).then(|| ("client".to_owned(), client.to_owned())));
            fields.extend((module != "-").then(|| ("module".to_owned(), module.to_owned())));
            Some(fields)
        };
        assert_eq!(read(pattern, "[core:error] [client 192.0.2.7:5] x: y"), of("192.0.2.7", "core"));
        assert_eq!(read(pattern, "[:error] [client 2001:db8::7:5] x: y"), of("2001:db8::7", ""));
        assert_eq!(read(pattern, "[error] x: y"), of("", "-"));
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for wrong in ["{nofield}", "{client}{user}", "{client}{?{user}}", "{?}", "{status:three}", "{client"] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
