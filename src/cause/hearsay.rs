//! Text that anybody may have put into a message.
//!
//! In: a message and the wordings that a rule knows it by; `grammars/hearsay.toml`. Out: whether the wording only stands
//! where a program repeats what it was given. Such a verdict is kept, and is no statement.

use crate::error::{Defect, Result};
use crate::grammar::wording::Wording;
use crate::knowledge::{File, Library};
use memchr::memmem;
use serde::Deserialize;

/// The file of all kinds.
const FILE: &str = "hearsay.toml";

/// The kinds of messages that repeat what they were given.
#[derive(Debug, Clone, Default)]
pub(super) struct Hearsay {
    kinds: Vec<Kind>,
    file: Option<File>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    hearsay: Vec<Kind>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    begins: Vec<String>,
    ends: Vec<String>,
    own_word: String,
    says: String,
    repeated: Vec<String>,
    stated: Vec<String>,
}

impl Hearsay {
    /// The kinds of a library; none where it has no such file.
    pub(super) fn load(library: &Library) -> Result<Self> {
        let Some(file) = library.below(FILE).next() else { return Ok(Self::default()) };
        let kinds = file.parse::<Raw>()?.hearsay;
        match kinds.iter().find(|kind| kind.begins.is_empty() || kind.own_word.is_empty()) {
            None => Ok(Self { kinds, file: Some(file.clone()) }),
            Some(kind) => {
                let wrong = Defect::new(&file.name, "`begins` and `own_word` must not be empty");
                Err(wrong.at(file.line_of(&kind.says)))
            }
        }
    }

    /// Whether what fits one of these wordings is only repeated.
    pub(super) fn has(&self, message: &[u8], says: &[Wording]) -> bool {
        let mut found = says.iter().filter_map(|wording| telling_end(wording, message)).peekable();
        found.peek().is_some() && found.all(|end| self.kinds.iter().any(|kind| kind.repeats(&message[..end])))
    }

    /// Holds each kind against its examples; the defects found.
    pub(super) fn prove(&self) -> Vec<Defect> {
        let Some(file) = &self.file else { return Vec::new() };
        self.kinds.iter().flat_map(|kind| kind.prove(file)).collect()
    }
}

impl Kind {
    /// Whether this text ends within such a message, behind what the program says of itself.
    fn repeats(&self, text: &[u8]) -> bool {
        let begins = self.begins.iter().filter_map(|begin| Some(memmem::rfind(text, begin.as_bytes())? + begin.len()));
        let Some(message) = begins.max().map(|start| &text[start..]) else { return false };
        if self.ends.iter().any(|end| memmem::find(message, end.as_bytes()).is_some()) {
            return false;
        }
        let name = message.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_\\:".contains(byte)).count();
        name == 0 || !message[name..].starts_with(self.own_word.as_bytes())
    }

    fn prove(&self, file: &File) -> Vec<Defect> {
        let says = Wording::parse(&self.says);
        let repeats =
            |message: &str| telling_end(&says, message.as_bytes()).map(|end| self.repeats(&message.as_bytes()[..end]));
        let tried = self
            .repeated
            .iter()
            .map(|message| (message, true))
            .chain(self.stated.iter().map(|message| (message, false)));
        let wrong = tried.filter(|(message, expected)| repeats(message) != Some(*expected));
        let what = |expected| if expected { "is taken for a statement" } else { "is not taken for a statement" };
        wrong
            .map(|(message, expected)| {
                Defect::new(&file.name, format!("this {}: {message}", what(expected))).at(file.line_of(message))
            })
            .collect()
    }
}

/// Where the last piece of the wording ends in the message; the first one is the frame around all that a program says.
fn telling_end(wording: &Wording, message: &[u8]) -> Option<usize> {
    let piece = wording.parts.last()?;
    let at = memmem::find(message, piece.needle())?;
    Some(at + piece.needle().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_holds_and_what_is_wrong_is_found() {
        let mut built_in = Hearsay::load(&Library::built_in()).expect("grammars/hearsay.toml");
        assert!(!built_in.kinds.is_empty());
        assert!(built_in.prove().is_empty());
        built_in.kinds[0].own_word = "no such word".into();
        let wrong = built_in.prove();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].to_string().starts_with("grammars/hearsay.toml:"), "{}", wrong[0]);
    }

    #[test]
    fn one_wording_that_is_stated_suffices() {
        let hearsay = Hearsay::load(&Library::built_in()).expect("grammars/hearsay.toml");
        let says = [Wording::parse("{_}Undefined variable{_}"), Wording::parse("{_}SQLSTATE[{_}")];
        let both = b"PHP Warning:  Undefined variable $a; PHP message: PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000]";
        assert!(!hearsay.has(both, &says));
        assert!(hearsay.has(both, &says[..1]));
        assert!(!hearsay.has(b"nothing of it", &says));
    }
}
