use super::draw::draw;
use super::keys::{Key, of, press};
use super::selection::{Page, Selection};
use crate::follow::view::{IncidentState, Reading, SourceState, Standing, View, Wish};
use crate::report::terminal::Style;
use crate::report::terminal::tests::{acts, golden, hostile, hostile_report};
use crate::report::{Gap, Report, sample};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;
use ratatui::style::{Color, Modifier};

/// The sample's night, watched from two minutes before its trouble.
fn view() -> View {
    let mut report = sample::report();
    report.gaps = vec![Gap {
        source: "/var/log/nginx/error.log".into(),
        offset: 880_112,
        at: sample::at(700),
        why: "the file was truncated before its last 4,096 bytes were read".into(),
    }];
    let standing = |state, acknowledged| Standing { state, acknowledged };
    let source = |reading, lag_bytes, gaps| SourceState { reading, lag_bytes, gaps };
    View {
        now: sample::at(1_790),
        since: sample::at(-120),
        report,
        states: vec![
            standing(IncidentState::Ended, false),
            standing(IncidentState::Ended, false),
            standing(IncidentState::Open, true),
            standing(IncidentState::Open, false),
        ],
        sources: vec![source(Reading::Live, 3_407_872, 0), source(Reading::Live, 0, 1), source(Reading::Done, 0, 0)],
        lines_per_second: 12_345,
        told: vec!["slack: opened f8bcd62a829b1126 to platform".into(), "slack: digest of 3 to db".into()],
        wrong: vec!["pagerduty: no answer within 5s, tried again in 30s".into()],
    }
}

fn sized(width: u16, height: u16) -> Selection {
    let mut selection = Selection::default();
    selection.size = Size { width, height };
    selection
}

/// Draws as on a terminal of the selection's size.
fn drawn(view: &View, selection: &Selection, style: &Style) -> Buffer {
    let Size { width, height } = selection.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view, selection, style)).unwrap();
    terminal.backend().buffer().clone()
}

/// The letters on the screen, row by row.
fn text(view: &View, selection: &Selection) -> String {
    let buffer = drawn(view, selection, &Style::default());
    let mut text = String::new();
    for row in 0..buffer.area.height {
        let cells = (0..buffer.area.width).map(|column| buffer[(column, row)].symbol());
        text.push_str(cells.collect::<String>().trim_end());
        text.push('\n');
    }
    text
}

/// Presses keys by their letters; `^` is Esc, `~` Enter, `<` Backspace.
fn keys(letters: &str, view: &View, selection: &mut Selection) -> Vec<Wish> {
    let key = |letter| match letter {
        '^' => Key::Esc,
        '~' => Key::Enter,
        '<' => Key::Backspace,
        letter => Key::Letter(letter),
    };
    letters.chars().filter_map(|letter| press(key(letter), view, selection)).collect()
}

#[test]
fn the_pages_read_as_agreed() {
    let view = view();
    for (width, height) in [(80, 24), (120, 40)] {
        for (name, pressed) in [("list", ""), ("detail", "j~"), ("sources", "s"), ("evidence", "je"), ("checks", "jc")]
        {
            let mut selection = sized(width, height);
            selection.settle(&view);
            keys(pressed, &view, &mut selection);
            golden(&format!("screen-{name}-{width}x{height}.txt"), &text(&view, &selection));
        }
    }
}

#[test]
fn the_help_names_every_key() {
    let mut selection = sized(80, 40);
    keys("?", &view(), &mut selection);
    let told = text(&view(), &selection);
    for key in [
        "j k",
        "PgDn",
        "Home",
        "Enter Tab",
        "\n  e ",
        "\n  c ",
        "\n  a ",
        "\n  s ",
        "\n  / ",
        "\n  w ",
        "Esc",
        "Ctrl-C",
    ] {
        assert!(told.contains(key), "{key}: {told}");
    }
}

#[test]
fn no_size_is_too_small() {
    let view = view();
    for (width, height) in [(0, 0), (1, 1), (2, 2), (20, 5), (80, 1), (1, 40), (400, 3)] {
        for page in ["", "~", "e", "c", "s", "?", "/x"] {
            let mut selection = sized(width, height);
            selection.settle(&view);
            keys(page, &view, &mut selection);
            press(Key::PageDown, &view, &mut selection);
            press(Key::End, &view, &mut selection);
            drawn(&view, &selection, &Style::default());
        }
    }
}

#[test]
fn a_quiet_watch_says_so() {
    let view = View { report: sample::quiet(), states: Vec::new(), ..view() };
    let told = text(&view, &sized(80, 24));
    assert!(told.starts_with("no open incident"), "{told}");
    assert!(told.contains("No incident: none of 1,204,331 requests was answered 5xx."), "{told}");
}

