//! The rotated files beside a followed path, and which of them hold what was read of it.
//!
//! In: paths, and marks of what was read. Out: the files in the order in which they were written, and how alike each is.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::identity::{Identity, modified_ns};
use super::listing::{self, Named};
use super::position::Mark;
use super::text::{Origin, before, head_bytes};
use crate::source::open::open;
use crate::source::overlap::{OVERLAP_BYTES, Overlap};
use crate::source::rotate::{Age, rotation};
use crate::source::unpack::{Archive, MAGIC_BYTES};
use crate::source::walk::entries;
use crate::source::{Input, Member, Progress};

/// Names may move while a directory is looked at: so often it is looked at until two looks agree.
const MOST_SCANS: usize = 6;

/// Times of writing that lie no further apart than this are taken for the same: some tools keep whole seconds only.
pub(super) const SLACK_NS: i64 = 2_000_000_000;

/// The place of a name that the path's own name begins but that shows no rotation (`access.log.old`).
const UNORDERED: Age = Age::Dated(Vec::new());

/// A file beside the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sibling {
    /// Where it stands.
    pub(super) path: PathBuf,
    /// Which file it is.
    pub(super) identity: Identity,
    /// Its place in the set.
    age: Age,
    /// Its name says that it is compressed.
    packed: bool,
    /// When it was last written.
    pub(super) modified_ns: i64,
    /// Its bytes on disk.
    pub(super) size: u64,
}

/// How alike a file is to what was read of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Likeness {
    /// It holds other text.
    Other,
    /// It holds what was read, and maybe more.
    Holds,
    /// It holds the beginning of what was read, and nothing more.
    Part,
}

/// The rotated files of these paths, oldest first.
pub(super) fn siblings(paths: &[&Path]) -> Vec<Sibling> {
    let mut last = scan(paths);
    for _ in 1..MOST_SCANS {
        let again = scan(paths);
        if again == last {
            break;
        }
        last = again;
    }
    last
}

fn scan(paths: &[&Path]) -> Vec<Sibling> {
    let mut found: Vec<Sibling> = Vec::new();
    let unique: HashSet<&Path> = paths.iter().copied().collect();
    for path in unique {
        found.extend(rotated_names(path).into_iter().filter_map(|(path, age, packed)| look(path, age, packed)));
    }
    found.sort_by(|a, b| (&a.age, !a.packed, &a.path).cmp(&(&b.age, !b.packed, &b.path)));
    let mut seen = HashSet::new();
    found.retain(|one| seen.insert(one.identity));
    // While a file is being compressed both are there; the plain one is whole.
    let plain: HashSet<PathBuf> = found.iter().filter(|one| !one.packed).map(|one| one.path.clone()).collect();
    found.retain(|one| !(one.packed && plain.contains(&one.path.with_extension(""))));
    found
}

/// The files in a path's directory whose names show that they were that path.
fn rotated_names(path: &Path) -> Vec<(PathBuf, Age, bool)> {
    let Some(own) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { return Vec::new() };
    let directory = path.parent().unwrap_or(Path::new(""));
    let looked_in = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let place = |named: Named| (directory.join(&named.name), named.age, named.packed);
    listing::rotated_names(looked_in, &own).into_iter().map(place).collect()
}

fn look(path: PathBuf, age: Age, packed: bool) -> Option<Sibling> {
    let meta = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
    let (identity, modified_ns, size) = (Identity::of(&meta), modified_ns(&meta), meta.len());
    let age = if age == Age::Current { UNORDERED } else { age };
    Some(Sibling { path, identity, age, packed, modified_ns, size })
}

/// The files that a link pointed to between these two targets, oldest first: their dates lie in between.
pub(super) fn targets_between(from: &Path, to: &Path) -> Vec<Sibling> {
    let place = |path: &Path| path.file_name().map(|name| rotation(&name.to_string_lossy()));
    let (Some(first), Some(last), Some(directory)) = (place(from), place(to), to.parent()) else { return Vec::new() };
    if first.base != last.base || from.parent() != Some(directory) || first.age == Age::Current {
        return Vec::new();
    }
    let names = entries(directory).unwrap_or_default();
    let mut found: Vec<Sibling> = names
        .iter()
        .filter_map(|name| {
            let place = rotation(&name.to_string_lossy());
            let between = place.base == last.base && first.age < place.age && place.age < last.age;
            between.then(|| look(directory.join(name), place.age, place.packed))?
        })
        .collect();
    found.sort_by(|a, b| a.age.cmp(&b.age));
    found
}

impl Sibling {
    /// Whether its name tells its place in the order of the set.
    pub(super) fn is_ordered(&self) -> bool {
        self.age != UNORDERED
    }

    /// Whether its name says that it is compressed.
    pub(super) fn is_packed(&self) -> bool {
        self.packed
    }

    /// How alike it is to a text of which these marks were made; the last of them is how far it was read.
    pub(super) fn likeness(&self, marks: &[Mark]) -> Likeness {
        likeness(&self.path, marks).unwrap_or(Likeness::Other)
    }

