//! What each channel gets, held against its documented shape; and what hostile log text can do there: nothing.

use super::fixture_tests::{incident, notice, notice_of};
use super::{NoticeKind, alertmanager, json, pagerduty, slack};
use crate::report::{AddressCount, Evidence, Incident, PathCount};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn only(value: &Value, allowed: &str) {
    let allowed: BTreeSet<&str> = allowed.split_whitespace().collect();
    assert!(keys(value).is_subset(&allowed), "{:?} beside {allowed:?}", keys(value));
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(fields) => fields.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn letters(value: &Value) -> usize {
    value.as_str().unwrap().chars().count()
}

fn is_slack(payload: &Value) {
    only(payload, "text blocks link_names unfurl_links unfurl_media");
    let blocks = payload["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    let plain = |text: &Value, most: usize| {
        only(text, "type text emoji");
        assert!(text["type"] == "plain_text" && (1..=most).contains(&letters(&text["text"])), "{text}");
    };
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => plain(&block["text"], 150),
            "section" if block["text"]["type"] == "mrkdwn" => only(&block["text"], "type text verbatim"),
            "section" if block.get("text").is_some() => plain(&block["text"], 3_000),
            "section" => {
                let fields = block["fields"].as_array().unwrap();
                assert!((1..=10).contains(&fields.len()));
                fields.iter().for_each(|field| plain(field, 2_000));
            }
            "context" => block["elements"].as_array().unwrap().iter().for_each(|element| plain(element, 2_000)),
            other => panic!("a block of type {other}"),
        }
    }
}

fn is_pagerduty(event: &Value) {
    only(event, "routing_key event_action dedup_key client client_url links images payload");
    only(&event["payload"], "summary source severity timestamp component group class custom_details");
    assert!(["trigger", "acknowledge", "resolve"].contains(&event["event_action"].as_str().unwrap()));
    assert!(["critical", "error", "warning", "info"].contains(&event["payload"]["severity"].as_str().unwrap()));
    assert!(letters(&event["dedup_key"]) <= 255 && letters(&event["payload"]["summary"]) <= 1_024);
    assert!(letters(&event["payload"]["source"]) > 0 && event.to_string().len() <= 512_000);
    event["links"].as_array().into_iter().flatten().for_each(|link| only(link, "href text"));
}

fn is_alert(alert: &Value) {
    let name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    for (label, value) in alert["labels"].as_object().unwrap() {
        assert!(name(label) && !value.as_str().unwrap().is_empty(), "{label}");
    }
    assert!(keys(&alert["labels"]).contains("alertname") && keys(&alert["annotations"]).iter().all(|key| name(key)));
    let time = |key: &str| chrono::DateTime::parse_from_rfc3339(alert[key].as_str().unwrap()).unwrap();
    assert!(time("startsAt") <= time("endsAt") || alert["endsAt"] == "0001-01-01T00:00:00Z");
}

fn is_webhook(payload: &Value) {
    let all = "version groupKey truncatedAlerts status receiver groupLabels commonLabels commonAnnotations externalURL \
               notification_reason alerts";
    assert_eq!(keys(payload), all.split_whitespace().collect());
    let alert = &payload["alerts"][0];
    assert_eq!(
        keys(alert),
        "status labels annotations startsAt endsAt generatorURL fingerprint".split_whitespace().collect()
    );
    assert!(payload["version"] == "4" && payload["status"] == alert["status"]);
    is_alert(alert);
}

#[test]
fn payloads_have_the_documented_shapes() {
    for kind in NoticeKind::ALL {
        let notice = notice(*kind);
        is_slack(&slack::payload(&notice));
        is_pagerduty(&pagerduty::payload(&notice, "key"));
        is_webhook(&alertmanager::webhook(&notice));
        let pushed = alertmanager::push(&notice, Duration::from_secs(60));
        pushed.as_array().unwrap().iter().for_each(|alert| {
            only(alert, "labels annotations startsAt endsAt");
            is_alert(alert);
        });
        assert_eq!(json::payload(&notice)["schema"], "triage.notice/1");
    }
}

#[test]
fn each_kind_is_what_the_receiver_calls_it() {
    let of = |kind| {
        let notice = notice(kind);
        let event = pagerduty::payload(&notice, "key");
        let webhook = alertmanager::webhook(&notice);
        format!("{} {}", event["event_action"].as_str().unwrap(), webhook["status"].as_str().unwrap())
    };
    assert_eq!((of(NoticeKind::Trigger), of(NoticeKind::Escalate)), ("trigger firing".into(), "trigger firing".into()));
    assert_eq!(
        (of(NoticeKind::Acknowledge), of(NoticeKind::Resolve)),
        ("acknowledge firing".into(), "resolve resolved".into())
    );
    let event = pagerduty::payload(&notice(NoticeKind::Trigger), "key");
    assert_eq!((event["dedup_key"].as_str(), event["routing_key"].as_str()), (Some("f8bcd62a829b1126"), Some("key")));
    assert_eq!(event["payload"]["component"], "10.0.3.17:8081");
    assert_eq!(event["links"][0]["href"], "https://runbooks.example.com/upstream-refused");
    assert!(event["payload"]["summary"].as_str().unwrap().contains("4,212 requests, 31 % of the service's 13,500"));
}

