//! The last bytes before an offset. A file that was cut, or written anew, does not hold them there any more.

use xxhash_rust::xxh3::xxh3_64;

/// How many bytes before an offset are looked at.
pub(super) const OVERLAP_BYTES: usize = 64;

/// The up to [`OVERLAP_BYTES`] bytes before an offset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Overlap(Vec<u8>);

impl Overlap {
    /// The last of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(last(bytes).to_vec())
    }

    /// Steps over these bytes.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        let new = last(bytes);
        let kept = self.0.len().min(OVERLAP_BYTES - new.len());
        self.0.drain(..self.0.len() - kept);
        self.0.extend_from_slice(new);
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What is kept of them where a reading is to go on another time.
    pub(super) fn hash(&self) -> u64 {
        xxh3_64(&self.0)
    }
}

fn last(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.len() - bytes.len().min(OVERLAP_BYTES)..]
}

/// Where the up to [`OVERLAP_BYTES`] bytes before an offset begin.
pub(super) fn overlap_start(offset: u64) -> u64 {
    offset.saturating_sub(OVERLAP_BYTES as u64)
}
