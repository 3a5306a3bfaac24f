//! From the file to the types, first half: what a playbook says about owners. `load_notices` has the other half.
//!
//! In: TOML text, the playbook below it, the names that others define. Out: a [`Playbook`] in which every name leads
//! somewhere, or everything that is wrong, with its lines.

use super::expect;
use super::form::{Form, Page, Word, unknown};
use super::load_notices as notices;
use super::matcher::Matcher;
use super::model::{Defaults, RouteRule, Service, StatusRole, Threshold};
use super::pattern::StatusPattern;
use super::subject::Key;
use super::units::{self, Fault};
use super::{Known, Playbook};
use crate::error::Defect;
use crate::event::{Hop, Role, Severity};
use std::collections::BTreeMap;
use toml::de::DeTable;

/// The version of the playbook's language that this reads.
const VERSION: u64 = 1;

/// Every name that the playbook itself defines, and those that others do.
pub(super) struct Names<'a> {
    /// Causes and formats.
    pub(super) known: &'a Known<'a>,
    /// `[team.*]`
    pub(super) teams: Vec<&'a str>,
    /// `[channel.*]`
    pub(super) channels: Vec<&'a str>,
    /// `[escalation.*]`
    pub(super) escalations: Vec<&'a str>,
    /// `[window.*]`
    pub(super) windows: Vec<&'a str>,
    /// `[[inhibit]]` by name.
    pub(super) inhibitions: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// Collected before anything is read, so that a name may be used above its definition.
    fn collect(root: &'a DeTable<'a>, known: &'a Known<'a>) -> Self {
        Self {
            known,
            teams: keys_of(root, "team"),
            channels: keys_of(root, "channel"),
            escalations: keys_of(root, "escalation"),
            windows: keys_of(root, "window"),
            inhibitions: names_of(root, "inhibit"),
        }
    }
}

fn keys_of<'a>(root: &'a DeTable<'a>, section: &str) -> Vec<&'a str> {
    let table = root.get(section).and_then(|item| item.get_ref().as_table());
    table.into_iter().flat_map(|table| table.iter().map(|(key, _)| key.get_ref().as_ref())).collect()
}

fn names_of<'a>(root: &'a DeTable<'a>, section: &str) -> Vec<&'a str> {
    let list = root.get(section).and_then(|item| item.get_ref().as_array());
    let tables = list.into_iter().flat_map(|list| list.iter().filter_map(|item| item.get_ref().as_table()));
    tables.filter_map(|table| table.get("name").and_then(|name| name.get_ref().as_str())).collect()
}

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
        channels: notices::channels(form),
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
    let Some(form) = form.section("defaults") else { return base.clone() };
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
        status.zip(role).map(|(status, role)| StatusRole { status, role })
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

/// The text of a word.
pub(super) fn text(word: Option<Word<'_>>) -> Option<String> {
    word.map(|word| word.text.to_owned())
}

/// A name out of those that are defined.
pub(super) fn one_of(what: &str, typed: &str, known: &[&str]) -> Result<String, Fault> {
    known.contains(&typed).then(|| typed.to_owned()).ok_or_else(|| unknown(what, typed, known))
}

/// A role.
pub(super) fn role(text: &str) -> Result<Role, Fault> {
    Role::named(text)
        .ok_or_else(|| unknown("role", text, &Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>()))
}

/// A severity.
pub(super) fn severity(text: &str) -> Result<Severity, Fault> {
    let names = || Severity::ALL.iter().map(|severity| severity.name()).collect::<Vec<_>>();
    Severity::named(text).ok_or_else(|| unknown("severity", text, &names()))
}

/// A hop.
pub(super) fn hop(text: &str) -> Result<Hop, Fault> {
    Hop::named(text).ok_or_else(|| unknown("hop", text, &Hop::ALL.iter().map(|hop| hop.name()).collect::<Vec<_>>()))
}

/// A key that a matcher can ask for.
pub(super) fn key(text: &str) -> Result<Key, Fault> {
    Key::named(text).ok_or_else(|| unknown("key", text, &Key::ALL.map(|(_, name)| name)))
}
