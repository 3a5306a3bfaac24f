//! The files of `grammars/`, as they were when the program was built.
//!
//! In: nothing. Out: name and text of each file. What they mean is read by `grammar`, `cause` and `playbook`.

use crate::error::Defect;
use serde::de::DeserializeOwned;

/// One file of knowledge.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path below `grammars/`, with `/`: `causes/upstream/refused.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Name and text of every file built in, by name.
static BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/knowledge.rs"));

/// The files built in whose names begin with `folder` (`causes/`), by name.
pub fn built_in(folder: &str) -> impl Iterator<Item = File> + '_ {
    BUILT_IN
        .iter()
        .filter(move |(name, _)| name.starts_with(folder))
        .map(|(name, text)| File { name: format!("grammars/{name}"), text: (*text).to_owned() })
}

impl File {
    /// The file as the type that its reader wants.
    ///
    /// # Errors
    /// Where it is not TOML or not of that shape: names the line.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Defect> {
        toml::from_str(&self.text).map_err(|error| {
            let defect = Defect::new(&self.name, error.message());
            match error.span() {
                Some(span) => defect.at(self.line_at(span.start)),
                None => defect,
            }
        })
    }

    /// The line, counted from 1, in which `text` first stands; 1 where it does not.
    pub fn line_of(&self, text: &str) -> u64 {
        self.text.find(text).map_or(1, |at| self.line_at(at))
    }

    /// The line, counted from 1, of the table with this header (`[[rule]]`) and number, counted from 0; 1 where it is not.
    pub fn line_of_table(&self, header: &str, number: usize) -> u64 {
        let mut headers = self.text.lines().enumerate().filter(|(_, line)| line.trim_end() == header);
        headers.nth(number).map_or(1, |(at, _)| at as u64 + 1)
    }

    fn line_at(&self, offset: usize) -> u64 {
        1 + self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() as u64
    }
}
