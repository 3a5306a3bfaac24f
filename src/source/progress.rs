//! How far the reading is. In: bytes as they come from disk or pipe. Out: two numbers for a progress bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Log;

/// Bytes read so far, out of how many. Clones share the count: one is read by the bar, one is fed by each open member.
///
/// Counts bytes as they stand on disk, so that an archive's share is the share of its compressed bytes.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Progress {
    /// A count for reading these logs. The total is known where no member is a pipe.
    pub fn of(logs: &[Log]) -> Self {
        let total = logs.iter().flat_map(|log| &log.members).map(|member| member.size).sum();
        Self { read: Arc::default(), total }
    }

    /// Bytes read so far, as they stand on disk (compressed where compressed).
    pub fn read(&self) -> u64 {
        self.read.load(Relaxed)
    }

    /// Bytes to read in all, where that is known. A file that grows can be read beyond it.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Counts bytes that were just read.
    pub(super) fn add(&self, bytes: usize) {
        self.read.fetch_add(bytes as u64, Relaxed);
    }
}
