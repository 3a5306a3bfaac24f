//! Conditions: the `when` of a rule.
//!
//! In: text such as `errno == ECONNREFUSED and phase == "connecting to upstream"`. Out: a [`Condition`] that an event
//! meets or not. Of a list-valued field (one element a peer tried) the last element counts: it made the answer.

use super::json::last_of_list;
use crate::event::{Event, Field};
use memchr::memmem;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, multispace0, multispace1, none_of};
use nom::combinator::{map, map_opt, not, peek, recognize, value, verify};
use nom::multi::{many0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

/// What an event must meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Every one of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// A field's value against another.
    Test(Field, Test),
}

/// What of a field's value decides a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Counts {
    /// That there is one.
    Presence,
    /// On which side of this number it lies.
    Side(f64),
    /// All of it.
    Value,
}

/// One test of one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `==` and `in [..]`: is one of these.
    Is(Vec<Box<[u8]>>),
    /// `contains`.
    Contains(Box<[u8]>),
    /// `starts`.
    Starts(Box<[u8]>),
    /// `has`: of a list with commas, one element is this.
    Has(Box<[u8]>),
    /// `<`, `<=`, `>`, `>=`.
    Compare(Order, f64),
    /// `exists`: has a value that is not `-`.
    Exists,
    /// `missing`: the log has the field and says "no value".
    Missing,
    /// `unlogged`: the log does not have the field.
    Unlogged,
}

/// An order of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Condition {
    /// From a rule's text.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        match delimited(multispace0, any, multispace0).parse(text) {
            Ok(("", condition)) => Ok(condition),
            Ok((rest, _)) => Err(format!("cannot read the condition from here on: {rest}")),
            Err(_) => Err("not a condition such as: status == 502 and upstream exists".into()),
        }
    }

    /// Whether the event meets it.
    pub fn holds(&self, event: &Event<'_>) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(event)),
            Self::Any(any) => any.iter().any(|one| one.holds(event)),
            Self::Not(one) => !one.holds(event),
            Self::Test(field, test) => test.holds(*field, event),
        }
    }

    /// How many tests it makes: of two rules that fit, the one with more says more.
    pub fn tests(&self) -> usize {
        match self {
            Self::All(some) | Self::Any(some) => some.iter().map(Self::tests).sum(),
            Self::Not(one) => one.tests(),
            Self::Test(..) => 1,
        }
    }

    /// Whether it can hold where this one field has this value: `None` where that depends on other fields too.
    pub fn holds_by(&self, field: Field, value: &[u8]) -> Option<bool> {
        let each = |some: &[Self]| some.iter().map(|one| one.holds_by(field, value)).collect::<Vec<_>>();
        match self {
            Self::All(all) => match each(all) {
                all if all.contains(&Some(false)) => Some(false),
                all if all.contains(&None) => None,
                _ => Some(true),
            },
            Self::Any(any) => match each(any) {
                any if any.contains(&Some(true)) => Some(true),
                any if any.contains(&None) => None,
                _ => Some(false),
            },
            Self::Not(one) => one.holds_by(field, value).map(|holds| !holds),
            Self::Test(other, test) if *other == field => {
                let mut event = Event::default();
                event.set(field, value);
                Some(test.holds(field, &event))
            }
            Self::Test(..) => None,
        }
    }

    /// Calls `found` with each field it tests, and what of it counts.
    pub fn each_field(&self, found: &mut impl FnMut(Field, Counts)) {
        match self {
            Self::All(some) | Self::Any(some) => some.iter().for_each(|one| one.each_field(found)),
            Self::Not(one) => one.each_field(found),
            Self::Test(field, Test::Exists | Test::Missing | Test::Unlogged) => found(*field, Counts::Presence),
            Self::Test(field, Test::Compare(_, than)) => found(*field, Counts::Side(*than)),
            Self::Test(field, _) => found(*field, Counts::Value),
        }
    }

    /// Whether a test of this field against this value stands in it.
    pub fn mentions(&self, field: Field, word: &[u8]) -> bool {
        match self {
            Self::All(some) | Self::Any(some) => some.iter().any(|one| one.mentions(field, word)),
            Self::Not(one) => one.mentions(field, word),
            Self::Test(other, Test::Is(words)) => *other == field && words.iter().any(|one| **one == *word),
            Self::Test(..) => false,
        }
    }
}

