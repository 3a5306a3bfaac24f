//! How many files are open at once, over all followed paths.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// So many files stay open; with more, those that are idle are opened again only when they grow.
pub const MOST_OPEN_FILES: usize = 400;

/// The open files of all tails. Clones share the count; each knows its own share of it.
#[derive(Debug, Default)]
pub struct Descriptors {
    all: Arc<AtomicUsize>,
    own: usize,
}

impl Descriptors {
    /// Says how many this share has open now.
    pub(super) fn hold(&mut self, open: usize) {
        self.all.fetch_add(open, Relaxed);
        self.all.fetch_sub(self.own, Relaxed);
        self.own = open;
    }

    /// Whether a file that has nothing to give should be closed; one that was idle for long even before all are in use.
    pub(super) fn are_short(&self, was_idle_long: bool) -> bool {
        self.all.load(Relaxed) > if was_idle_long { MOST_OPEN_FILES / 2 } else { MOST_OPEN_FILES }
    }

    /// How many are open.
    pub fn open(&self) -> usize {
        self.all.load(Relaxed)
    }
}

impl Clone for Descriptors {
    fn clone(&self) -> Self {
        Self { all: Arc::clone(&self.all), own: 0 }
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        self.all.fetch_sub(self.own, Relaxed);
    }
}
