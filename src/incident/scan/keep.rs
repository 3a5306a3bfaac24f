//! What becomes of a witness in its part.

use crate::incident::alone::Alone;
use crate::incident::frequent::{Drawn, may_count};
use crate::incident::part::{Part, WitnessRecord};
use crate::incident::segment::{EvidenceLine, MOST_EVIDENCE_BYTES};

/// Counts the witness on the spot where the part does that, else lists it.
pub(super) fn keep(part: &mut Part, witness: WitnessRecord, text: &[u8]) {
    /// Each takes room; a part of an honest log has a handful.
    const MOST_SEGMENTS: usize = 64;
    let Some(series) = &mut part.alone else {
        part.witnesses.push(witness);
        return;
    };
    // When these were depends on the lines before the chunk, and what a worker said may go on behind it.
    let Some(time) = witness.time.filter(|_| witness.fold_micros == 0 && witness.worker == 0) else {
        part.alone = None;
        return;
    };
    let alone = Alone::of(&witness, time);
    let offset = u64::from(witness.at);
    let evidence = || EvidenceLine {
        rank: alone.rank,
        member: 0,
        age: 0,
        offset,
        line: u64::from(witness.line),
        text: text[..text.len().min(MOST_EVIDENCE_BYTES)].to_vec(),
    };
    if may_count(part.offset + offset) {
        part.drawn.push(Drawn { key: alone.key, time, path: alone.failure.path, at: witness.at });
    }
    series.count(alone.key, &alone.failure).keep(alone.rank, (0, 0, offset), evidence);
    if series.segments() > MOST_SEGMENTS {
        part.alone = None;
    }
}
