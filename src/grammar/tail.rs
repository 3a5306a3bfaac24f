//! The tail of a diagnosis: `, client: A, server: S, request: "R", upstream: "U", host: "H"`.
//!
//! In: the text after a record's header, and the grammar's list of keys in their fixed order. Out: the message without
//! its tail, and the tail's fields. nginx quotes none of it (FORMATS.md section 1.2): a URL, a referrer or a message can
//! hold text that looks like a tail. So a tail counts only where its keys follow one another in their order to the very
//! end of the record, and a value ends only where a later key (or the end) follows.

mod alike;

use super::request::ends_as_request;
use crate::event::{Event, Field};
use crate::text::begins_with;
use alike::Step;
pub(super) use alike::TailShape;
use memchr::memmem;

/// A tail: its keys in the order in which the program writes them.
#[derive(Debug, Clone)]
pub(super) struct Tail {
    /// The keys; the first one opens the tail.
    pub(super) keys: Vec<Key>,
    /// Finds the first key.
    pub(super) opening: memmem::Finder<'static>,
    /// From this length on a record may have been cut, so that its tail may break off anywhere (nginx: 2,048 bytes).
    pub(super) cut_at_bytes: usize,
}

/// One key of a tail.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// Its text with all punctuation: `, request: "`.
    pub(super) text: Box<[u8]>,
    /// The quote that closes the value, where there is one.
    pub(super) quote: Option<u8>,
    /// The field that takes the value; `None` where it is not kept.
    pub(super) field: Option<Field>,
    /// Whether a tail of this kind always has it.
    pub(super) required: bool,
    /// What may end the value and is none of it; empty where there is no such thing.
    pub(super) less: Box<[u8]>,
}

impl Key {
    /// Whether the key stands at the beginning of this text. All keys begin with `, `; the third byte tells most apart.
    #[inline]
    fn is_at(&self, text: &[u8]) -> bool {
        text.get(2) == self.text.get(2) && begins_with(text, &self.text)
    }
}

impl Key {
    /// Sets the field that takes this value.
    #[inline]
    fn keep<'a>(&self, value: &'a [u8], event: &mut Event<'a>) {
        if let Some(field) = self.field {
            event.set(field, self.kept(value));
        }
    }

    /// What of a value is kept.
    #[inline]
    fn kept<'v>(&self, value: &'v [u8]) -> &'v [u8] {
        if self.less.is_empty() { value } else { value.strip_suffix(&*self.less).unwrap_or(value) }
    }
}

/// Whether some value of a tail may hold a double quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    /// None does.
    None,
    /// Nobody has looked.
    Perhaps,
}

impl Tail {
    /// Splits the tail off: sets its fields, notes its shape and returns the text before it; the whole text where there is
    /// no tail. And whether it is the very first place that looks like a tail, read to its end.
    pub(super) fn split<'a>(&self, text: &'a [u8], event: &mut Event<'a>, shape: &mut TailShape) -> (&'a [u8], bool) {
        let mark = event.mark();
        let mut last = None;
        for at in self.opening.find_iter(text) {
            let is_first = last.is_none();
            last = Some(at);
            if !inside_quotes(&text[..at]) && self.read(&text[at..], event, shape).is_some() {
                return (&text[..at], is_first);
            }
            event.rewind(mark);
        }
        // Nothing fits to the end. The last opening is taken where the record may have been cut, or has an unknown key.
        match last {
            Some(at) if self.read_anew(&text[at..], event, true, shape) => (&text[..at], false),
            _ => {
                event.rewind(mark);
                (text, false)
            }
        }
    }

    /// Reads a tail whose opening stands at the beginning of this text; `None` where it does not fit to the very end.
    #[inline]
    pub(super) fn read<'a>(&self, tail: &'a [u8], event: &mut Event<'a>, shape: &mut TailShape) -> Option<Quotes> {
        let mark = event.mark();
        if shape.read(&self.keys, tail, event) {
            return Some(Quotes::None);
        }
        event.rewind(mark);
        self.read_anew(tail, event, false, shape).then_some(Quotes::Perhaps)
    }

    /// Reads the keys in their order. Strictly: to the very end. Loosely: as far as they go.
    fn read_anew<'a>(&self, tail: &'a [u8], event: &mut Event<'a>, loosely: bool, shape: &mut TailShape) -> bool {
        let Some(mut index) = self.keys.iter().position(|key| key.is_at(tail)) else { return false };
        let mut start = self.keys[index].text.len();
        shape.steps.clear();
        loop {
            let (key, inside) = (&self.keys[index], &tail[start..]);
            let Some((length, next)) = self.value(inside, key, index) else {
                // No end in sight: the record was cut inside this value, or holds a key that nobody knows.
                key.keep(inside, event);
                return loosely || tail.len() >= self.cut_at_bytes;
            };
            key.keep(&inside[..length], event);
            shape.steps.push(Step { key: index, value: start..start + length });
            let Some(next) = next else {
                // What was read loosely may lack what a tail always has.
                if !loosely {
                    shape.learn(&self.keys, tail);
                }
                return true;
            };
            if !loosely && self.keys[index + 1..next].iter().any(|skipped| skipped.required) {
                return false;
            }
            start += length + usize::from(key.quote.is_some()) + self.keys[next].text.len();
            index = next;
        }
    }

    /// How long the value is and which key follows it; no key at the end of the record.
    fn value(&self, inside: &[u8], key: &Key, index: usize) -> Option<(usize, Option<usize>)> {
        let follows = |at: usize| match inside.get(at) {
            None => Some(None),
            Some(b',') => {
                let later = self.keys[index + 1..].iter().position(|later| later.is_at(&inside[at..]));
                later.map(|later| Some(index + 1 + later))
            }
            Some(_) => None,
        };
        match key.quote {
            Some(quote) => {
                let mut ends = memchr::memchr_iter(quote, inside).filter_map(|at| Some((at, follows(at + 1)?)));
                let first = ends.next()?;
                if key.field != Some(Field::Request) || ends_as_request(&inside[..first.0]) {
                    return Some(first);
                }
                // A URI may hold a quote and what looks like a key; the version ends the request.
                Some(ends.find(|(at, _)| ends_as_request(&inside[..*at])).unwrap_or(first))
            }
            None => {
                memchr::memchr_iter(b',', inside).find_map(|at| Some((at, follows(at)?))).or(Some((inside.len(), None)))
            }
        }
    }
}

