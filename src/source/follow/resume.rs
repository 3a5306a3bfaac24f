//! Going on after a restart: each committed file is found again, wherever it is by now.
//!
//! By its identity first, if it still holds what was read; then by what it held, among the rotated files, packed or not.
//! What came after is found by the next look at the path, as after a rotation that was not seen.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::identity::Identity;
use super::marks::Marks;
use super::position::{FilePosition, Gap, GapReason, Position};
use super::siblings::{Likeness, end_mark, is_packed, likeness_at, open_at};
use super::stretch::{End, Stretch, text_at};
use super::tail::Tail;
use super::text::{Origin, Text};
use super::turn::{Anchor, MOST_TRIES, QUIET_BEFORE_COPY_MICROS, QUIET_MICROS};
use crate::source::overlap::Overlap;

/// What became of a committed file.
enum Fate {
    /// It still holds what was read of it.
    There(Box<Stretch>),
    /// It is there, and was cut.
    Cut,
    /// It is not there.
    Gone,
}

impl Tail {
    /// Finds the committed files again.
    pub(super) fn find_again(&mut self, position: &Position) {
        let paths: Vec<PathBuf> = position.files.iter().map(|file| file.path.clone()).collect();
        let fates: Vec<Fate> = position.files.iter().map(|file| self.fate(file, &paths)).collect();
        // First those that are there: a file that is one of them is the copy of none of the others.
        for (file, fate) in position.files.iter().zip(fates) {
            let found = match fate {
                Fate::There(found) => *found,
                fate => missing(file, matches!(fate, Fate::Cut), self.chunk_bytes),
            };
            self.files.push(found);
        }
        let last = position.files.last();
        // Those first of which something was read: by it their copies are known, and are not taken for those of the others.
        let (read, unread): (Vec<_>, Vec<_>) =
            position.files.iter().enumerate().rev().partition(|(_, file)| file.offset > 0);
        for (index, file) in read.into_iter().chain(unread) {
            if matches!(self.files[index].text().origin(), Origin::Away) {
                self.find_copy(index, file, last.is_some_and(|last| last.age == file.age));
            }
        }
        self.files.retain(|file| !(file.is_empty() && file.end == End::Over { torn: true } && file.copy_end.is_none()));
    }

    /// Looks for a committed file by its identity, once more where files were moved meanwhile.
    fn fate(&self, file: &FilePosition, paths: &[PathBuf]) -> Fate {
        if !file.rest.is_empty() {
            let text = Text::new(Origin::Ended, 0, file.offset, Overlap::default(), Marks::new(file.marks.clone()));
            let mut found = Stretch::resume(file, text, self.chunk_bytes);
            (found.end, found.identity) = (End::Over { torn: true }, NOBODY);
            return Fate::There(Box::new(found));
        }
        let mut looks = std::iter::repeat_with(|| self.look_for(file, paths)).take(MOST_TRIES);
        looks.find_map(|fate| fate).unwrap_or(Fate::Gone)
    }

