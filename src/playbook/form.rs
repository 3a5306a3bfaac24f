//! Reading a TOML table key by key, so that every mistake in it is found with its line, not just the first.
//!
//! In: the parsed tree of a playbook with its byte spans. Out: typed values; what is wrong goes to the [`Page`].
//! `serde` is not used here because it stops at the first unknown key.

use super::fault::{Fault, unknown_key};
use super::units;
use crate::error::Defect;
use crate::time::Timestamp;
use std::cell::RefCell;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file that is read, and everything found wrong in it.
pub(super) struct Page<'a> {
    /// Its name as the user knows it.
    pub(super) file: &'a str,
    text: &'a str,
    defects: RefCell<Vec<Defect>>,
}

impl<'a> Page<'a> {
    /// A page without defects. `file` is its name as the user knows it.
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, defects: RefCell::default() }
    }

    /// The line of a byte offset, from 1.
    pub(super) fn line(&self, at: usize) -> u64 {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        1 + before.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    /// Takes down a fault at a byte offset.
    pub(super) fn wrong(&self, at: usize, fault: Fault) {
        self.wrong_at_line(self.line(at), fault);
    }

    /// Takes down a fault in a line.
    pub(super) fn wrong_at_line(&self, line: u64, fault: Fault) {
        let mut defect = Defect::new(self.file, fault.what).at(line);
        defect.hint = fault.hint;
        self.defects.borrow_mut().push(defect);
    }

    /// What was found, in the order of the lines.
    pub(super) fn into_defects(self) -> Vec<Defect> {
        let mut defects = self.defects.into_inner();
        defects.sort_by_key(|defect| defect.line);
        defects
    }
}

/// A text of the file and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    /// As typed, without its quotes.
    pub(super) text: &'a str,
    /// Byte offset.
    pub(super) at: usize,
}

/// One table, read key by key. [`Form::done`] reports the keys that nobody asked for.
pub(super) struct Form<'a> {
    /// Where mistakes go.
    pub(super) page: &'a Page<'a>,
    /// What the table is called in messages: `[[route]]`, `[[route]] match`.
    pub(super) title: String,
    /// Byte offset of the table.
    pub(super) at: usize,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
}

type Item<'a> = Spanned<DeValue<'a>>;

impl<'a> Form<'a> {
    /// A table of the page.
    pub(super) fn new(page: &'a Page<'a>, title: impl Into<String>, at: usize, table: &'a DeTable<'a>) -> Self {
        Self { page, title: title.into(), at, table, asked: RefCell::default() }
    }

    /// The line the table begins on.
    pub(super) fn line(&self) -> u64 {
        self.page.line(self.at)
    }

    /// Takes down something wrong with the table as a whole.
    pub(super) fn wrong(&self, what: impl std::fmt::Display, hint: impl Into<String>) {
        self.page.wrong(self.at, Fault::new(format!("{}: {what}", self.title), hint));
    }

