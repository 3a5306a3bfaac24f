//! The files of `grammars/`, as they were when the program was built, and a user's own laid over them.
//!
//! In: nothing, or a folder. Out: name and text of each file. What they mean is read by `grammar`, `cause` and `playbook`.

use crate::error::{Defect, Result};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use xxhash_rust::xxh3::Xxh3Default;

/// Folders nested deeper than this are a loop.
const MOST_DEPTH: usize = 8;
/// No file of knowledge is larger; a larger one is something else.
const MOST_FILE_BYTES: u64 = 4 << 20;

/// Files of knowledge, by their path below `grammars/`.
#[derive(Debug, Clone)]
pub struct Library {
    files: BTreeMap<String, File>,
}

impl Library {
    /// The files built in.
    pub fn built_in() -> Self {
        Self { files: BUILT_IN.iter().map(|built_in| (built_in.0.to_owned(), File::from(built_in))).collect() }
    }

    /// The same with a folder laid over them: its files are added, or take the place of those of the same name.
    ///
    /// # Errors
    /// Where the folder or one of its files cannot be read.
    pub fn with_folder(mut self, folder: &Path) -> Result<Self> {
        self.add_folder(folder, "", 0)?;
        Ok(self)
    }

    fn add_folder(&mut self, folder: &Path, below: &str, depth: usize) -> Result<()> {
        let shown = || folder.display().to_string();
        let wrong = |error: std::io::Error| Defect::new(shown(), error.to_string());
        if depth > MOST_DEPTH {
            return Err(Defect::new(shown(), "folders are nested too deep here"));
        }
        for entry in std::fs::read_dir(folder).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            if path.is_dir() {
                self.add_folder(&path, &format!("{below}{name}/"), depth + 1)?;
            } else if name.ends_with(".toml") {
                let file = File::read(&path)?;
                self.files.insert(format!("{below}{name}"), file);
            }
        }
        Ok(())
    }

    /// The same with the examples of its rules and layouts, which a run has no use for.
    pub fn with_examples(mut self) -> Self {
        self.files.values_mut().for_each(|file| file.json = None);
        self
    }

    /// A number that stands for all of it: another where a letter of it is another.
    pub fn digest(&self) -> u64 {
        let mut hash = Xxh3Default::new();
        for (name, file) in &self.files {
            hash.update(name.as_bytes());
            hash.update(file.text.as_bytes());
        }
        hash.digest()
    }

    /// The files whose paths begin with `folder` (`causes/`), in their order.
    pub fn below<'l>(&'l self, folder: &'l str) -> impl Iterator<Item = &'l File> {
        self.files.iter().filter(move |(name, _)| name.starts_with(folder)).map(|(_, file)| file)
    }
}

/// One file of knowledge.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path for people: `grammars/causes/upstream/refused.toml`, or where the user has it.
    pub name: String,
    /// Its text.
    pub text: Cow<'static, str>,
    /// The same as JSON, but for the examples of its rules and layouts, where it is built in.
    json: Option<&'static str>,
}

/// A file built in: its name, its text, and the same as JSON (see [`File::json`]) where it is TOML.
type BuiltIn = (&'static str, &'static str, Option<&'static str>);

/// Every file built in, by name.
static BUILT_IN: &[BuiltIn] = include!(concat!(env!("OUT_DIR"), "/knowledge.rs"));

impl From<&BuiltIn> for File {
    fn from((name, text, json): &BuiltIn) -> Self {
        Self { name: format!("grammars/{name}"), text: Cow::Borrowed(text), json: *json }
    }
}

/// The files built in whose names begin with `folder` (`causes/`), by name.
pub fn built_in(folder: &str) -> impl Iterator<Item = File> + '_ {
    BUILT_IN.iter().filter(move |(name, ..)| name.starts_with(folder)).map(File::from)
}

impl File {
    /// A file of the user's own.
    pub fn new(name: String, text: String) -> Self {
        Self { name, text: Cow::Owned(text), json: None }
    }

    fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let wrong = |what: String| Defect::new(&name, what);
        let bytes = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
        if bytes > MOST_FILE_BYTES {
            return Err(wrong(format!("it is larger than {MOST_FILE_BYTES} bytes: no grammar is")));
        }
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        Ok(Self::new(name, text))
    }

    /// The file as the type that its reader wants.
    ///
    /// # Errors
    /// Where it is not TOML or not of that shape: names the line.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        if let Some(Ok(parsed)) = self.json.map(serde_json::from_str) {
            return Ok(parsed);
        }
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

    /// The lines, counted from 1, of the tables with this header (`[[rule]]`), in their order.
    pub fn lines_of_tables(&self, header: &str) -> Vec<u64> {
        let (mut lines, mut line, mut counted) = (Vec::new(), 1, 0);
        for at in memchr::memmem::find_iter(self.text.as_bytes(), header) {
            line += memchr::memchr_iter(b'\n', &self.text.as_bytes()[counted..at]).count() as u64;
            counted = at;
            let (before, behind) = (&self.text[..at], &self.text[at + header.len()..]);
            let begins = before.is_empty() || before.ends_with('\n');
            let is_alone = begins && behind.lines().next().is_none_or(|rest| rest.trim_end().is_empty());
            lines.extend(is_alone.then_some(line));
        }
        lines
    }

    fn line_at(&self, offset: usize) -> u64 {
        1 + self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() as u64
    }
}