#[test]
fn an_alert_is_known_by_the_same_labels_to_its_end() {
    let of = |kind| alertmanager::push(&notice(kind), Duration::from_secs(3_600))[0].clone();
    let (first, last) = (of(NoticeKind::Trigger), of(NoticeKind::Resolve));
    assert_eq!(first["labels"], last["labels"]);
    assert_eq!(
        (&first["labels"]["severity"], &first["annotations"]["severity_now"]),
        (&"error".into(), &"critical".into())
    );
    assert_eq!(first["endsAt"], "2026-11-21T11:09:28.000Z", "it holds for twice the time after which it is told again");
    assert_eq!(last["endsAt"], "2026-11-21T09:09:28.000Z");
    assert_eq!(alertmanager::webhook(&notice(NoticeKind::Trigger))["alerts"][0]["endsAt"], "0001-01-01T00:00:00Z");
}

/// An incident every text of which the log wrote.
fn hostile(text: &str) -> Incident {
    Incident {
        service: text.into(),
        upstreams: vec![AddressCount { address: text.into(), count: 1 }],
        paths: vec![PathCount { path: text.into(), count: 1 }],
        evidence: vec![Evidence { source: text.into(), line: 1, offset: 0, text: text.into() }],
        title: text.into(),
        ..incident()
    }
}

#[test]
fn mentions_and_markup_are_inert() {
    let bodies = [
        "channel",
        "here",
        "everyone",
        "@U024BE7LH",
        "#C024BE7LR",
        "subteam^SAZ94GDB8",
        "http://x.example.com|bank",
        "mailto:a|b",
        "date^1^{date}|x",
        "b",
    ];
    let around =
        [("<!", ">"), ("<", ">"), ("@", ""), ("<!", "|x>"), ("&lt;!", "&gt;"), ("*_~`", "`~_*\n> quoted\n:siren:")];
    let mut count = 0;
    for (body, (before, after)) in bodies.iter().flat_map(|body| around.iter().map(move |around| (body, around))) {
        let text = format!("{before}{body}{after}");
        let payload = slack::payload(&notice_of(NoticeKind::Trigger, &hostile(&text)));
        is_slack(&payload);
        for shown in texts(&payload).iter().filter(|text| !text.ends_with("|runbook>")) {
            assert!(!shown.contains(['<', '>']), "{shown}");
            let whole = |at: usize| ["&amp;", "&lt;", "&gt;"].iter().any(|entity| shown[at..].starts_with(entity));
            assert!(shown.match_indices('&').all(|(at, _)| whole(at)), "{shown}");
            assert!(!["@here", "@channel", "@everyone"].iter().any(|call| shown.contains(call)), "{shown}");
        }
        count += 1;
    }
    assert_eq!(count, 60);
}

#[test]
fn long_text_is_cut_to_what_each_takes() {
    for letter in ["a", "<", "ä", "\u{202e}", "\u{1b}", "&"] {
        let notice = notice_of(NoticeKind::Trigger, &hostile(&letter.repeat(100_000)));
        is_slack(&slack::payload(&notice));
        is_pagerduty(&pagerduty::payload(&notice, "key"));
        assert!(json::payload(&notice).to_string().len() < 32 << 10);
    }
}

#[test]
fn no_secret_and_no_hidden_letter_leaves() {
    let text = "GET /a?token=hunter2&b=\u{1b}]0;x\u{7}\u{202e} Cookie: sid=hunter2";
    let notice = notice_of(NoticeKind::Trigger, &hostile(text));
    let all = [
        slack::payload(&notice),
        pagerduty::payload(&notice, "key"),
        alertmanager::webhook(&notice),
        alertmanager::push(&notice, Duration::ZERO),
        json::payload(&notice),
    ];
    for text in all.iter().flat_map(texts) {
        assert!(!text.contains("hunter2"), "{text}");
        let is_hidden = |letter: char| (letter.is_control() && letter != '\n') || crate::text::is_treacherous(letter);
        assert!(!text.chars().any(is_hidden), "{text:?}");
    }
}

#[test]
fn a_runbook_is_a_link_only_where_it_is_an_address() {
    for (runbook, is_link) in [
        ("https://r.example.com/a?b=1&c=2", true),
        ("javascript:alert(1)", false),
        ("https://r.example.com/|<!channel>", false),
        ("see the wiki", false),
    ] {
        let notice = notice_of(NoticeKind::Trigger, &Incident { runbook: Some(runbook.into()), ..incident() });
        assert_eq!(slack::payload(&notice).to_string().contains("|runbook>"), is_link, "{runbook}");
        assert_eq!(pagerduty::payload(&notice, "key").get("links").is_some(), is_link, "{runbook}");
    }
}
