//! The state survives a restart, and whatever happens the promises hold.

use super::stage_tests::{Stage, at, incident};
use super::{Ack, MOST_TROUBLES, Moved};
use crate::notify::{Notice, NoticeKind, Outcome};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn after_a_restart_nothing_is_told_again() {
    let mut stage = Stage::with_trouble("");
    assert_eq!(stage.play(0, 100, 10), ["30: trigger chat error"]);
    stage.restart();
    assert_eq!(stage.play(110, 1_000, 10)[0], "330: escalate pager error");
    stage.end_all(1_000);
    stage.play(1_010, 1_590, 10);
    stage.restart();
    let over = stage.play(1_600, 1_700, 10);
    assert_eq!(over.len(), 3, "{over:?}");
    assert!(over.iter().all(|line| line.starts_with("1630: resolve")), "after the wait that follows a start: {over:?}");
}

#[test]
fn what_nobody_confirmed_is_sent_again_under_its_key() {
    let mut stage = Stage::with_trouble("");
    stage.outcome = None; // killed before the answer was committed
    assert_eq!(stage.play(0, 100, 10), ["30: trigger chat error"]);
    stage.restart();
    stage.outcome = Some(Outcome::Sent);
    assert_eq!(stage.play(110, 200, 10), ["140: trigger chat error"]);
    assert_eq!(stage.notices[0], stage.notices[1]);
    stage.restart();
    assert!(stage.play(210, 320, 10).is_empty());
}

#[test]
fn what_does_not_arrive_is_tried_again_later() {
    let mut stage = Stage::with_trouble("");
    stage.incidents[0].team = Some("shop".into());
    stage.outcome = Some(Outcome::Failed("it answers 404".into()));
    assert_eq!(
        stage.play(0, 700, 10),
        ["30: trigger shop-chat error", "330: trigger shop-chat error", "630: trigger shop-chat error"]
    );
    let told = stage.desk.told("a").unwrap();
    assert_eq!(told.channels, [("shop-chat".to_owned(), "not reached: it answers 404".to_owned())]);
    assert_eq!(stage.desk.tallies()["shop-chat"].failed, 3);
    // Nobody ever heard of it: nobody hears that it is over.
    stage.end_all(700);
    assert!(stage.play(1_300, 3_000, 10).is_empty());
}

#[test]
fn the_end_is_told_until_it_is_heard_or_given_up() {
    let mut stage = Stage::with_trouble("");
    stage.incidents[0].team = Some("shop".into());
    stage.play(0, 100, 10);
    stage.end_all(100);
    stage.outcome = Some(Outcome::Failed("no answer in time".into()));
    let tries = stage.play(110, 10_000, 10);
    assert_eq!(
        (tries.len(), tries[0].as_str(), tries[1].as_str()),
        (12, "700: resolve shop-chat error", "1000: resolve shop-chat error")
    );
    assert_eq!(stage.desk.tallies()["shop-chat"].lost, 1);
}

#[test]
fn troubles_without_room_are_counted() {
    let mut stage = Stage::new("");
    for number in 0..MOST_TROUBLES + 5 {
        let mut one = incident(&format!("i{number}"), "upstream.refused", 0, 100);
        one.service = format!("s{number}");
        stage.incidents.push(one);
    }
    stage.look(0);
    assert_eq!(stage.desk.crowded_out(), 5);
    assert!(postcard::to_stdvec(&stage.desk).unwrap().len() < 4 << 20);
}

/// Something that happens to the desk.
#[derive(Debug, Clone)]
enum Happening {
    Pass(i64),
    Begin(usize, usize),
    End(usize),
    Ack(usize),
    Move(usize),
    Adopt(usize, usize),
    Answer(Option<Outcome>),
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (1_i64..900).prop_map(Happening::Pass),
        3 => (0_usize..6, 0_usize..3).prop_map(|(id, cause)| Happening::Begin(id, cause)),
        2 => (0_usize..6).prop_map(Happening::End),
        1 => (0_usize..6).prop_map(Happening::Ack),
        1 => (0_usize..6).prop_map(Happening::Move),
        1 => (0_usize..6, 0_usize..6).prop_map(|(child, parent)| Happening::Adopt(child, parent)),
        2 => prop_oneof![
            3 => Just(Some(Outcome::Sent)),
            1 => Just(Some(Outcome::Crowded)),
            1 => Just(Some(Outcome::Failed("no answer".into()))),
            1 => Just(None),
        ].prop_map(Happening::Answer),
        1 => Just(Happening::Restart),
    ]
}

