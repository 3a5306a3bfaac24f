//! What is allowed in a playbook and still likely a mistake (list: CONVENTIONS.md section 5.2, "Lint list").
//!
//! In: a checked [`Playbook`] and the time it is now. Out: a [`Finding`] each, in the order of the lines. Secrets in the
//! file need no rule here: the loader refuses them.

use super::fault::suggest;
use super::notices::{Channel, Recipient, Setting, Silence, Target, Team};
use super::subject::Key;
use super::{Matcher, Playbook};
use crate::error::Defect;
use crate::event::Role;
use crate::time::Timestamp;

/// A silence longer than this is a decision, not a silence: 30 days.
const MAX_SILENCE_SECONDS: i64 = 30 * 86_400;

/// Which rule of the lint list found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LintRule {
    /// Nothing in the file says who takes the rest.
    NoCatchAll,
    /// A route that an earlier one always beats.
    ShadowedRoute,
    /// A role that no team plays.
    RoleWithoutTeam,
    /// A team that hears nothing at first.
    TeamWithoutChannel,
    /// A silence that is over.
    SilenceExpired,
    /// A silence of more than 30 days.
    SilenceTooLong,
    /// An inhibition that can mute its own source.
    InhibitsItself,
    /// A `service` that no `[[service]]` has: only the logs' own words can fit it.
    UnnamedService,
    /// A webhook that posts to where an Alertmanager takes alerts, or an Alertmanager's address that says so twice.
    MistakenAlertmanager,
    /// Channels that no team, step or escalation ever calls.
    UncalledChannel,
}

/// One finding, with its place and remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: LintRule,
    /// Where, what and what to do.
    pub defect: Defect,
}

impl Playbook {
    /// Looks for what is likely a mistake. `now` decides which silences are over.
    pub fn lint(&self, now: Timestamp) -> Vec<Finding> {
        let mut findings = self.catch_all();
        findings.extend(self.shadowed_routes());
        findings.extend(self.roles_without_team());
        findings.extend(self.teams.iter().filter_map(|team| self.deaf(team)));
        findings.extend(self.silences.iter().filter_map(|silence| self.stale(silence, now)));
        findings.extend(self.self_inhibitions());
        findings.extend(self.unnamed_services());
        findings.extend(self.channels.iter().filter_map(|channel| self.mistaken(channel)));
        findings.extend(self.channels.iter().filter_map(|channel| self.uncalled(channel)));
        findings.sort_by_key(|finding| finding.defect.line);
        findings
    }

    fn finding(&self, rule: LintRule, line: Option<u64>, what: String, hint: &str) -> Finding {
        let defect = Defect::new(&self.file, what).hint(hint);
        Finding { rule, defect: Defect { line, ..defect } }
    }

    fn catch_all(&self) -> Vec<Finding> {
        let takes_the_rest = self.routes.iter().any(|route| {
            route.matcher.is_anything() && route.min.is_none() && (route.role.is_some() || route.team.is_some())
        });
        if self.defaults.role_is_stated || takes_the_rest {
            return Vec::new();
        }
        let what = format!("no catch-all: the built-in role {} takes what nothing else takes", self.defaults.role);
        vec![self.finding(LintRule::NoCatchAll, None, what, "say it in [defaults]: `role = \"sre\"`")]
    }

