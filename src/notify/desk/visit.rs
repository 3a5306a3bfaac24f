//! One trouble at one look: what is due of it.

use super::scene::{Scene, Stand};
use super::trouble::{Ear, Hearing, Trouble};
use super::{Desk, Outstanding, micros};
use crate::event::Severity;
use crate::notify::{Body, Labels, Notice, NoticeKind, body, hears_acks, must_be_repeated};
use crate::playbook::Playbook;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// An update is worth it where at least so many more failed than was told.
const LEAST_GROWTH: u64 = 10;

impl Desk {
    pub(super) fn visit(&mut self, scene: &Scene<'_>, alive: &BTreeSet<String>, trouble: &mut Trouble) {
        let is_digest = trouble.is_digest;
        trouble.members.retain(|id| if is_digest { alive.contains(id) } else { scene.get(id).is_some() });
        if trouble.is_over || trouble.members.is_empty() {
            return self.part(trouble);
        }
        self.tell_again(trouble);
        self.acknowledge(scene.playbook, trouble);
        if is_digest {
            return; // what it tells of climbs by itself
        }
        let speaking = trouble.members.iter().filter_map(|id| scene.get(id)).filter(|stand| stand.speaks);
        let Some(lead) = speaking.max_by_key(|stand| (stand.incident.severity, stand.incident.start)) else { return };
        trouble.muted_by = scene.mute(lead).map(|mute| mute.text().to_owned());
        let waited = self.looked.saturating_sub(trouble.seen) >= micros(scene.playbook.defaults.group_wait);
        // A clock that was put back before the trouble was seen must not keep it waiting.
        if trouble.muted_by.is_none() && (waited || self.looked < trouble.seen) {
            let reached = self.climb(scene.playbook, trouble, lead);
            self.follow_up(scene.playbook, trouble, lead, &reached);
        }
    }

    /// Makes the calls that are due; the channels that they reached.
    fn climb(&mut self, playbook: &Playbook, trouble: &mut Trouble, lead: &Stand<'_>) -> BTreeSet<String> {
        let first = Timestamp::from_micros(trouble.told.unwrap_or(self.looked));
        let calls = playbook.calls(&lead.lists.climber(), |after| first.plus_micros(micros(after)));
        if trouble.taken.is_some() || calls.is_empty() {
            return BTreeSet::new();
        }
        if trouble.told.is_none() {
            trouble.told = Some(self.looked);
            self.note(trouble, lead);
        }
        let mut reached: BTreeMap<String, bool> = BTreeMap::new();
        for call in calls.iter().filter(|call| first.plus_micros(micros(call.after)).micros() <= self.looked) {
            for channel in &call.channels {
                if trouble.made.insert(format!("{}@{channel}", call.name)) {
                    trouble.raised = trouble.raised.max(call.severity);
                    reached.entry(channel.clone()).or_insert(call.is_first);
                }
            }
        }
        if !reached.is_empty() {
            trouble.body = Body::of(lead.incident);
        }
        for (channel, is_first) in &reached {
            self.call(playbook, trouble, lead, channel, *is_first);
        }
        reached.into_keys().collect()
    }

    /// Calls one channel, or leaves the trouble for its digest where notices have run out.
    fn call(&mut self, playbook: &Playbook, trouble: &mut Trouble, lead: &Stand<'_>, channel: &str, is_first: bool) {
        let hearing = trouble.ears.get(channel).map(|ear| &ear.hearing);
        let is_told = hearing.is_some_and(Hearing::is_told);
        if is_first && hearing.is_some() {
            return; // it has heard of the trouble, or will
        }
        let severity = trouble.severity_of(lead.incident.severity);
        let has_room = self.budget.take(playbook.defaults.max_notices, Timestamp::from_micros(self.looked));
        if !is_told {
            let kind = if is_first { NoticeKind::Trigger } else { NoticeKind::Escalate };
            let labels = Labels::of(lead.incident, severity);
            trouble.ears.insert(channel.to_owned(), Ear { hearing: Hearing::InDigest, labels, kind });
        }
        match (has_room, is_told) {
            (true, true) => {
                drop(self.issue(trouble, channel, NoticeKind::Escalate, severity, "nobody has taken it yet"))
            }
            (true, false) => self.tell_first(trouble, channel),
            (false, _) => self.leave_for_digest(channel, &trouble.id, body::line(lead.incident), severity),
        }
    }

    /// Tells a channel for the first time, by the kind that stands in its ear.
    pub(super) fn tell_first(&mut self, trouble: &mut Trouble, channel: &str) {
        let Some((kind, severity)) = trouble.ears.get(channel).map(|ear| (ear.kind, ear.labels.severity)) else {
            return;
        };
        let key = self.issue(trouble, channel, kind, severity, "");
        if let Some(ear) = trouble.ears.get_mut(channel) {
            ear.hearing = Hearing::Waiting { key };
        }
    }

    /// Tries the first notice again where it did not arrive.
    fn tell_again(&mut self, trouble: &mut Trouble) {
        let now = self.looked;
        let is_due = |ear: &Ear| matches!(ear.hearing, Hearing::Deaf { again, .. } if again <= now);
        let due: Vec<String> =
            trouble.ears.iter().filter(|(_, ear)| is_due(ear)).map(|(channel, _)| channel.clone()).collect();
        due.iter().for_each(|channel| self.tell_first(trouble, channel));
    }

