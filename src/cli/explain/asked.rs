//! What is meant by the words that were typed.
//!
//! In: the arguments. Out: causes, families and statuses, or the text of a record. Words that can be neither, and more
//! than one of them, are a log line that was not put in quotes.

use super::Knowledge;
use crate::cause::CauseId;
use crate::error::{Defect, Result, did_you_mean};
use crate::playbook::StatusPattern;
use std::collections::BTreeSet;
use std::io::Read;

/// The longest record that is read from stdin, in bytes; a longer one is cut.
const MOST_RECORD_BYTES: u64 = 1 << 20;
/// Longer words are no names.
const MOST_NAME_BYTES: usize = 64;

/// What was asked for.
#[derive(Debug, PartialEq)]
pub(super) enum What {
    /// Names, in the order they were typed.
    Words(Vec<Word>),
    /// The text of a record.
    Record(Vec<u8>),
}

/// One name.
#[derive(Debug, PartialEq)]
pub(super) enum Word {
    /// A cause.
    Cause(CauseId),
    /// The part of cause ids before the dot.
    Family(String),
    /// A status.
    Status(u16),
    /// Several statuses, as typed and as meant.
    Statuses(String, StatusPattern),
}

impl What {
    /// What these arguments mean.
    ///
    /// # Errors
    /// A name that nothing has, or a stdin that cannot be read.
    pub(super) fn of(typed: &[String], knowledge: &Knowledge) -> Result<Self> {
        if let [only] = typed {
            if only == "-" {
                return from_stdin().map(Self::Record);
            }
            if !looks_like_name(only) {
                return Ok(Self::Record(only.clone().into_bytes()));
            }
        }
        let words: Vec<Option<Word>> = typed.iter().map(|text| word(text, knowledge)).collect();
        if words.iter().all(Option::is_some) {
            return Ok(Self::Words(words.into_iter().flatten().collect()));
        }
        match typed.iter().zip(&words).find(|(_, word)| word.is_none()) {
            // Names throughout, or next to names: one of them is mistyped.
            Some((unknown, _))
                if words.iter().any(Option::is_some) || typed.iter().all(|text| looks_like_name(text)) =>
            {
                Err(no_such(unknown, knowledge))
            }
            _ => Ok(Self::Record(typed.join(" ").into_bytes())),
        }
    }
}

fn from_stdin() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let read = std::io::stdin().lock().take(MOST_RECORD_BYTES).read_to_end(&mut text);
    read.map_err(|error| Defect::new("stdin", format!("cannot be read: {error}")))?;
    if text.trim_ascii().is_empty() {
        return Err(Defect::new("stdin", "there is no record on it").hint("try: tail -1 error.log | triage explain -"));
    }
    Ok(text)
}

/// Names have no spaces and few kinds of letters; log lines have many of both.
fn looks_like_name(text: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_*".contains(&byte);
    text.len() <= MOST_NAME_BYTES && text.bytes().all(is_name_byte)
}

fn word(text: &str, knowledge: &Knowledge) -> Option<Word> {
    let family = text.strip_suffix(".*").or(text.strip_suffix('.')).unwrap_or(text);
    if let Some(id) = knowledge.catalogue.named(text) {
        return Some(Word::Cause(id));
    }
    if families(knowledge).contains(family) {
        return Some(Word::Family(family.to_owned()));
    }
    if text.len() != 3 {
        return None;
    }
    match text.parse() {
        Ok(status) => Some(Word::Status(status)),
        Err(_) => StatusPattern::named(text).map(|pattern| Word::Statuses(text.to_owned(), pattern)),
    }
}

fn families(knowledge: &Knowledge) -> BTreeSet<&str> {
    knowledge.catalogue.causes().filter_map(|(_, cause)| Some(cause.id.split_once('.')?.0)).collect()
}

fn no_such(typed: &str, knowledge: &Knowledge) -> Defect {
    let families = families(knowledge);
    let known = knowledge.catalogue.causes().map(|(_, cause)| cause.id.as_str()).chain(families.iter().copied());
    let list = || {
        let families: Vec<&str> = families.iter().copied().collect();
        format!("the families are {}; a log line is put in quotes", families.join(", "))
    };
    Defect::new("explain", format!("there is no cause and no status \"{typed}\""))
        .hint(did_you_mean(typed, known).unwrap_or_else(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(typed: &[&str]) -> Result<What> {
        let typed: Vec<String> = typed.iter().map(ToString::to_string).collect();
        What::of(&typed, &super::super::tests::tests_knowledge())
    }

    #[test]
    fn names_are_told_from_lines() {
        for (typed, expected) in [
            (&["upstream"][..], Word::Family("upstream".into())),
            (&["upstream.*"], Word::Family("upstream".into())),
            (&["502"], Word::Status(502)),
            (&["009"], Word::Status(9)),
        ] {
            assert_eq!(asked(typed), Ok(What::Words(vec![expected])));
        }
        assert!(matches!(asked(&["5xx"]), Ok(What::Words(words)) if matches!(words[..], [Word::Statuses(..)])));
        assert!(matches!(asked(&["upstream.refused", "504"]), Ok(What::Words(words)) if words.len() == 2));
        assert_eq!(asked(&["a b", "[c]"]), Ok(What::Record(b"a b [c]".to_vec())));
        assert_eq!(asked(&["{\"status\":502}"]), Ok(What::Record(b"{\"status\":502}".to_vec())));
    }

    #[test]
    fn a_slip_of_the_hand_is_answered_with_the_right_name() {
        for typed in [&["upstream.refusd"][..], &["502", "upstream.refusd"]] {
            let defect = asked(typed).expect_err("no such cause");
            assert_eq!(defect.hint.as_deref(), Some("did you mean \"upstream.refused\"?"));
        }
        let defect = asked(&["5020"]).expect_err("no such status");
        assert!(defect.hint.is_some_and(|hint| hint.contains("the families are app, client")));
    }
}
