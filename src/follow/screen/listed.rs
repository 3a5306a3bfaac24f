//! Which incidents are listed, and in which order.
//!
//! In: the view, the filter. Out: incidents before warnings, open before ended, worst first; under each what it explains.

use super::selection::Selection;
use crate::follow::view::{IncidentState, Standing, View};
use crate::report::terminal::family::families;
use crate::report::{Incident, Kind};
use std::cmp::Reverse;
use std::collections::HashMap;

/// An incident in the list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed<'v> {
    /// The incident.
    pub(super) incident: &'v Incident,
    /// How it stands.
    pub(super) standing: Standing,
    /// It stands under the one that explains it.
    pub(super) explained: bool,
}

/// How an incident stands of which nothing is said.
const UNSAID: Standing = Standing { state: IncidentState::Open, acknowledged: false };

/// The list.
pub(super) fn listed<'v>(view: &'v View, selection: &Selection) -> Vec<Listed<'v>> {
    let wanted = selection.filter.to_lowercase();
    let mut list = in_order(view);
    list.retain(|one| {
        let hidden = selection.no_warnings && one.incident.kind == Kind::Warning;
        !hidden && (wanted.is_empty() || has(one.incident, &wanted))
    });
    if !wanted.is_empty() {
        // The one above may be filtered away.
        list.iter_mut().for_each(|one| one.explained = false);
    }
    list
}

fn in_order(view: &View) -> Vec<Listed<'_>> {
    let incidents = &view.report.incidents;
    let places: HashMap<*const Incident, usize> =
        incidents.iter().enumerate().map(|(at, incident)| (std::ptr::from_ref(incident), at)).collect();
    let standing =
        |incident: &Incident| places.get(&std::ptr::from_ref(incident)).map_or(UNSAID, |at| standing(view, *at));
    let mut families = families(incidents);
    families.sort_by_cached_key(|family| {
        let is_open = |incident: &Incident| standing(incident).state == IncidentState::Open;
        let worst = family.members().map(|incident| incident.severity).max();
        (family.head.kind, !family.members().any(is_open), Reverse(worst))
    });
    let mut list = Vec::with_capacity(incidents.len());
    for family in &families {
        let entries = family.members().enumerate();
        list.extend(entries.map(|(at, incident)| Listed { incident, standing: standing(incident), explained: at > 0 }));
    }
    list
}

/// How the incident with this place in the report stands.
pub(super) fn standing(view: &View, at: usize) -> Standing {
    view.states.get(at).copied().unwrap_or(UNSAID)
}

/// Whether the filter, in small letters, stands in the cause, the service, the owner or an upstream.
fn has(incident: &Incident, wanted: &str) -> bool {
    let says = |text: &str| text.to_lowercase().contains(wanted);
    says(&incident.cause)
        || says(&incident.service)
        || says(owner(incident))
        || incident.upstreams.iter().any(|upstream| says(&upstream.address))
}

/// The team, else the role.
pub(super) fn owner(incident: &Incident) -> &str {
    incident.team.as_deref().unwrap_or(incident.role.name())
}
