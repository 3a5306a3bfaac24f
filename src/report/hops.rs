//! Failed requests that the logs of two hops tell.
//!
//! In: the troubles, the sources. Out: how many of the failed requests are told once more, which the totals leave out; and a
//! note where that cannot be told.

use super::SourceLine;
use super::numbers::count;
use crate::event::Certainty;
use crate::incident::{Tally, Troubles};
use crate::text::harmless;

/// What stands in the logs of two hops.
#[derive(Debug, Default)]
pub(super) struct ToldTwice {
    /// Failed requests that the hop in front tells once more.
    pub(super) failed: u64,
    /// Those of them whose cause is stated or implied.
    pub(super) explained: u64,
    /// What the reader should know.
    pub(super) notes: Vec<String>,
}

/// Finds them. `formats`: the ids of the sources' formats.
pub(super) fn told_twice(troubles: &Troubles, tally: &Tally, sources: &[SourceLine], formats: &[&str]) -> ToldTwice {
    let mut found = ToldTwice::default();
    for trouble in troubles.iter().filter(|trouble| trouble.told_twice) {
        let certainty = &trouble.segment.certainty;
        found.failed += trouble.segment.requests;
        found.explained += certainty[Certainty::Stated as usize] + certainty[Certainty::Implied as usize];
    }
    found.failed = found.failed.min(tally.failed);
    found.explained = found.explained.min(tally.explained);
    if found.failed > 0 {
        found.notes.push(format!(
            "{} stand in the logs of two hops: the totals count them once (among the requests of both), and each hop's incident shows them",
            count(found.failed, "failed request")
        ));
    }
    found.notes.extend(cannot_be_told(sources, formats, found.failed));
    found
}

/// Logs of requests of different kinds that cover the same time are those of two hops, or of two sites: nobody can say.
fn cannot_be_told(sources: &[SourceLine], formats: &[&str], told: u64) -> Option<String> {
    let counts = |source: &SourceLine| source.requests > 0 && source.events > 0;
    let all: Vec<(&SourceLine, &str)> = sources.iter().zip(formats.iter().copied()).collect();
    let mut open = all.iter().enumerate().filter(|(_, (source, _))| counts(source)).flat_map(|(at, (one, format))| {
        let others = all[at + 1..].iter().filter(move |(other, of)| of != format && counts(other) && meet(one, other));
        others.map(move |(other, _)| (*one, *other))
    });
    // As many of them as can stand in both logs were brought together.
    let (one, other) = open.find(|(one, other)| one.events.min(other.events) > told)?;
    Some(format!(
        "{} and {} both count requests of the same time: where they are two hops of one site, a failed request that could not \
         be found again in the other log counts twice in the totals",
        harmless(one.path.as_bytes()),
        harmless(other.path.as_bytes()),
    ))
}

fn meet(one: &SourceLine, other: &SourceLine) -> bool {
    match (one.first, one.last, other.first, other.last) {
        (Some(first), Some(last), Some(other_first), Some(other_last)) => first <= other_last && other_first <= last,
        _ => false,
    }
}
