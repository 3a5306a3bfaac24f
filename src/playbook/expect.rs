//! A playbook's own tests: `[[expect]]` says what an incident should become.
//!
//! In: `[[expect]]` of the file, and the roles of the causes. Out: which hold and which do not, told the way in which they
//! would be routed and muted: `at` decides who is on duty, `while` what may inhibit it.

use super::Playbook;
use super::form::Form;
use super::given::Given;
use super::mute::{Mute, Standing};
use super::names::{Names, one_of, role, severity};
use super::route::Route;
use super::subject::Subject;
use crate::event::{Role, Severity};
use crate::time::Timestamp;

/// `[[expect]]`: one test.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The incident.
    pub given: Given,
    /// Another incident that is open at the time.
    pub meanwhile: Option<Given>,
    /// The team it should go to.
    pub team: Option<String>,
    /// The role it should have.
    pub role: Option<Role>,
    /// The severity it should have.
    pub severity: Option<Severity>,
    /// The inhibition that should mute it.
    pub muted_by: Option<String>,
    /// Where it stands in the playbook, from 1.
    pub line: u64,
}

/// What came of a playbook's tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations {
    /// How many hold.
    pub held: usize,
    /// Those that do not.
    pub missed: Vec<Missed>,
}

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its line in the playbook, from 1.
    pub line: u64,
    /// What was expected and what came, in words.
    pub what: String,
}

/// Reads every `[[expect]]`.
pub(super) fn read(root: &Form<'_>, names: &Names<'_>) -> Vec<Expectation> {
    root.forms("expect", "[[expect]]").iter().map(|form| expectation(form, names)).collect()
}

fn expectation(form: &Form<'_>, names: &Names<'_>) -> Expectation {
    if !form.has("given") {
        form.wrong("`given` is missing", "describe the incident: `given = { status = 502 }`");
    }
    if !["team", "role", "severity", "muted_by"].into_iter().any(|key| form.has(key)) {
        form.wrong("nothing is expected", "add `team`, `role`, `severity` or `muted_by`");
    }
    let read = Expectation {
        given: form.form("given").map(|form| Given::read(&form, names)).unwrap_or_default(),
        meanwhile: form.form("while").map(|form| Given::read(&form, names)),
        team: form.parsed("team", |text| one_of("team", text, &names.teams)),
        role: form.parsed("role", role),
        severity: form.parsed("severity", severity),
        muted_by: form.parsed("muted_by", |text| one_of("inhibition", text, &names.inhibitions)),
        line: form.line(),
    };
    form.done();
    read
}

impl Playbook {
    /// Runs every `[[expect]]`. `role_of_cause` gives the role that a cause's own file names.
    pub fn check_expectations(&self, role_of_cause: impl Fn(&str) -> Option<Role>) -> Expectations {
        let mut all = Expectations::default();
        for expectation in &self.expectations {
            let misses = self.misses(expectation, &role_of_cause);
            match misses.is_empty() {
                true => all.held += 1,
                false => all.missed.push(Missed { line: expectation.line, what: misses.join("; ") }),
            }
        }
        all
    }

    /// What differs, a sentence each.
    fn misses(&self, expectation: &Expectation, role_of_cause: impl Fn(&str) -> Option<Role>) -> Vec<String> {
        let lists = GivenLists::of(&expectation.given);
        let subject = lists.subject(&role_of_cause);
        let mut route = self.route(&subject);
        if let Some((team, at)) = route.team.as_ref().zip(expectation.given.at) {
            let on_duty = self.on_duty(team, at);
            if on_duty != team {
                route.routed_by.push_str(&format!(", then {team} is off duty"));
            }
            route.team = Some(on_duty.to_owned());
        }
        let mut misses = expectation.misses(&route);
        if let Some(wanted) = &expectation.muted_by {
            let beside = expectation.meanwhile.as_ref().map(GivenLists::of);
            let beside = beside.as_ref().map(|lists| lists.subject(&role_of_cause));
            let muted_by = self.muted_given(&subject, beside.as_ref());
            let found = muted_by.as_ref().map_or("nothing", Mute::text);
            misses.extend((found != wanted).then(|| format!("muted by {wanted:?} expected, by {found:?} found")));
        }
        misses
    }

