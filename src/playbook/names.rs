//! The names a playbook may use: those it defines itself, those that others define, and the closed lists of the house.

use super::Known;
use super::fault::{Fault, unknown};
use super::form::Word;
use super::subject::Key;
use crate::event::{Hop, Role, Severity};
use toml::de::DeTable;

/// Every name that the playbook itself defines, and those that others do.
pub(super) struct Names<'a> {
    /// Causes and formats.
    pub(super) known: &'a Known<'a>,
    /// `[team.*]`
    pub(super) teams: Vec<&'a str>,
    /// `[channel.*]`
    pub(super) channels: Vec<&'a str>,
    /// `[escalation.*]`
    pub(super) escalations: Vec<&'a str>,
    /// `[window.*]`
    pub(super) windows: Vec<&'a str>,
    /// `[[inhibit]]` by name.
    pub(super) inhibitions: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// Collected before anything is read, so that a name may be used above its definition.
    pub(super) fn collect(root: &'a DeTable<'a>, known: &'a Known<'a>) -> Self {
        Self {
            known,
            teams: keys_of(root, "team"),
            channels: keys_of(root, "channel"),
            escalations: keys_of(root, "escalation"),
            windows: keys_of(root, "window"),
            inhibitions: names_of(root, "inhibit"),
        }
    }
}

fn keys_of<'a>(root: &'a DeTable<'a>, section: &str) -> Vec<&'a str> {
    let table = root.get(section).and_then(|item| item.get_ref().as_table());
    table.into_iter().flat_map(|table| table.iter().map(|(key, _)| key.get_ref().as_ref())).collect()
}

fn names_of<'a>(root: &'a DeTable<'a>, section: &str) -> Vec<&'a str> {
    let list = root.get(section).and_then(|item| item.get_ref().as_array());
    let tables = list.into_iter().flat_map(|list| list.iter().filter_map(|item| item.get_ref().as_table()));
    tables.filter_map(|table| table.get("name").and_then(|name| name.get_ref().as_str())).collect()
}

/// The text of a word.
pub(super) fn text(word: Option<Word<'_>>) -> Option<String> {
    word.map(|word| word.text.to_owned())
}

/// A name out of those that are defined.
pub(super) fn one_of(what: &str, typed: &str, known: &[&str]) -> Result<String, Fault> {
    known.contains(&typed).then(|| typed.to_owned()).ok_or_else(|| unknown(what, typed, known))
}

/// A role.
pub(super) fn role(text: &str) -> Result<Role, Fault> {
    Role::named(text)
        .ok_or_else(|| unknown("role", text, &Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>()))
}

/// A severity.
pub(super) fn severity(text: &str) -> Result<Severity, Fault> {
    let names = || Severity::ALL.iter().map(|severity| severity.name()).collect::<Vec<_>>();
    Severity::named(text).ok_or_else(|| unknown("severity", text, &names()))
}

/// A hop.
pub(super) fn hop(text: &str) -> Result<Hop, Fault> {
    Hop::named(text).ok_or_else(|| unknown("hop", text, &Hop::ALL.iter().map(|hop| hop.name()).collect::<Vec<_>>()))
}

/// A key that a matcher can ask for.
pub(super) fn key(text: &str) -> Result<Key, Fault> {
    Key::named(text).ok_or_else(|| unknown("key", text, &Key::ALL.map(|(_, name)| name)))
}
