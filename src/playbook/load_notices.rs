//! From the file to the types, second half: what a playbook says about telling people. `load_channels` has the channels.

use super::fault::{Fault, unknown};
use super::form::{Form, Word};
use super::matcher::Matcher;
use super::names::{Names, key, one_of, severity, text};
use super::notices::{Escalation, EscalationStep, Inhibition, Recipient, Silence, Team, Window};
use super::units;

/// What stands for the channels of the owning team.
const OWNING_TEAM: &str = "@team";
/// A step is repeated at most so often: whoever has not answered by then will not.
const MOST_REPEATS: u64 = 100;

pub(super) fn teams(root: &Form<'_>, names: &Names<'_>) -> Vec<Team> {
    root.named_sections("team").iter().map(|(name, form)| team(*name, form, names)).collect()
}

fn team(name: Word<'_>, form: &Form<'_>, names: &Names<'_>) -> Team {
    let read = Team {
        name: name.text.to_owned(),
        notify: form.all_parsed("notify", |text| one_of("channel", text, &names.channels)),
        escalation: form.parsed("escalation", |text| one_of("escalation", text, &names.escalations)),
        active: form.parsed("active", |text| one_of("window", text, &names.windows)),
        otherwise: form.parsed("otherwise", |text| one_of("team", text, &names.teams)),
        line: form.line(),
    };
    if form.has("active") && !form.has("otherwise") {
        form.wrong("outside of `active` nobody would be told", "name a team with `otherwise`");
    }
    if read.otherwise.as_ref() == Some(&read.name) {
        form.wrong("`otherwise` names the team itself", "name another team");
    }
    form.done();
    read
}

pub(super) fn escalations(root: &Form<'_>, names: &Names<'_>) -> Vec<Escalation> {
    root.named_sections("escalation").iter().map(|(name, form)| escalation(*name, form, names)).collect()
}

fn escalation(name: Word<'_>, form: &Form<'_>, names: &Names<'_>) -> Escalation {
    let title = format!("[escalation.{}] step", name.text);
    let steps: Vec<_> = form.forms("steps", &title).iter().filter_map(|form| step(form, names)).collect();
    if !form.has("steps") {
        form.wrong("it has no steps", "add `steps = [{ after = \"0m\", notify = [\"@team\"] }]`");
    }
    if !steps.is_sorted_by_key(|step| step.after) {
        form.wrong("a step comes before an earlier one", "order the steps by `after`");
    }
    form.done();
    Escalation { name: name.text.to_owned(), steps, line: form.line() }
}

fn step(form: &Form<'_>, names: &Names<'_>) -> Option<EscalationStep> {
    if !form.has("after") || !form.has("notify") {
        form.wrong("a step needs `after` and `notify`", "write `{ after = \"5m\", notify = [\"@team\"] }`");
    }
    let read = EscalationStep {
        after: form.duration("after").unwrap_or_default(),
        notify: form.all_parsed("notify", |text| recipient(text, names)),
        severity: form.parsed("severity", severity),
        repeat: form.count("repeat").unwrap_or(0),
        only_if: Matcher::read_at(form, "if", names.known),
    };
    if read.repeat > MOST_REPEATS {
        form.wrong(format_args!("`repeat` is {}", read.repeat), format!("{MOST_REPEATS} times are the limit"));
    }
    form.done();
    form.has("after").then_some(read)
}

fn recipient(text: &str, names: &Names<'_>) -> Result<Recipient, Fault> {
    match text {
        OWNING_TEAM => Ok(Recipient::OwningTeam),
        channel => one_of("channel", channel, &names.channels).map(Recipient::Channel),
    }
}

pub(super) fn windows(root: &Form<'_>) -> Vec<Window> {
    root.named_sections("window").iter().filter_map(|(name, form)| window(*name, form)).collect()
}

fn window(name: Word<'_>, form: &Form<'_>) -> Option<Window> {
    if !form.has("days") {
        form.wrong("it has no days", "add `days = [\"mon-sun\"]`");
    }
    let days = form.all_parsed("days", units::days).concat();
    let times = form.all_parsed("times", units::day_time);
    let timezone = form.needed("timezone").and_then(|word| form.read(word, timezone));
    form.done();
    Some(Window { name: name.text.to_owned(), days, times, timezone: timezone?, line: form.line() })
}