#[test]
fn a_single_incident_stands_below_its_titles() {
    let mut view = view();
    view.report.incidents.truncate(1);
    let told = text(&view, &sized(80, 24));
    let row = |start: &str| told.lines().position(|line| line.starts_with(start));
    assert_eq!(
        row("> CRITICAL ended upstream.refused"),
        row("  severity state cause").map(|titles| titles + 1),
        "{told}"
    );
    assert_eq!(row("── 1 of 1, ended"), row("> CRITICAL").map(|entry| entry + 1), "{told}");
}

/// The causes listed, in order.
fn causes(view: &View, selection: &Selection) -> Vec<String> {
    super::listed::listed(view, selection).iter().map(|one| one.incident.cause.clone()).collect()
}

#[test]
fn incidents_stand_before_warnings_and_open_ones_first() {
    let view = view();
    let list = ["db.deadlock", "upstream.refused", "lb.target-failed", "upstream.timeout"];
    assert_eq!(causes(&view, &sized(80, 24)), list);
}

#[test]
fn the_filter_looks_in_cause_service_owner_and_upstream() {
    let view = view();
    for (typed, left) in [
        ("/DEADLOCK", vec!["db.deadlock"]),
        ("/shop-alb", vec!["lb.target-failed"]),
        ("/platf", vec!["upstream.refused"]),
        ("/10.0.3.18", vec!["upstream.refused", "upstream.timeout"]),
        ("/nothing", vec![]),
        ("/deadlockx<~", vec!["db.deadlock"]),
    ] {
        let mut selection = sized(80, 24);
        keys(typed, &view, &mut selection);
        assert_eq!(causes(&view, &selection), left, "{typed}");
        keys("^", &view, &mut selection);
        assert_eq!(causes(&view, &selection).len(), 4, "{typed} and Esc");
    }
}

#[test]
fn letters_of_a_filter_are_no_commands() {
    let view = view();
    let mut selection = sized(80, 24);
    assert!(keys("/qaws~", &view, &mut selection).is_empty());
    assert_eq!((selection.filter.as_str(), selection.typing, selection.page), ("qaws", false, Page::List));
    assert!(text(&view, &selection).contains("Nothing has \"qaws\" in"));
    assert!(keys("a~ec", &view, &mut selection).is_empty());
    assert_eq!(selection.page, Page::List, "there is nothing to open");
    assert_eq!(press(Key::Leave, &view, &mut selection), Some(Wish::Quit));
}

#[test]
fn warnings_can_be_left_out() {
    let view = view();
    let mut selection = sized(80, 24);
    keys("w", &view, &mut selection);
    assert_eq!(causes(&view, &selection).last().unwrap(), "lb.target-failed");
    keys("w", &view, &mut selection);
    assert_eq!(causes(&view, &selection).last().unwrap(), "upstream.timeout");
}

/// The id that `a` would take; nothing is acknowledged yet.
fn chosen(view: &View, selection: &Selection) -> Option<String> {
    let states = vec![Standing { state: IncidentState::Open, acknowledged: false }; view.states.len()];
    let view = View { states, ..view.clone() };
    match press(Key::Letter('a'), &view, &mut selection.clone()) {
        Some(Wish::Acknowledge(id)) => Some(id),
        _ => None,
    }
}

#[test]
fn the_choice_sticks_to_the_incident() {
    let mut view = view();
    let mut selection = sized(80, 24);
    selection.settle(&view);
    let first = view.report.incidents[2].id.clone();
    assert_eq!(chosen(&view, &selection).as_ref(), Some(&first));
    // Another one becomes the worst, before any key was pressed.
    view.states[0].state = IncidentState::Open;
    selection.settle(&view);
    assert_eq!(causes(&view, &selection)[0], "upstream.refused");
    assert_eq!(chosen(&view, &selection).as_ref(), Some(&first));
    // It vanishes while it is read: what stands in its place is not taken for it.
    keys("~", &view, &mut selection);
    view.report.incidents.remove(2);
    view.states.remove(2);
    selection.settle(&view);
    assert_eq!(selection.page, Page::List);
    assert_eq!(chosen(&view, &selection), Some(view.report.incidents[2].id.clone()));
}

#[test]
fn the_same_incident_is_not_acknowledged_twice_nor_unseen() {
    let view = view();
    let mut selection = sized(80, 24);
    selection.settle(&view);
    assert!(keys("a", &view, &mut selection).is_empty(), "somebody has it");
    let id = view.report.incidents[0].id.clone();
    assert_eq!(keys("ja", &view, &mut selection), [Wish::Acknowledge(id)]);
    assert!(keys("sa", &view, &mut selection).is_empty(), "it is not on this page");
    assert_eq!(keys("q", &view, &mut selection), [Wish::Quit]);
}

#[test]
fn pages_scroll_to_their_end_and_no_further() {
    let view = view();
    let mut selection = sized(80, 16);
    selection.settle(&view);
    keys("j~", &view, &mut selection);
    press(Key::End, &view, &mut selection);
    let end = text(&view, &selection);
    assert!(end.contains("  id         f8bcd62a829b1126"), "{end}");
    keys("jjj", &view, &mut selection);
    assert_eq!(text(&view, &selection), end);
    keys("k", &view, &mut selection);
    assert_ne!(text(&view, &selection), end, "one key up shows at once");
    press(Key::Home, &view, &mut selection);
    assert!(text(&view, &selection).contains("CRITICAL     Nothing accepts"));
}

