//! What statuses mean: `grammars/statuses.toml`.

use crate::error::{Defect, Result};
use crate::knowledge;
use crate::playbook::StatusPattern;
use serde::Deserialize;

/// What one status means where a proxy writes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meaning {
    /// Three digits.
    pub(super) code: String,
    /// Its name.
    pub(super) name: String,
    /// What it says.
    pub(super) means: String,
    /// How to tell who wrote it.
    pub(super) decides: String,
}

impl Meaning {
    /// As a number.
    pub(super) fn status(&self) -> Option<u16> {
        self.code.parse().ok()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    status: Vec<Meaning>,
}

/// The statuses that are known.
#[derive(Debug)]
pub(super) struct Statuses(Vec<Meaning>);

impl Statuses {
    /// Those built in.
    ///
    /// # Errors
    /// Where the file is wrong or missing.
    pub(super) fn built_in() -> Result<Self> {
        let file = knowledge::built_in("statuses.toml").next();
        let file = file.ok_or_else(|| Defect::new("grammars/statuses.toml", "is missing"))?;
        Ok(Self(file.parse::<File>()?.status))
    }

    /// What a status means; of those that are not in the file nothing is known but their class.
    pub(super) fn meaning(&self, status: u16) -> Meaning {
        let known = self.0.iter().find(|meaning| meaning.status() == Some(status)).cloned();
        known.unwrap_or_else(|| unknown(status))
    }

    /// Those that fit, in the order of the file.
    pub(super) fn matching(&self, pattern: StatusPattern) -> impl Iterator<Item = &Meaning> {
        self.0.iter().filter(move |meaning| meaning.status().is_some_and(|status| pattern.matches(status)))
    }
}

fn unknown(status: u16) -> Meaning {
    let means = match status {
        500..=599 => {
            "A 5xx that no standard and no product known here describes: whoever stands behind the proxy made it up."
        }
        _ => "It is no 5xx: triage counts a request that ends with it as answered, not as failed.",
    };
    Meaning {
        code: format!("{status:03}"),
        name: String::new(),
        means: means.into(),
        decides: "$upstream_status with the same number = it came from behind; without one the proxy wrote it.".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_of_the_file_is_one() {
        let statuses = Statuses::built_in().expect("grammars/statuses.toml");
        assert!(statuses.0.iter().all(|meaning| meaning.code.len() == 3 && meaning.status().is_some()));
        assert!(statuses.0.windows(2).all(|pair| pair[0].status() < pair[1].status()), "in order, each once");
        for code in [500, 502, 503, 504] {
            assert!(!statuses.meaning(code).name.is_empty());
        }
        assert!(statuses.meaning(200).means.contains("no 5xx"));
    }
}
