//! Which file of a log is the one that grows, and which files of a log are new ones.
//!
//! In: logs as a search found them, again and again. Out: what is to be followed that was not followed before.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::identity::Identity;
use super::watch::{Live, file_of};
use crate::source::rotate::{Age, Rotation, rotation};
use crate::source::{Log, Member};

/// The logs that are followed, by directory and name without number and date.
#[derive(Default)]
pub(super) struct Sets {
    sets: HashMap<PathBuf, Set>,
    /// Files that were seen in this search and in the last one.
    seen: HashSet<Identity>,
    seen_before: HashSet<Identity>,
}

/// One log.
struct Set {
    /// The newest file that is followed.
    followed: Age,
}

impl Sets {
    /// What is to be followed of a log that was not followed before.
    pub(super) fn news(&mut self, log: Log, is_first: bool) -> Vec<(Log, Option<Live>)> {
        let Some(last) = log.members.last().cloned() else { return Vec::new() };
        let Some(path) = file_of(&last) else {
            let is_new = self.sets.insert(PathBuf::from(&log.name), Set { followed: Age::Current }).is_none();
            return if is_new {
                vec![(Log { members: Vec::new(), ..log }, Some(Live::Pipe(last)))]
            } else {
                Vec::new()
            };
        };
        let key = base_of(path);
        let is_known: Vec<bool> = log.members.iter().map(|member| !is_first && self.was_seen(member)).collect();
        self.seen.extend(log.members.iter().filter_map(identity));
        if let Some(set) = self.sets.get_mut(&key) {
            let new = set.grown(&log, &is_known).into_iter();
            return new.map(|(member, live)| (Log { name: member.display, members: Vec::new() }, live)).collect();
        }
        // All that stands under this name was followed under another one.
        if is_known.iter().all(|known| *known) {
            return Vec::new();
        }
        let place = place(path);
        let live = live_of(path, &place, &key, is_first);
        let followed = if live.as_ref().is_some_and(|live| is_at(live, &key)) { Age::Current } else { place.age };
        self.sets.insert(key, Set { followed });
        let is_read = |(member, known): &(Member, bool)| {
            !known && !(live.as_ref().is_some_and(|live| file_of(member).is_some_and(|path| is_at(live, path))))
        };
        let members = log.members.into_iter().zip(is_known).filter(is_read).map(|(member, _)| member).collect();
        vec![(Log { name: log.name, members }, live)]
    }

    /// Whether this path is followed from now on although it is not there.
    pub(super) fn is_awaited(&mut self, path: &Path) -> bool {
        self.sets.insert(path.to_owned(), Set { followed: Age::Current }).is_none()
    }

    /// A file that a followed path has been through.
    pub(super) fn meet(&mut self, identity: Identity) {
        self.seen.insert(identity);
    }

    /// A search is done.
    pub(super) fn searched(&mut self) {
        self.seen_before = std::mem::take(&mut self.seen);
    }

    fn was_seen(&self, member: &Member) -> bool {
        identity(member).is_some_and(|one| self.seen.contains(&one) || self.seen_before.contains(&one))
    }
}

impl Set {
    /// Files of a log with a date in each name that are newer than the one followed. A log whose newest file has the
    /// plain name has none: the others are what it was rotated to.
    fn grown(&mut self, log: &Log, is_known: &[bool]) -> Vec<(Member, Option<Live>)> {
        let mut new = Vec::new();
        for (member, is_known) in log.members.iter().zip(is_known) {
            let Some(path) = file_of(member) else { continue };
            let Rotation { age, packed, .. } = place(path);
            if age <= self.followed || matches!(age, Age::Numbered(_)) {
                continue;
            }
            self.followed = age;
            if !is_known {
                let live = (!packed).then(|| Live::File { path: path.clone(), appeared: true });
                new.push((member.clone(), live));
            }
        }
        new
    }
}

/// What is tailed of a log whose newest file stands at this path.
fn live_of(path: &Path, place: &Rotation, key: &Path, is_first: bool) -> Option<Live> {
    match &place.age {
        // Only numbered files are there: the one that they come from is away for now.
        Age::Numbered(_) => Some(Live::File { path: key.to_owned(), appeared: true }),
        Age::Current | Age::Dated(_) if place.packed => None,
        Age::Current | Age::Dated(_) => Some(Live::File { path: path.to_owned(), appeared: !is_first }),
    }
}

fn is_at(live: &Live, at: &Path) -> bool {
    matches!(live, Live::File { path, .. } if path == at)
}

fn place(path: &Path) -> Rotation {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    rotation(&name)
}

/// The path without number, date and compression.
pub(super) fn base_of(path: &Path) -> PathBuf {
    path.with_file_name(place(path).base)
}

fn identity(member: &Member) -> Option<Identity> {
    fs::metadata(file_of(member)?).ok().map(|meta| Identity::of(&meta))
}