    /// Every key of the table, in the order of the file, with its value.
    pub(super) fn entries(&self) -> Vec<(Word<'a>, &'a Item<'a>)> {
        let word = |key: &'a Spanned<_>| Word {
            text: std::convert::AsRef::<str>::as_ref(key.get_ref()),
            at: key.span().start,
        };
        let mut entries: Vec<_> = self.table.iter().map(|(key, item)| (word(key), item)).collect();
        entries.sort_by_key(|(key, _)| key.at);
        entries
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    fn get(&self, key: &'static str) -> Option<&'a Item<'a>> {
        self.asked.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Takes down that the value is of another type.
    fn mistyped(&self, key: &str, item: &Item<'_>, wanted: &str) {
        let what = format!("{}: `{key}` is of type {}", self.title, item.get_ref().type_str());
        self.page.wrong(item.span().start, Fault::new(what, format!("write {wanted}")));
    }

    /// A text.
    pub(super) fn word(&self, key: &'static str) -> Option<Word<'a>> {
        let item = self.get(key)?;
        self.value(Word { text: key, at: item.span().start }, item)
    }

    /// The text of one of [`Form::entries`].
    pub(super) fn value(&self, name: Word<'_>, item: &'a Item<'a>) -> Option<Word<'a>> {
        let word = as_word(item, false);
        if word.is_none() {
            self.mistyped(name.text, item, "a text in quotes");
        }
        word
    }

    /// A text that must be there.
    pub(super) fn needed(&self, key: &'static str) -> Option<Word<'a>> {
        if !self.has(key) {
            self.wrong(format_args!("`{key}` is missing"), format!("add `{key} = \"...\"`"));
        }
        self.word(key)
    }

    /// A text or a list of texts; whole numbers count as texts where `numbers` says so.
    pub(super) fn words(&self, key: &'static str, numbers: bool) -> Option<Vec<Word<'a>>> {
        let item = self.get(key)?;
        let one = std::slice::from_ref(item);
        let items = item.get_ref().as_array().map_or(one, |list| list);
        if items.is_empty() {
            let what = format!("{}: `{key}` is an empty list", self.title);
            self.page.wrong(item.span().start, Fault::new(what, "name something or take the key out"));
        }
        let read = |item: &'a Item<'a>| {
            let word = as_word(item, numbers);
            if word.is_none() {
                self.mistyped(key, item, "a text in quotes, or a list of them");
            }
            word
        };
        Some(items.iter().filter_map(read).collect())
    }

    /// A text read by `read`; its fault is taken down.
    pub(super) fn parsed<T>(&self, key: &'static str, read: impl Fn(&str) -> Result<T, Fault>) -> Option<T> {
        self.word(key).and_then(|word| self.read(word, &read))
    }

    /// A list of texts, each read by `read`.
    pub(super) fn all_parsed<T>(&self, key: &'static str, read: impl Fn(&str) -> Result<T, Fault>) -> Vec<T> {
        self.words(key, false).unwrap_or_default().into_iter().filter_map(|word| self.read(word, &read)).collect()
    }

    /// One word read by `read`; its fault is taken down.
    pub(super) fn read<T>(&self, word: Word<'_>, read: impl Fn(&str) -> Result<T, Fault>) -> Option<T> {
        let fault = match read(word.text) {
            Ok(value) => return Some(value),
            Err(fault) => fault,
        };
        self.page.wrong(word.at, Fault { what: format!("{}: {}", self.title, fault.what), ..fault });
        None
    }

    /// A duration.
    pub(super) fn duration(&self, key: &'static str) -> Option<Duration> {
        self.parsed(key, units::duration)
    }

    /// A whole number from 0.
    pub(super) fn count(&self, key: &'static str) -> Option<u64> {
        let item = self.get(key)?;
        let number = item.get_ref().as_integer().and_then(|int| u64::from_str_radix(int.as_str(), int.radix()).ok());
        if number.is_none() {
            self.mistyped(key, item, "a whole number from 0");
        }
        number
    }

    /// A yes or no.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let item = self.get(key)?;
        let flag = item.get_ref().as_bool();
        if flag.is_none() {
            self.mistyped(key, item, "true or false");
        }
        flag
    }

    /// A share: `"5%"` or a number from 0 to 1.
    pub(super) fn share(&self, key: &'static str) -> Option<f64> {
        let item = self.get(key)?;
        let read = match item.get_ref() {
            DeValue::String(text) => units::share(text),
            DeValue::Float(number) => units::share_of_one(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Integer(number) => units::share_of_one(number.as_str().parse().unwrap_or(f64::NAN)),
            other => Err(Fault::new(format!("a {} is no share", other.type_str()), "write it as \"5%\" or 0.05")),
        };
        read.map_err(|fault| {
            self.page.wrong(item.span().start, Fault { what: format!("{}: {}", self.title, fault.what), ..fault })
        })
        .ok()
    }

    /// A point in time with its zone, as a TOML date-time or a text.
    pub(super) fn time(&self, key: &'static str) -> Option<Timestamp> {
        let item = self.get(key)?;
        let text = match item.get_ref() {
            DeValue::Datetime(stamp) => stamp.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        let time = chrono::DateTime::parse_from_rfc3339(&text)
            .ok()
            .map(|time| Timestamp::from_micros(time.timestamp_micros()));
        if time.is_none() {
            let what = format!("{}: `{key}` is no point in time with a zone", self.title);
            self.page.wrong(item.span().start, Fault::new(what, "write it as 2026-11-20T22:00:00Z"));
        }
        time
    }

    /// A table inside this one.
    pub(super) fn form(&self, key: &'static str) -> Option<Form<'a>> {
        let item = self.get(key)?;
        self.as_form(format!("{} {key}", self.title), key, item)
    }

    /// A top-level section `[key]`.
    pub(super) fn section(&self, key: &'static str) -> Option<Form<'a>> {
        let item = self.get(key)?;
        self.as_form(format!("[{key}]"), key, item)
    }

    /// The named sections `[key.*]` in the order of the file.
    pub(super) fn named_sections(&self, key: &'static str) -> Vec<(Word<'a>, Form<'a>)> {
        let entries = self.section(key).map(|section| section.entries()).unwrap_or_default();
        let named = entries.into_iter().filter_map(|(name, item)| {
            let mut form = self.as_form(format!("[{key}.{}]", name.text), name.text, item)?;
            form.at = name.at;
            Some((name, form))
        });
        named.collect()
    }

    /// A list of tables: `[[key]]` at the top, `key = [{ ... }]` within a table.
    pub(super) fn forms(&self, key: &'static str, title: &str) -> Vec<Form<'a>> {
        let Some(item) = self.get(key) else { return Vec::new() };
        let Some(list) = item.get_ref().as_array() else {
            self.mistyped(key, item, &format!("{title} once for each"));
            return Vec::new();
        };
        list.iter().filter_map(|item| self.as_form(title.into(), key, item)).collect()
    }

    fn as_form(&self, title: String, key: &str, item: &'a Item<'a>) -> Option<Form<'a>> {
        let table = item.get_ref().as_table();
        if table.is_none() {
            self.mistyped(key, item, "a table");
        }
        table.map(|table| Form::new(self.page, title, item.span().start, table))
    }

    /// Takes down the keys that nobody asked for. Their values are never shown: one may be a secret.
    pub(super) fn done(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.entries().into_iter().filter(|(key, _)| !asked.contains(&key.text)) {
            self.page.wrong(key.at, unknown_key(&self.title, key.text, &asked));
        }
    }
}

fn as_word<'a>(item: &'a Item<'a>, numbers: bool) -> Option<Word<'a>> {
    let text = match item.get_ref() {
        DeValue::String(text) => text.as_ref(),
        DeValue::Integer(number) if numbers && number.radix() == 10 => number.as_str(),
        _ => return None,
    };
    Some(Word { text, at: item.span().start })
}
