//! Tails that are like the ones before them.
//!
//! In: tails, and how those before were read, key by key. Out: the fields of one that is like them. In an outage only a few
//! values change from record to record (client, request, upstream): all that stands between two of them is compared as one
//! text. Exact: a value ends at the first place at which it can end and behind which stands what stood there before, so
//! that reading it key by key would give the same; and none of its values holds a double quote.

use super::Key;
use crate::event::{Event, Field};
use crate::grammar::request::ends_as_request;
use crate::text::{begins_with, find_near};
use std::ops::Range;

/// A value that has changed so often in a row is one of those that change.
const MOST_CHANGES: u8 = 4;
/// Changes are in a row where no more tails than this were read anew between them.
const NEAR_READS: u32 = 64;
/// Longer values are somebody's data, and do not stay.
const MOST_BYTES: usize = 256;
/// Tails may differ in so many ways behind one value: with and without a referrer, say.
const MOST_WAYS: usize = 3;

/// What the tails read before had.
#[derive(Debug, Default)]
pub(in crate::grammar) struct TailShape {
    /// What a tail begins with.
    opening: Ways,
    /// By the key's place in its tail's list.
    keys: Vec<KeyShape>,
    /// How many tails were read anew.
    reads: u32,
    /// The values of the tail that is read anew, as far as they were read.
    pub(super) steps: Vec<Step>,
}

/// A value that was read.
#[derive(Debug)]
pub(super) struct Step {
    /// Its key's place in the list.
    pub(super) key: usize,
    /// Where it stands in the tail.
    pub(super) value: Range<usize>,
}

/// What is known of one key.
#[derive(Debug, Default)]
struct KeyShape {
    /// Its value the last time.
    value: Vec<u8>,
    changes: u8,
    changed_at: u32,
    /// What followed its value, where that changes.
    behind: Ways,
}

/// What may follow, the ways that were met last.
#[derive(Debug, Default)]
struct Ways {
    known: Vec<Between>,
    /// The one that makes room for another.
    oldest: usize,
}

/// The text from the end of a value that changes to the beginning of the next one.
#[derive(Debug, PartialEq)]
struct Between {
    text: Vec<u8>,
    /// Values that stay, by their place in it.
    values: Vec<(Field, Range<usize>)>,
    /// The key whose value begins behind it; `None` where the record ends.
    next: Option<usize>,
}

impl TailShape {
    /// Sets the fields of a tail that is like those before; `false` where it is not, with some fields set.
    #[inline]
    pub(super) fn read<'a>(&self, keys: &[Key], tail: &'a [u8], event: &mut Event<'a>) -> bool {
        let (mut ways, mut rest) = (&self.opening, tail);
        loop {
            let Some(between) = ways.known.iter().find(|between| between.is_at(rest)) else { return false };
            between.values.iter().for_each(|(field, place)| event.set(*field, &rest[place.clone()]));
            let Some(next) = between.next else { return true };
            let inside = &rest[between.text.len()..];
            let (Some(key), Some(shape)) = (keys.get(next), self.keys.get(next)) else { return false };
            let Some(length) = length_of(key, inside) else { return false };
            key.keep(&inside[..length], event);
            (ways, rest) = (&shape.behind, &inside[length..]);
        }
    }

    /// Learns from a tail that was read anew, to its end.
    pub(super) fn learn(&mut self, keys: &[Key], tail: &[u8]) {
        let steps = std::mem::take(&mut self.steps);
        self.reads = self.reads.wrapping_add(1);
        self.keys.resize_with(keys.len(), KeyShape::default);
        if steps.iter().all(|step| is_plain(&keys[step.key], &tail[step.value.clone()])) {
            for step in &steps {
                if self.keys[step.key].see(&tail[step.value.clone()], self.reads) {
                    self.forget_ways();
                }
            }
            let (mut from, mut start, mut values) = (None, 0, Vec::new());
            for Step { key: at, value } in &steps {
                let (key, shape) = (&keys[*at], &self.keys[*at]);
                if shape.changes() || value.len() > MOST_BYTES {
                    let text = tail[start..value.start].to_vec();
                    self.ways(from).add(Between { text, values: std::mem::take(&mut values), next: Some(*at) });
                    (from, start) = (Some(*at), value.end);
                } else if let Some(field) = key.field {
                    let kept = key.kept(&tail[value.clone()]).len();
                    values.push((field, value.start - start..value.start - start + kept));
                }
            }
            self.ways(from).add(Between { text: tail[start..].to_vec(), values, next: None });
        }
        self.steps = steps;
    }

    /// A value that was compared changes from now on.
    fn forget_ways(&mut self) {
        self.opening.known.clear();
        self.keys.iter_mut().for_each(|key| key.behind.known.clear());
    }

    /// What may follow the value of this key, or a tail may begin with.
    fn ways(&mut self, key: Option<usize>) -> &mut Ways {
        key.map_or(&mut self.opening, |key| &mut self.keys[key].behind)
    }
}

/// Whether the value ends at the first place at which it can end, whatever may follow.
fn is_plain(key: &Key, value: &[u8]) -> bool {
    let is_whole = key.field != Some(Field::Request) || ends_as_request(value);
    is_whole && memchr::memchr(b'"', value).is_none()
}

