//! From the file to the types, first half: what a playbook says about owners. `load_notices` has the other half.
//!
//! In: TOML text, the playbook below it, the names that others define. Out: a [`Playbook`] in which every name leads
//! somewhere, or everything that is wrong, with its lines.

use super::expect;
use super::fault::Fault;
use super::form::{Form, Page, Word};
use super::load_channels;
use super::load_notices as notices;
use super::matcher::Matcher;
use super::model::{Defaults, RouteRule, Service, StatusRole, Threshold};
use super::names::{Names, key, one_of, role, severity, text};
use super::status::StatusPattern;
use super::units;
use super::{BUILT_IN_NAME, Known, Playbook};
use crate::error::Defect;
use crate::event::Role;
use std::collections::BTreeMap;
use toml::de::DeTable;

/// The version of the playbook's language that this reads.
const VERSION: u64 = 1;

/// Reads a playbook over another one.
pub(super) fn read(base: &Playbook, file: &str, text: &str, known: &Known<'_>) -> Result<Playbook, Vec<Defect>> {
    let page = Page::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        page.wrong(error.span().map_or(0, |span| span.start), Fault { what: error.message().to_owned(), hint: None });
    }
    if !errors.is_empty() {
        return Err(page.into_defects()); // what stands in a broken tree would only raise false alarms
    }
    let playbook = {
        let names = Names::collect(root.get_ref(), known);
        let form = Form::new(&page, "the playbook", 0, root.get_ref());
        sections(base, file, &form, &names)
    };
    let defects = page.into_defects();
    if defects.is_empty() { Ok(playbook) } else { Err(defects) }
}

fn sections(base: &Playbook, file: &str, form: &Form<'_>, names: &Names<'_>) -> Playbook {
    version(form);
    let playbook = Playbook {
        file: file.to_owned(),
        defaults: defaults(form, &base.defaults),
        status: status(form, &base.status),
        roles: roles(form, &base.roles, names),
        services: form.forms("service", "[[service]]").iter().map(|form| service(form, names)).collect(),
        routes: form.forms("route", "[[route]]").iter().map(|form| route(form, names)).collect(),
        teams: notices::teams(form, names),
        escalations: notices::escalations(form, names),
        channels: load_channels::channels(form),
        windows: notices::windows(form),
        silences: notices::silences(form, names),
        inhibitions: notices::inhibitions(form, names),
        expectations: expect::read(form, names),
    };
    form.done();
    unique(form, "[[service]]", playbook.services.iter().map(|service| (&service.name, service.line)));
    unique(form, "[[route]]", playbook.routes.iter().map(|route| (&route.name, route.line)));
    unique(form, "[[inhibit]]", playbook.inhibitions.iter().map(|inhibit| (&inhibit.name, inhibit.line)));
    playbook
}

fn version(form: &Form<'_>) {
    if form.has("version") && form.count("version").is_some_and(|version| version != VERSION) {
        form.wrong("this version is not known", format!("write `version = {VERSION}`"));
    }
}

/// Messages name services and routes, so two of one name would leave the reader guessing.
fn unique<'n>(form: &Form<'_>, title: &str, named: impl Iterator<Item = (&'n String, u64)>) {
    let mut seen = BTreeMap::new();
    for (name, line) in named.filter(|(name, _)| !name.is_empty()) {
        if let Some(first) = seen.insert(name, line) {
            form.page.wrong_at_line(
                line,
                Fault::new(format!("{title}: {name:?} is named in line {first} already"), "give it a name of its own"),
            );
        }
    }
}

fn defaults(form: &Form<'_>, base: &Defaults) -> Defaults {
    let Some(form) = form.section("defaults") else { return Defaults { role_is_stated: false, ..base.clone() } };
    let role = form.parsed("role", role);
    let group_by = form.has("group_by").then(|| form.all_parsed("group_by", key));
    let read = Defaults {
        role: role.unwrap_or(base.role),
        role_is_stated: role.is_some(),
        group_by: group_by.unwrap_or_else(|| base.group_by.clone()),
        group_wait: form.duration("group_wait").unwrap_or(base.group_wait),
        group_interval: form.duration("group_interval").unwrap_or(base.group_interval),
        repeat_interval: form.duration("repeat_interval").unwrap_or(base.repeat_interval),
        resolve_after: form.duration("resolve_after").unwrap_or(base.resolve_after),
        max_notices: form.parsed("max_notices", units::rate).unwrap_or(base.max_notices),
    };
    form.done();
    read
}

