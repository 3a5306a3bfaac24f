//! One JSON object a line, read without building a tree.
//!
//! In: a line and the grammar's key names. Out: fields, borrowed and still escaped. Hand-made JSON of log formats is
//! often not valid (`"status":,`, raw bytes above 0x7f: FORMATS.md section 2), so nothing is refused that can be read.

mod attempts;
mod objects;

use crate::error::{Defect, Result, did_you_mean};
use crate::event::{Event, Field};
use crate::knowledge::File;
pub use attempts::{Attempt, last_of_list};
pub use objects::{Objects, objects};
use std::collections::{BTreeMap, HashMap};

/// One key may fill so many fields: a status that is the answer's where nothing else is, and the upstream's in any case.
const MOST_FIELDS: usize = 2;
/// Deeper objects are passed over; no log kind here keeps a field deeper.
const MOST_DEPTH: usize = 4;

/// Key names to fields. A key of an inner object is written `outer.inner`.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_name: HashMap<String, Meaning>,
}

/// What a key is to a format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Meaning {
    /// The fields it fills, and its place among the keys for each: the first that has a value wins.
    fields: [Option<(Field, u8)>; MOST_FIELDS],
    /// Whether keys inside its object mean something.
    inside: bool,
}

impl Keys {
    /// From the names that mean each field, the likeliest first.
    pub fn new<'n>(names: impl IntoIterator<Item = (Field, &'n [String])>) -> Self {
        let mut by_name: HashMap<String, Meaning> = HashMap::new();
        for (field, names) in names {
            for (place, name) in names.iter().map(|name| folded(name)).enumerate() {
                for (dot, _) in name.match_indices('.') {
                    by_name.entry(name[..dot].to_owned()).or_default().inside = true;
                }
                let fields = &mut by_name.entry(name).or_default().fields;
                if let Some(free) = fields.iter_mut().find(|slot| slot.is_none()) {
                    *free = Some((field, u8::try_from(place).unwrap_or(u8::MAX)));
                }
            }
        }
        Self { by_name }
    }

    /// From the `[keys]` of a file.
    ///
    /// # Errors
    /// Where a field is unknown: names file and line.
    pub(super) fn load(file: &File, raw: &BTreeMap<String, Vec<String>>) -> Result<Self> {
        let mut names = Vec::new();
        for (field, spellings) in raw {
            let known = Field::named(field).ok_or_else(|| {
                let defect = Defect::new(&file.name, format!("there is no field \"{field}\"")).at(file.line_of(field));
                match did_you_mean(field, Field::ALL.iter().map(|field| field.name())) {
                    Some(hint) => defect.hint(hint),
                    None => defect,
                }
            })?;
            names.push((known, spellings.as_slice()));
        }
        Ok(Self::new(names))
    }

    /// The field that a key means: case, `-`, `_` and `$` do not matter.
    pub fn field(&self, key: &[u8]) -> Option<Field> {
        self.meaning(key).fields[0].map(|(field, _)| field)
    }

    /// Every field that some key means.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        self.by_name.values().flat_map(|meaning| meaning.fields).flatten().map(|(field, _)| field)
    }

    /// The meaning of the whole path, else of the longest end of it that has two names or more: objects may stand in others.
    fn meaning(&self, key: &[u8]) -> Meaning {
        let path = std::str::from_utf8(key).map(folded).unwrap_or_default();
        let ends = std::iter::successors(Some(path.as_str()), |path| shorter(path));
        let fills = |meaning: &&Meaning| meaning.fields[0].is_some();
        let inside = self.by_name.get(&path).is_some_and(|whole| whole.inside);
        let named = ends.filter_map(|end| self.by_name.get(end)).find(fills);
        Meaning { inside, ..named.copied().unwrap_or_default() }
    }
}

/// A path without its first name, where two are left.
fn shorter(path: &str) -> Option<&str> {
    path.split_once('.').map(|(_, end)| end).filter(|end| end.contains('.'))
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == '.')
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// Remembers what the n-th key of a line meant, since every line of a log has the same keys in the same order.
#[derive(Debug, Clone, Default)]
pub struct Memo {
    keys: Vec<(Box<[u8]>, Meaning)>,
    at: usize,
}

/// More keys than this are looked up each time.
const MEMO_KEYS: usize = 128;

impl Memo {
    fn meaning(&mut self, key: &[u8], keys: &Keys) -> Meaning {
        let slot = self.at;
        self.at += 1;
        match self.keys.get_mut(slot) {
            Some((known, meaning)) if **known == *key => *meaning,
            Some(entry) => {
                *entry = (key.into(), keys.meaning(key));
                entry.1
            }
            None => {
                let meaning = keys.meaning(key);
                if slot < MEMO_KEYS && slot == self.keys.len() {
                    self.keys.push((key.into(), meaning));
                }
                meaning
            }
        }
    }
}

/// Reads the object; `false` where the line is no JSON object. Of several keys for one field the one named first in the
/// grammar wins, if it has a value.
pub fn read<'a>(line: &'a [u8], keys: &Keys, memo: &mut Memo, event: &mut Event<'a>) -> bool {
    memo.at = 0;
    let mut scanner = Scanner::new(line);
    scanner.spaces();
    scanner.object(0, keys, memo, event).is_some() && {
        scanner.spaces();
        scanner.at == line.len()
    }
}

#[derive(Debug)]
struct Scanner<'a> {
    line: &'a [u8],
    at: usize,
    prefix: Vec<u8>,
    /// By which of its keys each field has its value.
    places: [u8; Field::COUNT],
}

impl<'a> Scanner<'a> {
    fn new(line: &'a [u8]) -> Self {
        Self { line, at: 0, prefix: Vec::new(), places: [0; Field::COUNT] }
    }

