//! Witnesses without a counterpart: what each counts for where nothing is to be joined with it.
//!
//! In: a witness. Out: the trouble it belongs to, and the failure it adds to it. The same whether a worker counts it on
//! the spot (a log that has no partner) or the join gave up waiting for it.

use super::part::{WitnessKind, WitnessRecord};
use super::segment::{Failure, TroubleKind};
use super::tally::SeriesKey;
use crate::time::Timestamp;

/// How a witness counts by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Alone {
    /// The trouble.
    pub(super) key: SeriesKey,
    /// What it adds.
    pub(super) failure: Failure,
    /// Its rank as evidence.
    pub(super) rank: u8,
}

impl Alone {
    /// Of this witness, at this time.
    pub(super) fn of(witness: &WitnessRecord, time: Timestamp) -> Self {
        let kind = match witness.kind {
            WitnessKind::Request => TroubleKind::Requests,
            WitnessKind::Failure | WitnessKind::Echo => TroubleKind::Unmatched,
            WitnessKind::Session => TroubleKind::Sessions,
            WitnessKind::Warning => TroubleKind::Warning,
            WitnessKind::Condition => TroubleKind::Condition,
        };
        let is_request = kind == TroubleKind::Requests;
        let has_status = is_request || kind == TroubleKind::Unmatched;
        let failure = Failure {
            time,
            requests: u64::from(is_request),
            attempts: u64::from(!is_request && kind != TroubleKind::Condition),
            status: if has_status { witness.status } else { 0 },
            certainty: witness.certainty,
            rule: witness.rule,
            upstream: witness.upstream,
            path: witness.path,
            client: witness.client,
            duration_ms: if is_request { witness.duration_ms } else { None },
        };
        let rank = match kind {
            TroubleKind::Requests => 2,
            TroubleKind::Condition => 1,
            _ => 0,
        };
        Self { key: SeriesKey { cause: witness.cause, service: witness.service, kind }, failure, rank }
    }
}