fn timezone(text: &str) -> Result<chrono_tz::Tz, Fault> {
    let names = || chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()).collect::<Vec<_>>();
    text.parse().map_err(|_| unknown("timezone", text, &names()))
}

pub(super) fn silences(root: &Form<'_>, names: &Names<'_>) -> Vec<Silence> {
    root.forms("silence", "[[silence]]").iter().map(|form| silence(form, names)).collect()
}

fn silence(form: &Form<'_>, names: &Names<'_>) -> Silence {
    let matcher = needed_matcher(form, "match", names);
    let read = Silence {
        matcher: matcher.unwrap_or_default(),
        window: form.parsed("window", |text| one_of("window", text, &names.windows)),
        from: form.time("from"),
        until: form.time("until"),
        reason: text(form.needed("reason")).unwrap_or_default(),
        by: text(form.word("by")),
        line: form.line(),
    };
    if !form.has("window") && !form.has("until") {
        form.wrong("it has no end", "name a `window`, or say `until` when");
    }
    if read.from.zip(read.until).is_some_and(|(from, until)| from >= until) {
        form.wrong("`until` is not after `from`", "exchange them");
    }
    form.done();
    read
}

pub(super) fn inhibitions(root: &Form<'_>, names: &Names<'_>) -> Vec<Inhibition> {
    root.forms("inhibit", "[[inhibit]]").iter().map(|form| inhibition(form, names)).collect()
}

fn inhibition(form: &Form<'_>, names: &Names<'_>) -> Inhibition {
    let read = Inhibition {
        name: text(form.needed("name")).unwrap_or_default(),
        source: needed_matcher(form, "source", names).unwrap_or_default(),
        target: needed_matcher(form, "target", names).unwrap_or_default(),
        equal: form.all_parsed("equal", key),
        within: form.duration("within"),
        line: form.line(),
    };
    form.done();
    read
}

/// What mutes must say what it mutes.
fn needed_matcher(form: &Form<'_>, key: &'static str, names: &Names<'_>) -> Option<Matcher> {
    let matcher = Matcher::read_at(form, key, names.known);
    if matcher.as_ref().is_none_or(Matcher::is_anything) {
        form.wrong(format_args!("`{key}` says nothing"), "name what it is for, such as `{ cause = \"upstream.*\" }`");
    }
    matcher
}

#[cfg(test)]
mod tests {
    use crate::playbook::{Known, Playbook};

    fn parse(text: &str) -> Result<Playbook, Vec<String>> {
        let known = Known { causes: &["app.error"], formats: &[] };
        Playbook::parse("p.toml", text, &known).map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_mutes_has_an_object_and_an_end() {
        let told = |text: &str| parse(text).unwrap_err().join("\n");
        let silence = "[[silence]]\nreason = \"x\"\n";
        assert!(told(silence).contains("`match` says nothing") && told(silence).contains("it has no end"));
        let backwards = "match = { vhost = \"a\" }\nfrom = 2026-11-21T06:00:00Z\nuntil = 2026-11-20T06:00:00Z";
        assert!(told(&format!("{silence}{backwards}")).contains("`until` is not after `from`"));
        let no_zone = "match = { vhost = \"a\" }\nuntil = 2026-11-20T06:00:00";
        assert!(told(&format!("{silence}{no_zone}")).contains("p.toml:4: [[silence]]: `until` is no point in time"));
        assert!(
            told("[[inhibit]]\nname = \"i\"\nsource = {}\nequal = [\"servce\"]").contains("unknown key \"servce\"")
        );
    }

    #[test]
    fn teams_and_escalations_hang_together() {
        let told = |text: &str| parse(text).unwrap_err().join("\n");
        assert!(told("[team.t]\nactive = \"w\"\n[window.w]\ndays = \"mon\"\ntimezone = \"UTC\"").contains("nobody"));
        assert!(told("[team.t]\notherwise = \"t\"").contains("names the team itself"));
        assert!(told("[escalation.e]").contains("it has no steps"));
        let often = "steps = [{ after = \"0m\", notify = \"@team\", repeat = 101 }]";
        assert!(told(&format!("[escalation.e]\n{often}")).contains("`repeat` is 101; 100 times are the limit"));
        let steps = "steps = [{ after = \"5m\", notify = \"@team\" }, { after = \"1m\", notify = \"nope\" }]";
        let all = told(&format!("[escalation.e]\n{steps}"));
        assert!(all.contains("comes before an earlier one") && all.contains("unknown channel \"nope\""), "{all}");
    }
}
