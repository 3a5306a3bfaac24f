//! One JSON object a line, read without building a tree.
//!
//! In: a line and the grammar's key names. Out: fields, borrowed and still escaped. Hand-made JSON of log formats is
//! often not valid (`"status":,`, raw bytes above 0x7f: FORMATS.md section 2), so nothing is refused that can be read.

use crate::event::{Event, Field};
use std::collections::HashMap;

/// Deeper objects are passed over; no log kind here keeps a field deeper.
const MOST_DEPTH: usize = 4;

/// Key names to fields. A key of an inner object is written `outer.inner`.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    by_name: HashMap<String, Field>,
}

impl Keys {
    /// From the names that mean each field.
    pub fn new(names: impl IntoIterator<Item = (String, Field)>) -> Self {
        Self { by_name: names.into_iter().map(|(name, field)| (folded(&name), field)).collect() }
    }

    /// The field that a key means: case, `-`, `_` and `$` do not matter.
    pub fn field(&self, key: &[u8]) -> Option<Field> {
        self.by_name.get(&folded(std::str::from_utf8(key).ok()?)).copied()
    }
}

fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| letter.is_alphanumeric() || *letter == '.')
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// Remembers which field the n-th key of a line was, since every line of a log has the same keys in the same order.
#[derive(Debug, Clone, Default)]
pub struct Memo {
    keys: Vec<(Box<[u8]>, Option<Field>)>,
    at: usize,
}

/// More keys than this are looked up each time.
const MEMO_KEYS: usize = 128;

impl Memo {
    fn field(&mut self, key: &[u8], keys: &Keys) -> Option<Field> {
        let slot = self.at;
        self.at += 1;
        match self.keys.get_mut(slot) {
            Some((known, field)) if **known == *key => *field,
            Some(entry) => {
                *entry = (key.into(), keys.field(key));
                entry.1
            }
            None => {
                let field = keys.field(key);
                if slot < MEMO_KEYS && slot == self.keys.len() {
                    self.keys.push((key.into(), field));
                }
                field
            }
        }
    }
}

/// Reads the object; `false` where the line is no JSON object. The first of several keys for one field wins.
pub fn read<'a>(line: &'a [u8], keys: &Keys, memo: &mut Memo, event: &mut Event<'a>) -> bool {
    memo.at = 0;
    let mut scanner = Scanner { line, at: 0, prefix: Vec::new() };
    scanner.spaces();
    scanner.object(0, keys, memo, event).is_some() && {
        scanner.spaces();
        scanner.at == line.len()
    }
}

struct Scanner<'a> {
    line: &'a [u8],
    at: usize,
    prefix: Vec<u8>,
}

impl<'a> Scanner<'a> {
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
        if self.peek()? == b'{' && depth + 1 < MOST_DEPTH {
            self.prefix.extend_from_slice(key);
            self.prefix.push(b'.');
            let done = self.object(depth + 1, keys, memo, event);
            self.prefix.truncate(parent);
            return done;
        }
        let value = self.value()?;
        let field = if parent == 0 {
            memo.field(key, keys)
        } else {
            self.prefix.extend_from_slice(key);
            let field = memo.field(&self.prefix, keys);
            self.prefix.truncate(parent);
            field
        };
        if let Some(field) = field.filter(|field| event.get(*field).is_none()) {
            event.set(field, value);
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

    /// A string's inside, a bare word (number, `true`; `null` and a hole are "no value"), or a whole array or object.
    fn value(&mut self) -> Option<&'a [u8]> {
        match self.peek()? {
            b'"' => self.string(),
            b'[' | b'{' => self.nested(),
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
        let names =
            [("status", Field::Status), ("upstream_status", Field::UpstreamStatus), ("request.uri", Field::Uri)];
        Keys::new(names.map(|(name, field)| (name.to_owned(), field)))
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
