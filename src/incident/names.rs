//! Names from logs (services, upstreams, paths) as small numbers.
//!
//! In: bytes, often hostile. Out: a [`NameId`]. Their number is bounded: beyond it every new name is [`OTHERS`].

use crate::text::{find_near, is_same};
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// A name's number in one [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NameId(pub u32);

/// The log names none.
pub const NONE: NameId = NameId(0);
/// One of the names for which there was no more room.
pub(super) const OTHERS: NameId = NameId(1);

/// Longer names are cut: nobody reads them, and they come from outside.
const MOST_NAME_BYTES: usize = 256;

/// How many names are found without hashing the whole of them.
const LATELY: usize = 64;

/// Where a name stands among those asked for lately: told by its last bytes, in which neighbouring names differ.
fn slot_of(name: &[u8]) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let end = name
        .last_chunk::<8>()
        .map_or_else(|| name.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)), |end| u64::from_le_bytes(*end));
    let mixed = (end ^ name.len() as u64).wrapping_mul(ODD);
    (mixed >> (64 - LATELY.trailing_zeros())) as usize
}

/// Names and their numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Names {
    /// All names, one behind the other, and where each ends.
    text: Vec<u8>,
    ends: Vec<u32>,
    /// The hash of each: the same in all [`Names`] of the process.
    hashes: Vec<u64>,
    by_hash: HashTable<NameId>,
    /// Names asked for lately, by a part of their bytes: neighbouring lines are about the same few.
    lately: [NameId; LATELY],
    most: usize,
    is_full: bool,
}

/// Names as a state keeps them: what is found by name is derived.
#[derive(Serialize, Deserialize)]
struct Saved {
    names: Vec<Box<[u8]>>,
    most: u64,
    is_full: bool,
}

impl From<Saved> for Names {
    fn from(saved: Saved) -> Self {
        let mut names = Self::of_part();
        for name in &saved.names {
            names.id(name);
        }
        Self { most: saved.most as usize, is_full: saved.is_full, ..names }
    }
}

impl From<Names> for Saved {
    fn from(names: Names) -> Self {
        let own = (BESIDE.len()..names.len()).map(|at| names.name(NameId(at as u32)).into());
        Self { names: own.collect(), most: names.most as u64, is_full: names.is_full }
    }
}

/// What the numbers stand for that are no names.
const BESIDE: [&[u8]; 2] = [b"-", b"(others)"];

/// Hashes depend on a key that nobody outside knows: names come from clients.
static HASHER: LazyLock<ahash::RandomState> = LazyLock::new(ahash::RandomState::new);

impl Names {
    /// For the names of one chunk, whose bytes bound them.
    pub(super) fn of_part() -> Self {
        /// So many of the longest have room.
        const MOST_OF_PART: usize = 1 << 23;
        Self::with_room_for(MOST_OF_PART)
    }

    /// Room for so many names.
    pub fn with_room_for(most: usize) -> Self {
        let mut names = Self {
            text: Vec::new(),
            ends: Vec::new(),
            hashes: Vec::new(),
            by_hash: HashTable::new(),
            lately: [NONE; LATELY],
            most,
            is_full: false,
        };
        for name in BESIDE {
            names.push(name, 0);
        }
        names
    }

    /// Makes room for as many names as a like chunk had.
    pub(super) fn make_room(&mut self, names: usize, bytes: usize) {
        self.text.reserve(bytes);
        self.ends.reserve(names);
        self.hashes.reserve(names);
        let hashes = &self.hashes;
        self.by_hash.reserve(names, |id| hashes[id.0 as usize]);
    }

    /// How much room its names take: their number and their bytes.
    pub(super) fn room(&self) -> (usize, usize) {
        (self.ends.len(), self.text.len())
    }

    /// The name's number; `-` and nothing are [`NONE`].
    pub fn id(&mut self, name: impl AsRef<[u8]>) -> NameId {
        let name = name.as_ref();
        let name = &name[..name.len().min(MOST_NAME_BYTES)];
        if matches!(name, b"" | b"-") {
            return NONE;
        }
        let slot = slot_of(name);
        let lately = self.lately[slot];
        if is_same(self.name(lately), name) {
            return lately;
        }
        let id = self.find_or_add(name, HASHER.hash_one(name));
        self.lately[slot] = if id == OTHERS { NONE } else { id };
        id
    }

    /// The number here of a name that others have.
    pub(super) fn id_of(&mut self, others: &Self, id: NameId) -> NameId {
        match others.hashes.get(id.0 as usize) {
            Some(hash) if id.0 as usize >= BESIDE.len() => self.find_or_add(others.name(id), *hash),
            _ => id,
        }
    }

