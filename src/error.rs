//! What can be wrong with the input, the knowledge or the command line, said so that somebody can mend it.
//!
//! In: a place, what is wrong there, what to do. Out: one line, `file:line: what; hint`.

use std::fmt;

/// Something that is wrong and that a person can mend: a broken archive, an unknown key, a path without logs.
///
/// A defect never stops the rest of the work. It is printed on stderr and makes the exit code 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// The file (or `stdin`, or the flag) that is wrong, as the user named it.
    pub file: String,
    /// The line in it, counted from 1, where one is known.
    pub line: Option<u64>,
    /// What is wrong, in words.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The result of work that can end in one [`Defect`].
pub type Result<T> = std::result::Result<T, Defect>;

impl Defect {
    /// A defect of a whole file.
    pub fn new(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, what: what.into(), hint: None }
    }

    /// The same defect with the line it stands in, counted from 1.
    #[must_use]
    pub fn at(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same defect with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // File names and quoted values come from outside: they are made harmless here, once for all messages.
        let clean = crate::text::harmless;
        write!(out, "{}", clean(self.file.as_bytes()))?;
        if let Some(line) = self.line {
            write!(out, ":{line}")?;
        }
        write!(out, ": {}", clean(self.what.as_bytes()))?;
        if let Some(hint) = &self.hint {
            write!(out, "; {}", clean(hint.as_bytes()))?;
        }
        Ok(())
    }
}

impl std::error::Error for Defect {}

/// The known name nearest to what was typed, as a hint: `did you mean "upstream.refused"?`.
///
/// `None` where nothing is near enough to be a slip of the hand.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    /// Below this Jaro-Winkler likeness a suggestion confuses more than it helps.
    const NEAR_ENOUGH: f64 = 0.75;
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(typed, name), name))
        .filter(|(likeness, _)| *likeness >= NEAR_ENOUGH)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, name)| format!("did you mean \"{name}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_place_fault_and_remedy() {
        let defect = Defect::new("play.toml", "unknown team \"dbaa\"").at(7).hint("did you mean \"dba\"?");
        assert_eq!(defect.to_string(), "play.toml:7: unknown team \"dbaa\"; did you mean \"dba\"?");
    }

    #[test]
    fn suggests_only_what_is_near() {
        let known = ["upstream.refused", "app.error"];
        assert_eq!(did_you_mean("upstream.refusd", known), Some("did you mean \"upstream.refused\"?".into()));
        assert_eq!(did_you_mean("kangaroo", known), None);
    }
}
