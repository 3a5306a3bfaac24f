//! From what the user typed to the logs. In: files, directories, globs, `-`. Out: [`Found`]; one bad path never stops
//! the others.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::rotate::{Age, rotation};
use super::walk::{entries, is_fifo, walk};
use super::{Input, Log, Member, Progress, glob, open};
use crate::error::{Defect, did_you_mean};
use crate::text::harmless;

/// The most files that one run reads.
pub const MAX_FILES: usize = 200_000;

/// What is said of a directory without logs.
pub(super) const NO_LOG: &str = "there is no log in this directory";

/// Where the text of two files is the same so far, in bytes, they are taken as a log and its compressed copy.
const COPY_HEAD_BYTES: u64 = 4 << 10;

/// What the user's paths led to.
#[derive(Debug, Default)]
pub struct Found {
    /// The logs, in the order in which the user named them; within a directory in the order of their names.
    pub logs: Vec<Log>,
    /// Paths that led nowhere, and what could not be looked into.
    pub defects: Vec<Defect>,
    /// What was left out on purpose: files named twice, compressed copies, what is no log. Made harmless already.
    pub notes: Vec<String>,
}

/// Finds the logs behind what the user typed.
///
/// Files of one directory whose names show that they are one log, rotated, become one [`Log`], oldest member first.
/// The same file named twice is read once. A file that exists but may not be read shows when it is opened.
pub fn find(paths: &[PathBuf]) -> Found {
    let mut search = Search::default();
    paths.iter().for_each(|path| search.typed(path));
    search.finish()
}

/// Files that were found, on their way to logs.
#[derive(Default)]
struct Search {
    found: Found,
    sets: Vec<Set>,
    /// Which set a directory's base name is.
    by_base: HashMap<(PathBuf, String), usize>,
    /// Which files were seen, by identity, and as what.
    seen: HashMap<Identity, String>,
    files: usize,
}

/// One log in the making.
struct Set {
    name: String,
    files: Vec<Rotated>,
}

/// A file with its place in the set.
struct Rotated {
    age: Age,
    packed: bool,
    member: Member,
}

impl Search {
    fn typed(&mut self, path: &Path) {
        if path == Path::new("-") {
            return self.add_stdin();
        }
        match fs::metadata(path) {
            Ok(meta) => self.existing(path, &meta),
            Err(_) if glob::is_pattern(path) => self.pattern(path),
            Err(error) => self.found.defects.push(missing(path, &error)),
        }
    }

    fn pattern(&mut self, pattern: &Path) {
        match glob::expand(pattern) {
            Err(defect) => self.found.defects.push(defect),
            Ok(paths) => paths.iter().for_each(|path| match fs::metadata(path) {
                Ok(meta) => self.existing(path, &meta),
                Err(error) => self.found.defects.push(missing(path, &error)),
            }),
        }
    }

    fn existing(&mut self, path: &Path, meta: &Metadata) {
        if meta.is_dir() {
            self.directory(path);
        } else if meta.is_file() || is_fifo(meta) {
            self.add(path, meta);
        } else {
            let what = "it is a socket or a device, not a log";
            let hint = "name a file or a directory; pipe a command's output in with `-`";
            self.found.defects.push(Defect::new(path.to_string_lossy(), what).hint(hint));
        }
    }

    fn directory(&mut self, path: &Path) {
        let walk = walk(path);
        if walk.files.is_empty() && walk.defects.is_empty() {
            let hint = "name a file in it, or another directory; files like *.conf, *.pid, *.html are left out";
            self.found.defects.push(Defect::new(path.to_string_lossy(), NO_LOG).hint(hint));
        }
        self.found.defects.extend(walk.defects);
        self.found.notes.extend(walk.notes.iter().map(|note| harmless(note.as_bytes())));
        for file in &walk.files {
            if let Ok(meta) = fs::metadata(file) {
                self.add(file, &meta);
            }
        }
    }

    fn add_stdin(&mut self) {
        if self.sets.iter().any(|set| set.files.iter().any(|file| file.member.input == Input::Stdin)) {
            self.found.notes.push("stdin was named twice; it is read once".into());
            return;
        }
        let member = Member::stdin();
        let name = member.display.clone();
        self.sets.push(Set { name, files: vec![Rotated { age: Age::Current, packed: false, member }] });
    }