/// The user's statuses come before the built-in ones, so that a user's `5xx` beats a built-in `500`.
fn status(form: &Form<'_>, base: &[StatusRole]) -> Vec<StatusRole> {
    let entries = form.section("status").map(|form| status_entries(&form)).unwrap_or_default();
    let mut all = entries;
    all.sort_by_key(|entry| entry.status.open_places());
    all.extend_from_slice(base);
    all
}

fn status_entries(form: &Form<'_>) -> Vec<StatusRole> {
    let read = |(name, item): (Word<'_>, _)| {
        let status = form.read(name, StatusPattern::parse);
        let role = form.value(name, item).and_then(|word| form.read(word, role));
        let (line, is_built_in) = (form.page.line(name.at), form.page.file == BUILT_IN_NAME);
        status.zip(role).map(|(status, role)| StatusRole { status, role, line, is_built_in })
    };
    form.entries().into_iter().filter_map(read).collect()
}

fn roles(form: &Form<'_>, base: &BTreeMap<Role, String>, names: &Names<'_>) -> BTreeMap<Role, String> {
    let mut all = base.clone();
    if let Some(form) = form.section("roles") {
        all.extend(players(&form, names));
    }
    all
}

/// A table of role = "team".
fn players(form: &Form<'_>, names: &Names<'_>) -> BTreeMap<Role, String> {
    let read = |(name, item): (Word<'_>, _)| {
        let role = form.read(name, role);
        let team = form.value(name, item).and_then(|word| form.read(word, |text| one_of("team", text, &names.teams)));
        role.zip(team)
    };
    form.entries().into_iter().filter_map(read).collect()
}

fn service(form: &Form<'_>, names: &Names<'_>) -> Service {
    let owners = form.form("owners").map(|owners| players(&owners, names));
    let read = Service {
        name: text(form.needed("name")).unwrap_or_default(),
        matcher: Matcher::read_at(form, "match", names.known),
        owners: owners.unwrap_or_default(),
        tier: form.count("tier"),
        line: form.line(),
    };
    form.done();
    read
}

fn route(form: &Form<'_>, names: &Names<'_>) -> RouteRule {
    let read = RouteRule {
        name: text(form.needed("name")).unwrap_or_default(),
        matcher: Matcher::read_at(form, "match", names.known).unwrap_or_default(),
        min: form.form("min").map(|min| threshold(&min)),
        role: form.parsed("role", role),
        team: form.parsed("team", |text| one_of("team", text, &names.teams)),
        severity: form.parsed("severity", severity),
        runbook: text(form.word("runbook")),
        escalation: form.parsed("escalation", |text| one_of("escalation", text, &names.escalations)),
        line: form.line(),
    };
    form.done();
    read
}

