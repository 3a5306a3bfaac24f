//! The incidents as they stand at one look: which are open, which speak for themselves, what mutes them.

use crate::notify::Look;
use crate::playbook::{Mute, Playbook, Standing};
use crate::report::{Incident, Kind, Lists, is_explained};
use std::collections::HashMap;

/// One incident that is open.
pub(super) struct Stand<'a> {
    pub(super) incident: &'a Incident,
    pub(super) lists: Lists<'a>,
    /// Whether somebody is told of it by itself: users saw it, and no other incident explains it.
    pub(super) speaks: bool,
}

/// The incidents that are open now.
pub(super) struct Scene<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) look: Look<'a>,
    pub(super) stands: Vec<Stand<'a>>,
    at: HashMap<&'a str, usize>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(playbook: &'a Playbook, look: &Look<'a>) -> Self {
        let all: HashMap<&str, &Incident> = look.incidents.iter().map(|one| (one.id.as_str(), one)).collect();
        let open = look.incidents.iter().filter(|incident| playbook.is_open(incident.end, look.now));
        let stands: Vec<Stand<'a>> = open
            .map(|incident| {
                let parent = incident.parent_id.as_ref().and_then(|id| all.get(id.as_str()).copied());
                let speaks = incident.kind == Kind::Incident && !is_explained(incident, parent, playbook);
                Stand { incident, lists: Lists::of(incident), speaks }
            })
            .collect();
        let at = stands.iter().enumerate().map(|(at, stand)| (stand.incident.id.as_str(), at)).collect();
        Self { playbook, look: *look, stands, at }
    }

    /// The incident with this id, where it is open.
    pub(super) fn get(&self, id: &str) -> Option<&Stand<'a>> {
        self.at.get(id).and_then(|at| self.stands.get(*at))
    }

    /// What mutes an incident now.
    pub(super) fn mute(&self, stand: &Stand<'a>) -> Option<Mute> {
        let sources: Vec<Standing<'_>> = match self.playbook.inhibitions.is_empty() {
            true => Vec::new(),
            false => self
                .stands
                .iter()
                .filter(|other| other.incident.kind == Kind::Incident)
                .map(|other| other.lists.standing())
                .collect(),
        };
        self.playbook.mute(&stand.lists.standing(), &sources, self.look.now)
    }
}