impl Test {
    fn holds(&self, field: Field, event: &Event<'_>) -> bool {
        let value = || value_of(field, event);
        match self {
            Self::Is(words) => value().is_some_and(|value| words.iter().any(|word| **word == *value)),
            Self::Contains(part) => event.get(field).is_some_and(|value| memmem::find(value, part).is_some()),
            Self::Has(word) => event
                .get(field)
                .is_some_and(|value| value.split(|byte| *byte == b',').any(|one| *one.trim_ascii() == **word)),
            Self::Starts(part) => value().is_some_and(|value| value.starts_with(part)),
            Self::Compare(order, than) => number_of(field, event).is_some_and(|number| order.holds(number, *than)),
            Self::Exists => value().is_some(),
            Self::Missing => event.raw(field).is_some() && value().is_none(),
            Self::Unlogged => event.raw(field).is_none(),
        }
    }
}

impl Order {
    fn holds(self, number: f64, than: f64) -> bool {
        match self {
            Self::Less => number < than,
            Self::AtMost => number <= than,
            Self::More => number > than,
            Self::AtLeast => number >= than,
        }
    }
}

/// The value that is tested: of a list, what the last peer gave; `None` where that is no value.
pub fn value_of<'a>(field: Field, event: &Event<'a>) -> Option<&'a [u8]> {
    event.get(field).map(|value| last_attempt(field, value)).filter(|value| !matches!(*value, b"" | b"-"))
}

/// The number that is compared.
pub fn number_of(field: Field, event: &Event<'_>) -> Option<f64> {
    value_of(field, event).and_then(number).or_else(|| elapsed_seconds(field, event))
}

/// How long the request took, where the log has its start and end instead of a duration.
fn elapsed_seconds(field: Field, event: &Event<'_>) -> Option<f64> {
    event.elapsed_micros.filter(|_| field == Field::Duration).map(|micros| micros as f64 / 1e6)
}

fn number(value: &[u8]) -> Option<f64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// The last element of a list-valued field (FORMATS.md section 2.1), which may be JSON's; other fields as they are.
pub fn last_attempt(field: Field, value: &[u8]) -> &[u8] {
    match field {
        Field::Upstream | Field::UpstreamStatus if value.starts_with(b"[{") => {
            let last = last_of_list(value).unwrap_or_default();
            if field == Field::Upstream { last.host } else { last.code }
        }
        Field::Upstream
        | Field::UpstreamStatus
        | Field::UpstreamDuration
        | Field::ConnectDuration
        | Field::HeaderDuration
        | Field::UpstreamBytes => memchr::memrchr(b' ', value).map_or(value, |space| &value[space + 1..]),
        _ => value,
    }
}

/// Whether the last element of a list-valued field says "no value", where the list has others.
#[inline]
pub fn ends_in_none(field: Field, value: &[u8]) -> bool {
    let may_be = value.ends_with(b" ") || value.ends_with(b" -") || value.starts_with(b"[{");
    may_be && matches!(last_attempt(field, value), b"" | b"-")
}

fn any(text: &str) -> IResult<&str, Condition> {
    let list = separated_list1(word("or"), all);
    map(list, |mut list| if list.len() == 1 { list.remove(0) } else { Condition::Any(list) }).parse(text)
}

fn all(text: &str) -> IResult<&str, Condition> {
    let list = separated_list1(word("and"), one);
    map(list, |mut list| if list.len() == 1 { list.remove(0) } else { Condition::All(list) }).parse(text)
}

fn one(text: &str) -> IResult<&str, Condition> {
    let group = delimited((char('('), multispace0), any, (multispace0, char(')')));
    let negated =
        preceded(terminated(tag("not"), peek(nom::character::complete::one_of(" ("))), preceded(multispace0, one));
    alt((map(negated, |inner| Condition::Not(Box::new(inner))), group, comparison)).parse(text)
}

/// ` and `, ` or `: a word between two conditions.
fn word<'a>(name: &'static str) -> impl Parser<&'a str, Output = (), Error = nom::error::Error<&'a str>> {
    value((), delimited(multispace1, tag(name), multispace1))
}