    fn find_or_add(&mut self, name: &[u8], hash: u64) -> NameId {
        let is_it = |id: &NameId| self.hashes[id.0 as usize] == hash && self.name(*id) == name;
        if let Some(id) = self.by_hash.find(hash, is_it) {
            return *id;
        }
        if self.by_hash.len() >= self.most {
            self.is_full = true;
            return OTHERS;
        }
        let id = self.push(name, hash);
        let hashes = &self.hashes;
        self.by_hash.insert_unique(hash, id, |id| hashes[id.0 as usize]);
        id
    }

    fn push(&mut self, name: &[u8], hash: u64) -> NameId {
        self.text.extend_from_slice(name);
        self.ends.push(self.text.len() as u32);
        self.hashes.push(hash);
        NameId(self.ends.len() as u32 - 1)
    }

    /// The name.
    pub fn name(&self, id: NameId) -> &[u8] {
        let at = id.0 as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.ends.get(at).map_or(BESIDE[0], |end| &self.text[start..*end as usize])
    }

    /// How many numbers there are, `NONE` and `OTHERS` included; never 0.
    #[allow(clippy::len_without_is_empty)] // it never is
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether a name found no room.
    pub fn is_full(&self) -> bool {
        self.is_full
    }
}

/// Folds the changing parts of a path to `*`, so that one trouble is one line: `/orders/98367` is `/orders/*`,
/// `/assets/app.23766864.js` is `/assets/app.*.js`. Where something changes, `folded` holds the result.
pub(super) fn fold_path<'f>(uri: &'f [u8], folded: &'f mut Vec<u8>) -> &'f [u8] {
    let is_break = |byte: &u8| matches!(byte, b'/' | b'.');
    folded.clear();
    let uri = &uri[..uri.len().min(MOST_NAME_BYTES)];
    let path = &uri[..find_near(uri, |byte| matches!(byte, b'?' | b'#')).unwrap_or(uri.len())];
    // What stands before `kept` is in `folded` already; `seen` is between two parts.
    let (mut kept, mut seen) = (0, 0);
    // Every part that changes has a digit.
    while let Some(digit) = find_near(&path[seen..], |byte| byte.is_ascii_digit()).map(|at| seen + at) {
        let start = path[seen..digit].iter().rposition(is_break).map_or(seen, |at| seen + at + 1);
        let end = path[digit..].iter().position(is_break).map_or(path.len(), |at| digit + at);
        if is_changing(&path[start..end]) {
            folded.extend_from_slice(&path[kept..start]);
            folded.push(b'*');
            kept = end;
        }
        seen = end;
    }
    if folded.is_empty() {
        return path;
    }
    folded.extend_from_slice(&path[kept..]);
    folded
}

/// A number, a UUID, a hash: only digits, hex letters and `-`. It has a digit.
fn is_changing(part: &[u8]) -> bool {
    /// Shorter hex words (`cafe1`) may be names.
    const HASH_BYTES: usize = 8;
    let is_hash = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    part.iter().all(u8::is_ascii_digit) || (part.len() >= HASH_BYTES && part.iter().all(is_hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_number_of_names_is_bounded() {
        let mut names = Names::with_room_for(2);
        assert_eq!(names.id(b"-"), NONE);
        let a = names.id(b"a");
        assert_ne!(names.id(b"b"), a);
        assert_eq!(names.id(b"c"), OTHERS);
        assert_eq!(names.id(b"a"), a);
        assert_eq!((names.name(a), names.is_full()), (&b"a"[..], true));
    }

    #[test]
    fn changing_parts_of_paths_are_folded() {
        for (uri, path) in [
            ("/orders/98367?x=1", "/orders/*"),
            ("/api/v1/items", "/api/v1/items"),
            ("/f/3f2504e0-4f89-11d3-9a0c-0305e82c3301/a", "/f/*/a"),
            ("/cafe1", "/cafe1"),
            ("/assets/app.23766864.js", "/assets/app.*.js"),
            ("/download/v1.2.3.tar.gz", "/download/v1.*.*.tar.gz"),
            ("/", "/"),
            ("/7#x", "/*"),
            ("/7/8/a?9", "/*/*/a"),
            ("17", "*"),
            ("", ""),
            ("/a-b/12-3", "/a-b/12-3"),
        ] {
            let mut room = Vec::new();
            assert_eq!(String::from_utf8_lossy(fold_path(uri.as_bytes(), &mut room)), path);
        }
    }

    proptest! {
        #[test]
        fn each_part_of_a_path_is_folded_by_itself(uri in "[/.?#0-9a-gz-]{0,40}") {
            let path = uri.split(['?', '#']).next().unwrap_or_default();
            let mut expected = String::new();
            for part in path.split_inclusive(['/', '.']) {
                let (word, end) = part.split_at(part.len() - usize::from(part.ends_with(['/', '.'])));
                let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
                let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
                let is_hash = word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
                expected.push_str(if is_number || (has_digit && is_hash) { "*" } else { word });
                expected.push_str(end);
            }
            let mut room = Vec::new();
            prop_assert_eq!(String::from_utf8_lossy(fold_path(uri.as_bytes(), &mut room)), expected);
        }
    }
}
