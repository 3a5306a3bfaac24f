//! Which format stands inside an envelope, and which logs are free text.
//!
//! In: the lines of a sample, the formats and envelopes that may be theirs. Out: what was found, where something was.

use super::Format;
use super::detect::{Detected, LEAST_FIT, best_fit};
use super::envelope::Envelope;
use super::lanes::Lanes;
use crate::time::Shape;
use std::sync::Arc;

/// The format inside the envelope that fits best. An envelope with stamps of its own that opens most lines is enough: what
/// stands in it is free text at least.
pub(super) fn inside(
    lines: &[&[u8]],
    candidates: &[Arc<Format>],
    envelopes: &[Arc<Envelope>],
    fits: impl Fn(&Envelope) -> bool,
) -> Option<Detected> {
    let found = envelopes.iter().filter(|envelope| fits(envelope));
    let found = found.filter_map(|envelope| inside_one(lines, candidates, envelope, envelopes));
    // Of equals the first is taken: the order of the files is that of their strictness.
    found.reduce(|best, other| if (known(&other), other.fit) > (known(&best), best.fit) { other } else { best })
}

fn known(found: &Detected) -> bool {
    found.formats.first().is_some_and(|format| !format.is_free_text())
}

/// What stands in this envelope; where no format that is known does, what stands in another one inside of it.
fn inside_one(
    lines: &[&[u8]],
    candidates: &[Arc<Format>],
    envelope: &Arc<Envelope>,
    envelopes: &[Arc<Envelope>],
) -> Option<Detected> {
    let mut sample = lines.join(&b'\n');
    sample.push(b'\n');
    let unwrapped = Lanes::new(Some(Arc::clone(envelope)), &[]).records(&sample);
    let opened: Vec<_> = unwrapped.records.iter().filter(|record| record.opened).collect();
    let share = opened.iter().map(|record| record.lines).sum::<u64>() as f64 / lines.len().max(1) as f64;
    if share < LEAST_FIT {
        return None;
    }
    let inner: Vec<&[u8]> = opened.iter().map(|record| &unwrapped.text[record.text.clone()]).collect();
    let filled: Vec<&[u8]> = inner.iter().copied().filter(|line| !line.is_empty()).collect();
    let mut found = best_fit(&filled, candidates);
    if found.formats.is_empty() {
        let nested = envelopes.iter().filter_map(|inner| envelope.around(inner).map(Arc::new));
        let nested = nested.filter_map(|nested| inside_one(lines, candidates, &nested, envelopes));
        if let Some(known) = nested.filter(known).reduce(|best, other| if other.fit > best.fit { other } else { best })
        {
            return Some(known);
        }
        if envelope.stamp.is_none() && !shows_text(&filled, candidates) {
            return None;
        }
        found = free_text(candidates)?;
    } else {
        found.standby.extend(candidates.iter().filter(|format| format.is_free_text()).cloned());
    }
    let stamp = opened.iter().find_map(|record| record.stamp(&sample)).unwrap_or_default();
    if found.names_its_zone.is_none() {
        found.names_its_zone = envelope.stamp.map(|shape| shape.names_its_zone(stamp));
        found.offset_seconds = Shape::local_offset_seconds(stamp).filter(|_| found.names_its_zone == Some(true));
    }
    found.fit *= share;
    found.envelope = Some(Arc::clone(envelope));
    Some(found)
}

/// A log of no known format that shows what free text is known by.
pub(super) fn bare_text(sample: &[u8], candidates: &[Arc<Format>]) -> Option<Detected> {
    let lines: Vec<&[u8]> = sample.split(|byte| *byte == b'\n').collect();
    shows_text(&lines, candidates).then(|| free_text(candidates)).flatten()
}

fn shows_text(lines: &[&[u8]], candidates: &[Arc<Format>]) -> bool {
    candidates.iter().any(|format| lines.iter().any(|line| format.is_known_by(line)))
}

/// Free text; every format whose lines cannot be mistaken is kept ready beside it.
fn free_text(candidates: &[Arc<Format>]) -> Option<Detected> {
    let text: Vec<Arc<Format>> = candidates.iter().filter(|format| format.is_free_text()).cloned().collect();
    // Header lines decide how rows are read: what stands between other programs' lines has none.
    let sure = |format: &&Arc<Format>| {
        !format.is_free_text() && format.rank >= 0 && !format.is_json() && format.header_mark().is_none()
    };
    let standby = candidates.iter().filter(sure).cloned().collect();
    (!text.is_empty()).then(|| Detected { formats: text, standby, fit: 1.0, ..Detected::nothing() })
}
