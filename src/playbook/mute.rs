//! What keeps an incident's notices back: silences and inhibitions. The report keeps the incident all the same.
//!
//! In: an incident, those that are open beside it, a point in time. Out: a [`Mute`], or nothing.

use super::subject::{Key, Value};
use super::{Inhibition, Playbook, Silence, Subject};
use crate::time::Timestamp;

/// What mutes an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mute {
    /// A silence, by its reason.
    Silence(String),
    /// An inhibition, by its name.
    Inhibition(String),
}

impl Mute {
    /// The silence's reason or the inhibition's name.
    pub fn text(&self) -> &str {
        match self {
            Self::Silence(text) | Self::Inhibition(text) => text,
        }
    }
}

/// An incident as silences and inhibitions see it.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// Its id: an incident never mutes itself.
    pub id: &'a str,
    /// What matchers ask for.
    pub subject: Subject<'a>,
    /// The playbook's service that it belongs to.
    pub service: Option<&'a str>,
    /// First failure.
    pub start: Timestamp,
    /// Last failure.
    pub end: Timestamp,
}

impl Playbook {
    /// What mutes this incident at this time. `open` are the incidents that may inhibit it: those that are open now and whose
    /// own notices somebody hears of.
    pub fn mute<'a>(&self, target: &Standing<'a>, open: &[Standing<'a>], at: Timestamp) -> Option<Mute> {
        let silence = self
            .silences
            .iter()
            .find(|silence| self.is_in_force(silence, at) && silence.matcher.matches(&target.subject, target.service));
        silence.map(|silence| Mute::Silence(silence.reason.clone())).or_else(|| self.inhibition(target, open))
    }

    /// Whether an incident with this last failure is not over yet: it has not been quiet for `resolve_after`.
    pub fn is_open(&self, end: Timestamp, at: Timestamp) -> bool {
        let quiet = i64::try_from(self.defaults.resolve_after.as_micros()).unwrap_or(i64::MAX);
        at < end.plus_micros(quiet)
    }

    fn is_in_force(&self, silence: &Silence, at: Timestamp) -> bool {
        silence.from.is_none_or(|from| from <= at)
            && silence.until.is_none_or(|until| at < until)
            && silence.window.as_deref().is_none_or(|window| self.in_window(window, at))
    }

    /// The inhibition that mutes the target while the others are open.
    pub(super) fn inhibition<'a>(&self, target: &Standing<'a>, open: &[Standing<'a>]) -> Option<Mute> {
        let mutes = |rule: &Inhibition| open.iter().any(|source| self.mutes(rule, source, target));
        self.inhibitions.iter().find(|rule| mutes(rule)).map(|rule| Mute::Inhibition(rule.name.clone()))
    }

    /// Two incidents that mute each other would both go untold: the one that began first is told then.
    fn mutes(&self, rule: &Inhibition, source: &Standing<'_>, target: &Standing<'_>) -> bool {
        let mutual = || self.inhibitions.iter().any(|back| back.joins(target, source));
        let comes_first = (source.start, source.id) < (target.start, target.id);
        rule.joins(source, target) && (comes_first || !mutual())
    }
}

impl Inhibition {
    /// Whether this rule leads from the source to the target.
    fn joins(&self, source: &Standing<'_>, target: &Standing<'_>) -> bool {
        source.id != target.id
            && self.source.matches(&source.subject, source.service)
            && self.target.matches(&target.subject, target.service)
            && self.equal.iter().all(|key| has_equal(*key, source, target))
            && self.within.is_none_or(|within| apart_micros(source, target) <= within.as_micros() as i64)
    }
}

/// Whether both have the key with a value in common. What neither has is not equal.
fn has_equal(key: Key, a: &Standing<'_>, b: &Standing<'_>) -> bool {
    let theirs = values(key, b);
    values(key, a).iter().any(|value| theirs.contains(value))
}

impl Standing<'_> {
    /// What makes its failures one trouble with those of others: the values of `group_by`. Of a key with several the first
    /// counts, which is the most frequent.
    pub fn group(&self, playbook: &Playbook) -> Vec<String> {
        let first = |key: &Key| values(*key, self).into_iter().next().unwrap_or_default();
        playbook.defaults.group_by.iter().map(first).collect()
    }
}

/// Every value that the incident has for a key, spelled out, in the order of the incident.
fn values(key: Key, standing: &Standing<'_>) -> Vec<String> {
    let found = std::cell::RefCell::new(Vec::new());
    standing.subject.any(key, standing.service, |value| {
        found.borrow_mut().push(match value {
            Value::Text(text) => text.to_owned(),
            Value::Status(status) => status.to_string(),
        });
        false
    });
    found.into_inner()
}

