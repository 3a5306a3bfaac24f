//! What a followed path goes through: another file stands there, or the same one was cut.
//!
//! In both cases whatever was written in between is looked for among the rotated files: those that came after the file
//! that was read, by the order of their names; where that file is not among them, those that were written since.

use std::fs::{self, File, Metadata};
use std::path::PathBuf;

use super::identity::Identity;
use super::marks::Marks;
use super::position::{FilePosition, Finished, Gap, GapReason, Mark};
use super::siblings::{Likeness, SLACK_NS, Sibling, end_mark, likeness_at, open_at, siblings, targets_between};
use super::stretch::{End, Stretch};
use super::tail::Tail;
use super::text::{Origin, Text};
use crate::source::overlap::Overlap;
use crate::source::{Input, Member};

/// A file that was read to its end and not written to for so long before it was cut, in microseconds, had nothing more.
pub const QUIET_MICROS: i64 = 60_000_000;

/// The same where its copy was found, and held nothing more either.
pub const QUIET_BEFORE_COPY_MICROS: i64 = 10_000_000;

/// Looks that lie further apart than this, in microseconds, do not tell whether a file was quiet in between.
pub const OFTEN_MICROS: i64 = 10_000_000;

/// Files may move while they are opened: so often it is tried.
pub(super) const MOST_TRIES: usize = 5;

/// The file after which others are looked for.
pub(super) struct Anchor {
    identity: Identity,
    path: PathBuf,
    marks: Vec<Mark>,
    modified_ns: i64,
    /// What stands there now is new.
    was_cut: bool,
}

impl Anchor {
    pub(super) fn committed(file: &FilePosition, was_cut: bool) -> Self {
        let (identity, path, marks) = (file.identity, file.path.clone(), file.marks.clone());
        Self { identity, path, marks, modified_ns: file.modified_ns, was_cut }
    }

    fn of(file: &Stretch) -> Self {
        let (identity, path, marks) = (file.identity, file.path.clone(), file.marks_read());
        Self { identity, path, marks, modified_ns: file.modified_ns, was_cut: false }
    }

    /// With what it still holds to be read, where it is open and was not cut.
    fn whole(file: &Stretch) -> Self {
        Self { marks: file.marks_whole(), ..Self::of(file) }
    }
}

impl Tail {
    /// The first look shows a file.
    pub(super) fn begin(&mut self, file: File, meta: &Metadata) {
        self.know_what_was_there();
        let at = self.start.offset(&file).unwrap_or(0);
        let end = self.files.len();
        self.push_plain(end, file, meta, at);
        self.is_live = true;
    }

    /// Reads these files before what stands at the path, from their beginning: its rotated files, oldest first. Their
    /// places are committed with its own, and they are followed wherever they are moved. To be called before the first
    /// look.
    pub fn read_first(&mut self, members: &[Member]) {
        for member in members {
            let Input::File(path) = &member.input else { continue };
            let opened = File::open(path).and_then(|file| Ok((file.metadata()?, open_at(file, path, 0)?)));
            match opened {
                Ok((meta, (origin, head_bytes, _))) => {
                    let end = if matches!(origin, Origin::Packed(_)) { End::Whole } else { End::Growing };
                    let text = Text::new(origin, head_bytes, 0, Overlap::default(), Marks::default());
                    self.push(self.files.len(), path.clone(), &meta, text, end);
                }
                Err(error) => self.defects.push(crate::source::open::unopened(&member.display, &error)),
            }
        }
    }

    /// Rotated files that are there before anything was read are not to be read.
    pub(super) fn know_what_was_there(&mut self) {
        for sibling in self.siblings(&[]) {
            self.old_ns = self.old_ns.max(sibling.modified_ns);
            if self.is_known(&sibling) {
                continue;
            }
            let end = (!sibling.is_packed()).then(|| end_mark(&sibling)).flatten();
            self.know(Finished { identity: sibling.identity, end, lines: 0 });
        }
    }