    /// What inhibits the incident of a test while the other one is open. They begin at the same time.
    fn muted_given(&self, subject: &Subject<'_>, beside: Option<&Subject<'_>>) -> Option<Mute> {
        let (route, other) = (self.route(subject), beside.map(|beside| self.route(beside)));
        let other = beside.zip(other.as_ref()).map(|(beside, route)| standing("while", beside, route));
        self.inhibition(&standing("given", subject, &route), other.as_slice())
    }
}

fn standing<'a>(id: &'a str, subject: &Subject<'a>, route: &'a Route) -> Standing<'a> {
    Standing {
        id,
        subject: Subject { severity: route.severity, ..*subject },
        service: route.service.as_deref(),
        start: Timestamp::default(),
        end: Timestamp::from_micros(subject.duration_seconds.saturating_mul(1_000_000)),
    }
}

/// The values of the keys of which an incident of a test may have several.
struct GivenLists<'g> {
    given: &'g Given,
    upstreams: Vec<&'g str>,
    paths: Vec<&'g str>,
    methods: Vec<&'g str>,
    sources: Vec<&'g str>,
    formats: Vec<&'g str>,
}

impl<'g> GivenLists<'g> {
    fn of(given: &'g Given) -> Self {
        let lists = [&given.upstreams, &given.paths, &given.methods, &given.sources, &given.formats];
        let [upstreams, paths, methods, sources, formats] =
            lists.map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
        Self { given, upstreams, paths, methods, sources, formats }
    }

    fn subject(&self, role_of_cause: impl Fn(&str) -> Option<Role>) -> Subject<'_> {
        let given = self.given;
        let cause = given.cause.as_deref().unwrap_or_default();
        Subject {
            cause,
            cause_role: role_of_cause(cause),
            hop: given.hop,
            status: &given.status,
            service: given.service.as_deref(),
            vhost: given.vhost.as_deref(),
            host: given.host.as_deref(),
            env: given.env.as_deref(),
            upstreams: &self.upstreams,
            paths: &self.paths,
            methods: &self.methods,
            sources: &self.sources,
            formats: &self.formats,
            severity: given.severity.unwrap_or(Severity::Info),
            count: given.count.unwrap_or(1),
            share: given.share,
            duration_seconds: given.lasts.map_or(0, |lasts| lasts.as_secs() as i64),
        }
    }
}

