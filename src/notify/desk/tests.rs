//! What is told when, second by second.

use super::stage_tests::{Stage, at, incident};
use super::{Ack, Moved};
use crate::event::Severity;
use crate::notify::Outcome;
use crate::report::Kind;

fn ack(id: &str) -> Ack {
    Ack { id: id.into(), by: Some("jo".into()) }
}

#[test]
fn it_waits_then_tells_then_climbs() {
    let mut stage = Stage::with_trouble("");
    let expected = [
        "30: trigger chat error",
        "330: escalate pager error",
        "930: escalate boss critical",
        "930: escalate pager critical",
        "930: update chat critical",
        "2730: escalate boss critical",
        "4530: escalate boss critical",
    ];
    assert_eq!(stage.play(0, 10_000, 10), expected);
}

#[test]
fn nothing_is_told_right_after_a_start() {
    let mut stage = Stage::with_trouble("");
    stage.desk = super::Desk::default();
    assert_eq!(stage.play(500, 560, 10), ["530: trigger chat error"]);
}

#[test]
fn what_is_over_before_the_wait_is_not_told() {
    let mut stage = Stage::new("");
    stage.incidents.push(incident("a", "upstream.refused", -590, -585));
    assert!(stage.play(0, 1_000, 10).is_empty(), "it is seen for 15 seconds only");
    stage.incidents[0] = incident("b", "upstream.refused", 400, 400);
    assert!(stage.play(1_010, 1_100, 10).is_empty(), "an old incident that turns up late");
}

#[test]
fn whoever_takes_it_stops_the_climb() {
    let mut stage = Stage::with_trouble("");
    assert_eq!(stage.play(0, 400, 10).len(), 2);
    stage.acks.push(ack("a"));
    assert_eq!(stage.play(410, 20_000, 10), ["410: acknowledge chat error", "410: acknowledge pager error"]);
    assert!(stage.notices.last().unwrap().news.contains("taken by jo"));
    stage.incidents[0].severity = Severity::Critical;
    assert_eq!(stage.look(20_010), ["update chat critical", "update pager critical"], "worse is told all the same");
    stage.end_all(20_010);
    assert_eq!(stage.play(20_020, 20_700, 10), ["20610: resolve chat critical", "20610: resolve pager critical"]);
    assert!(stage.play(20_710, 30_000, 10).is_empty() && stage.desk.told("a").is_none());
}

#[test]
fn an_alertmanager_is_reminded_even_when_somebody_took_it() {
    let mut stage = Stage::with_trouble("");
    stage.play(0, 1_000, 10);
    stage.acks.push(ack("a"));
    assert_eq!(stage.look(1_010), ["acknowledge chat critical", "acknowledge pager critical"]);
    assert_eq!(stage.play(1_020, 16_000, 10), ["15330: update boss critical"]);
}

#[test]
fn what_was_taken_before_anybody_heard_is_not_told() {
    let mut stage = Stage::with_trouble("");
    stage.look(0);
    stage.acks.push(ack("a"));
    stage.end_all(500);
    assert!(stage.play(10, 2_000, 10).is_empty());
}

#[test]
fn it_is_told_again_when_it_lasts_or_grows() {
    let mut stage = Stage::with_trouble("");
    stage.incidents[0].team = Some("shop".into());
    assert_eq!(stage.play(0, 15_000, 30), ["30: trigger shop-chat error", "14430: update shop-chat error"]);
    assert_eq!(stage.notices[1].news, "it still lasts");
    stage.incidents[0].requests_failed = Some(39);
    assert!(stage.look(15_030).is_empty());
    stage.incidents[0].requests_failed = Some(40);
    assert_eq!(stage.look(15_040), ["update shop-chat error"]);
    assert_eq!(stage.notices[2].news, "40 failed, were 20");
    stage.incidents[0].requests_failed = Some(4_000);
    assert!(stage.play(15_050, 15_339, 1).is_empty(), "once in five minutes");
    assert_eq!(stage.look(15_340), ["update shop-chat error"]);
    stage.incidents[0].team = Some("platform".into());
    assert_eq!(
        stage.look(15_700),
        ["escalate boss critical", "trigger chat critical", "escalate pager critical", "update shop-chat critical"]
    );
}

#[test]
fn one_trouble_is_told_once() {
    let mut stage = Stage::with_trouble("");
    stage.incidents[0].team = Some("shop".into());
    stage.end_all(60);
    assert_eq!(stage.play(0, 300, 10), ["30: trigger shop-chat error"]);
    // After the quiet gap the same fails again: another incident, the same trouble.
    let again = incident("b", "upstream.refused", 400, 500);
    stage.incidents.push(again);
    stage.incidents[1].team = Some("shop".into());
    stage.incidents.push(incident("c", "upstream.refused", 410, 500));
    stage.incidents[2].kind = Kind::Warning;
    stage.incidents.push(incident("d", "edge.internal", 410, 500));
    stage.incidents[3].parent_id = Some("b".into());
    assert_eq!(stage.play(310, 2_000, 10), ["1100: resolve shop-chat error"]);
    let troubles: Vec<_> = stage.notices.iter().map(|notice| notice.trouble.as_str()).collect();
    assert_eq!(troubles, ["a", "a"], "receivers know it by its first id");
}

#[test]
fn a_moved_id_is_the_same_trouble() {
    let mut stage = Stage::with_trouble("");
    stage.look(0);
    stage.look(30);
    stage.incidents[0] = incident("older", "edge.internal", -20, 100);
    stage.moved.push(Moved { old: "a".into(), new: "older".into() });
    assert!(stage.look(40).is_empty());
    stage.moved.clear();
    stage.acks.push(ack("older"));
    assert_eq!(stage.play(50, 800, 10), ["50: acknowledge chat error", "700: resolve chat error"]);
    assert!(stage.notices.iter().all(|notice| notice.trouble == "a"));
}