    /// `None` where another file stood at a path by the time that it was opened.
    fn look_for(&self, file: &FilePosition, paths: &[PathBuf]) -> Option<Fate> {
        // What is moved after the first of these looks is seen by the second one.
        let is_it = |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| Identity::of(&meta) == file.identity);
        let here: Vec<PathBuf> = [self.path.clone(), file.path.clone()].into_iter().filter(is_it).collect();
        let siblings = self.siblings(paths);
        let moved = siblings.into_iter().filter(|one| one.identity == file.identity).map(|one| one.path);
        let mut fate = Some(Fate::Gone);
        for path in here.into_iter().chain(moved) {
            let open = File::open(&path).and_then(|open| Ok((Identity::of(&open.metadata()?), open)));
            fate = match open {
                Ok((identity, open)) if identity == file.identity => match self.go_on(file, open, path) {
                    Some(found) => return Some(Fate::There(Box::new(found))),
                    None => Some(Fate::Cut),
                },
                Err(error) if error.kind() != io::ErrorKind::NotFound => Some(Fate::Cut),
                _ => fate.filter(|fate| matches!(fate, Fate::Cut)),
            };
        }
        fate
    }

    /// The file from the committed place on, if it still holds what was read.
    fn go_on(&self, position: &FilePosition, file: File, path: PathBuf) -> Option<Stretch> {
        if likeness_at(&file, &position.marks).ok()? == Likeness::Other
            && !position.marks.is_empty()
            && !is_packed(&file).ok()?
        {
            return None;
        }
        let (origin, head_bytes, passed) = open_at(file, &path, position.offset).ok()?;
        if position.marks.last().is_some_and(|mark| mark.hash != passed.hash()) {
            return None;
        }
        let is_whole = position.whole || matches!(origin, Origin::Packed(_));
        let end = if is_whole { End::Whole } else { End::Growing };
        let text = text_at(position, origin, head_bytes, passed);
        let mut found = Stretch::resume(position, text, self.chunk_bytes);
        (found.path, found.end) = (path, end);
        Some(found)
    }

    /// A file that is not where it was: its copy is looked for, and what may be lost is told.
    fn find_copy(&mut self, index: usize, position: &FilePosition, is_last: bool) {
        let was_cut = self.files[index].end == End::Growing;
        let anchor = Anchor::committed(position, was_cut);
        let not = was_cut.then_some(position.identity);
        let quiet = |micros| self.is_quiet(position.dry, position.grew_micros, micros);
        let (quiet, quiet_before_copy) = (quiet(QUIET_MICROS), quiet(QUIET_BEFORE_COPY_MICROS));
        let is_moved = position.offset > 0 && self.moved_to_path(index, position);
        if is_moved || (position.offset > 0 && self.go_on_in_copy(index, not)) {
            let is_whole = self.files[index].copy_end.is_none();
            // Where another file holds the same and is not packed, it was copied, and what it was copied from is gone.
            let is_copied = !is_moved && matches!(self.files[index].text().origin(), Origin::Plain(_));
            // A file that was moved and packed holds all that was written to it; a copy may have come too early.
            if was_cut || !is_whole || is_copied || self.is_copied_later(index, position) {
                let gap = Gap { offset: position.offset, at: self.now, why: GapReason::CutWhileWritten };
                match quiet_before_copy {
                    true => self.files[index].gap_beyond = Some(position.offset),
                    false => self.gaps.push(gap),
                }
            }
            return;
        }
        if position.offset == 0 && !is_last && !was_cut && self.go_on_in_archive(index) {
            return;
        }
        let why = if was_cut { GapReason::CutWithoutCopy } else { GapReason::Gone };
        self.files[index].give_up();
        let gap = (!quiet).then_some(Gap { offset: position.offset, at: self.now, why });
        match is_last && position.offset == 0 {
            true => self.lost_gap = gap,
            false => self.gaps.extend(gap),
        }
        if is_last {
            self.lost = Some(anchor);
        }
    }

    /// Whether a file that holds what was read, and no more, was written later: a copy that was packed.
    fn is_copied_later(&self, index: usize, position: &FilePosition) -> bool {
        let siblings = self.siblings(std::slice::from_ref(&position.path));
        let Some(copy) = siblings.iter().find(|one| one.path == self.files[index].path) else { return false };
        copy.modified_ns != position.modified_ns && end_mark(copy).is_some_and(|end| end.offset == position.offset)
    }

    /// The file at the path can hold what was read although it is another one: it was brought back, or its disk has
    /// another number since the restart.
    fn moved_to_path(&mut self, index: usize, position: &FilePosition) -> bool {
        let Ok(open) = File::open(&self.path) else { return false };
        let Ok(meta) = open.metadata() else { return false };
        let identity = Identity::of(&meta);
        if identity == position.identity || self.files.iter().any(|file| file.identity == identity) {
            return false;
        }
        let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        match self.go_on(position, open, path) {
            Some(mut found) => {
                found.identity = identity;
                self.files[index] = found;
                true
            }
            None => false,
        }
    }
}

/// The identity of what is on no disk any more.
const NOBODY: Identity = Identity { dev: 0, ino: 0, created_ns: None };

/// A committed file that is not where it was.
fn missing(position: &FilePosition, was_cut: bool, chunk_bytes: usize) -> Stretch {
    let text = text_at(position, Origin::Away, 0, Overlap::default());
    let mut file = Stretch::resume(position, text, chunk_bytes);
    file.end = if was_cut { End::Growing } else { End::Whole };
    file
}
