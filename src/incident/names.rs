//! Names from logs (services, upstreams, paths) as small numbers.
//!
//! In: bytes, often hostile. Out: a [`NameId`]. Their number is bounded: beyond it every new name is [`OTHERS`].

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
        if self.name(lately) == name {
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
    folded.clear();
    // What stands before `kept` is in `folded` already.
    let (mut kept, mut start, mut seen) = (0, 0, 0);
    let most = uri.len().min(MOST_NAME_BYTES);
    let mut end = most;
    for (at, byte) in uri[..most].iter().enumerate() {
        let class = CLASSES[*byte as usize];
        seen |= class;
        if class & (BREAK | END) != 0 {
            if is_changing(seen, at - start) {
                folded.extend_from_slice(&uri[kept..start]);
                folded.push(b'*');
                kept = at;
            }
            (start, seen) = (at + 1, 0);
            if class == END {
                end = at;
                break;
            }
        }
    }
    if start < end && is_changing(seen, end - start) {
        folded.extend_from_slice(&uri[kept..start]);
        folded.push(b'*');
        kept = end;
    }
    if folded.is_empty() {
        return &uri[..end];
    }
    folded.extend_from_slice(&uri[kept..end]);
    folded
}

/// A number, a UUID, a hash: only digits, hex letters and `-`, and at least one digit.
fn is_changing(seen: u8, length: usize) -> bool {
    /// Shorter hex words (`cafe1`) may be names.
    const HASH_BYTES: usize = 8;
    let seen = seen & !(BREAK | END);
    seen == DIGIT || (seen == DIGIT | HEX_LETTER && length >= HASH_BYTES)
}

const DIGIT: u8 = 1;
const HEX_LETTER: u8 = 2;
const OTHER: u8 = 4;
/// Between words.
const BREAK: u8 = 8;
/// Behind the path.
const END: u8 = 16;

/// What a byte means to a path.
const CLASSES: [u8; 256] = {
    let mut classes = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'f' | b'A'..=b'F' | b'-' => HEX_LETTER,
            b'/' | b'.' => BREAK,
            b'?' | b'#' => END,
            _ => OTHER,
        };
        byte += 1;
    }
    classes
};

#[cfg(test)]
mod tests {
    use super::*;

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
}
