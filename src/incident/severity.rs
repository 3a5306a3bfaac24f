//! How much an incident matters: what it does to the users, not how loud its lines are.

use crate::event::Severity;

/// What is known of an incident's weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weight {
    /// Failed requests; `None` where no access log covers the time.
    pub(super) requests: Option<u64>,
    /// Failures that error logs state, or conditions.
    pub(super) attempts: u64,
    /// Failed part of the service's requests.
    pub(super) share: Option<f64>,
    /// First to last failure, seconds.
    pub(super) seconds: i64,
    /// How bad the cause is when it hits everybody.
    pub(super) hint: Severity,
}

/// A quarter of all requests: the service is down for many.
const SHARE_CRITICAL: f64 = 0.25;
/// One in fifty: everybody meets it within a visit.
const SHARE_ERROR: f64 = 0.02;
/// Below so many failures a share says little.
const FEW: u64 = 20;
/// So many failures are felt whatever the share.
const MANY: u64 = 100;
/// Fewer than these are for the log, not for the night.
const HANDFUL: u64 = 5;
/// What fails so long is no blip, seconds.
const LONG_SECONDS: i64 = 600;

impl Weight {
    /// The severity of an incident of this weight; never above what the cause can be at its worst.
    pub(super) fn severity(&self) -> Severity {
        let count = self.requests.filter(|count| *count > 0).unwrap_or(self.attempts);
        let share = self.share.unwrap_or(0.0);
        let felt = if share >= SHARE_CRITICAL && count >= FEW {
            Severity::Critical
        } else if (share >= SHARE_ERROR && count >= FEW)
            || count >= MANY
            || (count >= FEW && self.seconds >= LONG_SECONDS)
        {
            Severity::Error
        } else if count >= HANDFUL || share >= SHARE_ERROR {
            Severity::Warning
        } else {
            Severity::Info
        };
        felt.min(self.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_and_count_decide_up_to_the_hint() {
        let weight = |requests, share, hint| Weight {
            requests: Some(requests),
            attempts: 0,
            share: Some(share),
            seconds: 30,
            hint,
        };
        assert_eq!(weight(254, 0.42, Severity::Critical).severity(), Severity::Critical);
        assert_eq!(weight(254, 0.42, Severity::Error).severity(), Severity::Error);
        assert_eq!(weight(30, 0.05, Severity::Critical).severity(), Severity::Error);
        assert_eq!(weight(6, 0.001, Severity::Critical).severity(), Severity::Warning);
        assert_eq!(weight(1, 0.0001, Severity::Critical).severity(), Severity::Info);
    }
}