    /// Another file stands at the path.
    pub(super) fn rotated(&mut self, file: File, meta: &Metadata) {
        let identity = Identity::of(meta);
        if let Some(index) = self.files.iter().position(|old| old.identity == identity && old.end == End::Growing) {
            // An old one is back.
            let back = self.files.remove(index);
            self.files.push(back);
            self.is_live = true;
            return;
        }
        self.cut_before_moved();
        let anchor = self.lost.take().or_else(|| self.files.last().map(Anchor::whole));
        // A file of which nothing was read is known by nothing once it is packed.
        let may_be_packed = || self.siblings(&[]).iter().any(|one| one.is_packed() && !self.is_known(one));
        let lost_gap = self.lost_gap.clone().filter(|_| !may_be_packed());
        self.gaps.extend(lost_gap);
        self.lost_gap = None;
        if let Some(last) = self.files.len().checked_sub(1) {
            let moved = self.files[last].identity;
            if self.siblings(&[]).iter().any(|one| one.identity == moved) {
                self.find_before_empty(last);
            }
        }
        let begun = self.files.len();
        self.push_missed_since(anchor.as_ref(), Some(identity), begun);
        // What comes before another file and was made after it can only be its copy: that one was cut before it was seen.
        let plain = self.files[begun..].iter().filter(|file| file.end == End::Growing);
        let made: Vec<Option<i64>> =
            plain.map(|file| file.identity.created_ns).chain(std::iter::once(identity.created_ns)).collect();
        if made.windows(2).any(|pair| pair[0] > pair[1] && pair[1].is_some()) {
            self.gaps.push(Gap { offset: 0, at: self.now, why: GapReason::CutWhileWritten });
        }
        let back = self.finished.iter().position(|old| old.identity == identity && still_holds(&file, old));
        let at = back.and_then(|index| self.finished.remove(index).end).map_or(0, |end| end.offset);
        let end = self.files.len();
        self.push_plain(end, file, meta, at);
        self.is_live = true;
    }

    /// The file that stood at the path last may have been cut before it was moved.
    fn cut_before_moved(&mut self) {
        let Some(index) = self.files.len().checked_sub(1) else { return };
        if self.files[index].end == End::Growing && !self.files[index].holds_open() {
            self.cut(index);
        }
    }

    /// Reads the files from their beginning that were written between the anchor and what stands at the path now. How
    /// many there are.
    pub(super) fn push_missed_since(&mut self, anchor: Option<&Anchor>, live: Option<Identity>, at: usize) -> usize {
        for _ in 0..MOST_TRIES {
            let missed = self.missed_since(anchor, live);
            if self.push_missed(&missed, at) {
                return missed.len();
            }
        }
        let offset = 0;
        self.gaps.push(Gap { offset, at: self.now, why: GapReason::Gone });
        0
    }

    /// Reads all of these from their beginning; `false`, and none, where one of them moved meanwhile.
    fn push_missed(&mut self, missed: &[Sibling], at: usize) -> bool {
        let opened: Option<Vec<_>> = missed.iter().map(|one| Some((one.open_at(0)?, one.meta()?, one))).collect();
        let Some(opened) = opened else { return false };
        for (nth, ((origin, head_bytes, _), meta, one)) in opened.into_iter().enumerate() {
            let end = if matches!(origin, Origin::Packed(_)) { End::Whole } else { End::Growing };
            let text = Text::new(origin, head_bytes, 0, Overlap::default(), Marks::default());
            self.push(at + nth, one.path.clone(), &meta, text, end);
        }
        true
    }

    fn missed_since(&self, anchor: Option<&Anchor>, live: Option<Identity>) -> Vec<Sibling> {
        let is_news = |one: &Sibling| Some(one.identity) != live && !self.is_known(one);
        let Some(anchor) = anchor else {
            let all = self.siblings(&[]);
            let is_fresh = |one: &Sibling| one.is_ordered() && one.modified_ns > self.old_ns;
            return all.into_iter().filter(|one| is_fresh(one) && is_news(one)).collect();
        };
        let all = self.siblings(std::slice::from_ref(&anchor.path));
        let is_fresh = |one: &Sibling| one.modified_ns >= anchor.modified_ns - SLACK_NS;
        // Where that file itself was moved, what is newer than it comes later.
        let moved = all.iter().position(|one| Some(one.identity) == live).unwrap_or(all.len());
        let all = &all[..moved];
        let by_identity = all.iter().position(|one| one.identity == anchor.identity && Some(one.identity) != live);
        let found = by_identity.or_else(|| {
            // Less than all that was read is left only of a file that was cut.
            let is_its = |how| how == Likeness::Holds || (how == Likeness::Part && anchor.was_cut);
            all.iter().rposition(|one| is_fresh(one) && is_news(one) && is_its(one.likeness(&anchor.marks)))
        });
        let since: Vec<Sibling> = match found {
            // Where it was cut, both its copy and what it holds now are news.
            Some(index) if all[index].is_ordered() && !anchor.was_cut => all[index + 1..].to_vec(),
            _ => all.iter().filter(|one| is_fresh(one) && one.is_ordered()).cloned().collect(),
        };
        let is_anchor =
            |one: &Sibling| !anchor.was_cut && found.is_some_and(|index| all[index].identity == one.identity);
        let mut missed: Vec<Sibling> =
            since.into_iter().filter(|one| !is_anchor(one) && is_news(one) && !self.is_packed_known(one)).collect();
        // By now the link may lead further than to what was seen.
        let is_live = |target: &PathBuf| match (live, fs::metadata(target)) {
            (Some(live), Ok(meta)) => Identity::of(&meta) == live,
            (live, _) => live.is_none(),
        };
        let target = fs::canonicalize(&self.path).ok().filter(|target| *target != self.path && is_live(target));
        if let Some(target) = target {
            let is_new = |one: &Sibling| is_news(one) && !missed.iter().any(|known| known.identity == one.identity);
            let between: Vec<Sibling> = targets_between(&anchor.path, &target).into_iter().filter(is_new).collect();
            missed.extend(between);
        }
        missed
    }

