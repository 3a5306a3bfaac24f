//! The decision: whose an incident is and how much it matters.
//!
//! In: a checked [`Playbook`] and one [`Subject`]. Out: a [`Route`]. The order is told in the module's head page.

use super::model::{RouteRule, Service, StatusRole};
use super::subject::Subject;
use super::{BUILT_IN_NAME, Playbook, Team};
use crate::event::{Role, Severity};

/// Whose an incident is, and which lines of the playbook say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The role that owns it.
    pub role: Role,
    /// The team that plays the role, where the playbook names one.
    pub team: Option<String>,
    /// How much it matters: the route's word, else the incident's own.
    pub severity: Severity,
    /// The playbook's service it belongs to.
    pub service: Option<String>,
    /// The route that matched.
    pub route: Option<String>,
    /// Where help is written down.
    pub runbook: Option<String>,
    /// How it climbs: the route's word, else the team's.
    pub escalation: Option<String>,
    /// What decided role and team, in words: `cause upstream.refused`, `status 504, then service "checkout"`.
    pub routed_by: String,
}

impl Playbook {
    /// Routes one incident. Always gives a role; gives a team where the playbook has one for it.
    pub fn route(&self, subject: &Subject<'_>) -> Route {
        let service = self.service_of(subject);
        let rule = self.rule_of(subject, service);
        let (role, role_by) = self.role_of(subject, rule);
        let (team, team_by) = self.team_of(role, rule, service);
        Route {
            role,
            severity: rule.and_then(|rule| rule.severity).unwrap_or(subject.severity),
            service: service.map(|service| service.name.clone()),
            route: rule.map(|rule| rule.name.clone()),
            runbook: rule.and_then(|rule| rule.runbook.clone()),
            escalation: self.escalation_of(team, rule),
            routed_by: in_words(role_by, team_by),
            team: team.map(str::to_owned),
        }
    }

    /// The team with this name.
    pub fn team(&self, name: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.name == name)
    }

    /// The first service that the incident belongs to: by its matcher, or because the logs call it by that name.
    fn service_of(&self, subject: &Subject<'_>) -> Option<&Service> {
        self.services.iter().find(|service| {
            let matches = service.matcher.as_ref().is_some_and(|matcher| matcher.matches(subject, None));
            matches || subject.service == Some(service.name.as_str())
        })
    }

    /// The first route that matches and that the incident is loud enough for.
    fn rule_of(&self, subject: &Subject<'_>, service: Option<&Service>) -> Option<&RouteRule> {
        let service = service.map(|service| service.name.as_str());
        self.routes.iter().find(|rule| {
            rule.matcher.matches(subject, service) && rule.min.is_none_or(|min| min.is_reached_by(subject))
        })
    }

    /// The role and what decided it.
    fn role_of(&self, subject: &Subject<'_>, rule: Option<&RouteRule>) -> (Role, String) {
        if let Some((rule, role)) = rule.and_then(|rule| rule.role.map(|role| (rule, role))) {
            return (role, format!("route {:?}", rule.name));
        }
        if let Some(role) = subject.cause_role {
            return (role, format!("cause {}", subject.cause));
        }
        let known = subject.status.iter().find_map(|status| self.role_of_status(*status).map(|role| (*status, role)));
        match known {
            Some((status, role)) => (role, format!("status {status:03}")),
            None => (self.defaults.role, "the default role".to_owned()),
        }
    }

    /// The role that `[status]` gives a status.
    pub fn role_of_status(&self, status: u16) -> Option<Role> {
        self.entry_of_status(status).map(|entry| entry.role)
    }

    /// The entry of `[status]` that decides for a status.
    pub fn entry_of_status(&self, status: u16) -> Option<&StatusRole> {
        self.status.iter().find(|entry| entry.status.matches(status))
    }

    /// The lines of the playbook that decided: `playbook.toml:12`, in the order in which they were asked. Empty where
    /// only the cause's own file and the defaults did.
    pub fn places_of(&self, route: &Route, subject: &Subject<'_>) -> Vec<String> {
        let own = |line: u64| place(&self.file, line);
        let mut places = Vec::new();
        let rule = self.routes.iter().find(|rule| route.route.as_ref() == Some(&rule.name));
        places.extend(rule.map(|rule| own(rule.line)));
        if rule.and_then(|rule| rule.role).is_none() && subject.cause_role.is_none() {
            let entry = subject.status.iter().find_map(|status| self.entry_of_status(*status));
            places.extend(
                entry.map(|entry| if entry.is_built_in { place(BUILT_IN_NAME, entry.line) } else { own(entry.line) }),
            );
        }
        let service = self.services.iter().find(|service| route.service.as_ref() == Some(&service.name));
        places.extend(
            service.filter(|service| service.owners.contains_key(&route.role)).map(|service| own(service.line)),
        );
        places
    }

    /// The team, and what decided it where that was more than `[roles]`.
    fn team_of<'p>(
        &'p self,
        role: Role,
        rule: Option<&'p RouteRule>,
        service: Option<&'p Service>,
    ) -> (Option<&'p str>, Option<String>) {
        let by_rule = rule.and_then(|rule| Some((rule.team.as_deref()?, format!("route {:?}", rule.name))));
        let by_service = || {
            service
                .and_then(|service| Some((service.owners.get(&role)?.as_str(), format!("service {:?}", service.name))))
        };
        match by_rule.or_else(by_service) {
            Some((team, by)) => (Some(team), Some(by)),
            None => (self.roles.get(&role).map(String::as_str), None),
        }
    }

    /// The escalation that the route itself names, whoever's team it is.
    pub fn escalation_of_route(&self, route: &Route) -> Option<&str> {
        let rule = self.routes.iter().find(|rule| route.route.as_ref() == Some(&rule.name));
        rule.and_then(|rule| rule.escalation.as_deref())
    }

    fn escalation_of(&self, team: Option<&str>, rule: Option<&RouteRule>) -> Option<String> {
        let by_team = || team.and_then(|team| self.team(team)).and_then(|team| team.escalation.clone());
        rule.and_then(|rule| rule.escalation.clone()).or_else(by_team)
    }
}