/// Whether a double quote is open at the end of this text: then what follows is somebody's data, not a tail.
fn inside_quotes(text: &[u8]) -> bool {
    memchr::memchr(b'"', text).is_some_and(|first| memchr::memchr_iter(b'"', &text[first..]).count() % 2 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn http() -> Tail {
        let key = |text: &str, field, required| Key {
            quote: text.ends_with('"').then_some(b'"'),
            text: text.as_bytes().into(),
            field: Some(field),
            required,
            less: Box::default(),
        };
        Tail {
            keys: vec![
                key(", client: ", Field::Client, true),
                key(", server: ", Field::Server, true),
                key(", request: \"", Field::Request, false),
                key(", upstream: \"", Field::Upstream, false),
                key(", host: \"", Field::Host, false),
                key(", referrer: \"", Field::Referrer, false),
            ],
            opening: memmem::Finder::new(b", client: ").into_owned(),
            cut_at_bytes: 2040,
        }
    }

    fn split(text: &str) -> (String, Vec<(&'static str, String)>) {
        let mut event = Event::default();
        let (message, _) = http().split(text.as_bytes(), &mut event, &mut TailShape::default());
        let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (string(message), event.iter().map(|(field, value)| (field.name(), string(value))).collect())
    }

    #[test]
    fn an_empty_server_and_an_ordinary_tail() {
        let (message, fields) =
            split("boom, client: 192.0.2.7, server: , request: \"GET / HTTP/1.1\", host: \"a.example.com\"");
        assert_eq!(message, "boom");
        assert_eq!(
            fields,
            [
                ("client", "192.0.2.7".into()),
                ("server", String::new()),
                ("request", "GET / HTTP/1.1".into()),
                ("host", "a.example.com".into())
            ]
        );
    }

    #[test]
    fn a_referrer_forges_nothing() {
        let (_, fields) = split(
            "boom, client: 192.0.2.7, server: s, request: \"GET / HTTP/1.1\", upstream: \"http://10.0.3.17/\", host: \"shop\", \
             referrer: \"x\", upstream: \"http://10.9.9.9/\", host: \"bank.example.com\"",
        );
        assert!(fields.contains(&("upstream", "http://10.0.3.17/".into())), "{fields:?}");
        assert!(fields.contains(&("host", "shop".into())), "{fields:?}");
    }

    #[test]
    fn a_url_in_the_message_forges_nothing() {
        let (message, fields) = split(
            "open() \"/www/x, client: 203.0.113.9, server: evil\" failed, client: 192.0.2.7, server: s, request: \"GET /x HTTP/1.1\", host: \"shop\"",
        );
        assert_eq!(message, "open() \"/www/x, client: 203.0.113.9, server: evil\" failed");
        assert!(fields.contains(&("client", "192.0.2.7".into())), "{fields:?}");
    }

    #[test]
    fn a_cut_record_keeps_what_it_has() {
        let (message, fields) = split("boom, client: 192.0.2.7, server: s, request: \"GET /lon");
        assert_eq!(message, "boom");
        assert!(fields.contains(&("request", "GET /lon".into())), "{fields:?}");
    }

    #[test]
    fn a_like_tail_is_read_as_it_would_be_alone() {
        let tail = |client: &str, request: &str, rest: &str| {
            format!(", client: {client}, server: s, request: \"{request}\", upstream: \"http://10.0.3.17/\"{rest}")
        };
        let first = tail("192.0.2.7", "GET /a HTTP/1.1", ", host: \"shop\"");
        for (like, expected) in [
            (tail("192.0.2.8", "GET /b HTTP/1.1", ", host: \"shop\""), true),
            (tail("192.0.2.8", "GET /b HTTP/1.1", ", host: \"other\""), true),
            (tail("192.0.2.8", "GET /b\" x HTTP/1.1", ", host: \"shop\""), true),
            (tail("192.0.2.8", "GET /b HTTP/1.1", ", host: \"shop\", referrer: \"x\""), true),
            (tail("192.0.2.8", "GET /b HTTP/1.1", ", host: \"shop\", host: \"evil\""), true),
            (tail("192.0.2.8", "GET /b HTTP/1.1", ""), true),
            (tail("192.0.2.8", "GET /b HTTP/1.1", ", host: \"shop"), false),
            (tail("192.0.2.8", "GET /b HTTP/1.1", ", host: \"shop\"\""), true),
        ] {
            let (mut shape, mut alone) = (TailShape::default(), Event::default());
            http().split(first.as_bytes(), &mut Event::default(), &mut shape);
            http().split(like.as_bytes(), &mut alone, &mut TailShape::default());
            let mut event = Event::default();
            assert_eq!(http().read(like.as_bytes(), &mut event, &mut shape).is_some(), expected, "{like}");
            if expected {
                assert!(event.iter().eq(alone.iter()), "{event:?} {alone:?}");
            }
        }
    }
}
