//! Sending to servers that answer, hang, refuse, redirect and lie.

use super::*;
use crate::notify::NoticeKind;
use crate::notify::address::{checked, may_be_called};
use crate::notify::fixture_tests::{Reply, Seen, Server, notice};
use crate::playbook::Known;
use std::net::IpAddr;

const QUICK: Pace = Pace {
    timeout: Duration::from_millis(400),
    most_tries: 3,
    first_pause: Duration::from_millis(10),
    longest_pause: Duration::from_millis(20),
};
const LONG: Duration = Duration::from_secs(8);

fn outbox(channel: &str) -> Outbox {
    let known = Known { causes: &[], formats: &[] };
    let playbook = Playbook::parse("p.toml", &format!("[channel.c]\n{channel}\n"), &known).unwrap();
    Outbox::with_pace(&playbook, QUICK)
}

fn webhook(url: &str) -> String {
    format!("type = \"webhook\"\nformat = \"json\"\nurl = \"{url}\"")
}

/// Sends one notice; what came of it, and what the server saw.
fn send(replies: Vec<Reply>) -> (Outcome, Vec<Seen>) {
    let server = Server::start(replies);
    let mut outbox = outbox(&webhook(&server.url));
    outbox.push(notice(NoticeKind::Trigger));
    let results = outbox.finish(LONG);
    assert_eq!((results.len(), results[0].0.as_str()), (1, "f8bcd62a829b1126-7"));
    (results[0].1.clone(), server.seen())
}

fn failed(what: &str) -> Outcome {
    Outcome::Failed(what.into())
}

#[test]
fn what_is_taken_is_sent_once() {
    let (outcome, seen) = send(vec![Reply::Status(202, "")]);
    assert_eq!((outcome, seen.len()), (Outcome::Sent, 1));
    let head = seen[0].head.to_ascii_lowercase();
    assert!(head.starts_with("post / http/1.1") && head.contains("content-type: application/json"), "{head}");
    assert!(head.contains("idempotency-key: f8bcd62a829b1126-7") && head.contains("user-agent: triage/"), "{head}");
    assert_eq!(seen[0].body["key"], "f8bcd62a829b1126-7");
}

#[test]
fn what_fails_for_now_is_tried_again_with_the_same_key() {
    let (outcome, seen) =
        send(vec![Reply::Status(500, ""), Reply::Status(429, "retry-after: 0\r\n"), Reply::Status(200, "")]);
    assert_eq!((outcome, seen.len()), (Outcome::Sent, 3));
    assert!(seen.iter().all(|seen| seen.body == seen.body && seen.head == seen.head));
    assert!(seen.windows(2).all(|two| two[0].body == two[1].body));
    let (outcome, seen) = send(vec![Reply::Status(503, "")]);
    assert_eq!((outcome, seen.len()), (failed("it answers 503 (3 tries)"), 3));
    let (outcome, seen) = send(vec![Reply::Hang, Reply::Garbage, Reply::Status(200, "")]);
    assert_eq!((outcome, seen.len()), (Outcome::Sent, 3));
}

#[test]
fn a_server_may_ask_for_a_pause() {
    let begun = Instant::now();
    let (outcome, _) = send(vec![Reply::Status(429, "retry-after: 1\r\n"), Reply::Status(200, "")]);
    assert!(outcome == Outcome::Sent && begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn what_is_refused_is_not_tried_again() {
    for status in [400, 401, 403, 404, 410] {
        let (outcome, seen) = send(vec![Reply::Status(status, "")]);
        assert_eq!((outcome, seen.len()), (failed(&format!("it answers {status}")), 1));
    }
}

#[test]
fn redirects_are_not_followed() {
    let target = Server::start(vec![Reply::Status(200, "")]);
    let location: &'static str = Box::leak(format!("location: {}/\r\n", target.url).into_boxed_str());
    for status in [301, 302, 303, 307, 308] {
        let (outcome, _) = send(vec![Reply::Status(status, location)]);
        assert_eq!(outcome, failed(&format!("it answers {status}: redirects are not followed")));
    }
    assert!(target.seen().is_empty());
}

#[test]
fn a_dead_endpoint_slows_nobody() {
    let (dead, alive) = (Server::start(vec![Reply::Hang]), Server::start(vec![Reply::Status(200, "")]));
    let text = format!("{}\n[channel.d]\n{}", webhook(&dead.url), webhook(&alive.url));
    let mut outbox = outbox(&text);
    let begun = Instant::now();
    for number in 0..MOST_WAITING + 20 {
        outbox.push(Notice { key: format!("k{number}"), ..notice(NoticeKind::Trigger) });
    }
    outbox.push(Notice { key: "alive".into(), channel: "d".into(), ..notice(NoticeKind::Trigger) });
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    let results = outbox.finish(Duration::from_millis(1_000));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    let crowded = results.iter().filter(|(_, outcome)| *outcome == Outcome::Crowded).count();
    assert!((19..=20).contains(&crowded), "{crowded}");
    assert!(results.contains(&("alive".into(), Outcome::Sent)));
    assert!(results.len() < MOST_WAITING, "what is under way at the end has no outcome");
}

#[test]
fn secrets_come_from_files_and_never_show() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "hunter2\n").unwrap();
    let server = Server::start(vec![Reply::Status(202, ""), Reply::Status(403, "")]);
    let pagerduty = format!("type = \"pagerduty\"\nurl = \"{}\"\nrouting_key_file = {key:?}", server.url);
    let mut outbox = outbox(&pagerduty);
    outbox.push(notice(NoticeKind::Trigger));
    outbox.push(Notice { key: "second".into(), ..notice(NoticeKind::Resolve) });
    let results = outbox.finish(LONG);
    assert_eq!((results[0].1.clone(), results[1].1.clone()), (Outcome::Sent, failed("it answers 403")));
    assert_eq!(server.seen()[0].body["routing_key"], "hunter2");
    assert!(!format!("{outbox:?}{results:?}").contains("hunter2"));
}