/// `playbook.toml:12`; of the built-in playbook `grammars/playbook.toml:12, built in`.
fn place(file: &str, line: u64) -> String {
    match file.strip_suffix(" (built in)") {
        Some(file) => format!("{file}:{line}, built in"),
        None => format!("{file}:{line}"),
    }
}

fn in_words(role_by: String, team_by: Option<String>) -> String {
    match team_by {
        Some(team_by) if team_by != role_by => format!("{role_by}, then {team_by}"),
        _ => role_by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Known;
    use proptest::prelude::*;

    const KNOWN: Known<'_> = Known { causes: &["upstream.refused", "upstream.dns", "app.error"], formats: &["a.b"] };

    /// Uses every kind of pattern and threshold.
    const PLAYBOOK: &str = r#"
[roles]
app = "web"
infra = "platform"
[team.web]
escalation = "slow"
[team.platform]
[team.payments]
[team.search]
[escalation.slow]
steps = [{ after = "0m", notify = ["@team"] }]
[escalation.fast]
steps = [{ after = "0m", notify = ["@team"] }]
[[service]]
name = "checkout"
match = { vhost = "shop.*", path = ["/checkout/**", "/api/v*/orders/**"] }
owners = { app = "payments" }
[[service]]
name = "catalogue"
match = { upstream = ["10.0.4.0/24:*", "unix:/run/catalogue.sock"], not = { method = "OPTIONS" } }
owners = { app = "search", db = "search" }
[[route]]
name = "loud checkout"
match = { service = "checkout", status = "5xx" }
min = { count = 20, share = "5%", for = "1m" }
severity = "critical"
runbook = "https://runbooks.example.com/checkout"
[[route]]
name = "reports"
match = { cause = "upstream.*", path = "/reports/**" }
role = "db"
[[route]]
name = "canary"
match = { host = "canary-*", not = { cause = "upstream.dns" } }
team = "web"
escalation = "fast"
[[route]]
name = "rest"
match = { env = "test", source = "/var/log/*.log", format = "a.*", hop = ["app", "edge"], severity = "error" }
role = "sre"
"#;

    fn playbook() -> Playbook {
        Playbook::parse("p.toml", PLAYBOOK, &KNOWN).unwrap()
    }

    #[test]
    fn the_default_map_is_the_trades() {
        let playbook = Playbook::built_in().unwrap();
        for (statuses, role, by) in [
            (&[500_u16][..], Role::App, "status 500"),
            (&[502], Role::Infra, "status 502"),
            (&[503], Role::Sre, "status 503"),
            (&[504], Role::Db, "status 504"),
            (&[520], Role::Infra, "status 520"),
            (&[524], Role::Infra, "status 524"),
            (&[530], Role::Infra, "status 530"),
            (&[501], Role::Sre, "status 501"),
            (&[561], Role::Sre, "status 561"),
            (&[0], Role::Infra, "status 000"),
            (&[9], Role::Infra, "status 009"),
            (&[200], Role::Sre, "the default role"),
            (&[], Role::Sre, "the default role"),
            (&[200, 504, 502], Role::Db, "status 504"),
        ] {
            let route = playbook.route(&Subject { status: statuses, ..Subject::default() });
            assert_eq!((route.role, route.routed_by.as_str(), route.team), (role, by, None), "{statuses:?}");
        }
    }

    #[test]
    fn the_causes_own_role_beats_the_status() {
        let playbook = Playbook::built_in().unwrap();
        for (cause, role, status, expected) in [
            ("upstream.refused", Some(Role::Infra), 504, Role::Infra),
            ("upstream.read-timeout", Some(Role::Db), 502, Role::Db),
            ("app.workers-exhausted", Some(Role::Sre), 502, Role::Sre),
            ("proxy.maintenance", Some(Role::Sre), 503, Role::Sre),
            ("app.error", None, 500, Role::App),
        ] {
            let subject = Subject { cause, cause_role: role, status: &[status], ..Subject::default() };
            let route = playbook.route(&subject);
            let by = if role.is_some() { format!("cause {cause}") } else { format!("status {status}") };
            assert_eq!((route.role, route.routed_by), (expected, by));
        }
    }

    #[test]
    fn a_service_names_who_plays_a_role_for_it() {
        let subject = Subject { status: &[500], vhost: Some("shop.example.com"), ..Subject::default() };
        let in_checkout = Subject { paths: &["/", "/checkout/pay"], ..subject };
        let route = playbook().route(&in_checkout);
        assert_eq!((route.team.as_deref(), route.service.as_deref()), (Some("payments"), Some("checkout")));
        assert_eq!(route.routed_by, "status 500, then service \"checkout\"");
        let elsewhere = playbook().route(&Subject { paths: &["/"], ..subject });
        assert_eq!((elsewhere.team.as_deref(), elsewhere.routed_by.as_str()), (Some("web"), "status 500"));
        assert_eq!(elsewhere.escalation.as_deref(), Some("slow"));
        let named = playbook().route(&Subject { service: Some("checkout"), status: &[500], ..Subject::default() });
        assert_eq!(named.team.as_deref(), Some("payments"));
        let preflight = Subject { upstreams: &["10.0.4.7:80"], methods: &["options"], ..Subject::default() };
        assert_eq!(playbook().route(&preflight).service, None);
    }

    #[test]
    fn a_route_sets_only_what_it_names() {
        let reports = Subject {
            cause: "upstream.dns",
            cause_role: Some(Role::Infra),
            paths: &["/reports/q3"],
            upstreams: &["10.0.4.7:8080"],
            severity: Severity::Warning,
            ..Subject::default()
        };
        let route = playbook().route(&reports);
        assert_eq!((route.role, route.team.as_deref(), route.severity), (Role::Db, Some("search"), Severity::Warning));
        assert_eq!(route.routed_by, "route \"reports\", then service \"catalogue\"");
        let canary = Subject { cause: "app.error", host: Some("Canary-7"), status: &[502], ..Subject::default() };
        let route = playbook().route(&canary);
        assert_eq!(
            (route.role, route.team.as_deref(), route.escalation.as_deref()),
            (Role::Infra, Some("web"), Some("fast"))
        );
        assert_eq!(route.routed_by, "status 502, then route \"canary\"");
        assert_eq!(playbook().route(&Subject { cause: "upstream.dns", ..canary }).route, None);
    }

    #[test]
    fn a_quieter_incident_does_not_match() {
        let loud = Subject {
            service: Some("checkout"),
            status: &[502],
            count: 20,
            share: Some(0.05),
            duration_seconds: 60,
            ..Subject::default()
        };
        assert_eq!(playbook().route(&loud).severity, Severity::Critical);
        assert_eq!(playbook().route(&Subject { share: None, ..loud }).severity, Severity::Critical);
        for quiet in [
            Subject { count: 19, ..loud },
            Subject { share: Some(0.049), ..loud },
            Subject { duration_seconds: 59, ..loud },
            Subject { duration_seconds: -1, ..loud },
        ] {
            assert_eq!((playbook().route(&quiet).severity, playbook().route(&quiet).route), (Severity::Info, None));
        }
    }

    #[test]
    fn an_unknown_share_alone_reaches_nothing() {
        let text = "[[route]]\nname = \"r\"\nmin = { share = \"5%\" }\nrole = \"db\"\n";
        let playbook = Playbook::parse("p.toml", text, &KNOWN).unwrap();
        assert_eq!(playbook.route(&Subject { share: None, ..Subject::default() }).route, None);
        assert!(playbook.route(&Subject { share: Some(0.06), ..Subject::default() }).route.is_some());
    }

    proptest! {
        #[test]
        fn routing_never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            status in any::<u16>(),
            count in any::<u64>(),
            share in any::<f64>(),
            duration_seconds in any::<i64>(),
        ) {
            let text = String::from_utf8_lossy(&bytes);
            let text: &str = &text;
            let path = format!("/reports/{text}");
            let list = [text, &path, "10.0.4.7:80"];
            let subject = Subject {
                cause: text, hop: Some(crate::event::Hop::App), service: Some(text), vhost: Some(text), host: Some(text),
                env: Some("test"), upstreams: &list, paths: &list, methods: &list, sources: &list, formats: &list,
                severity: Severity::Error, status: &[status], count, share: Some(share), duration_seconds,
                cause_role: None,
            };
            let route = playbook().route(&subject);
            prop_assert!(!route.routed_by.is_empty());
        }
    }
}
