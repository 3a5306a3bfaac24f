//! The tail of a diagnosis: `, client: A, server: S, request: "R", upstream: "U", host: "H"`.
//!
//! In: the text after a record's header, and the grammar's list of keys in their fixed order. Out: the message without
//! its tail, and the tail's fields. nginx quotes none of it (FORMATS.md section 1.2): a URL, a referrer or a message can
//! hold text that looks like a tail. So a tail counts only where its keys follow one another in their order to the very
//! end of the record, and a value ends only where a later key (or the end) follows.

use super::request::ends_as_request;
use crate::event::{Event, Field};
use crate::text::begins_with;
use memchr::memmem;

/// A tail: its keys in the order in which the program writes them.
#[derive(Debug, Clone)]
pub struct Tail {
    /// The keys; the first one opens the tail.
    pub keys: Vec<Key>,
    /// Finds the first key.
    pub opening: memmem::Finder<'static>,
    /// From this length on a record may have been cut, so that its tail may break off anywhere (nginx: 2,048 bytes).
    pub cut_at_bytes: usize,
}

/// One key of a tail.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its text with all punctuation: `, request: "`.
    pub text: Box<[u8]>,
    /// The quote that closes the value, where there is one.
    pub quote: Option<u8>,
    /// The field that takes the value; `None` where it is not kept.
    pub field: Option<Field>,
    /// Whether a tail of this kind always has it.
    pub required: bool,
    /// What may end the value and is none of it; empty where there is no such thing.
    pub less: Box<[u8]>,
}

impl Key {
    /// Whether the key stands at the beginning of this text. All keys begin with `, `; the third byte tells most apart.
    #[inline]
    fn is_at(&self, text: &[u8]) -> bool {
        text.get(2) == self.text.get(2) && begins_with(text, &self.text)
    }
}

impl Tail {
    /// Splits the tail off: sets its fields, notes its shape and returns the text before it; the whole text where there is
    /// no tail. And whether it is the very first place that looks like a tail, read to its end.
    pub fn split<'a>(&self, text: &'a [u8], event: &mut Event<'a>, shape: &mut TailShape) -> (&'a [u8], bool) {
        let mark = event.mark();
        let mut last = None;
        for at in self.opening.find_iter(text) {
            let is_first = last.is_none();
            last = Some(at);
            if !inside_quotes(&text[..at]) && self.read(&text[at..], event, false, shape) {
                return (&text[..at], is_first);
            }
            event.rewind(mark);
        }
        // Nothing fits to the end. The last opening is taken where the record may have been cut, or has an unknown key.
        match last {
            Some(at) if self.read(&text[at..], event, true, shape) => (&text[..at], false),
            _ => {
                event.rewind(mark);
                (text, false)
            }
        }
    }

    /// Reads a tail whose opening stands at the beginning of this text; `false` where it does not fit to the very end.
    pub fn read_like<'a>(&self, shape: &mut TailShape, tail: &'a [u8], event: &mut Event<'a>) -> bool {
        self.read(tail, event, false, shape)
    }

    /// Reads the keys in their order. Strictly: to the very end. Loosely: as far as they go.
    fn read<'a>(&self, tail: &'a [u8], event: &mut Event<'a>, loosely: bool, shape: &mut TailShape) -> bool {
        let Some(mut index) = self.keys.iter().position(|key| key.is_at(tail)) else { return false };
        let mut inside = &tail[self.keys[index].text.len()..];
        loop {
            let key = &self.keys[index];
            let part = shape.part(index);
            let repeats = part.repeats(inside);
            let known = if repeats { Some((part.value, part.next)) } else { self.value_like(inside, key, part) };
            let Some((length, next)) = known.or_else(|| self.value(inside, key, index)) else {
                // No end in sight: the record was cut inside this value, or holds a key that nobody knows.
                keep(key, inside, event);
                return loosely || tail.len() >= self.cut_at_bytes;
            };
            keep(key, &inside[..length], event);
            let end = length + usize::from(key.quote.is_some()) + next.map_or(0, |next| self.keys[next].text.len());
            if !repeats {
                part.learn(&inside[..end], length, next);
            }
            let Some(next) = next else { return true };
            if !loosely && self.keys[index + 1..next].iter().any(|skipped| skipped.required) {
                return false;
            }
            inside = &inside[end..];
            index = next;
        }
    }

    /// As [`Self::value`], where the first place at which the value can end is followed by what followed the last time.
    #[inline]
    fn value_like(&self, inside: &[u8], key: &Key, part: &TailPart) -> Option<(usize, Option<usize>)> {
        let stop = memchr::memchr(key.quote.unwrap_or(b','), inside);
        let end = stop.or_else(|| key.quote.is_none().then_some(inside.len()))?;
        if key.field == Some(Field::Request) && !ends_as_request(&inside[..end]) {
            return None;
        }
        let behind = &inside[end + usize::from(key.quote.is_some())..];
        let follows = match part.next {
            Some(next) => self.keys[next].is_at(behind),
            None => behind.is_empty(),
        };
        follows.then_some((end, part.next))
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

/// What the tails read before had: the next record's mostly has the same keys, and some of its values too.
#[derive(Debug, Default)]
pub struct TailShape {
    /// By the key's place in [`Tail::keys`].
    parts: Vec<TailPart>,
}

impl TailShape {
    #[inline]
    fn part(&mut self, key: usize) -> &mut TailPart {
        if self.parts.len() <= key {
            self.parts.resize_with(key + 1, TailPart::default);
        }
        &mut self.parts[key]
    }
}

/// What a key had the last time.
#[derive(Debug, Default)]
struct TailPart {
    /// The value, its closing quote, and the next key's text.
    text: Vec<u8>,
    /// Length of the value in bytes.
    value: usize,
    /// The key that followed; `None` where the record ended.
    next: Option<usize>,
    /// How often in a row the value was another one.
    changes: u8,
}

impl TailPart {
    /// A value that is another one each time (a request, say) is not compared any longer.
    const MOST_CHANGES: u8 = 8;

    /// Whether the text begins with what this key had the last time, and goes on in the same way.
    #[inline]
    fn repeats(&mut self, inside: &[u8]) -> bool {
        let repeats = self.changes < Self::MOST_CHANGES
            && !self.text.is_empty()
            && begins_with(inside, &self.text)
            && (self.next.is_some() || self.text.len() == inside.len());
        self.changes = if repeats { 0 } else { self.changes };
        repeats
    }

    fn learn(&mut self, text: &[u8], value: usize, next: Option<usize>) {
        self.next = next;
        if self.changes < Self::MOST_CHANGES {
            self.changes += 1;
            self.value = value;
            self.text.clear();
            self.text.extend_from_slice(text);
        }
    }
}

fn keep<'a>(key: &Key, value: &'a [u8], event: &mut Event<'a>) {
    if let Some(field) = key.field {
        event.set(field, if key.less.is_empty() { value } else { value.strip_suffix(&*key.less).unwrap_or(value) });
    }
}

