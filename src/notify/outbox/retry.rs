//! What an answer means, and how long to wait before the next try.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A longer wait than this is not granted to a server that asks for it: the notice is tried again later by the desk.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// How patient the outbox is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// For one try, from the name's look-up to the answer's head.
    pub(super) timeout: Duration,
    /// Tries of one notice.
    pub(super) most_tries: u32,
    /// Before the second try; twice as long before each further one.
    pub(super) first_pause: Duration,
    /// No pause is longer.
    pub(super) longest_pause: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            most_tries: 6,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(60),
        }
    }
}

impl Pace {
    /// The pause after so many tries: from half to the whole of the time, so that many do not come back at once.
    pub(super) fn pause(&self, tries: u32, key: &str) -> Duration {
        let doubled = self.first_pause.saturating_mul(1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX));
        let whole = doubled.min(self.longest_pause);
        let jitter = RandomState::new().hash_one((key, tries)) % 1_000;
        whole / 2 + whole / 2 * jitter as u32 / 1_000
    }
}

/// What came of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The endpoint has it.
    Taken,
    /// It will never take it like this.
    Refused(String),
    /// It may take it later; after this time, where it says so.
    Again { why: String, after: Option<Duration> },
}

impl Answer {
    /// From a status, and the `Retry-After` that came with it.
    pub(super) fn of(status: u16, retry_after: Option<&str>) -> Self {
        match status {
            200..=299 => Self::Taken,
            300..=399 => Self::Refused(format!("it answers {status}: redirects are not followed")),
            408 | 425 | 429 | 500..=599 => {
                Self::Again { why: format!("it answers {status}"), after: retry_after.and_then(asked) }
            }
            _ => Self::Refused(format!("it answers {status}")),
        }
    }
}

/// `Retry-After` in seconds or as a date.
fn asked(text: &str) -> Option<Duration> {
    let seconds = match text.trim().parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let date = chrono::DateTime::parse_from_rfc2822(text.trim()).ok()?;
            u64::try_from(date.timestamp() - chrono::Utc::now().timestamp()).ok()?
        }
    };
    Some(Duration::from_secs(seconds).min(LONGEST_ASKED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_say_whether_to_try_again() {
        for status in [200, 202, 204] {
            assert_eq!(Answer::of(status, None), Answer::Taken);
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410, 413] {
            assert!(matches!(Answer::of(status, Some("5")), Answer::Refused(_)), "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504] {
            let again = Answer::Again { why: format!("it answers {status}"), after: Some(Duration::from_secs(7)) };
            assert_eq!(Answer::of(status, Some(" 7 ")), again);
        }
        assert!(matches!(Answer::of(503, Some("soon")), Answer::Again { after: None, .. }));
        assert!(matches!(Answer::of(503, Some("Wed, 21 Oct 2015 07:28:00 GMT")), Answer::Again { after: None, .. }));
        let far = Answer::of(429, Some("99999999"));
        assert!(matches!(far, Answer::Again { after: Some(LONGEST_ASKED), .. }));
        assert!(matches!(
            Answer::of(429, Some("Wed, 21 Oct 2099 07:28:00 GMT")),
            Answer::Again { after: Some(LONGEST_ASKED), .. }
        ));
    }

    #[test]
    fn pauses_grow_and_vary() {
        let pace = Pace::default();
        for (tries, seconds) in [(1, 1), (2, 2), (3, 4), (7, 60), (40, 60), (u32::MAX, 60)] {
            let (pause, whole) = (pace.pause(tries, "k"), Duration::from_secs(seconds));
            assert!(pause >= whole / 2 && pause <= whole, "{tries}: {pause:?}");
        }
        let different: std::collections::BTreeSet<_> = (0..50).map(|_| pace.pause(5, "k")).collect();
        assert!(different.len() > 10);
    }
}