/// The quiet time between two incidents; 0 where they overlap.
fn apart_micros(a: &Standing<'_>, b: &Standing<'_>) -> i64 {
    let gap = |earlier: Timestamp, later: Timestamp| later.micros().saturating_sub(earlier.micros());
    gap(a.end, b.start).max(gap(b.end, a.start)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Hop;
    use crate::playbook::Known;

    const KNOWN: Known<'_> = Known { causes: &["upstream.refused", "edge.internal"], formats: &[] };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn standing<'a>(id: &'a str, hop: Hop, service: Option<&'a str>, from: i64, to: i64) -> Standing<'a> {
        let subject = Subject { hop: Some(hop), service, vhost: service, ..Subject::default() };
        Standing { id, subject, service: None, start: at(from), end: at(to) }
    }

    fn playbook(text: &str) -> Playbook {
        Playbook::parse("p.toml", text, &KNOWN).unwrap()
    }

    const EDGE: &str = "[[inhibit]]\nname = \"edge\"\nsource = { hop = [\"app\", \"proxy\"] }\ntarget = { hop = \"edge\" }\n\
                        equal = [\"service\"]\nwithin = \"2m\"\n";

    #[test]
    fn both_sides_must_have_the_equal_keys() {
        let playbook = playbook(EDGE);
        let muted = |source: Standing<'_>, target: Standing<'_>| playbook.mute(&target, &[source, target], at(0));
        let source = |service| standing("s", Hop::App, service, 0, 100);
        let target = |service| standing("t", Hop::Edge, service, 0, 100);
        assert_eq!(muted(source(Some("a")), target(Some("a"))), Some(Mute::Inhibition("edge".into())));
        assert_eq!(muted(source(Some("a")), target(Some("b"))), None);
        assert_eq!(muted(source(None), target(None)), None); // what neither has is not equal
        assert_eq!(muted(source(Some("a")), target(None)), None);
        let named = Standing { service: Some("checkout"), ..source(Some("a")) };
        assert!(muted(named, Standing { service: Some("checkout"), ..target(Some("b")) }).is_some());
    }

    #[test]
    fn only_what_is_near_in_time_inhibits() {
        let playbook = playbook(EDGE);
        let muted = |from, to| {
            let source = standing("s", Hop::App, Some("a"), from, to);
            playbook.mute(&standing("t", Hop::Edge, Some("a"), 1_000, 2_000), &[source], at(2_000)).is_some()
        };
        assert!(muted(1_500, 1_600) && muted(0, 880) && muted(2_120, 2_130));
        assert!(!muted(0, 879) && !muted(2_121, 2_130));
    }

    #[test]
    fn those_that_mute_each_other_leave_one_to_be_told() {
        let both = "[[inhibit]]\nname = \"all\"\nsource = { hop = [\"app\", \"edge\"] }\ntarget = { hop = [\"app\", \"edge\"] }\n";
        let playbook = playbook(both);
        let (first, second) = (standing("b", Hop::App, None, 0, 9), standing("a", Hop::Edge, None, 1, 9));
        let open = [first, second];
        assert_eq!(playbook.mute(&first, &open, at(9)), None);
        assert!(playbook.mute(&second, &open, at(9)).is_some());
        assert_eq!(playbook.mute(&first, &[first], at(9)), None, "an incident does not mute itself");
    }

    #[test]
    fn silences_hold_from_until_and_in_their_window() {
        let text = "[window.w]\ndays = \"thu\"\ntimes = \"00:10-00:20\"\ntimezone = \"UTC\"\n\
                    [[silence]]\nmatch = { vhost = \"old\" }\nfrom = 1970-01-01T00:01:00Z\nuntil = 1970-01-01T00:02:00Z\nreason = \"move\"\n\
                    [[silence]]\nmatch = { vhost = \"db\" }\nwindow = \"w\"\nreason = \"vacuum\"\n";
        let playbook = playbook(text);
        for (service, seconds, reason) in [
            ("old", 59, None),
            ("old", 60, Some("move")),
            ("old", 119, Some("move")),
            ("old", 120, None),
            ("new", 60, None),
            ("db", 599, None),
            ("db", 600, Some("vacuum")),
            ("db", 7 * 86_400 + 1_199, Some("vacuum")),
            ("db", 86_400 + 600, None),
        ] {
            let muted = playbook.mute(&standing("i", Hop::App, Some(service), 0, 1), &[], at(seconds));
            assert_eq!(muted, reason.map(|reason| Mute::Silence(reason.into())), "{service} {seconds}");
        }
    }
}
