//! Names from logs (services, upstreams, paths) as small numbers.
//!
//! In: bytes, often hostile. Out: a [`NameId`]. Their number is bounded: beyond it every new name is [`OTHERS`], and
//! how many were folded into it is counted.

use ahash::AHashMap;
use serde::{Deserialize, Serialize};

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
    by_name: AHashMap<Box<[u8]>, NameId>,
    /// Names asked for lately, by a part of their bytes: neighbouring lines are about the same few.
    lately: [NameId; LATELY],
    names: Vec<Box<[u8]>>,
    most: usize,
    folded: u64,
}

/// Names as a state keeps them: what is found by name is derived.
#[derive(Serialize, Deserialize)]
struct Saved {
    names: Vec<Box<[u8]>>,
    most: u64,
    folded: u64,
}

impl From<Saved> for Names {
    fn from(Saved { names, most, folded }: Saved) -> Self {
        let beside = [NONE, OTHERS].len();
        let numbered = names.iter().enumerate().skip(beside).map(|(at, name)| (name.clone(), NameId(at as u32)));
        Self { by_name: numbered.collect(), names, folded, ..Self::with_room_for(most as usize) }
    }
}

impl From<Names> for Saved {
    fn from(names: Names) -> Self {
        Self { names: names.names, most: names.most as u64, folded: names.folded }
    }
}

impl Names {
    /// Room for so many names.
    pub fn with_room_for(most: usize) -> Self {
        Self {
            by_name: AHashMap::new(),
            lately: [NONE; LATELY],
            names: vec![b"-".as_slice().into(), b"(others)".as_slice().into()],
            most,
            folded: 0,
        }
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
        if *self.names[lately.0 as usize] == *name {
            return lately;
        }
        if let Some(id) = self.by_name.get(name) {
            self.lately[slot] = *id;
            return *id;
        }
        if self.by_name.len() >= self.most {
            self.folded += 1;
            return OTHERS;
        }
        let id = NameId(self.names.len() as u32);
        self.names.push(name.into());
        self.by_name.insert(name.into(), id);
        id
    }

    /// The name.
    pub fn name(&self, id: NameId) -> &[u8] {
        self.names.get(id.0 as usize).map_or(b"-", |name| &**name)
    }

    /// How many numbers there are, `NONE` and `OTHERS` included; never 0.
    #[allow(clippy::len_without_is_empty)] // it never is
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// How often a name found no room.
    pub fn folded(&self) -> u64 {
        self.folded
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
    fn the_number_of_names_is_bounded_and_the_rest_counted() {
        let mut names = Names::with_room_for(2);
        assert_eq!(names.id(b"-"), NONE);
        let a = names.id(b"a");
        assert_ne!(names.id(b"b"), a);
        assert_eq!(names.id(b"c"), OTHERS);
        assert_eq!(names.id(b"a"), a);
        assert_eq!((names.name(a), names.folded()), (&b"a"[..], 1));
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
