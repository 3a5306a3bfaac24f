//! What becomes of a witness in its part.
//!
//! In: witnesses, one by one. Out: a list of them, or what they count for. In an outage neighbouring witnesses differ in
//! little: what they have in common is counted once a run of them.

use crate::incident::alone::Alone;
use crate::incident::frequent::{Drawn, may_count};
use crate::incident::part::{Part, WitnessRecord};
use crate::incident::segment::{EvidenceLine, MOST_EVIDENCE_BYTES, MOST_EVIDENCE_OF_RANK, TroubleKind};
use crate::incident::series::Series;
use crate::incident::tally::SeriesKey;
use crate::time::Timestamp;

/// Witnesses in a row, of one second, that were counted alike.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// How they count, and the first of them, which is counted wholly.
    like: Option<(Alone, WitnessRecord)>,
    /// How many followed the first.
    count: u64,
}

/// Counts the witness on the spot where the part does that, else lists it.
pub(super) fn keep(part: &mut Part, run: &mut Run, witness: &WitnessRecord, text: &[u8]) {
    /// Each takes room; a part of an honest log has a handful.
    const MOST_SEGMENTS: usize = 64;
    let Some(series) = &mut part.alone else {
        part.witnesses.push(*witness);
        return;
    };
    // When these were depends on the lines before the chunk, and what a worker said may go on behind it.
    let Some(time) = witness.time.filter(|_| witness.fold_micros == 0 && witness.worker == 0) else {
        part.alone = None;
        return;
    };
    let offset = u64::from(witness.at);
    let evidence = |rank: u8| EvidenceLine {
        rank,
        member: 0,
        age: 0,
        offset,
        line: u64::from(witness.line),
        text: text[..text.len().min(MOST_EVIDENCE_BYTES)].to_vec(),
    };
    let key = match run.goes_on(witness, time).zip(series.last_mut()) {
        Some(((key, rank), segment)) => {
            let is_request = key.kind == TroubleKind::Requests;
            segment.add_own(time, witness.path, witness.client, witness.duration_ms.filter(|_| is_request));
            run.count += 1;
            // Of further lines none can stand before those that are kept.
            if run.count < MOST_EVIDENCE_OF_RANK as u64 {
                segment.keep(rank, (0, 0, offset), || evidence(rank));
            }
            key
        }
        None => {
            run.end(series);
            let alone = Alone::of(witness, time);
            series.count(alone.key, &alone.failure).keep(alone.rank, (0, 0, offset), || evidence(alone.rank));
            if series.segments() > MOST_SEGMENTS {
                part.alone = None;
                return;
            }
            run.like = Some((alone, *witness));
            alone.key
        }
    };
    if may_count(part.offset + offset) {
        part.drawn.push(Drawn { key, time, path: witness.path, at: witness.at });
    }
}

impl Run {
    /// What this witness counts for and its rank as evidence, where it counts like those of the run.
    #[inline]
    fn goes_on(&self, witness: &WitnessRecord, time: Timestamp) -> Option<(SeriesKey, u8)> {
        let (alone, first) = self.like.as_ref()?;
        let is_alike = witness.kind == first.kind
            && witness.cause == first.cause
            && witness.service == first.service
            && witness.rule == first.rule
            && witness.certainty == first.certainty
            && witness.status == first.status
            && witness.upstream == first.upstream
            && time.seconds() == alone.failure.time.seconds();
        is_alike.then_some((alone.key, alone.rank))
    }

    /// Counts what the run had in common.
    pub(super) fn end(&mut self, series: &mut Series) {
        if let Some((alone, _)) = self.like.take().filter(|_| self.count > 0)
            && let Some(segment) = series.last_mut()
        {
            segment.add_common(&alone.failure, self.count);
        }
        self.count = 0;
    }
}