#[test]
fn many_incidents_scroll_by_pages() {
    let mut view = view();
    let lone = view.report.incidents[2].clone();
    view.report.incidents = (0..100)
        .map(|at| crate::report::Incident { id: at.to_string(), cause: format!("c{at:02}"), ..lone.clone() })
        .collect();
    view.states = vec![Standing { state: IncidentState::Open, acknowledged: false }; 100];
    let mut selection = sized(80, 24);
    for (key, seen) in [
        (Key::Down, "> WARNING  open  c01"),
        (Key::PageDown, "> WARNING  open  c06"),
        (Key::End, "> WARNING  open  c99"),
        (Key::Home, "> WARNING  open  c00"),
    ] {
        press(key, &view, &mut selection);
        let told = text(&view, &selection);
        assert!(told.contains(seen), "{key:?}: {told}");
    }
}

#[test]
fn colour_stands_on_severities_only_and_only_where_wanted() {
    let mut view = view();
    view.states[0].state = IncidentState::Open;
    let mut selection = sized(120, 40);
    selection.settle(&view);
    for page in ["", "~", "s", "?"] {
        let mut selection = selection.clone();
        keys(page, &view, &mut selection);
        let plain = drawn(&view, &selection, &Style::default());
        assert!(plain.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset), "{page}");
        let coloured = drawn(&view, &selection, &Style { colour: true, ..Style::default() });
        assert!(coloured.content.iter().all(|cell| cell.bg == Color::Reset));
        let letters = |buffer: &Buffer| buffer.content.iter().map(|cell| cell.symbol().to_owned()).collect::<String>();
        assert_eq!(letters(&plain), letters(&coloured));
        let red = coloured.content.iter().filter(|cell| cell.fg == Color::Red).map(|cell| cell.symbol());
        assert!(red.collect::<String>().starts_with("1 CRITICAL"), "{page}");
    }
    let buffer = drawn(&view, &selection, &Style::default());
    let marked = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count();
    assert_eq!(marked, 120, "the chosen row is marked without colour");
}

#[test]
fn terminal_events_become_keys() {
    let of = |code, modifiers| of(&Event::Key(KeyEvent::new(code, modifiers)));
    assert_eq!(of(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Key::Leave));
    assert_eq!(of(KeyCode::Char('c'), KeyModifiers::NONE), Some(Key::Letter('c')));
    assert_eq!(of(KeyCode::Char('?'), KeyModifiers::SHIFT), Some(Key::Letter('?')));
    assert_eq!(of(KeyCode::Char('q'), KeyModifiers::CONTROL), None);
    let released = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
    assert_eq!(super::keys::of(&Event::Key(released)), None);
    assert_eq!(super::keys::of(&Event::Resize(80, 24)), None);
}

/// A view with hostile text wherever text is.
fn hostile_view() -> impl Strategy<Value = View> {
    (hostile_report(), proptest::collection::vec(hostile(), 4), any::<(i64, i64, u64)>()).prop_map(
        |(report, texts, (now, since, many)): (Report, Vec<String>, (i64, i64, u64))| View {
            now: crate::time::Timestamp::from_micros(now),
            since: crate::time::Timestamp::from_micros(since),
            report,
            lines_per_second: many,
            sources: vec![SourceState { reading: Reading::Waiting, lag_bytes: many, gaps: many }; 2],
            told: texts[..2].to_vec(),
            wrong: texts[2..].to_vec(),
            ..view()
        },
    )
}

/// Any keys, and what hostile letters a paste would type.
fn any_keys() -> impl Strategy<Value = Vec<Key>> {
    let plain = proptest::sample::select(vec![
        Key::Up,
        Key::Down,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Enter,
        Key::Tab,
        Key::Esc,
        Key::Backspace,
    ]);
    let letter = proptest::sample::select("jkecswa/?\u{202e}\u{1b}\u{200b}日x".chars().collect::<Vec<_>>());
    proptest::collection::vec(prop_oneof![plain, letter.prop_map(Key::Letter)], 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_never_reaches_the_terminal(view in hostile_view(), pressed in any_keys(), width in 0_u16..200, height in 0_u16..60) {
        let mut selection = sized(width, height);
        selection.settle(&view);
        pressed.into_iter().for_each(|key| drop(press(key, &view, &mut selection)));
        for cell in drawn(&view, &selection, &Style { colour: true, ..Style::default() }).content {
            let bad = cell.symbol().chars().find(|letter| acts(*letter) || *letter == '\n' || crate::text::is_treacherous(*letter));
            prop_assert_eq!(bad, None, "{:?}", cell);
        }
    }
}