    /// The rotated files of the path, of what it links to, and of these.
    pub(super) fn siblings(&self, others: &[PathBuf]) -> Vec<Sibling> {
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let mut paths = vec![absolute(&self.path), target];
        paths.extend_from_slice(others);
        siblings(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>())
    }

    /// Whether it is read now, or is not to be read.
    pub(super) fn is_known(&self, one: &Sibling) -> bool {
        self.files.iter().any(|file| file.identity == one.identity)
            || self.finished.iter().any(|old| old.identity == one.identity)
    }

    /// Whether an archive is what became of a file that is known.
    fn is_packed_known(&self, one: &Sibling) -> bool {
        let of_finished = || self.finished.iter().filter_map(|old| old.end).any(|end| one.is_packed_from(&[end]));
        let of_old = || self.files.iter().any(|file| one.is_packed_from(&file.marks_whole()));
        one.is_packed() && (of_old() || of_finished() || end_mark(one).is_none())
    }

    /// The file was cut: what it held is read on from its copy, where there is one; then the file anew.
    pub(super) fn cut(&mut self, index: usize) {
        let is_live = self.is_live && index + 1 == self.files.len();
        let anew = self.open_anew(index);
        let file = &self.files[index];
        let at = file.text().at();
        let quiet = |micros| self.is_quiet(file.dry, file.grew_micros, micros);
        let (quiet, quiet_before_copy) = (quiet(QUIET_MICROS), quiet(QUIET_BEFORE_COPY_MICROS));
        let found = self.go_on_in_copy(index, Some(self.files[index].identity));
        let (is_told, why) = match found {
            true => (!quiet_before_copy, GapReason::CutWhileWritten),
            false => (!quiet, GapReason::CutWithoutCopy),
        };
        self.gaps.extend(is_told.then_some(Gap { offset: at, at: self.now, why }));
        let file = &mut self.files[index];
        file.gap_beyond = (found && !is_told).then_some(at);
        if !found {
            file.give_up();
        }
        let anchor = Anchor::of(&self.files[index]);
        let itself = anew.as_ref().map(|(_, meta)| Identity::of(meta));
        match anew {
            Some((file, meta)) => self.push_plain(index + 1, file, &meta, 0),
            None => self.is_live &= !is_live,
        }
        // The file itself is known by now: what became of it is not taken for something that was missed.
        self.push_missed_since(Some(&anchor), itself, index + 1);
    }

