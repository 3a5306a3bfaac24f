//! A playbook's own tests: `[[expect]]` says what an incident should become.
//!
//! In: `[[expect]]` of the file, and the roles of the causes. Out: which hold, which do not, and which need the clock
//! (`at`) or other incidents (`while`, `muted_by`) and so cannot be told here. These never count as held.

use super::Playbook;
use super::form::Form;
use super::given::Given;
use super::names::{Names, one_of, role, severity};
use super::route::Route;
use super::subject::Subject;
use crate::event::{Role, Severity};

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
    /// Those that hold as far as routing goes, and of which a part is not checked yet.
    pub not_checked: Vec<NotChecked>,
}

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Its line in the playbook, from 1.
    pub line: u64,
    /// What was expected and what came, in words.
    pub what: String,
}

/// An expectation of which a part needs the clock or other incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotChecked {
    /// Its line in the playbook, from 1.
    pub line: u64,
    /// What is not checked yet, in words.
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
    /// Runs every `[[expect]]` through [`Playbook::route`]. `role_of_cause` gives the role that a cause's own file names.
    pub fn check_expectations(&self, role_of_cause: impl Fn(&str) -> Option<Role>) -> Expectations {
        let mut all = Expectations::default();
        for expectation in &self.expectations {
            let route = self.route_given(&expectation.given, &role_of_cause);
            let misses = expectation.misses(&route);
            match (misses.is_empty(), expectation.unchecked()) {
                (false, _) => all.missed.push(Missed { line: expectation.line, what: misses.join("; ") }),
                (true, Some(what)) => all.not_checked.push(NotChecked { line: expectation.line, what }),
                (true, None) => all.held += 1,
            }
        }
        all
    }

    fn route_given(&self, given: &Given, role_of_cause: impl Fn(&str) -> Option<Role>) -> Route {
        let cause = given.cause.as_deref().unwrap_or_default();
        let lists = [&given.upstreams, &given.paths, &given.methods, &given.sources, &given.formats];
        let [upstreams, paths, methods, sources, formats] =
            lists.map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
        self.route(&Subject {
            cause,
            cause_role: role_of_cause(cause),
            hop: given.hop,
            status: &given.status,
            service: given.service.as_deref(),
            vhost: given.vhost.as_deref(),
            host: given.host.as_deref(),
            env: given.env.as_deref(),
            upstreams: &upstreams,
            paths: &paths,
            methods: &methods,
            sources: &sources,
            formats: &formats,
            severity: given.severity.unwrap_or(Severity::Info),
            count: given.count.unwrap_or(1),
            share: given.share,
            duration_seconds: given.lasts.map_or(0, |lasts| lasts.as_secs() as i64),
        })
    }
}

impl Expectation {
    /// What differs, a sentence each. With `at` the team is left out: it may depend on the time.
    fn misses(&self, route: &Route) -> Vec<String> {
        let by = format!("by {}", route.routed_by);
        let team = self.team.as_deref().filter(|team| self.given.at.is_none() && route.team.as_deref() != Some(*team));
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

    /// The part that routing alone cannot tell.
    fn unchecked(&self) -> Option<String> {
        let parts = [
            self.given.at.map(|_| "what holds `at` a time"),
            self.meanwhile.as_ref().map(|_| "what holds `while` another incident is open"),
            self.muted_by.as_ref().map(|_| "what mutes it (`muted_by`)"),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("not checked yet: {}", parts.join(", ")))
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
        assert_eq!((results.held, results.missed.as_slice()), (4, &[][..]));
        let not_checked: Vec<_> = results.not_checked.iter().map(|left| left.line).collect();
        assert_eq!(not_checked, [183, 186]);
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
            ]
        );
        assert_eq!((results.held, results.not_checked.len()), (0, 1));
        assert_eq!(results.not_checked[0].what, "not checked yet: what holds `at` a time");
    }
}