#[test]
fn secret_addresses_never_show() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("url");
    let shown = |url: &str| {
        std::fs::write(&file, url).unwrap();
        let mut outbox = outbox(&format!("type = \"slack\"\nurl_file = {file:?}"));
        outbox.push(notice(NoticeKind::Trigger));
        format!("{:?}", outbox.finish(LONG))
    };
    for url in [
        "https://127.0.0.1:9/services/hunter2",
        "https://169.254.169.254/hunter2",
        "https://hunter2.invalid/hunter2",
        "http://hunter2.example.com/hunter2",
        "https://hunter2@192.0.2.1/",
        "hunter2",
        "https://hunter2 hunter2/",
        "",
    ] {
        let shown = shown(url);
        assert!(shown.contains("Failed") && !shown.contains("hunter2"), "{shown}");
    }
    std::fs::remove_file(&file).unwrap();
    let mut outbox = outbox(&format!("type = \"slack\"\nurl_file = {file:?}"));
    outbox.push(notice(NoticeKind::Trigger));
    assert!(format!("{:?}", outbox.finish(LONG)).contains("url cannot be read: entity not found"));
    let mut unset = self::outbox("type = \"slack\"\nurl_env = \"TRIAGE_TEST_NOT_SET\"");
    unset.push(notice(NoticeKind::Trigger));
    assert_eq!(unset.finish(LONG)[0].1, failed("the variable TRIAGE_TEST_NOT_SET is not set"));
}

#[test]
fn a_server_without_a_trusted_certificate_gets_nothing() {
    let server = Server::start(vec![Reply::Status(200, "")]);
    let mut outbox = outbox(&webhook(&server.url.replace("http://", "https://")));
    outbox.push(notice(NoticeKind::Trigger));
    let results = outbox.finish(LONG);
    assert!(matches!(&results[0].1, Outcome::Failed(_)), "{results:?}");
    assert!(server.seen().is_empty());
}

#[test]
fn an_alertmanager_is_pushed_to_below_its_address() {
    let server = Server::start(vec![Reply::Status(200, "")]);
    let mut outbox = outbox(&format!("type = \"alertmanager\"\nurl = \"{}/am/\"", server.url));
    outbox.push(notice(NoticeKind::Trigger));
    assert_eq!(outbox.finish(LONG)[0].1, Outcome::Sent);
    assert!(server.seen()[0].head.starts_with("POST /am/api/v2/alerts HTTP/1.1") && server.seen()[0].body.is_array());
}

#[test]
fn a_channel_that_is_gone_says_so() {
    let server = Server::start(vec![Reply::Status(200, "")]);
    let mut outbox = outbox(&webhook(&server.url));
    outbox.reload(&Playbook::built_in().unwrap());
    outbox.push(notice(NoticeKind::Trigger));
    assert_eq!(outbox.results(), [("f8bcd62a829b1126-7".into(), failed("the playbook has no such channel any more"))]);
}

#[test]
fn no_wrong_address_is_called() {
    let refused = |url: &str, insecure_http: bool| {
        let known = Known { causes: &[], formats: &[] };
        let text = format!("[channel.c]\ntype = \"slack\"\nurl_env = \"A\"\ninsecure_http = {insecure_http}");
        let channel = Playbook::parse("p.toml", &text, &known).unwrap().channels.remove(0);
        let target = crate::playbook::Target::Slack(crate::playbook::Setting::Plain(url.into()));
        let reach = Reach { channel: Channel { target, ..channel }, repeat: Duration::ZERO };
        matches!(Poster::new(reach, QUICK.timeout).post(&notice(NoticeKind::Trigger)), Answer::Refused(_))
    };
    for url in [
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.170.2/v2/credentials",
        "https://[fe80::1]/",
        "https://[fd00:ec2::254]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[::a9fe:a9fe]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://100.100.100.200/",
        "https://168.63.129.16/",
        "https://192.0.0.192/",
        "https://0.0.0.0/",
        "https://0.1.2.3/",
        "https://[::]/",
        "https://255.255.255.255/",
        "https://224.0.0.1/",
        "https://[ff02::1]/",
        "https://2852039166/",
        "https://0xa9fea9fe/",
        "https://0251.0376.0251.0376/",
        "https://user@192.0.2.1/",
        "https://192.0.2.1@169.254.169.254/",
        "http://192.0.2.1/",
        "http://localhost.example.com/",
        "ftp://192.0.2.1/",
        "file:///etc/passwd",
        "gopher://192.0.2.1/",
        "//192.0.2.1/",
        "https:///",
        "192.0.2.1",
    ] {
        assert!(refused(url, false), "{url}");
    }
    for url in ["http://169.254.169.254/latest/", "http://[fe80::1]/", "http://0.0.0.0/", "http://2852039166/"] {
        assert!(refused(url, true), "{url}");
    }
    assert!(checked(&format!("https://example.com/{}", "a".repeat(3_000)), false).is_err());
    assert!(checked("https://example.com/a", false).is_ok() && checked("http://[::1]:9/", false).is_ok());
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    assert!(may_be_called(address("192.0.2.1"), false) && may_be_called(address("10.0.0.1"), false));
    // A name of this machine that leads elsewhere.
    assert!(!may_be_called(address("10.0.0.1"), true) && may_be_called(address("::ffff:127.0.0.1"), true));
}