    /// Reads on from the copy of what a file held, where there is one; one that ends before has nothing more.
    pub(super) fn go_on_in_copy(&mut self, index: usize, not: Option<Identity>) -> bool {
        for _ in 0..MOST_TRIES {
            let Some((copy, likeness)) = self.copy_of(&Anchor::of(&self.files[index]), not) else { return false };
            let file = &mut self.files[index];
            if likeness == Likeness::Part {
                file.end_with(&copy);
                return true;
            }
            let reached = file.marks_read().last().map(|mark| mark.hash);
            match copy.open_at(file.text().at()) {
                Some((origin, head_bytes, passed)) if Some(passed.hash()) == reached => {
                    file.go_on_in(&copy, origin, head_bytes, passed);
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// Of a file of which no line was read it cannot be seen that it was cut: its copy is among what was written since.
    /// How many files come before it now.
    pub(super) fn find_before_empty(&mut self, index: usize) -> usize {
        let file = &self.files[index];
        if !file.has_only_begun() || file.end != End::Growing {
            return 0;
        }
        let identity = file.identity;
        // The beginning of a line is no mark: another line may begin the same.
        let anchor = Anchor { marks: Vec::new(), ..Anchor::of(file) };
        let missed = self.push_missed_since(Some(&anchor), Some(identity), index);
        if missed > 0 {
            self.gaps.push(Gap { offset: 0, at: self.now, why: GapReason::CutWhileWritten });
        }
        missed
    }

    /// A file of which nothing was read, and which is gone: an archive that nobody knows can be what became of it.
    pub(super) fn go_on_in_archive(&mut self, index: usize) -> bool {
        let fresh = self.files[index].modified_ns - SLACK_NS;
        let archives = self.siblings(&[]).into_iter().filter(|one| one.is_packed() && one.modified_ns >= fresh);
        let unknown =
            archives.filter(|one| !self.is_known(one) && (end_mark(one).is_none() || !self.is_packed_known(one)));
        let opened = unknown.filter_map(|one| Some((one.open_at(0)?, one))).next();
        let Some(((origin, head_bytes, before), archive)) = opened else { return false };
        self.files[index].go_on_in(&archive, origin, head_bytes, before);
        true
    }

    /// The same file, to be read from its beginning.
    fn open_anew(&self, index: usize) -> Option<(File, Metadata)> {
        let old = &self.files[index];
        let open = match old.text().origin() {
            Origin::Plain(file) => file.try_clone().ok(),
            _ => File::open(&old.path).ok(),
        };
        let open = open.and_then(|file| Some((file.metadata().ok()?, file)));
        open.filter(|(meta, _)| Identity::of(meta) == old.identity).map(|(meta, file)| (file, meta))
    }

    /// The copy of what a file held.
    fn copy_of(&self, anchor: &Anchor, not: Option<Identity>) -> Option<(Sibling, Likeness)> {
        let fresh = anchor.modified_ns - SLACK_NS;
        let all = self.siblings(std::slice::from_ref(&anchor.path));
        let is_new = |one: &Sibling| one.modified_ns >= fresh && Some(one.identity) != not && !self.is_known(one);
        let mut alike: Vec<(Sibling, Likeness)> = all
            .into_iter()
            .rev()
            .filter(is_new)
            .map(|one| (one.likeness(&anchor.marks), one))
            .filter(|(how, _)| *how != Likeness::Other)
            .map(|(how, one)| (one, how))
            .collect();
        // One that holds all that was read is a surer copy than one that ends before.
        alike.sort_by_key(|(_, how)| *how != Likeness::Holds);
        alike.into_iter().next()
    }

    /// Whether a file had nothing more: it was read to its end, not written to for so long, and looks were frequent
    /// enough to know.
    pub(super) fn is_quiet(&self, dry: bool, grew_micros: i64, quiet_micros: i64) -> bool {
        let since = self.looked.map_or(i64::MAX, |looked| self.now.micros().saturating_sub(looked.micros()));
        dry && (0..=OFTEN_MICROS).contains(&since) && self.watched_then_micros - grew_micros >= quiet_micros
    }

    pub(super) fn push_plain(&mut self, at: usize, file: File, meta: &Metadata, offset: u64) {
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| absolute(&self.path));
        let Ok((origin, head_bytes, passed)) = open_at(file, &path, offset) else { return };
        let text = Text::new(origin, head_bytes, offset, passed, Marks::default());
        self.push(at, path, meta, text, End::Growing);
    }

    /// A file that was moved while it was not open: it is found by its identity, or what it may have held is lost.
    pub(super) fn find_away(&mut self, index: usize) {
        if !matches!(self.files[index].text().origin(), Origin::Away) || self.files[index].end != End::Growing {
            return;
        }
        let (identity, path) = (self.files[index].identity, self.files[index].path.clone());
        let moved = self.siblings(&[path]).into_iter().find(|one| one.identity == identity);
        let open = moved.and_then(|one| Some((File::open(&one.path).ok()?, one)));
        if let Some((open, one)) = open {
            let file = &mut self.files[index];
            file.path = one.path;
            file.text_mut().set_origin(Origin::Plain(open));
            return;
        }
        if self.go_on_in_copy(index, None) {
            return;
        }
        let file = &self.files[index];
        let quiet = self.is_quiet(file.dry, file.grew_micros, QUIET_MICROS);
        let gap = Gap { offset: file.text().at(), at: self.now, why: GapReason::Gone };
        self.gaps.extend((!quiet).then_some(gap));
        self.files[index].give_up();
    }
}

/// The path from the root, links and all.
fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether a file that was finished is back as it was.
fn still_holds(file: &File, old: &Finished) -> bool {
    old.end.is_some_and(|end| likeness_at(file, &[end]).is_ok_and(|likeness| likeness == Likeness::Holds))
}
