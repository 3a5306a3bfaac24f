//! Which incidents are told under which.
//!
//! In: the incidents in report order. Out: the same order, with those that another explains gathered under it.

use crate::report::Incident;
use std::collections::HashMap;

/// Longer chains of explanations than this are not followed (also the end of a circle, should one be made).
const LONGEST_CHAIN: usize = 16;

/// An incident and those that it explains, at any distance.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    /// The one that explains, or stands alone.
    pub(crate) head: &'a Incident,
    /// Those explained, in report order.
    pub(crate) children: Vec<&'a Incident>,
    /// What explains the head, where that could not be the head itself (a warning never hides an incident).
    pub(crate) parent: Option<&'a Incident>,
}

impl<'a> Family<'a> {
    /// The head and its children.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a Incident> {
        std::iter::once(self.head).chain(self.children.iter().copied())
    }
}

/// Gathers the incidents; every one is told exactly once.
pub(crate) fn families(incidents: &[Incident]) -> Vec<Family<'_>> {
    let by_id: HashMap<&str, usize> = incidents.iter().enumerate().map(|(at, incident)| (&*incident.id, at)).collect();
    let parent_of = |at: usize| by_id.get(incidents[at].parent_id.as_deref()?).copied().filter(|parent| *parent != at);
    let above = |at: usize| parent_of(at).filter(|parent| incidents[*parent].kind <= incidents[at].kind);
    let heads: Vec<usize> = (0..incidents.len()).map(|at| head_of(at, above)).collect();

    let mut place_of = HashMap::new();
    let mut families: Vec<Family<'_>> = Vec::new();
    for at in (0..incidents.len()).filter(|at| heads[*at] == *at) {
        place_of.insert(at, families.len());
        let parent = parent_of(at).map(|parent| &incidents[parent]);
        families.push(Family { head: &incidents[at], children: Vec::new(), parent });
    }
    for at in (0..incidents.len()).filter(|at| heads[*at] != *at) {
        families[place_of[&heads[at]]].children.push(&incidents[at]);
    }
    families
}

/// The topmost that explains this one; itself where nothing does or the chain does not end.
fn head_of(at: usize, above: impl Fn(usize) -> Option<usize>) -> usize {
    let mut head = at;
    for _ in 0..LONGEST_CHAIN {
        match above(head) {
            Some(parent) => head = parent,
            None => return head,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Kind, sample};

    /// Ids and parents to families as `head:child,child`.
    fn told(family_tree: &[(&str, &str, Kind)]) -> Vec<String> {
        let plain = sample::report().incidents.remove(0);
        let incident = |(id, parent, kind): &(&str, &str, Kind)| Incident {
            id: (*id).into(),
            parent_id: (!parent.is_empty()).then(|| (*parent).into()),
            kind: *kind,
            ..plain.clone()
        };
        let incidents: Vec<Incident> = family_tree.iter().map(incident).collect();
        let children = |family: &Family<'_>| family.children.iter().map(|child| child.id.clone()).collect::<Vec<_>>();
        families(&incidents).iter().map(|family| format!("{}:{}", family.head.id, children(family).join(","))).collect()
    }

    use Kind::{Incident as Seen, Warning as Hidden};

    #[test]
    fn children_stand_under_the_topmost() {
        let tree = [("a", "b", Seen), ("b", "c", Seen), ("c", "", Seen), ("d", "gone", Seen), ("e", "c", Hidden)];
        assert_eq!(told(&tree), ["c:a,b,e", "d:"]);
    }

    #[test]
    fn a_warning_never_hides_an_incident() {
        assert_eq!(told(&[("a", "w", Seen), ("w", "", Hidden)]), ["a:", "w:"]);
    }

    #[test]
    fn circles_are_told_once_each() {
        assert_eq!(
            told(&[("a", "b", Seen), ("b", "a", Seen), ("c", "c", Seen), ("d", "a", Seen)]),
            ["a:", "b:", "c:", "d:"]
        );
    }
}
