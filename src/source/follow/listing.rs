//! Names in a directory, read again only where they may have changed: ten thousand logs of one directory each ask for
//! their rotated files.
//!
//! In: a directory, and the name of a log in it. Out: the names that show that they were that log.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::fs;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::identity::{Identity, modified_ns};
use crate::source::rotate::{Age, rotation};
use crate::source::walk::entries;

/// File systems tell changes apart that lie further apart than this, in nanoseconds: what changed later may look unchanged.
const SETTLED_NS: i64 = 2_000_000_000;

/// Directories that are remembered.
const MOST_LISTINGS: usize = 64;

thread_local! {
    static LISTINGS: RefCell<HashMap<PathBuf, Listing>> = RefCell::default();
}

/// A name that shows a place in a set of rotated files.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) name: OsString,
    pub(super) age: Age,
    pub(super) packed: bool,
}

struct Listing {
    /// Which directory it was, and when it had changed last; `None` where a change could go unseen.
    seen: Option<(Identity, i64)>,
    /// By the name as text.
    names: BTreeMap<String, Named>,
    /// The names of each set, by the name that its files had while they were written.
    by_base: HashMap<String, Vec<String>>,
}

/// The names in a directory that show that they were the log of this name.
pub(super) fn rotated_names(directory: &Path, own: &str) -> Vec<Named> {
    LISTINGS.with_borrow_mut(|listings| {
        let changed = changed(directory);
        if let Some(known) = listings.get(directory).filter(|known| known.seen.is_some() && known.seen == changed) {
            return known.of(own);
        }
        let listing = Listing::read(directory, changed);
        let found = listing.of(own);
        if listings.len() >= MOST_LISTINGS {
            listings.clear();
        }
        listings.insert(directory.to_owned(), listing);
        found
    })
}

/// Which directory this is and when it changed last, if that is long enough ago.
fn changed(directory: &Path) -> Option<(Identity, i64)> {
    let meta = fs::metadata(directory).ok()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let modified = modified_ns(&meta);
    let since = i64::try_from(now.as_nanos()).ok()?.saturating_sub(modified);
    (since > SETTLED_NS).then(|| (Identity::of(&meta), modified))
}

impl Listing {
    fn read(directory: &Path, seen: Option<(Identity, i64)>) -> Self {
        let mut listing = Self { seen, names: BTreeMap::new(), by_base: HashMap::new() };
        for name in entries(directory).unwrap_or_default() {
            let text = name.to_string_lossy().into_owned();
            let place = rotation(&text);
            listing.by_base.entry(place.base).or_default().push(text.clone());
            listing.names.insert(text, Named { name, age: place.age, packed: place.packed });
        }
        listing
    }

    fn of(&self, own: &str) -> Vec<Named> {
        let longer = self.names.range::<str, _>((Bound::Excluded(own), Bound::Unbounded));
        let mut found: Vec<(&String, &Named)> = longer.take_while(|(name, _)| name.starts_with(own)).collect();
        // A name with a date of its own is a log of its own; only what was made of it belongs to it.
        if rotation(own).age == Age::Current {
            let of_base = self.by_base.get(own).into_iter().flatten();
            let others = of_base.filter(|name| !name.starts_with(own));
            found.extend(others.filter_map(|name| self.names.get_key_value(name)));
        }
        found.into_iter().map(|(_, named)| named.clone()).collect()
    }
}

#[cfg(test)]
#[path = "listing_tests.rs"]
mod tests;