impl Expectation {
    /// What differs in the route, a sentence each.
    fn misses(&self, route: &Route) -> Vec<String> {
        let by = format!("by {}", route.routed_by);
        let team = self.team.as_deref().filter(|team| route.team.as_deref() != Some(*team));
        let role = self.role.filter(|role| *role != route.role);
        let severity = self.severity.filter(|severity| *severity != route.severity);
        let team_got = route.team.as_deref().unwrap_or("no team");
        let severity_by =
            route.route.as_ref().map_or("no route matches".to_owned(), |name| format!("by route {name:?}"));
        [
            team.map(|team| format!("team {team} expected, {team_got} found ({by})")),
            role.map(|role| format!("role {role} expected, {} found ({by})", route.role)),
            severity.map(|wanted| format!("severity {wanted} expected, {} found ({severity_by})", route.severity)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Known;

    /// The causes and formats that the example speaks of.
    const KNOWN: Known<'_> = Known {
        causes: &[
            "app.workers-exhausted",
            "upstream.backlog-full",
            "proxy.connection-limit",
            "lb.capacity",
            "upstream.read-timeout",
            "proxy.script-error",
            "edge.script",
            "upstream.dns",
            "app.database",
            "upstream.unknown",
            "upstream.refused",
            "upstream.connect-timeout",
            "upstream.reset",
            "upstream.none-live",
            "app.exception",
            "edge.internal",
        ],
        formats: &[],
    };

    fn role_of(cause: &str) -> Option<Role> {
        match cause {
            "upstream.refused" => Some(Role::Infra),
            "upstream.read-timeout" => Some(Role::Db),
            "app.exception" => Some(Role::App),
            _ => None,
        }
    }

    #[test]
    fn the_shared_example_loads_and_keeps_its_promises() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/playbook-example.toml");
        if !path.exists() {
            println!("skipped: {} is not here", path.display());
            return;
        }
        let playbook = Playbook::load(&path, &KNOWN)
            .unwrap_or_else(|all| panic!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
        let counts = (playbook.services.len(), playbook.routes.len(), playbook.teams.len(), playbook.channels.len());
        assert_eq!(counts, (2, 6, 7, 6));
        let counts = (playbook.escalations.len(), playbook.windows.len(), playbook.silences.len());
        assert_eq!((counts, playbook.inhibitions.len(), playbook.expectations.len()), ((2, 2, 2), 2, 6));
        let results = playbook.check_expectations(role_of);
        assert_eq!((results.held, results.missed.as_slice()), (6, &[][..]));
    }

    #[test]
    fn a_miss_says_what_came_and_why() {
        let text = r#"[roles]
app = "web"
infra = "platform"
[team.web]
[team.platform]
[[expect]]
given = { status = [502, 500], share = 0.5 }
team = "web"
role = "app"
severity = "critical"
[[expect]]
given = { status = 500, at = "2026-11-21T23:00:00Z" }
role = "db"
[[expect]]
given = { status = 500, at = 2026-11-21T23:00:00Z }
team = "platform"
"#;
        let results = Playbook::parse("p.toml", text, &KNOWN).unwrap().check_expectations(role_of);
        let told: Vec<_> = results.missed.iter().map(|missed| format!("{}: {}", missed.line, missed.what)).collect();
        assert_eq!(
            told,
            [
                "6: team web expected, platform found (by status 502); role app expected, infra found (by status 502); \
                 severity critical expected, info found (no route matches)",
                "11: role db expected, app found (by status 500)",
                "14: team platform expected, web found (by status 500)",
            ]
        );
        assert_eq!(results.held, 0);
    }

    #[test]
    fn the_clock_and_other_incidents_count() {
        let text = r#"[roles]
app = "web"
[team.web]
active = "day"
otherwise = "night"
[team.night]
[window.day]
days = "mon-sun"
times = "08:00-20:00"
timezone = "UTC"
[[service]]
name = "shop"
match = { vhost = "shop.*" }
[[inhibit]]
name = "edge"
source = { hop = "app" }
target = { hop = "edge" }
equal = "service"
[[expect]]
given = { status = 500, at = 2026-11-21T12:00:00Z }
team = "web"
[[expect]]
given = { status = 500, at = 2026-11-21T23:00:00Z }
team = "web"
[[expect]]
given = { status = 502, hop = "edge", vhost = "shop.a" }
while = { status = 502, hop = "app", vhost = "shop.b" }
muted_by = "edge"
[[expect]]
given = { status = 502, hop = "edge", vhost = "shop.a" }
while = { status = 502, hop = "app", vhost = "www.b" }
muted_by = "edge"
[[expect]]
given = { status = 502, hop = "edge", vhost = "shop.a" }
muted_by = "edge"
"#;
        let results = Playbook::parse("p.toml", text, &KNOWN).unwrap().check_expectations(role_of);
        let told: Vec<_> = results.missed.iter().map(|missed| format!("{}: {}", missed.line, missed.what)).collect();
        let nothing = "muted by \"edge\" expected, by \"nothing\" found";
        let night = "22: team web expected, night found (by status 500, then web is off duty)".to_owned();
        assert_eq!((results.held, told), (2, vec![night, format!("29: {nothing}"), format!("33: {nothing}")]));
    }
}