    /// Tells those who heard of it that somebody took it.
    fn acknowledge(&mut self, playbook: &Playbook, trouble: &mut Trouble) {
        let Some(taken) = trouble.taken.as_mut().filter(|taken| !taken.is_told) else { return };
        taken.is_told = true;
        let news =
            taken.by.as_ref().map_or("somebody took it".to_owned(), |by| format!("taken by {}", body::clean(by, 80)));
        for channel in trouble.told_channels().iter().filter(|channel| hears_acks(playbook, channel)) {
            self.issue(trouble, channel, NoticeKind::Acknowledge, trouble.severity, &news);
        }
    }

    /// Tells those who heard of it what has changed, or that it still lasts.
    fn follow_up(&mut self, playbook: &Playbook, trouble: &mut Trouble, lead: &Stand<'_>, reached: &BTreeSet<String>) {
        let mut channels = trouble.told_channels();
        channels.retain(|channel| !reached.contains(channel));
        if channels.is_empty() {
            return;
        }
        let severity = trouble.severity_of(lead.incident.severity);
        let passed = |wait| self.looked.saturating_sub(trouble.last) >= micros(wait) || self.looked < trouble.last;
        let (mut news, is_taken) = (news(trouble, lead, severity), trouble.taken.is_some());
        if !passed(playbook.defaults.group_interval) || (is_taken && severity <= trouble.severity) {
            news.clear();
        }
        if news.is_empty() {
            // Whoever has it in hand need not be told that it lasts, save where silence would mean that it is over.
            channels.retain(|channel| !is_taken || must_be_repeated(playbook, channel));
            if !passed(playbook.defaults.repeat_interval) {
                return;
            }
            "it still lasts".clone_into(&mut news);
        }
        self.note(trouble, lead);
        for channel in channels {
            let is_free = must_be_repeated(playbook, &channel);
            if is_free || self.budget.take(playbook.defaults.max_notices, Timestamp::from_micros(self.looked)) {
                self.issue(trouble, &channel, NoticeKind::Update, severity, &news);
            } else {
                self.tallies.entry(channel).or_default().in_digest += 1;
            }
        }
    }

    /// Takes down what is being told.
    fn note(&self, trouble: &mut Trouble, lead: &Stand<'_>) {
        trouble.last = self.looked;
        trouble.severity = trouble.severity_of(lead.incident.severity);
        trouble.failures = lead.incident.failures();
        trouble.owner = body::owner(lead.incident);
        trouble.body = Body::of(lead.incident);
    }

    /// It is over: tells those who heard of it, once they have.
    fn part(&mut self, trouble: &mut Trouble) {
        trouble.is_over =
            !trouble.ears.values().any(|ear| matches!(ear.hearing, Hearing::Waiting { .. })) || trouble.is_over;
        let now = self.looked;
        trouble.ears.retain(|_, ear| !matches!(ear.hearing, Hearing::Deaf { .. } | Hearing::InDigest));
        for channel in trouble.ears.keys().cloned().collect::<Vec<_>>() {
            let tries = match trouble.ears.get(&channel).map(|ear| &ear.hearing) {
                Some(Hearing::Heard) => 0,
                Some(Hearing::PartingAgain { again, tries }) if *again <= now => *tries,
                _ => continue,
            };
            trouble.is_over = true;
            let key = self.issue(trouble, &channel, NoticeKind::Resolve, trouble.severity, "");
            if let Some(ear) = trouble.ears.get_mut(&channel) {
                ear.hearing = Hearing::Parting { key, tries };
            }
        }
    }

    /// Issues a notice to a channel that the trouble has an ear for; its key.
    fn issue(&mut self, trouble: &Trouble, channel: &str, kind: NoticeKind, severity: Severity, news: &str) -> String {
        let Some(ear) = trouble.ears.get(channel) else { return String::new() };
        self.revision += 1;
        let key = format!("{}-{}", trouble.id, self.revision);
        let notice = Notice {
            key: key.clone(),
            channel: channel.to_owned(),
            trouble: trouble.id.clone(),
            revision: self.revision,
            kind,
            severity,
            at: Timestamp::from_micros(self.looked),
            news: news.to_owned(),
            labels: ear.labels.clone(),
            body: trouble.body.clone(),
        };
        self.outstanding.push(Outstanding { notice, is_out: false });
        key
    }
}

/// What has changed since it was told last, in words; empty where nothing that matters has.
fn news(trouble: &Trouble, lead: &Stand<'_>, severity: Severity) -> String {
    let owner = body::owner(lead.incident);
    let (failures, told) = (lead.incident.failures(), trouble.failures);
    let parts = [
        (severity > trouble.severity).then(|| format!("severity {severity}, was {}", trouble.severity)),
        (owner != trouble.owner).then(|| format!("owner {owner}, was {}", trouble.owner)),
        (failures >= told.saturating_mul(2) && failures >= told + LEAST_GROWTH)
            .then(|| format!("{failures} failed, were {told}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}
