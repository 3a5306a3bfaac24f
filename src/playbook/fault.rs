//! What can be wrong with a value of a playbook, with the remedy. Its place is added by whoever reads the value.

use crate::error::did_you_mean;

/// Up to this many names are listed where none is near to what was typed.
const MAX_LISTED_NAMES: usize = 12;

/// What is wrong with a value and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub(super) what: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

impl Fault {
    /// A fault with its remedy.
    pub(super) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), hint: Some(hint.into()) }
    }
}

/// `unknown key`, with the nearest key that could be meant, or how to keep a secret out of the file. Its value is not shown.
pub(super) fn unknown_key(title: &str, key: &str, asked: &[&str]) -> Fault {
    let what = format!("{title}: unknown key `{key}`");
    if asked.contains(&format!("{key}_env").as_str()) {
        return Fault::new(what, format!("secrets never stand in this file: use `{key}_env` or `{key}_file`"));
    }
    if sounds_secret(key) {
        return Fault::new(what, "secrets never stand in this file: use a `*_env` or `*_file` key");
    }
    Fault { what, hint: suggest(key, asked) }
}

fn sounds_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let kept_elsewhere = key.ends_with("_env") || key.ends_with("_file");
    let words = ["password", "passwd", "token", "secret", "credential", "api_key", "apikey", "routing_key"];
    !kept_elsewhere && words.iter().any(|word| key.contains(word))
}

/// The nearest known name, or the list of all where that is short.
pub(super) fn suggest(typed: &str, known: &[&str]) -> Option<String> {
    let listed = || match known.len() {
        0 => Some("none is defined".to_owned()),
        1..=MAX_LISTED_NAMES => Some(format!("known here: {}", known.join(", "))),
        _ => None,
    };
    did_you_mean(typed, known.iter().copied()).or_else(listed)
}

/// `what "typed" is unknown`, with the nearest known name.
pub(super) fn unknown(what: &str, typed: &str, known: &[&str]) -> Fault {
    Fault { what: format!("unknown {what} {typed:?}"), hint: suggest(typed, known) }
}
