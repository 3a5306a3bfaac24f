//! The clocks of a watch: one that people read, and one that never goes back.

use crate::time::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    began: Instant,
}

impl Clock {
    /// Begins now.
    pub(super) fn start() -> Self {
        Self { began: Instant::now() }
    }

    /// The time of day. It may jump: nothing but stamps is held against it.
    pub(super) fn now() -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    }

    /// Microseconds since the beginning.
    pub(super) fn elapsed(self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// What is done no more often than every so often, and that costs no more than a share of the time.
#[derive(Debug)]
pub(super) struct Pace {
    least: Duration,
    next: Instant,
}

/// What is paced takes no more than this part of the time: 1 in so many.
const SHARE: u32 = 8;

impl Pace {
    /// Due at once, then every `least`.
    pub(super) fn every(least: Duration) -> Self {
        Self { least, next: Instant::now() }
    }

    /// Whether it is due.
    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Does it, and sets when it is due next.
    pub(super) fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let done = work();
        self.next = Instant::now() + self.least.max(began.elapsed() * SHARE);
        done
    }
}
