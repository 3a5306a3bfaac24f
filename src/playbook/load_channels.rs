//! From the file to the types: how the channels of a playbook are reached. No secret may stand in the file.

use super::fault::{Fault, unknown};
use super::form::{Form, Word};
use super::names::text;
use super::notices::{Channel, Setting, Target, WebhookFormat};
use std::net::IpAddr;
use std::path::PathBuf;

/// The kinds of channels.
const CHANNEL_TYPES: [&str; 4] = ["slack", "pagerduty", "webhook", "alertmanager"];

pub(super) fn channels(root: &Form<'_>) -> Vec<Channel> {
    root.named_sections("channel").iter().filter_map(|(name, form)| channel(*name, form)).collect()
}

/// A channel of an unknown type is reported for that alone: which keys it takes cannot be told.
fn channel(name: Word<'_>, form: &Form<'_>) -> Option<Channel> {
    let kind = form.needed("type")?;
    let insecure_http = form.flag("insecure_http").unwrap_or(false);
    let address = |form| setting(form, Some("url"), "url_env", "url_file", insecure_http);
    let target = match kind.text {
        "slack" => Target::Slack(setting(form, None, "url_env", "url_file", insecure_http)?),
        "pagerduty" => {
            let url = form.parsed("url", |url| plain_url(url, insecure_http));
            let key = setting(form, None, "routing_key_env", "routing_key_file", insecure_http)?;
            Target::Pagerduty { key, url }
        }
        "webhook" => {
            let format = form.parsed("format", webhook_format).unwrap_or(WebhookFormat::Alertmanager);
            Target::Webhook { url: address(form)?, format }
        }
        "alertmanager" => Target::Alertmanager(address(form)?),
        _ => return form.read(kind, |text| Err(unknown("channel type", text, &CHANNEL_TYPES))),
    };
    Some(Channel { name: name.text.to_owned(), target, insecure_http, line: form.line() })
}

fn webhook_format(text: &str) -> Result<WebhookFormat, Fault> {
    let names: Vec<_> = WebhookFormat::ALL.iter().map(|format| format.name()).collect();
    WebhookFormat::named(text).ok_or_else(|| unknown("format", text, &names))
}

/// Exactly one of the ways to give a setting. Reads the last keys of a channel, so the unknown ones are told here.
fn setting(
    form: &Form<'_>,
    plain: Option<&'static str>,
    env: &'static str,
    file: &'static str,
    insecure_http: bool,
) -> Option<Setting> {
    let plain_given = plain.filter(|key| form.has(key));
    let plain_set = plain_given.and_then(|key| form.parsed(key, |url| plain_url(url, insecure_http)));
    let env_set = text(form.word(env)).map(Setting::Env);
    let file_set = form.word(file).map(|path| Setting::File(PathBuf::from(path.text)));
    form.done();
    let mut set: Vec<_> = [plain_set.map(Setting::Plain), env_set, file_set].into_iter().flatten().collect();
    // What is wrong with a plain address has been said already.
    if set.len() != 1 && (plain_given.is_none() || set.len() > 1) {
        form.wrong(format_args!("{} ways to reach it are given", set.len()), format!("give one: `{env}` or `{file}`"));
    }
    set.pop()
}

