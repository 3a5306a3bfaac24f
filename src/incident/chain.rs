//! Which trouble explains which.
//!
//! In: troubles, worst first. Out: the same, those that another one explains with their parent.

use super::finish::{BEFORE_MICROS, EDGE_MICROS, Trouble, Troubles, near, same_service, within};
use crate::cause::Catalogue;

/// A trouble is explained by another one on the same service and time, where the other's cause says so; a consequence by
/// any other. Only what users saw has a parent, and no circle is made.
pub(super) fn find_parents(troubles: &mut Troubles, catalogue: &Catalogue) {
    for child in 0..troubles.len() {
        let parents = (0..troubles.len())
            .filter(|parent| *parent != child && is_parent(&troubles[*parent], &troubles[child], catalogue));
        let best = parents.max_by_key(|parent| (troubles[*parent].segment.requests, std::cmp::Reverse(*parent)));
        let parent = best.filter(|parent| !leads_to(troubles, *parent, child));
        troubles[child].told_twice = parent.is_some_and(|parent| {
            let (parent, child) = (&troubles[parent], &troubles[child]);
            is_passed_on(parent, child, catalogue) && are_the_same_requests(parent, child)
        });
        troubles[child].parent = parent;
    }
}

fn is_parent(parent: &Trouble, child: &Trouble, catalogue: &Catalogue) -> bool {
    let (by, of) = (catalogue.cause(parent.cause), catalogue.cause(child.cause));
    let says_so = by.explains.contains(&child.cause) || by.absorbs.contains(&child.cause);
    let any_other = of.consequence && !by.consequence && parent.segment.requests > 0 && by.precedence > of.precedence;
    let began_first = parent.segment.first <= child.segment.first.plus_micros(BEFORE_MICROS);
    let passed_on = is_passed_on(parent, child, catalogue);
    let same = same_service(parent, child) || (passed_on && are_the_same_requests(parent, child));
    parent.seen_by_users
        && (says_so || any_other || passed_on)
        && began_first
        && same
        && near(&parent.segment, &child.segment, EDGE_MICROS)
}

/// Whether a hop says no more of its trouble than that the hop behind it answered so, and this is that hop's.
fn is_passed_on(behind: &Trouble, before: &Trouble, catalogue: &Catalogue) -> bool {
    let passes_on = |trouble: &Trouble| catalogue.cause(trouble.cause).passes_on;
    passes_on(before) && !passes_on(behind) && answers_for(behind, before)
}

/// Whether one hop's trouble can be what the hop before it passed on: the same status in other logs.
fn answers_for(behind: &Trouble, before: &Trouble) -> bool {
    let members = |trouble: &Trouble| trouble.segment.evidence.iter().map(|line| line.member).collect::<Vec<_>>();
    let theirs = members(before);
    let elsewhere = members(behind).iter().all(|member| !theirs.contains(member));
    let has = |status: u16| before.segment.statuses.iter().any(|(other, _)| other == status);
    elsewhere && behind.segment.requests > 0 && behind.segment.statuses.iter().any(|(status, _)| has(status))
}

/// Hops name services each in their own way (HAProxy by its backend, a web server by the host): requests for the same
/// paths in the same time, and no more of them, are the same requests.
fn are_the_same_requests(behind: &Trouble, before: &Trouble) -> bool {
    /// Requests that one of the two logs may lack: its ends are cut, its clock is another.
    const SLACK_REQUESTS: u64 = 2;
    let (theirs, ours) = (behind.segment.requests, before.segment.requests);
    ours <= theirs + theirs / 10 + SLACK_REQUESTS
        && within(&before.segment, &behind.segment, EDGE_MICROS)
        && before.segment.paths.meets(&behind.segment.paths)
}

fn leads_to(troubles: &Troubles, from: usize, to: usize) -> bool {
    std::iter::successors(Some(from), |at| troubles[*at].parent).take(troubles.len()).any(|at| at == to)
}
