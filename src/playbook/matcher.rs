//! The one matcher: routes, services, silences, inhibitions and escalation steps all ask with it.
//!
//! In: a table such as `{ cause = "upstream.*", status = "5xx", not = { vhost = "old.*" } }`. Out: a [`Matcher`] that holds
//! for a [`Subject`] or not. Keys are ANDed, the values of one key ORed. A key holds if any of the incident's values fits,
//! so `not = { upstream = "10.0.0.0/8" }` means that none of its upstreams is in that range. A key that the incident has
//! no value for does not hold.

use super::Known;
use super::fault::{Fault, suggest, unknown};
use super::form::{Form, Word};
use super::pattern::Pattern;
use super::subject::{Key, Subject, Value};
use crate::event::{Hop, Severity};

/// Conditions on an incident. Without any it holds for every one.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    conditions: Vec<Condition>,
    not: Option<Box<Matcher>>,
}

#[derive(Debug, Clone)]
struct Condition {
    key: Key,
    any_of: Vec<Pattern>,
}

impl Matcher {
    /// Reads a table; what is wrong with it is taken down on its page.
    pub(super) fn read(form: &Form<'_>, known: &Known<'_>) -> Self {
        let conditions = Key::ALL.iter().filter_map(|(key, name)| Condition::read(form, *key, name, known)).collect();
        let not = form.form("not").map(|inner| Box::new(Self::read(&inner, known)));
        form.done();
        if not.as_ref().is_some_and(|not| not.is_anything()) {
            form.wrong("`not` without conditions shuts everything out", "name what it shuts out");
        }
        Self { conditions, not }
    }

    /// Reads the table at a key, where there is one.
    pub(super) fn read_at(form: &Form<'_>, key: &'static str, known: &Known<'_>) -> Option<Self> {
        form.form(key).map(|inner| Self::read(&inner, known))
    }

    /// Whether it holds. `named_service` is the playbook's service that the incident belongs to.
    pub fn matches(&self, subject: &Subject<'_>, named_service: Option<&str>) -> bool {
        let holds = |condition: &Condition| {
            let fits = |value: Value<'_>| condition.any_of.iter().any(|pattern| pattern.matches(value));
            subject.any(condition.key, named_service, fits)
        };
        self.conditions.iter().all(holds) && !self.not.as_ref().is_some_and(|not| not.matches(subject, named_service))
    }

    /// Whether it holds for every incident.
    pub fn is_anything(&self) -> bool {
        self.conditions.is_empty() && self.not.is_none()
    }

    /// The values of a key that are no globs.
    pub(super) fn literals(&self, key: Key) -> impl Iterator<Item = &str> {
        let conditions = self.conditions.iter().filter(move |condition| condition.key == key);
        conditions.flat_map(|condition| condition.any_of.iter().filter_map(Pattern::literal))
    }

    fn condition(&self, key: Key) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.key == key)
    }

    /// Whether every incident that `other` holds for is one of this too. False where that cannot be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let wider = |mine: &Condition| other.condition(mine.key).is_some_and(|theirs| mine.covers(theirs));
        self.not.is_none() && self.conditions.iter().all(wider)
    }

    /// Whether some incident may fit both. True where that cannot be told.
    pub(super) fn may_overlap(&self, other: &Self) -> bool {
        let shuts_out = |this: &Self, other: &Self| this.not.as_ref().is_some_and(|not| not.covers(other));
        let meet = |mine: &Condition| other.condition(mine.key).is_none_or(|theirs| mine.may_overlap(theirs));
        !shuts_out(self, other) && !shuts_out(other, self) && self.conditions.iter().all(meet)
    }
}

impl Condition {
    fn read(form: &Form<'_>, key: Key, name: &'static str, known: &Known<'_>) -> Option<Self> {
        let words = form.words(name, key == Key::Status)?;
        let read = |word: &Word<'_>| {
            form.read(*word, |text| {
                let pattern = Pattern::parse(key, text)?;
                exists(key, name, text, &pattern, known).map(|()| pattern)
            })
        };
        Some(Self { key, any_of: words.iter().filter_map(read).collect() })
    }

    fn covers(&self, other: &Self) -> bool {
        other.any_of.iter().all(|narrow| self.any_of.iter().any(|wide| wide.covers(narrow)))
    }

    fn may_overlap(&self, other: &Self) -> bool {
        let meet = |mine: &Pattern| other.any_of.iter().any(|theirs| mine.may_overlap(theirs));
        self.key.has_many_values() || self.any_of.iter().any(meet)
    }
}

/// Keys with a closed list of values take only those, or a glob that fits one of them.
fn exists(key: Key, name: &str, text: &str, pattern: &Pattern, known: &Known<'_>) -> Result<(), Fault> {
    let hops: Vec<_> = Hop::ALL.iter().map(|hop| hop.name()).collect();
    let severities: Vec<_> = Severity::ALL.iter().map(|severity| severity.name()).collect();
    let values = match key {
        Key::Cause => known.causes,
        Key::Format => known.formats,
        Key::Hop => &hops,
        Key::Severity => &severities,
        _ => return Ok(()),
    };
    match values.iter().any(|value| pattern.matches(Value::Text(value))) {
        true => Ok(()),
        false if pattern.literal().is_some() => Err(unknown(name, text, values)),
        false => Err(Fault { what: format!("{text:?} fits no {name}"), hint: suggest(text, values) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Playbook;

    /// Whether a route with this `match` takes the subject.
    fn holds(matcher: &str, subject: &Subject<'_>) -> bool {
        let known = Known { causes: &["upstream.dns", "app.error"], formats: &[] };
        let text = format!("[[route]]\nname = \"r\"\nmatch = {{ {matcher} }}");
        Playbook::parse("p.toml", &text, &known).unwrap().route(subject).route.is_some()
    }

    #[test]
    fn keys_are_anded_and_lists_ored() {
        let subject = Subject { cause: "app.error", upstreams: &["10.0.0.1:80", "10.9.0.1:80"], ..Subject::default() };
        assert!(holds("cause = [\"upstream.dns\", \"app.error\"], upstream = \"10.9.0.0/16\"", &subject));
        assert!(!holds("cause = \"upstream.dns\", upstream = \"10.9.0.0/16\"", &subject));
        assert!(!holds("not = { upstream = \"10.9.0.0/16\" }", &subject));
        assert!(holds("not = { upstream = \"10.8.0.0/16\", cause = \"app.error\" }", &subject));
    }

    #[test]
    fn a_key_without_a_value_does_not_hold() {
        let nothing = Subject::default();
        for key in ["cause", "hop", "status", "service", "vhost", "upstream", "path", "method", "source", "host", "env"]
        {
            let value = match key {
                "hop" => "app",
                "status" => "5xx",
                _ => "*",
            };
            assert!(!holds(&format!("{key} = {value:?}"), &nothing), "{key}");
        }
        assert!(holds("", &nothing) && holds("severity = \"info\"", &nothing));
    }

    #[test]
    fn a_name_of_the_log_fits_service_too() {
        let subject = Subject { service: Some("app/my-alb/50dc6c495c0c9188"), ..Subject::default() };
        assert!(holds("service = \"app/my-alb/*\"", &subject) && !holds("service = \"app/other/*\"", &subject));
    }
}