fn threshold(form: &Form<'_>) -> Threshold {
    let read = Threshold { count: form.count("count"), share: form.share("share"), lasts: form.duration("for") };
    form.done();
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Key, Playbook};

    const KNOWN: Known<'_> =
        Known { causes: &["upstream.refused", "upstream.dns", "app.error"], formats: &["nginx.error", "nginx.access"] };

    /// The messages for a playbook, one a line.
    fn wrong(text: &str) -> Vec<String> {
        let defects = Playbook::parse("p.toml", text, &KNOWN).err().unwrap_or_default();
        defects.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_built_in_playbook_sets_every_default() {
        let playbook = Playbook::built_in().unwrap();
        let defaults = &playbook.defaults;
        let waits = [defaults.group_wait, defaults.group_interval, defaults.repeat_interval, defaults.resolve_after];
        assert!(waits.iter().all(|wait| !wait.is_zero()) && defaults.max_notices.count > 0);
        assert_eq!((defaults.role, defaults.group_by.as_slice()), (Role::Sre, &[Key::Service, Key::Cause][..]));
        assert!(playbook.roles.is_empty() && playbook.teams.is_empty());
    }

    #[test]
    fn what_a_file_does_not_say_is_built_in() {
        let playbook =
            Playbook::parse("p.toml", "[status]\n5xx = \"db\"\n[defaults]\ngroup_wait = \"1m\"", &KNOWN).unwrap();
        assert_eq!(playbook.role_of_status(500), Some(Role::Db)); // the user's range beats the built-in number
        assert_eq!(playbook.role_of_status(9), Some(Role::Infra));
        assert_eq!(playbook.defaults.group_wait.as_secs(), 60);
        assert_eq!(playbook.defaults.repeat_interval.as_secs(), 4 * 3_600);
    }

    #[test]
    fn every_mistake_is_told_with_its_line_and_remedy() {
        let text = r#"version = 1
[roles]
app = "web-taem"
ops = "web-team"
[team.web-team]
escalaton = "page"
notify = ["slak"]
[[service]]
name = "checkout"
match = { vhsot = "a", upstream = "10.0.0.0/99" }
owners = { db = "web-team", app = "wbe-team" }
[[route]]
name = "r"
match = { cause = "upstream.refusd", hop = "prxy", severity = "eror", status = "5o2" }
min = { share = "500%", for = "1x" }
role = "sree"
[[route]]
name = "r"
match = { cause = "nothing.*", format = "nginx.eror", path = "/a[", not = {} }
[channel.slack]
type = "slakc"
[window.w]
days = ["mon-fry"]
timezone = "Europe/Berln"
[[expect]]
given = { cause = "app.eror", staus = 500 }
team = "nobody"
"#;
        let all = wrong(text);
        for expected in [
            r#"p.toml:3: [roles]: unknown team "web-taem"; did you mean "web-team"?"#,
            r#"p.toml:4: [roles]: unknown role "ops"; known here: app, infra, sre, db"#,
            r#"p.toml:6: [team.web-team]: unknown key `escalaton`; did you mean "escalation"?"#,
            r#"p.toml:7: [team.web-team]: unknown channel "slak"; did you mean "slack"?"#,
            r#"p.toml:10: [[service]] match: unknown key `vhsot`; did you mean "vhost"?"#,
            r#"p.toml:10: [[service]] match: bad address range "10.0.0.0/99"; write it as"#,
            r#"p.toml:11: [[service]] owners: unknown team "wbe-team"; did you mean "web-team"?"#,
            r#"p.toml:14: [[route]] match: unknown cause "upstream.refusd"; did you mean "upstream.refused"?"#,
            r#"p.toml:14: [[route]] match: unknown hop "prxy"; did you mean "proxy"?"#,
            r#"p.toml:14: [[route]] match: unknown severity "eror"; did you mean "error"?"#,
            r#"p.toml:14: [[route]] match: bad status "5o2"; write it as 502"#,
            r#"p.toml:15: [[route]] min: "500%" is no share; write it as"#,
            r#"p.toml:15: [[route]] min: "1x" is no duration; write it as 30s"#,
            r#"p.toml:16: [[route]]: unknown role "sree"; did you mean "sre"?"#,
            r#"p.toml:17: [[route]]: "r" is named in line 12 already"#,
            r#"p.toml:19: [[route]] match: "nothing.*" fits no cause"#,
            r#"p.toml:19: [[route]] match: unknown format "nginx.eror"; did you mean "nginx.error"?"#,
            r#"p.toml:19: [[route]] match: bad glob "/a[""#,
            r#"p.toml:19: [[route]] match: `not` without conditions"#,
            r#"p.toml:21: [channel.slack]: unknown channel type "slakc"; did you mean "slack"?"#,
            r#"p.toml:23: [window.w]: "mon-fry" is no day of the week"#,
            r#"p.toml:24: [window.w]: unknown timezone "Europe/Berln"; did you mean "Europe/Berlin"?"#,
            r#"p.toml:26: [[expect]] given: unknown cause "app.eror"; did you mean "app.error"?"#,
            r#"p.toml:26: [[expect]] given: unknown key `staus`; did you mean "status"?"#,
            r#"p.toml:27: [[expect]]: unknown team "nobody"; known here: web-team"#,
        ] {
            assert!(all.iter().any(|line| line.starts_with(expected)), "{expected}\nnot in\n{}", all.join("\n"));
        }
        assert_eq!(all.len(), 25, "{}", all.join("\n"));
    }

    #[test]
    fn broken_toml_names_its_lines() {
        let all = wrong("version = 1\n[roles\napp = \"a\"\nsre = = 2\n");
        assert!(all[0].starts_with("p.toml:2: "), "{all:?}");
        assert_eq!(wrong("version = 2"), ["p.toml:1: the playbook: this version is not known; write `version = 1`"]);
        assert!(
            wrong("[[route]]\nname = \"x\"\nmin = { count = -1 }\n")[0].starts_with("p.toml:3: [[route]] min: `count`")
        );
    }

    #[test]
    fn a_wrong_shape_is_a_defect() {
        for (text, start) in [
            ("[route]\nname = \"x\"", "p.toml:1: the playbook: `route` is of type table; write [[route]]"),
            ("roles = 3", "p.toml:1: the playbook: `roles` is of type integer; write a table"),
            ("[[service]]\ntier = \"one\"", "p.toml:1: [[service]]: `name` is missing"),
            ("[[route]]\nname = \"x\"\nmatch = { cause = [] }", "p.toml:3: [[route]] match: `cause` is an empty list"),
            ("[[expect]]\ngiven = {}", "p.toml:1: [[expect]]: nothing is expected"),
        ] {
            assert!(wrong(text)[0].starts_with(start), "{:?}", wrong(text));
        }
    }
}
