//! Which paths are followed, and which of them are to be looked at now.
//!
//! In: what the user typed, the time. Out: logs that are new, numbers of those to look at. All paths are looked at in
//! turn; hints from the system only change the order. What the user typed is searched again now and then: paths that were
//! not there, new files of a directory or a pattern.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::time::Duration;

use super::hints::{Changed, Hints};
use super::identity::Identity;
use super::sets::{Sets, base_of};
use crate::error::Defect;
use crate::source::find::NO_LOG;
use crate::source::{Input, Log, Member, find, glob};
use crate::time::Timestamp;

/// Every path is looked at within this time, in microseconds, and within [`LOOK_MORE_MICROS`] more for each path.
pub const LOOK_MICROS: i64 = 2_000_000;

/// The same where the system gives no hints.
pub const LOOK_BLIND_MICROS: i64 = 400_000;

/// A look costs a few microseconds; this keeps ten thousand of them below two hundredths of a core.
pub const LOOK_MORE_MICROS: i64 = 300;

/// What the user typed is searched again after this time, in microseconds, and [`SEARCH_MORE_MICROS`] for each path.
pub const SEARCH_MICROS: i64 = 5_000_000;

/// A search costs about ten times what a look costs.
pub const SEARCH_MORE_MICROS: i64 = 2_000;

/// After a hint that names have changed, it is searched no sooner than this part of that time after the last time.
const SOONER: i64 = 5;

/// Notes and defects that were told; after so many nothing new is told.
const MOST_TOLD: usize = 10_000;

/// One log that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its number, for [`Due::look`]: they are counted from 0 in the order in which they are given.
    pub id: usize,
    /// The log: its members are what stands there now and is not tailed, oldest first.
    pub log: Log,
    /// What is tailed; `None` for a log that does not grow, such as an archive, which is read once.
    pub live: Option<Live>,
}

/// What is tailed of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// A file, for a `Tail`.
    File {
        /// Its path.
        path: PathBuf,
        /// It came, or is to come, after the watch had begun: it is read from its beginning.
        appeared: bool,
    },
    /// Standard input or a named pipe, for a `Pipe`.
    Pipe(Member),
}

/// What is to be done now.
#[derive(Debug, Default)]
pub struct Due {
    /// Logs that were not there before.
    pub new: Vec<Followed>,
    /// Numbers of the logs whose path is to be looked at, the new ones among them.
    pub look: Vec<usize>,
    /// What is wrong, told once.
    pub defects: Vec<Defect>,
    /// What was left out on purpose, and what is waited for; told once. Made harmless already.
    pub notes: Vec<String>,
}

/// The followed paths of what the user typed.
pub struct Watch {
    typed: Vec<PathBuf>,
    sets: Sets,
    hints: Hints,
    /// Which number a path has, by its name from the root, with links and without.
    numbers: HashMap<PathBuf, usize>,
    files: Vec<Option<PathBuf>>,
    pipes: Vec<usize>,
    told: HashSet<String>,
    searched: Option<Timestamp>,
    /// Names have changed since the last search.
    names_changed: bool,
    looked: Timestamp,
    /// The path to look at next in turn.
    next: usize,
    /// Looks that are due, in microseconds of a whole round.
    owed: i64,
}

impl Watch {
    /// Watches what the user typed. Paths that are not there yet are waited for.
    pub fn new(typed: Vec<PathBuf>) -> Self {
        Self::with_hints(typed, true)
    }

    /// The same, with or without hints from the system.
    pub fn with_hints(typed: Vec<PathBuf>, hints: bool) -> Self {
        Self {
            typed,
            sets: Sets::default(),
            hints: Hints::new(hints),
            numbers: HashMap::new(),
            files: Vec::new(),
            pipes: Vec::new(),
            told: HashSet::new(),
            searched: None,
            names_changed: false,
            looked: Timestamp::default(),
            next: 0,
            owed: 0,
        }
    }

    /// What is to be done at this time: at first all logs are new.
    pub fn due(&mut self, now: Timestamp) -> Due {
        let changed = self.hints.take();
        self.names_changed |= changed.names || changed.overflow;
        let mut due = Due::default();
        if self.is_search_due(now) {
            self.search(&mut due);
            self.searched = Some(now);
            self.names_changed = false;
        }
        let new: Vec<usize> = due.new.iter().map(|followed| followed.id).collect();
        let mut look: Vec<usize> = self.hinted(&changed).into_iter().chain(new).collect();
        look.extend(self.in_turn(now));
        look.extend_from_slice(&self.pipes);
        let mut seen = HashSet::new();
        look.retain(|id| seen.insert(*id));
        due.look = look;
        due
    }

    /// Waits until a hint comes, or for so long.
    pub fn wait(&mut self, most: Duration) {
        self.hints.wait(most);
    }

    /// Says which files a path has been through, so that none of them is taken for a new log under another name.
    pub fn met(&mut self, identities: impl IntoIterator<Item = Identity>) {
        identities.into_iter().for_each(|identity| self.sets.meet(identity));
    }