    fn add(&mut self, path: &Path, meta: &Metadata) {
        let shown = path.to_string_lossy().into_owned();
        if let Some(other) = self.seen.insert(identity(path, meta), shown.clone()) {
            self.found.notes.push(harmless(format!("{shown}: the same file as {other}; it is read once").as_bytes()));
            return;
        }
        self.files += 1;
        if self.files == MAX_FILES + 1 {
            let what = format!("more than {MAX_FILES} files; this one and what comes after it were left out");
            self.found.defects.push(Defect::new(&shown, what).hint("name fewer paths"));
        }
        if self.files <= MAX_FILES {
            self.add_to_set(path, meta, shown);
        }
    }

    fn add_to_set(&mut self, path: &Path, meta: &Metadata, shown: String) {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        // A name that is not UTF-8 is no rotated name that we know; a pipe is no file of a set.
        let name = path.file_name().and_then(OsStr::to_str).filter(|_| !is_fifo(meta));
        let (base, age, packed) = match name.map(rotation) {
            Some(rotation) => (rotation.base, rotation.age, rotation.packed),
            None => (shown.clone(), Age::Current, false),
        };
        let file = Rotated { age, packed, member: Member::path(path) };
        let sets = &mut self.sets;
        let index = *self.by_base.entry((directory.clone(), base.clone())).or_insert_with(|| {
            sets.push(Set { name: directory.join(&base).to_string_lossy().into_owned(), files: Vec::new() });
            sets.len() - 1
        });
        self.sets[index].files.push(file);
    }

    fn finish(mut self) -> Found {
        for set in self.sets {
            let log = set.into_log(&mut self.found.notes);
            self.found.logs.push(log);
        }
        self.found
    }
}

impl Set {
    /// The members in order, without compressed copies.
    fn into_log(mut self, notes: &mut Vec<String>) -> Log {
        self.files.sort_by(|a, b| (&a.age, !a.packed, &a.member.display).cmp(&(&b.age, !b.packed, &b.member.display)));
        let mut members: Vec<Member> = Vec::with_capacity(self.files.len());
        for (index, file) in self.files.iter().enumerate() {
            match self.files[index + 1..].iter().find(|other| is_copy(file, other)) {
                Some(other) => notes.push(copy_note(&file.member, &other.member)),
                None => members.push(file.member.clone()),
            }
        }
        let name = if let [only] = members.as_slice() { only.display.clone() } else { self.name };
        Log { name, members }
    }
}

/// Whether the first is a compressed copy of the second, whole or half written, as an interrupted logrotate leaves it.
fn is_copy(packed: &Rotated, plain: &Rotated) -> bool {
    let same_place = packed.packed && !plain.packed && packed.age == plain.age;
    same_place
        && packed.member.display.starts_with(&plain.member.display)
        && head(&packed.member).is_some_and(|text| head(&plain.member).is_some_and(|other| other.starts_with(&text)))
}

fn copy_note(packed: &Member, plain: &Member) -> String {
    let note = format!("{}: a compressed copy of {}; it is not read again", packed.display, plain.display);
    harmless(note.as_bytes())
}

/// The first bytes of a member's text, as far as they can be read; `None` where it cannot be opened.
fn head(member: &Member) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let opened = open(member, &Progress::default()).ok()?;
    // A broken archive gives what it has; its defect shows when it is read.
    let _ = opened.take(COPY_HEAD_BYTES).read_to_end(&mut text);
    Some(text)
}

/// What is wrong with a path that is not there, with the sibling that was meant.
fn missing(path: &Path, error: &io::Error) -> Defect {
    let defect = super::open::unopened(&path.to_string_lossy(), error);
    if error.kind() != io::ErrorKind::NotFound {
        return defect;
    }
    if path.is_symlink() {
        return Defect::new(path.to_string_lossy(), "it is a link to a file that is not there");
    }
    match nearest(path).or_else(|| missing_directory(path)) {
        Some(hint) => defect.hint(hint),
        None => defect.hint("look with `ls` at what is there"),
    }
}

fn nearest(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let names = entries(parent(path)).ok()?;
    did_you_mean(name, names.iter().filter_map(|name| name.to_str()))
}

fn missing_directory(path: &Path) -> Option<String> {
    let parent = parent(path);
    (!parent.exists()).then(|| format!("the directory {} is not there", parent.display()))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// What makes two names one file.
#[cfg(unix)]
type Identity = (u64, u64);

/// Device and inode.
#[cfg(unix)]
fn identity(_: &Path, meta: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

/// What makes two names one file.
#[cfg(not(unix))]
type Identity = PathBuf;

/// The path without links.
#[cfg(not(unix))]
fn identity(path: &Path, _: &Metadata) -> Identity {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