    /// Whether it is an archive of just that text of which these marks were made: a text may begin like another one.
    pub(super) fn is_packed_from(&self, marks: &[Mark]) -> bool {
        let Some(end) = marks.last() else { return false };
        self.likeness(marks) == Likeness::Holds && end_mark(self) == Some(*end)
    }

    /// What the file system tells of it; `None` where another file has its name by now.
    pub(super) fn meta(&self) -> Option<fs::Metadata> {
        fs::metadata(&self.path).ok().filter(|meta| Identity::of(meta) == self.identity)
    }

    /// Its text from a place on, with the bytes of it before; `None` where it cannot be had, or is another file by now.
    pub(super) fn open_at(&self, at: u64) -> Option<(Origin, u64, Overlap)> {
        let file = File::open(&self.path).ok()?;
        let meta = file.metadata().ok()?;
        (Identity::of(&meta) == self.identity).then(|| open_at(file, &self.path, at).ok())?
    }
}

/// The text of a file from a place on: its origin, the bytes before its text, and what stands before the place.
pub(super) fn open_at(file: File, path: &Path, at: u64) -> io::Result<(Origin, u64, Overlap)> {
    if is_packed(&file)? {
        let mut text = unpacked(path)?;
        let mut passed = Overlap::default();
        skip(&mut text, at, &mut passed)?;
        return Ok((Origin::Packed(text), 0, passed));
    }
    let head_bytes = head_bytes(&file)?;
    let passed = before(&file, head_bytes, at)?;
    Ok((Origin::Plain(file), head_bytes, passed))
}

fn likeness(path: &Path, marks: &[Mark]) -> io::Result<Likeness> {
    let file = File::open(path)?;
    if is_packed(&file)? { packed_likeness(path, marks) } else { likeness_at(&file, marks) }
}

/// How alike a plain file is to a text of which these marks were made.
pub(super) fn likeness_at(file: &File, marks: &[Mark]) -> io::Result<Likeness> {
    let head_bytes = head_bytes(file)?;
    let size = file.metadata()?.len().saturating_sub(head_bytes);
    let mut matched = 0;
    for mark in marks.iter().take_while(|mark| mark.offset <= size) {
        if before(file, head_bytes, mark.offset)?.hash() != mark.hash {
            return Ok(Likeness::Other);
        }
        matched += 1;
    }
    Ok(Likeness::of(matched, marks))
}

fn packed_likeness(path: &Path, marks: &[Mark]) -> io::Result<Likeness> {
    let mut text = unpacked(path)?;
    let (mut at, mut passed, mut matched) = (0, Overlap::default(), 0);
    for mark in marks {
        at += skip(&mut text, mark.offset - at, &mut passed)?;
        if at < mark.offset {
            break;
        }
        if passed.hash() != mark.hash {
            return Ok(Likeness::Other);
        }
        matched += 1;
    }
    Ok(Likeness::of(matched, marks))
}

impl Likeness {
    /// Of a text in which the first so many of these marks were found.
    fn of(matched: usize, marks: &[Mark]) -> Self {
        match marks[..matched].last() {
            None => Self::Other,
            Some(_) if matched == marks.len() => Self::Holds,
            // Other texts may begin with the same few bytes.
            Some(last) if last.offset < OVERLAP_BYTES as u64 => Self::Other,
            Some(_) => Self::Part,
        }
    }
}

/// The mark at the end of a file's text.
pub(super) fn end_mark(one: &Sibling) -> Option<Mark> {
    let file = File::open(&one.path).ok()?;
    let (offset, passed) = if is_packed(&file).ok()? {
        let mut passed = Overlap::default();
        (skip(&mut unpacked(&one.path).ok()?, u64::MAX, &mut passed).ok()?, passed)
    } else {
        let head_bytes = head_bytes(&file).ok()?;
        let offset = one.size.saturating_sub(head_bytes);
        (offset, before(&file, head_bytes, offset).ok()?)
    };
    (offset > 0).then(|| Mark { offset, hash: passed.hash() })
}

/// Whether a file is an archive, by its first bytes.
pub(super) fn is_packed(file: &File) -> io::Result<bool> {
    let mut head = [0; MAGIC_BYTES];
    let count = super::text::read_at(file, &mut head, 0)?;
    Ok(Archive::of(&head[..count]).is_some())
}

fn unpacked(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let member = Member { input: Input::File(path.to_owned()), ..Member::path(path) };
    let opened = open(&member, &Progress::default()).map_err(io::Error::other)?;
    Ok(Box::new(opened))
}

/// Reads over so many bytes of a text, fewer where it ends, and keeps the last ones.
fn skip(text: &mut dyn Read, bytes: u64, passed: &mut Overlap) -> io::Result<u64> {
    let mut block = vec![0; 64 << 10];
    let mut left = bytes;
    while left > 0 {
        let room = usize::try_from(left).unwrap_or(block.len()).min(block.len());
        match text.read(&mut block[..room])? {
            0 => break,
            count => {
                passed.pass(&block[..count]);
                left -= count as u64;
            }
        }
    }
    Ok(bytes - left)
}