fn comparison(text: &str) -> IResult<&str, Condition> {
    let (text, field) = terminated(map_opt(identifier, Field::named), multispace0).parse(text)?;
    let same = preceded((tag("=="), multispace0), operand);
    let other = preceded((tag("!="), multispace0), operand);
    let among = preceded((tag("in"), multispace0), bracketed);
    let contains = preceded((tag("contains"), multispace0), operand);
    let starts = preceded((tag("starts"), multispace0), operand);
    let has = preceded((tag("has"), multispace1), operand);
    let compare = (order, preceded(multispace0, map_opt(operand, |word| number(&word))));
    let state = alt((
        value(Test::Exists, tag("exists")),
        value(Test::Missing, tag("missing")),
        value(Test::Unlogged, tag("unlogged")),
    ));
    let test = move |test| Condition::Test(field, test);
    alt((
        map(same, move |word| test(Test::Is(vec![word]))),
        map(other, move |word| Condition::Not(Box::new(test(Test::Is(vec![word]))))),
        map(among, move |words| test(Test::Is(words))),
        map(contains, move |word| test(Test::Contains(word))),
        map(starts, move |word| test(Test::Starts(word))),
        map(has, move |word| test(Test::Has(word))),
        map(compare, move |(order, than)| test(Test::Compare(order, than))),
        map(terminated(state, not(identifier)), test),
    ))
    .parse(text)
}

fn order(text: &str) -> IResult<&str, Order> {
    alt((
        value(Order::AtMost, tag("<=")),
        value(Order::AtLeast, tag(">=")),
        value(Order::Less, tag("<")),
        value(Order::More, tag(">")),
    ))
    .parse(text)
}

fn bracketed(text: &str) -> IResult<&str, Vec<Box<[u8]>>> {
    let comma = delimited(multispace0, char(','), multispace0);
    delimited((char('['), multispace0), separated_list1(comma, operand), (multispace0, char(']'))).parse(text)
}

fn operand(text: &str) -> IResult<&str, Box<[u8]>> {
    let escaped = preceded(char('\\'), nom::character::complete::anychar);
    let quoted = delimited(char('"'), many0(alt((escaped, none_of("\"\\")))), char('"'));
    let quoted =
        map(quoted, |letters: Vec<char>| letters.into_iter().collect::<String>().into_bytes().into_boxed_slice());
    let bare = verify(recognize(bare_word), |word: &str| !matches!(word, "and" | "or" | "not"));
    alt((quoted, map(bare, |word: &str| word.as_bytes().into()))).parse(text)
}

fn bare_word(text: &str) -> IResult<&str, &str> {
    take_while1(|letter: char| letter.is_ascii_alphanumeric() || "_.-/:".contains(letter)).parse(text)
}

fn identifier(text: &str) -> IResult<&str, &str> {
    take_while1(|letter: char| letter.is_ascii_lowercase() || letter == '_').parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(condition: &str) -> bool {
        let mut event = Event::default();
        event.set(Field::Status, b"502");
        event.set(Field::Phase, b"connecting to upstream");
        event.set(Field::UpstreamStatus, b"504, 502");
        event.set(Field::HeaderDuration, b"0.001, -");
        event.set(Field::Upstream, b"-");
        Condition::parse(condition).unwrap_or_else(|error| panic!("{condition}: {error}")).holds(&event)
    }

    #[test]
    fn every_kind_of_test() {
        for (condition, expected) in [
            ("status == 502", true),
            ("status != 502", false),
            ("status in [500, 502]", true),
            ("status >= 500 and status < 502", false),
            ("upstream_status == 502", true),
            ("upstream_status contains \"504\"", true),
            ("header_duration missing", true),
            ("upstream missing and errno unlogged", true),
            ("upstream_status has 504 and not upstream_status has 50", true),
            ("upstream exists or phase starts \"connecting\"", true),
            ("not (status == 502 or status == 503)", false),
            ("not status == 503", true),
            ("phase == \"connecting to upstream\"", true),
        ] {
            assert_eq!(holds(condition), expected, "{condition}");
        }
    }

    #[test]
    fn one_field_alone_can_decide() {
        let by = |text: &str, status: &[u8]| Condition::parse(text).expect(text).holds_by(Field::Status, status);
        assert_eq!(by("status == 502 and upstream exists", b"502"), None);
        assert_eq!(by("status == 502 and upstream exists", b"504"), Some(false));
        assert_eq!(by("status >= 500 or upstream exists", b"504"), Some(true));
        assert_eq!(by("not (status in [500, 502])", b"504"), Some(true));
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in ["", "status", "status ==", "colour == red", "status == 502 and", "(status == 502", "status = 502"]
        {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
    }
}