#[test]
fn silences_keep_back_everything_but_the_end() {
    let silence = "[[silence]]\nmatch = { cause = \"upstream.*\" }\nfrom = 2026-11-21T09:02:00Z\nuntil = 2026-11-21T09:20:00Z\nreason = \"move\"\n";
    let mut stage = Stage::with_trouble(silence);
    assert_eq!(stage.play(0, 1_190, 10), ["30: trigger chat error"]);
    assert_eq!(stage.desk.told("a").unwrap().muted_by.as_deref(), Some("move"));
    let late = ["1200: escalate boss critical", "1200: escalate pager critical", "1200: update chat critical"];
    assert_eq!(stage.play(1_200, 1_300, 10), late, "what came due meanwhile, each channel once");
    let mut stage = Stage::with_trouble(silence);
    stage.play(0, 100, 10);
    stage.end_all(300);
    assert_eq!(stage.play(110, 1_000, 10), ["900: resolve chat error"]);
    let mut stage = Stage::new(silence);
    stage.incidents.push(incident("a", "upstream.refused", 130, 140));
    assert!(stage.play(130, 2_000, 10).is_empty());
}

#[test]
fn inhibitors_may_come_within_the_wait() {
    let inhibit = "[[inhibit]]\nname = \"edge\"\nsource = { hop = \"proxy\" }\ntarget = { hop = \"edge\" }\nequal = [\"service\"]\n";
    let edge = |id: &str, service: &str| {
        let mut edge = incident(id, "edge.internal", 0, 5_000);
        (edge.hop, edge.service) = (crate::event::Hop::Edge, service.into());
        edge
    };
    let mut stage = Stage::new(inhibit);
    stage.incidents = vec![edge("e", "shop"), edge("other", "www"), edge("none", "-")];
    assert!(stage.play(0, 20, 10).is_empty());
    stage.incidents.push(incident("p", "upstream.refused", 10, 900));
    stage.incidents[3].service = "shop".into();
    let expected = ["30: trigger chat error", "30: trigger chat error", "55: trigger chat error"];
    assert_eq!(stage.play(25, 60, 5), expected, "the proxy's own, and those that have nothing to do with it");
    assert!(stage.notices.iter().all(|notice| notice.trouble != "e"));
    assert_eq!(stage.desk.told("e").unwrap().muted_by.as_deref(), Some("edge"));
    stage.incidents.truncate(3);
    stage.incidents.drain(1..3);
    assert!(stage.play(70, 90, 10).iter().any(|line| line.contains("trigger chat")), "told once nothing explains it");
}

#[test]
fn a_storm_becomes_one_digest_a_channel() {
    let mut stage = Stage::new("");
    stage.playbook.defaults.max_notices.count = 3;
    for number in 0..20 {
        let mut one = incident(&format!("i{number}"), "upstream.refused", 0, 1_000);
        one.service = format!("s{number}");
        one.team = Some("shop".into());
        one.severity = if number == 13 { Severity::Critical } else { Severity::Error };
        stage.incidents.push(one);
    }
    let told = stage.play(0, 1_500, 10);
    let expected = [
        "30: trigger shop-chat critical",
        "30: trigger shop-chat error",
        "30: trigger shop-chat error",
        "60: digest shop-chat error",
    ];
    assert_eq!(told, expected);
    let digest = &stage.notices[3];
    assert_eq!(digest.body.title, "17 troubles more than notices are allowed for");
    assert_eq!((digest.body.lines.len(), digest.body.lines[10].as_str()), (11, "and 7 more"));
    assert!(digest.body.lines[0].starts_with("error upstream.refused: 20 requests, service s"));
    let over = stage.play(1_510, 2_000, 10);
    assert_eq!(over.len(), 4, "three that were told, and the digest: {over:?}");
    assert!(over.iter().all(|line| line.starts_with("1600: resolve shop-chat")));
    assert!(stage.desk.told("i5").is_none());
}

#[test]
fn a_full_queue_leads_to_a_digest() {
    let mut stage = Stage::with_trouble("");
    stage.outcome = Some(Outcome::Crowded);
    assert_eq!(stage.play(0, 50, 10), ["30: trigger chat error"]);
    stage.outcome = Some(Outcome::Sent);
    assert_eq!(stage.play(60, 200, 10), ["60: digest chat error"]);
    assert_eq!(
        stage.notices[1].body.lines,
        ["error upstream.refused: 20 requests, service shop.example.com, owner platform (role infra)"]
    );
}

#[test]
fn a_child_is_silent_while_its_parent_speaks() {
    let mut stage = Stage::new("");
    stage.incidents = vec![incident("p", "upstream.refused", 0, 100), incident("c", "edge.internal", 5, 100)];
    stage.incidents[1].parent_id = Some("p".into());
    assert_eq!(stage.play(0, 60, 10), ["30: trigger chat error"]);
    stage.incidents[1].end = at(5_000);
    assert_eq!(stage.play(70, 200, 10), ["100: trigger chat error"], "it goes on alone");
    stage.incidents[0].kind = Kind::Warning;
    assert_eq!(stage.desk.told("c").unwrap().channels, [("chat".to_owned(), "told".to_owned())]);
}

#[test]
fn a_clock_that_jumps_keeps_nothing_waiting() {
    let mut stage = Stage::with_trouble("");
    stage.look(0);
    assert_eq!(stage.look(-86_400), Vec::<String>::new(), "a day back: it waits anew");
    assert_eq!(stage.play(-86_390, -86_000, 10), ["-86370: trigger chat error", "-86070: escalate pager error"]);
    assert!(stage.look(86_000).len() >= 3);
}