    fn is_search_due(&self, now: Timestamp) -> bool {
        let Some(searched) = self.searched else { return true };
        let period = SEARCH_MICROS + SEARCH_MORE_MICROS * self.files.len() as i64;
        let period = if self.names_changed { period / SOONER } else { period };
        !(0..period).contains(&now.micros().saturating_sub(searched.micros()))
    }

    /// Paths that a hint names, or whose rotated file it names.
    fn hinted(&self, changed: &Changed) -> Vec<usize> {
        if changed.overflow {
            return (0..self.files.len()).collect();
        }
        let number = |path: &PathBuf| self.numbers.get(path).or_else(|| self.numbers.get(&base_of(path))).copied();
        changed.paths.iter().filter_map(number).collect()
    }

    /// The paths whose turn it is.
    fn in_turn(&mut self, now: Timestamp) -> Vec<usize> {
        let count = self.files.len();
        let period = if self.hints.blind { LOOK_BLIND_MICROS } else { LOOK_MICROS };
        let period = period + LOOK_MORE_MICROS * count as i64;
        // A clock that jumps gives no more than one round.
        let since = now.micros().saturating_sub(self.looked.micros()).clamp(0, period);
        self.looked = now;
        self.owed += since * count as i64;
        let turns = (self.owed / period) as usize;
        self.owed %= period;
        let first = self.next;
        self.next = (first + turns) % count.max(1);
        (first..first + turns.min(count)).map(|at| at % count).collect()
    }

    fn search(&mut self, due: &mut Due) {
        let found = find(&self.there(due));
        let is_first = self.searched.is_none();
        for log in found.logs {
            for (log, live) in self.sets.news(log, is_first) {
                self.follow(log, live, due);
            }
        }
        self.sets.searched();
        for defect in found.defects {
            match defect.what == NO_LOG {
                true => self.note(format!("{}: {NO_LOG} yet; it is watched", defect.file), due),
                false => self.complain(defect, due),
            }
        }
        found.notes.into_iter().for_each(|note| self.note(note, due));
        self.watch_directories();
    }

    /// What was typed and is there, patterns as the paths that match; what is not there yet is followed all the same.
    fn there(&mut self, due: &mut Due) -> Vec<PathBuf> {
        let mut there = Vec::new();
        for path in self.typed.clone() {
            if path == Path::new("-") || fs::metadata(&path).is_ok() {
                there.push(path);
            } else if glob::is_pattern(&path) {
                match glob::expand(&path) {
                    Ok(paths) => there.extend(paths.into_iter().filter(|path| fs::metadata(path).is_ok())),
                    Err(defect) if defect.what == glob::NO_MATCH => {
                        self.note(format!("{}: {} yet; it is waited for", defect.file, defect.what), due);
                    }
                    Err(defect) => self.complain(defect, due),
                }
            } else if self.sets.is_awaited(&path) {
                self.note(format!("{}: there is no such file yet; it is waited for", path.to_string_lossy()), due);
                let log = Log { name: path.to_string_lossy().into_owned(), members: Vec::new() };
                self.follow(log, Some(Live::File { path, appeared: true }), due);
            }
        }
        there
    }

    fn follow(&mut self, log: Log, live: Option<Live>, due: &mut Due) {
        let id = self.files.len();
        let path = match &live {
            Some(Live::File { path, .. }) => Some(path.clone()),
            _ => None,
        };
        if matches!(live, Some(Live::Pipe(_))) {
            self.pipes.push(id);
        }
        self.files.push(path);
        due.new.push(Followed { id, log, live });
    }

    /// Watches the directories of all paths, and of what they link to.
    fn watch_directories(&mut self) {
        let mut directories: HashSet<PathBuf> = HashSet::new();
        for (id, path) in self.files.iter().enumerate() {
            let Some(path) = path.as_ref().and_then(|path| absolute(path).ok()) else { continue };
            let target = fs::canonicalize(&path).ok();
            for path in std::iter::once(path).chain(target) {
                directories.extend(path.parent().map(Path::to_owned));
                self.numbers.insert(path, id);
            }
        }
        directories.extend(self.typed.iter().filter(|path| path.is_dir()).filter_map(|path| absolute(path).ok()));
        self.hints.watch(directories.into_iter());
    }

    fn note(&mut self, note: String, due: &mut Due) {
        let note = crate::text::harmless(note.as_bytes());
        if self.told.len() < MOST_TOLD && self.told.insert(note.clone()) {
            due.notes.push(note);
        }
    }

    fn complain(&mut self, defect: Defect, due: &mut Due) {
        if self.told.len() < MOST_TOLD && self.told.insert(defect.to_string()) {
            due.defects.push(defect);
        }
    }
}

/// The path of a member that is a regular file.
pub(super) fn file_of(member: &Member) -> Option<&PathBuf> {
    match &member.input {
        Input::File(path) => Some(path),
        Input::Stdin | Input::Fifo(_) => None,
    }
}