/// Does it to the stage; the time afterwards.
fn happen(stage: &mut Stage, what: Happening, now: i64) -> i64 {
    let place =
        |id: usize, stage: &Stage| if stage.incidents.is_empty() { None } else { Some(id % stage.incidents.len()) };
    match what {
        Happening::Pass(seconds) => return now + seconds,
        Happening::Begin(id, cause) => {
            let cause = ["upstream.refused", "edge.internal", "app.error"][cause];
            let id = format!("{id}-{now}");
            stage.incidents.push(incident(&id, cause, now, now + 1_000_000));
        }
        Happening::End(id) => {
            if let Some(id) = place(id, stage) {
                stage.incidents[id].end = at(now);
            }
        }
        Happening::Ack(id) => {
            let id = place(id, stage).map(|id| stage.incidents[id].id.clone());
            stage.acks.extend(id.map(|id| Ack { id, by: None }));
        }
        Happening::Move(id) => {
            if let Some(id) = place(id, stage) {
                let new = format!("{}m", stage.incidents[id].id);
                stage.moved.push(Moved { old: stage.incidents[id].id.clone(), new: new.clone() });
                stage.incidents[id].id = new;
            }
        }
        Happening::Adopt(child, parent) => {
            if let (Some(child), Some(parent)) = (place(child, stage), place(parent, stage)) {
                let id = stage.incidents[parent].id.clone();
                stage.incidents[child].parent_id = (child != parent).then_some(id);
            }
        }
        Happening::Answer(outcome) => stage.outcome = outcome,
        Happening::Restart => stage.restart(),
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Of one trouble on one channel: never two first notices without an end between them, never anything else without a first
    /// notice; and no key for two different notices.
    #[test]
    fn promises_hold(happenings in proptest::collection::vec(happening(), 0..120)) {
        let mut stage = Stage::new("");
        stage.playbook.defaults.max_notices.count = 8;
        let (mut now, mut heard, mut keys) = (0, BTreeSet::new(), BTreeMap::new());
        for what in happenings {
            now = happen(&mut stage, what, now);
            let before = stage.notices.len();
            stage.look(now);
            stage.moved.clear();
            for notice in &stage.notices[before..] {
                keep_promise(notice, &stage, &mut heard, &mut keys)?;
            }
        }
    }
}

/// A trouble's name and a channel's.
type Place = (String, String);

fn keep_promise(
    notice: &Notice,
    stage: &Stage,
    heard: &mut BTreeSet<Place>,
    keys: &mut BTreeMap<String, Notice>,
) -> Result<(), TestCaseError> {
    let place = (notice.trouble.clone(), notice.channel.clone());
    let arrives = stage.outcome == Some(Outcome::Sent);
    let sent_before = keys.insert(notice.key.clone(), notice.clone());
    if let Some(before) = &sent_before {
        prop_assert_eq!(before, notice);
    }
    let is_new = sent_before.is_none();
    match notice.kind {
        NoticeKind::Trigger | NoticeKind::Digest => {
            prop_assert!(!heard.contains(&place) || !is_new, "twice: {}", notice.key);
        }
        NoticeKind::Escalate => {}
        NoticeKind::Resolve => prop_assert!(heard.contains(&place), "an end without a beginning: {}", notice.key),
        // Those who are still being told hear of what comes after, in order.
        NoticeKind::Update | NoticeKind::Acknowledge => {
            let began = |known: &Notice| {
                known.trouble == notice.trouble && known.channel == notice.channel && known.kind != notice.kind
            };
            prop_assert!(keys.values().any(began), "{}", notice.key);
        }
    }
    match notice.kind {
        NoticeKind::Trigger | NoticeKind::Digest | NoticeKind::Escalate if arrives => drop(heard.insert(place)),
        NoticeKind::Resolve if arrives => drop(heard.remove(&place)),
        _ => {}
    }
    Ok(())
}