/// Whether a double quote is open at the end of this text: then what follows is somebody's data, not a tail.
fn inside_quotes(text: &[u8]) -> bool {
    memchr::memchr(b'"', text).is_some_and(|first| memchr::memchr_iter(b'"', &text[first..]).count() % 2 == 1)
}

/// What a program can be doing: the words behind ` while `.
#[derive(Debug, Clone)]
pub struct Phases {
    known: Vec<Box<[u8]>>,
    opening: memmem::FinderRev<'static>,
}

/// The phase met last: neighbouring records mostly share it.
#[derive(Debug, Default)]
pub struct PhaseMemo {
    /// ` while PHASE`
    words: Vec<u8>,
}

/// What stands before a phase.
const WHILE: &[u8] = b" while ";

impl Phases {
    /// These phases; of several that fit the first is taken.
    pub fn new<'p>(known: impl Iterator<Item = &'p str>) -> Self {
        let known = known.map(|phase| phase.as_bytes().into()).collect();
        Self { known, opening: memmem::FinderRev::new(WHILE).into_owned() }
    }

    /// Splits ` while PHASE` off, where it is one of the phases that the program knows.
    pub fn split<'a>(&self, text: &'a [u8], memo: &mut PhaseMemo, event: &mut Event<'a>) -> &'a [u8] {
        if self.known.is_empty() {
            return text;
        }
        if let Some(before) = text.strip_suffix(memo.words.as_slice()).filter(|_| !memo.words.is_empty()) {
            event.set(Field::Phase, &text[before.len() + WHILE.len()..]);
            return before;
        }
        let Some(at) = self.opening.rfind(text) else { return text };
        let phase = &text[at + WHILE.len()..];
        let letters = |text: &[u8]| (text.first().copied(), text.get(8).copied());
        let start = letters(phase);
        // Most phases differ in their first or ninth letter; comparing those first saves the calls.
        let fits = |known: &[u8]| {
            let (first, ninth) = letters(known);
            first == start.0 && (ninth.is_none() || ninth == start.1) && phase.starts_with(known)
        };
        let Some(known) = self.known.iter().find(|known| fits(known)) else { return text };
        // What follows a phase (`, resolver: 192.0.2.53:53`) is context, not part of it.
        if phase.get(known.len()) == Some(&b',') {
            event.set(Field::Phase, &phase[..known.len()]);
        } else {
            event.set(Field::Phase, phase);
            memo.words.clear();
            memo.words.extend_from_slice(&text[at..]);
        }
        &text[..at]
    }
}

/// Splits ` (111: Connection refused)` off the end and returns what stands in the brackets.
pub fn split_brackets(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let Some(inside) = text.strip_suffix(b")") else { return (text, None) };
    let is_number = |at: &usize| inside.get(at + 1).is_some_and(|byte| byte.is_ascii_digit() || *byte == b'-');
    let last = memchr::memrchr(b'(', inside)
        .filter(|at| is_number(at) && at.checked_sub(1).is_some_and(|before| inside[before] == b' '));
    // OpenSSL's errors hold brackets of their own.
    let opening = last.or_else(|| memmem::rfind(inside, b" (SSL: ").map(|at| at + 1));
    match opening {
        Some(at) if memchr::memchr(b':', &inside[at..]).is_some() => (&text[..at - 1], Some(&inside[at + 1..])),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http() -> Tail {
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
            assert_eq!(http().read_like(&mut shape, like.as_bytes(), &mut event), expected, "{like}");
            if expected {
                assert!(event.iter().eq(alone.iter()), "{event:?} {alone:?}");
            }
        }
    }

    #[test]
    fn brackets_hold_an_error_only_where_they_look_like_one() {
        assert_eq!(
            split_brackets(b"connect() failed (111: Connection refused)").1,
            Some(&b"111: Connection refused"[..])
        );
        assert_eq!(
            split_brackets(b"verify error (22:certificate chain too long)").1,
            Some(&b"22:certificate chain too long"[..])
        );
        let ssl = b"SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number (x))";
        assert!(split_brackets(ssl).1.is_some_and(|inside| inside.starts_with(b"SSL: error")));
        assert_eq!(split_brackets(b"[lua] a.lua:3: boom (a nil value)").1, None);
    }
}
