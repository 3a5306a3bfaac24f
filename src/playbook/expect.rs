//! A playbook's own tests: `[[expect]]` says what an incident should become.
//!
//! In: `[[expect]]` of the file, and the roles of the causes. Out: which hold, which do not, and which need the clock
//! (`at`) or other incidents (`while`, `muted_by`) and so cannot be told here. These never count as held.

use super::Playbook;
use super::form::{Form, Word};
use super::load::{self, Names, one_of, text};
use super::pattern::StatusPattern;
use super::route::Route;
use super::subject::Subject;
use super::units::Fault;
use crate::event::{Hop, Role, Severity};
use crate::time::Timestamp;
use std::time::Duration;

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

/// An incident as a test describes it. What is not said is as quiet as can be: one request, no time.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Cause id.
    pub cause: Option<String>,
    /// Hop at fault.
    pub hop: Option<Hop>,
    /// Statuses.
    pub status: Vec<u16>,
    /// Service.
    pub service: Option<String>,
    /// Virtual host.
    pub vhost: Option<String>,
    /// Machine.
    pub host: Option<String>,
    /// Environment.
    pub env: Option<String>,
    /// Next hops.
    pub upstreams: Vec<String>,
    /// Paths.
    pub paths: Vec<String>,
    /// Methods.
    pub methods: Vec<String>,
    /// Logs.
    pub sources: Vec<String>,
    /// Formats.
    pub formats: Vec<String>,
    /// Severity before routing.
    pub severity: Option<Severity>,
    /// Failed requests.
    pub count: Option<u64>,
    /// Failed part of the service's requests, 0 to 1.
    pub share: Option<f64>,
    /// From the first to the last failure.
    pub lasts: Option<Duration>,
    /// When.
    pub at: Option<Timestamp>,
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
        given: form.form("given").map(|form| given(&form, names)).unwrap_or_default(),
        meanwhile: form.form("while").map(|form| given(&form, names)),
        team: form.parsed("team", |text| one_of("team", text, &names.teams)),
        role: form.parsed("role", load::role),
        severity: form.parsed("severity", load::severity),
        muted_by: form.parsed("muted_by", |text| one_of("inhibition", text, &names.inhibitions)),
        line: form.line(),
    };
    form.done();
    read
}

fn given(form: &Form<'_>, names: &Names<'_>) -> Given {
    let known = names.known;
    let texts = |key| form.words(key, false).unwrap_or_default().iter().map(|word| word.text.to_owned()).collect();
    let read = Given {
        cause: form.parsed("cause", |text| one_of("cause", text, known.causes)),
        hop: form.parsed("hop", load::hop),
        status: statuses(form),
        service: text(form.word("service")),
        vhost: text(form.word("vhost")),
        host: text(form.word("host")),
        env: text(form.word("env")),
        upstreams: texts("upstream"),
        paths: texts("path"),
        methods: texts("method"),
        sources: texts("source"),
        formats: form.all_parsed("format", |text| one_of("format", text, known.formats)),
        severity: form.parsed("severity", load::severity),
        count: form.count("count"),
        share: form.share("share"),
        lasts: form.duration("for"),
        at: form.time("at"),
    };
    form.done();
    read
}

fn statuses(form: &Form<'_>) -> Vec<u16> {
    let read = |word: &Word<'_>| {
        form.read(*word, |text| {
            let status = text.parse().ok().filter(|_| StatusPattern::parse(text).is_ok());
            status.ok_or_else(|| Fault::new(format!("{text:?} is no status"), "write a number such as 502"))
        })
    };
    form.words("status", true).unwrap_or_default().iter().filter_map(read).collect()
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