/// An address that may stand in the file: one that tells no secret, and to which no log goes in the clear. The address
/// itself is not repeated in messages.
fn plain_url(url: &str, insecure_http: bool) -> Result<String, Fault> {
    let (rest, in_the_clear) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => ("", false),
    };
    if rest.is_empty() {
        return Err(Fault::new("`url` is no http address", "begin it with http:// or https://"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') || authority.starts_with("hooks.") || crate::text::redact::redact(url) != url {
        return Err(Fault::new(
            "`url` holds a secret",
            "secrets never stand in this file: use `url_env` or `url_file`",
        ));
    }
    if in_the_clear && !insecure_http && !is_this_machine(authority) {
        return Err(Fault::new(
            "`url` sends what logs say over the network in the clear",
            "use https://, or say `insecure_http = true`",
        ));
    }
    Ok(url.to_owned())
}

/// `localhost`, `127.0.0.1:9093`, `[::1]:9093`.
fn is_this_machine(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Known, Playbook};

    fn parse(text: &str) -> Result<Playbook, String> {
        let text = format!("[channel.c]\n{text}\n");
        let known = Known { causes: &[], formats: &[] };
        let told = |all: Vec<crate::error::Defect>| all.iter().map(|one| format!("{one}\n")).collect();
        Playbook::parse("p.toml", &text, &known).map_err(told)
    }

    #[test]
    fn secrets_in_the_file_are_refused_and_not_repeated() {
        for (text, remedy) in [
            ("type = \"pagerduty\"\nrouting_key = \"hunter2\"", "use `routing_key_env` or `routing_key_file`"),
            ("type = \"slack\"\nurl = \"https://hooks.slack.com/hunter2\"", "use `url_env` or `url_file`"),
            ("type = \"webhook\"\nurl = \"https://hooks.slack.com/hunter2\"", "use `url_env` or `url_file`"),
            ("type = \"webhook\"\nurl = \"http://me:hunter2@127.0.0.1/\"", "use `url_env` or `url_file`"),
            ("type = \"alertmanager\"\nurl = \"https://a.example.com/?token=hunter2\"", "use `url_env` or `url_file`"),
            ("type = \"slack\"\nurl_env = \"A\"\napi_token = \"hunter2\"", "use a `*_env` or `*_file` key"),
            ("type = \"slack\"\nurl_env = \"A\"\npassword = \"hunter2\"", "use a `*_env` or `*_file` key"),
        ] {
            let all = parse(text).unwrap_err();
            assert!(all.contains(remedy) && all.contains("never stand in this file"), "{all}");
            assert!(!all.contains("hunter2"), "{all}");
        }
    }

    #[test]
    fn a_channel_has_one_way_to_be_reached() {
        let playbook = parse("type = \"webhook\"\nurl = \"http://127.0.0.1:9094/x\"").unwrap();
        let url = Setting::Plain("http://127.0.0.1:9094/x".into());
        assert_eq!(playbook.channels[0].target, Target::Webhook { url, format: WebhookFormat::Alertmanager });
        for text in
            ["", "url_env = \"A\"\nurl_file = \"/b\"", "url = \"ftp://x\"", "url = \"http://x\"\nurl_env = \"A\""]
        {
            assert!(parse(&format!("type = \"webhook\"\n{text}")).is_err(), "{text}");
        }
        let told = parse("type = \"webhook\"\nurl_env = \"A\"\nformat = \"jsn\"").unwrap_err();
        assert!(told.contains("unknown format \"jsn\"; did you mean \"json\"?"), "{told}");
        assert!(
            parse("type = \"slack\"\nurl_env = \"A\"\nformat = \"json\"").unwrap_err().contains("unknown key `format`")
        );
    }

    #[test]
    fn logs_do_not_go_over_the_network_in_the_clear() {
        let alertmanager = |url: &str, rest: &str| parse(&format!("type = \"alertmanager\"\nurl = {url:?}\n{rest}"));
        for fine in ["https://am.example.com", "http://localhost:9093", "http://127.9.0.1:9093/", "http://[::1]:9093"] {
            assert!(alertmanager(fine, "").is_ok(), "{fine}");
        }
        for clear in
            ["http://am.example.com", "http://192.0.2.7:9093", "http://localhost.example.com", "http://[2001:db8::1]"]
        {
            let told = alertmanager(clear, "").unwrap_err();
            assert!(told.contains("in the clear; use https://, or say `insecure_http = true`"), "{told}");
            assert!(alertmanager(clear, "insecure_http = true").unwrap().channels[0].insecure_http);
        }
        assert!(
            alertmanager("https://a.example.com", "insecure_http = 1").unwrap_err().contains("write true or false")
        );
    }
}