    /// Whether nothing but the closing bracket stands before this place.
    fn closes_at(&mut self, end: usize) -> bool {
        self.spaces();
        self.peek() == Some(b'}') && self.at + 1 == end
    }

    /// Past `{"name":`.
    fn only_member(&mut self) -> Option<()> {
        self.take(b'{')?;
        self.spaces();
        self.string()?;
        self.spaces();
        self.take(b':')?;
        self.spaces();
        Some(())
    }

    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn spaces(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn object(&mut self, depth: usize, keys: &Keys, memo: &mut Memo, event: &mut Event<'a>) -> Option<()> {
        self.take(b'{')?;
        loop {
            self.spaces();
            match self.peek()? {
                b'}' => return self.take(b'}'),
                b',' => self.at += 1,
                b'"' => self.member(depth, keys, memo, event)?,
                _ => return None,
            }
        }
    }

    fn member(&mut self, depth: usize, keys: &Keys, memo: &mut Memo, event: &mut Event<'a>) -> Option<()> {
        let key = self.string()?;
        self.spaces();
        self.take(b':')?;
        self.spaces();
        let parent = self.prefix.len();
        let meaning = if parent == 0 {
            memo.meaning(key, keys)
        } else {
            self.prefix.extend_from_slice(key);
            let meaning = memo.meaning(&self.prefix, keys);
            self.prefix.truncate(parent);
            meaning
        };
        if meaning.inside && self.peek()? == b'{' && depth + 1 < MOST_DEPTH {
            self.prefix.extend_from_slice(key);
            self.prefix.push(b'.');
            let done = self.object(depth + 1, keys, memo, event);
            self.prefix.truncate(parent);
            return done;
        }
        let value = self.value()?;
        let says = !matches!(value, b"" | b"-");
        for (field, place) in meaning.fields.into_iter().flatten() {
            if event.get(field).is_none() || (says && place < self.places[field as usize]) {
                self.places[field as usize] = place;
                event.set(field, value);
            }
        }
        Some(())
    }

    /// The text between the quotes, still escaped.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            let found = memchr::memchr2(b'"', b'\\', self.line.get(self.at..)?)?;
            self.at += found + 1;
            if self.line[self.at - 1] == b'"' {
                return Some(&self.line[start..self.at - 1]);
            }
            self.at += 1;
        }
    }

    /// A string's inside, a bare word (number, `true`; `null` and a hole are "no value"), or a whole array or object, of
    /// which an empty one is no value either.
    fn value(&mut self) -> Option<&'a [u8]> {
        match self.peek()? {
            b'"' => self.string(),
            b'[' | b'{' => self.nested().map(|whole| if whole.len() == 2 { &whole[..0] } else { whole }),
            _ => {
                let rest = &self.line[self.at..];
                let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'))?;
                self.at += length;
                let word = rest[..length].trim_ascii();
                Some(if word == b"null" { b"" } else { word })
            }
        }
    }

    fn nested(&mut self) -> Option<&'a [u8]> {
        let start = self.at;
        let mut open = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'[' | b'{' => open += 1,
                b']' | b'}' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return Some(&self.line[start..self.at]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let names = [
            (Field::Status, vec!["edge.status".to_owned(), "status".to_owned()]),
            (Field::UpstreamStatus, vec!["upstream_status".to_owned()]),
            (Field::Uri, vec!["request.uri".to_owned()]),
        ];
        Keys::new(names.iter().map(|(field, names)| (*field, names.as_slice())))
    }

    fn fields(line: &str) -> Option<Vec<(&'static str, String)>> {
        let mut event = Event::default();
        read(line.as_bytes(), &keys(), &mut Memo::default(), &mut event).then(|| {
            event.iter().map(|(field, value)| (field.name(), String::from_utf8_lossy(value).into_owned())).collect()
        })
    }

    #[test]
    fn names_are_known_in_any_spelling() {
        assert_eq!(
            fields(r#"{"Status":502,"upstreamStatus":"502, 200","request":{"uri":"/a\"b"},"x":[1,{"status":1}]}"#),
            Some(vec![("uri", "/a\\\"b".into()), ("status", "502".into()), ("upstream_status", "502, 200".into())])
        );
    }

    #[test]
    fn holes_are_no_value_and_half_objects_are_refused() {
        assert_eq!(
            fields(r#"{"status":,"upstream_status":""}"#),
            Some(vec![("status", "".into()), ("upstream_status", "".into())])
        );
        for broken in [r#"{"status":502"#, r#"{"status"}"#, "[1]", "", r#"{"a":1} trailing"#, r#"{"a":"\"#] {
            assert_eq!(fields(broken), None, "{broken}");
        }
    }

    #[test]
    fn the_key_named_first_wins_if_it_has_a_value() {
        let status = |line| fields(line).expect("an object")[0].1.clone();
        assert_eq!(status(r#"{"status":500,"edge":{"status":502}}"#), "502");
        assert_eq!(status(r#"{"edge":{"status":502},"status":500}"#), "502");
        assert_eq!(status(r#"{"edge":{"status":null},"status":500}"#), "500");
    }

    #[test]
    fn the_memo_survives_lines_with_other_keys() {
        let keys = keys();
        let mut memo = Memo::default();
        for (line, status) in
            [(r#"{"a":1,"status":200}"#, "200"), (r#"{"status":500}"#, "500"), (r#"{"a":1,"status":404}"#, "404")]
        {
            let mut event = Event::default();
            assert!(read(line.as_bytes(), &keys, &mut memo, &mut event));
            assert_eq!(event.get(Field::Status), Some(status.as_bytes()), "{line}");
        }
    }
}