/// How long a value is that ends at the first place at which it can end; `None` where it may not end there.
#[inline]
fn length_of(key: &Key, inside: &[u8]) -> Option<usize> {
    let Some(quote) = key.quote else {
        let length = find_near(inside, |byte| matches!(byte, b',' | b'"')).unwrap_or(inside.len());
        return (inside.get(length) != Some(&b'"')).then_some(length);
    };
    let length = find_near(inside, |byte| byte == quote)?;
    (key.field != Some(Field::Request) || ends_as_request(&inside[..length])).then_some(length)
}

impl KeyShape {
    /// Whether its value is one of those that change.
    fn changes(&self) -> bool {
        self.changes >= MOST_CHANGES
    }

    /// Notes a value; whether that shows it to be one of those that change.
    fn see(&mut self, value: &[u8], reads: u32) -> bool {
        if self.changes() || self.value == value {
            return false;
        }
        let is_near = reads.wrapping_sub(self.changed_at) <= NEAR_READS;
        self.changes = if is_near { self.changes + 1 } else { 1 };
        self.changed_at = reads;
        self.value.clear();
        self.value.extend_from_slice(value);
        self.changes()
    }
}

impl Ways {
    fn add(&mut self, between: Between) {
        if self.known.contains(&between) {
            return;
        }
        if self.known.len() < MOST_WAYS {
            self.known.push(between);
        } else {
            self.known[self.oldest] = between;
            self.oldest = (self.oldest + 1) % MOST_WAYS;
        }
    }
}

impl Between {
    #[inline]
    fn is_at(&self, text: &[u8]) -> bool {
        begins_with(text, &self.text) && (self.next.is_some() || text.len() == self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Quotes;
    use super::super::tests::http;
    use super::*;
    use proptest::prelude::*;

    /// Values as servers and clients write them, and as somebody would who wants to be misread.
    fn value() -> impl Strategy<Value = String> {
        let usual =
            prop::sample::select(vec!["", "-", "shop", "192.0.2.7", "GET / HTTP/1.1", "http://192.0.2.81:80/a?b"]);
        let changing = (0..9_u32).prop_map(|number| format!("GET /{number} HTTP/1.1"));
        let hostile = prop::sample::select(vec![
            "x\", host: \"evil",
            "x, server: evil",
            "GET /\" HTTP/1.1",
            "\"",
            "a, b\", c",
            "x\", referrer: \"y",
        ]);
        prop_oneof![6 => usual.prop_map(String::from), 3 => changing, 1 => hostile.prop_map(String::from)]
    }

    fn tail() -> impl Strategy<Value = String> {
        let key = |text: &'static str, end: &'static str, often: f64| {
            prop::option::weighted(often, value())
                .prop_map(move |value| value.map(|value| format!("{text}{value}{end}")))
        };
        let keys = (
            key(", client: ", "", 0.99),
            key(", server: ", "", 0.95),
            key(", request: \"", "\"", 0.9),
            key(", upstream: \"", "\"", 0.8),
            key(", host: \"", "\"", 0.8),
            key(", referrer: \"", "\"", 0.4),
            prop::option::weighted(0.05, Just(String::from("x"))),
        );
        keys.prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g].into_iter().flatten().collect())
    }

    proptest! {
        #[test]
        fn what_was_read_before_changes_nothing(tails in prop::collection::vec(tail(), 1..40)) {
            let mut shape = TailShape::default();
            for tail in tails.iter().chain(&tails) {
                let (mut event, mut alone) = (Event::default(), Event::default());
                let read = http().read(tail.as_bytes(), &mut event, &mut shape);
                let read_alone = http().read(tail.as_bytes(), &mut alone, &mut TailShape::default());
                prop_assert_eq!(read.is_some(), read_alone.is_some(), "{}", tail);
                if read.is_some() {
                    prop_assert!(event.iter().eq(alone.iter()), "{} {:?} {:?}", tail, event, alone);
                }
                let has_quote = event.iter().any(|(_, value)| value.contains(&b'"'));
                prop_assert!(read != Some(Quotes::None) || !has_quote, "{} {:?}", tail, event);
            }
        }
    }

    #[test]
    fn a_tail_like_the_last_ones_is_read_by_its_shape() {
        let mut shape = TailShape::default();
        let tail = |number: u32, referrer: &str| {
            format!(
                ", client: 192.0.2.{number}, server: shop, request: \"GET /{number} HTTP/1.1\", \
                 upstream: \"http://10.0.3.17/{number}\", host: \"shop\"{referrer}"
            )
        };
        let mut read = |tail: &str| http().read(tail.as_bytes(), &mut Event::default(), &mut shape);
        for number in 0..20 {
            read(&tail(number, ""));
            read(&tail(number, &format!(", referrer: \"http://shop/{number}\"")));
        }
        assert_eq!(read(&tail(50, "")), Some(Quotes::None));
        assert_eq!(read(&tail(51, ", referrer: \"http://other/\"")), Some(Quotes::None));
        assert_eq!(read(&tail(52, ", host: \"evil\"")), Some(Quotes::Perhaps));
    }
}