    fn shadowed_routes(&self) -> impl Iterator<Item = Finding> + '_ {
        self.routes.iter().enumerate().filter_map(|(place, route)| {
            let mut earlier = self.routes[..place].iter().filter(|earlier| earlier.min.is_none());
            let beats = earlier.find(|earlier| earlier.matcher.covers(&route.matcher))?;
            let what = format!(
                "route {:?} is never reached: {:?} in line {} takes all of it",
                route.name, beats.name, beats.line
            );
            Some(self.finding(LintRule::ShadowedRoute, Some(route.line), what, "put the narrower route first"))
        })
    }

    /// Only where the playbook names teams at all: without any, roles are the answer.
    fn roles_without_team(&self) -> impl Iterator<Item = Finding> + '_ {
        let alone = Role::ALL.iter().filter(|role| !self.teams.is_empty() && !self.roles.contains_key(role));
        alone.map(|role| {
            let what = format!("role {role} has no team");
            self.finding(LintRule::RoleWithoutTeam, None, what, "name one in [roles]")
        })
    }

    fn deaf(&self, team: &Team) -> Option<Finding> {
        let escalation = self.escalations.iter().find(|known| Some(&known.name) == team.escalation.as_ref());
        let hears = |recipient: &Recipient| match recipient {
            Recipient::OwningTeam => !team.notify.is_empty(),
            Recipient::Channel(_) => true,
        };
        let first = escalation.and_then(|escalation| escalation.steps.first());
        let told = first.map_or(!team.notify.is_empty(), |step| step.notify.iter().any(hears));
        let what = format!("team {:?} has no channel in its first step", team.name);
        let hint = "give it `notify`, or name a channel in the first step of its escalation";
        (!told).then(|| self.finding(LintRule::TeamWithoutChannel, Some(team.line), what, hint))
    }

    fn stale(&self, silence: &Silence, now: Timestamp) -> Option<Finding> {
        let until = silence.until?;
        let from = silence.from.unwrap_or(now);
        let finding = |rule, what: String, hint| Some(self.finding(rule, Some(silence.line), what, hint));
        if until <= now {
            return finding(LintRule::SilenceExpired, format!("this silence was over at {until}"), "take it out");
        }
        let long = until.seconds() - from.seconds() > MAX_SILENCE_SECONDS;
        let hint = "fix the trouble, or route it with severity info";
        if long { finding(LintRule::SilenceTooLong, "this silence is longer than 30 days".into(), hint) } else { None }
    }

    fn self_inhibitions(&self) -> impl Iterator<Item = Finding> + '_ {
        let both = self.inhibitions.iter().filter(|inhibit| inhibit.source.may_overlap(&inhibit.target));
        both.map(|inhibit| {
            let what = format!("inhibition {:?}: one incident can be source and target", inhibit.name);
            let hint = "make them differ in cause, hop or service";
            self.finding(LintRule::InhibitsItself, Some(inhibit.line), what, hint)
        })
    }

    fn unnamed_services(&self) -> impl Iterator<Item = Finding> + '_ {
        let names: Vec<_> = self.services.iter().map(|service| service.name.as_str()).collect();
        let matchers = self.service_users();
        matchers.into_iter().filter_map(move |(matcher, line)| {
            let typed = matcher.literals(Key::Service).find(|typed| !names.contains(typed))?;
            let what = format!("no [[service]] is called {typed:?}: only the logs' own word can fit it");
            let hint = suggest(typed, &names).unwrap_or_else(|| "look at its spelling".into());
            Some(self.finding(LintRule::UnnamedService, Some(line), what, &hint))
        })
    }

    /// Only what is written in the playbook can be looked at: an address in the environment is not read here.
    fn mistaken(&self, channel: &Channel) -> Option<Finding> {
        let pushes = |url: &str| url.contains("/api/v2/alerts");
        let (is_mistaken, hint) = match &channel.target {
            Target::Webhook { url: Setting::Plain(url), .. } => {
                (pushes(url), "an Alertmanager takes alerts by `type = \"alertmanager\"` and its own address")
            }
            Target::Alertmanager(Setting::Plain(url)) => {
                (pushes(url), "leave out /api/v2/alerts: it is added to the address")
            }
            _ => (false, ""),
        };
        let what = format!("channel {:?} would post in a shape that is not taken there", channel.name);
        is_mistaken.then(|| self.finding(LintRule::MistakenAlertmanager, Some(channel.line), what, hint))
    }

    fn uncalled(&self, channel: &Channel) -> Option<Finding> {
        let name = &channel.name;
        let by_team = self.teams.iter().any(|team| team.notify.contains(name));
        let mut steps = self.escalations.iter().flat_map(|escalation| &escalation.steps);
        let by_step = steps.any(|step| step.notify.contains(&Recipient::Channel(name.clone())));
        let what = format!("nobody is ever told on channel {name:?}");
        let hint = "name it in a team's `notify` or a step of an escalation, or take it out";
        (!by_team && !by_step).then(|| self.finding(LintRule::UncalledChannel, Some(channel.line), what, hint))
    }

    /// Every matcher that may speak of a service, with its line.
    fn service_users(&self) -> Vec<(&Matcher, u64)> {
        let routes = self.routes.iter().map(|route| (&route.matcher, route.line));
        let silences = self.silences.iter().map(|silence| (&silence.matcher, silence.line));
        let sides = self.inhibitions.iter().flat_map(|rule| [(&rule.source, rule.line), (&rule.target, rule.line)]);
        routes.chain(silences).chain(sides).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::Known;

    const KNOWN: Known<'_> = Known { causes: &["upstream.refused", "upstream.none-live", "app.error"], formats: &[] };
    /// 2026-11-21T00:00:00Z
    const NOW: Timestamp = Timestamp::from_micros(1_795_219_200_000_000);

    /// What lint finds, as rule and line.
    fn found(text: &str) -> Vec<(LintRule, Option<u64>)> {
        let playbook = Playbook::parse("p.toml", text, &KNOWN).unwrap();
        playbook.lint(NOW).into_iter().map(|finding| (finding.rule, finding.defect.line)).collect()
    }

    #[test]
    fn a_playbook_says_who_takes_the_rest() {
        assert_eq!(found(""), [(LintRule::NoCatchAll, None)]);
        assert_eq!(found("[defaults]\nrole = \"sre\""), []);
        assert_eq!(found("[[route]]\nname = \"all\"\nrole = \"sre\""), []);
        assert_eq!(found("[[route]]\nname = \"all\"\nseverity = \"info\""), [(LintRule::NoCatchAll, None)]);
        assert_eq!(Playbook::built_in().unwrap().lint(NOW), []);
    }

    #[test]
    fn an_earlier_wider_route_shadows() {
        let routes = |first: &str, second: &str| {
            let head = "[defaults]\nrole = \"sre\"\n";
            found(&format!("{head}[[route]]\nname = \"a\"\n{first}\n[[route]]\nname = \"b\"\n{second}\n"))
        };
        let shadowed = [(LintRule::ShadowedRoute, Some(6))];
        let narrow = "match = { cause = \"upstream.refused\", vhost = \"a\", not = { path = \"/x\" } }";
        assert_eq!(routes("match = { cause = \"upstream.*\" }", narrow), shadowed);
        assert_eq!(routes("role = \"db\"", narrow), shadowed.map(|(rule, _)| (rule, Some(6))));
        assert_eq!(routes("match = { cause = \"upstream.*\", not = { path = \"/y\" } }", narrow), []);
        assert_eq!(routes(narrow, "match = { cause = \"upstream.*\" }"), []);
        assert_eq!(routes("match = { status = 502 }", "match = { status = \"5xx\" }"), []);
        assert_eq!(routes("match = { status = \"5xx\" }", "match = { status = [502, \"52x\"] }"), shadowed);
        assert_eq!(routes("match = { status = \"5xx\" }\nmin = { count = 5 }", "match = { status = 502 }").len(), 0);
    }

    #[test]
    fn every_role_has_a_team_and_every_team_hears() {
        let text = "[defaults]\nrole = \"sre\"\n[roles]\napp = \"a\"\ndb = \"b\"\nsre = \"a\"\n[team.a]\nnotify = \"c\"\n\
                    [team.b]\nescalation = \"e\"\n[escalation.e]\nsteps = [{ after = \"0m\", notify = \"@team\" }]\n\
                    [channel.c]\ntype = \"slack\"\nurl_env = \"X\"\n";
        assert_eq!(found(text), [(LintRule::RoleWithoutTeam, None), (LintRule::TeamWithoutChannel, Some(9))]);
        let heard = text.replace("\"@team\"", "[\"@team\", \"c\"]");
        assert_eq!(found(&heard), [(LintRule::RoleWithoutTeam, None)]);
    }

    #[test]
    fn channels_are_of_the_right_kind_and_called() {
        let channel = |text: &str| {
            found(&format!(
                "[defaults]\nrole = \"sre\"\n[team.a]\nnotify = \"c\"\n[roles]\napp = \"a\"\ninfra = \"a\"\nsre = \"a\"\ndb = \"a\"\n[channel.c]\n{text}\n"
            ))
        };
        let mistaken = [(LintRule::MistakenAlertmanager, Some(10))];
        let push = "url = \"https://am.example.com/api/v2/alerts\"";
        assert_eq!(channel(&format!("type = \"webhook\"\n{push}")), mistaken);
        assert_eq!(channel(&format!("type = \"alertmanager\"\n{push}")), mistaken);
        assert_eq!(channel("type = \"alertmanager\"\nurl = \"https://am.example.com\""), []);
        let uncalled =
            "type = \"webhook\"\nurl = \"https://a.example.com/\"\n[channel.d]\ntype = \"slack\"\nurl_env = \"A\"";
        assert_eq!(channel(uncalled), [(LintRule::UncalledChannel, Some(13))]);
    }

    #[test]
    fn silences_end_soon_and_are_not_over() {
        let silence = |times: &str| {
            found(&format!(
                "[defaults]\nrole = \"sre\"\n[[silence]]\nmatch = {{ vhost = \"a\" }}\nreason = \"r\"\n{times}"
            ))
        };
        assert_eq!(silence("until = 2026-11-21T00:00:00Z"), [(LintRule::SilenceExpired, Some(3))]);
        assert_eq!(silence("until = 2026-11-22T00:00:00Z"), []);
        assert_eq!(silence("until = 2026-12-22T00:00:00Z"), [(LintRule::SilenceTooLong, Some(3))]);
        assert_eq!(silence("from = 2026-12-21T00:00:00Z\nuntil = 2026-12-22T00:00:00Z"), []);
    }

    #[test]
    fn an_inhibition_does_not_mute_its_source() {
        let inhibit = |source: &str, target: &str| {
            let text = format!("name = \"i\"\nsource = {{ {source} }}\ntarget = {{ {target} }}");
            found(&format!("[defaults]\nrole = \"sre\"\n[[inhibit]]\n{text}"))
        };
        let itself = [(LintRule::InhibitsItself, Some(3))];
        assert_eq!(inhibit("hop = [\"app\", \"proxy\"]", "hop = [\"edge\", \"lb\"]"), []);
        assert_eq!(inhibit("hop = [\"app\", \"lb\"]", "hop = [\"edge\", \"lb\"]"), itself);
        assert_eq!(inhibit("cause = \"upstream.*\"", "cause = \"upstream.none-live\""), itself);
        let not = "cause = \"upstream.*\", not = { cause = \"upstream.none-live\" }";
        assert_eq!(inhibit(not, "cause = \"upstream.none-live\""), []);
        assert_eq!(inhibit("hop = \"app\"", "cause = \"app.error\""), itself);
        assert_eq!(inhibit("status = 502", "status = 504"), itself); // one incident can have both
    }

    #[test]
    fn a_service_that_nobody_defined_is_told() {
        let text = "[defaults]\nrole = \"sre\"\n[[service]]\nname = \"checkout\"\n[[route]]\nname = \"r\"\n\
                    match = { service = \"chekout\" }\nrole = \"db\"\n";
        let findings = Playbook::parse("p.toml", text, &KNOWN).unwrap().lint(NOW);
        let told: Vec<_> = findings.iter().map(|finding| finding.defect.to_string()).collect();
        assert_eq!(told.len(), 1);
        assert!(
            told[0].starts_with("p.toml:5: no [[service]] is called \"chekout\"") && told[0].ends_with("\"checkout\"?")
        );
    }
}
