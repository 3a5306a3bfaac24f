use super::*;
use crate::grammar::Grammars;
use proptest::prelude::*;

fn lanes(envelope: Option<&str>, formats: &[&str]) -> Lanes {
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let formats: Vec<_> = formats.iter().flat_map(|id| grammars.with_id(id)).cloned().collect();
    let envelope =
        envelope.map(|name| grammars.envelopes.iter().find(|known| known.name.contains(name)).cloned().expect(name));
    Lanes::new(envelope, &formats)
}

fn records(lanes: &Lanes, text: &str) -> Vec<(usize, u64, String)> {
    let found = lanes.records(text.as_bytes());
    let shown = |record: &Woven| String::from_utf8_lossy(&found.text[record.text.clone()]).into_owned();
    found.records.iter().map(|record| (record.line + 1, record.lines, shown(record))).collect()
}

fn docker(stream: &str, text: &str) -> String {
    format!("{{\"log\":\"{text}\",\"stream\":\"{stream}\",\"time\":\"2026-11-21T09:04:28Z\"}}\n")
}

#[test]
fn pieces_are_joined_lane_by_lane() {
    let text = [
        docker("stdout", "GET /a"),
        docker("stderr", "oops\\n"),
        docker("stdout", "bc"),
        docker("stdout", "d\\n"),
        docker("stdout", "next\\n"),
    ];
    let expected = [(1, 3, "GET /abcd".to_owned()), (2, 1, "oops".to_owned()), (5, 1, "next".to_owned())];
    assert_eq!(records(&lanes(Some("json-file"), &["app.text"]), &text.concat()), expected);
}

#[test]
fn a_trace_goes_on_between_lines_of_another_stream() {
    let text = [
        docker("stderr", "Traceback (most recent call last):\\n"),
        docker("stdout", "ready\\n"),
        docker("stderr", "  File \\\"a.py\\\", line 3, in price\\n"),
        docker("stderr", "KeyError: 'price'\\n"),
        docker("stderr", "other\\n"),
    ];
    let trace = "Traceback (most recent call last):\n  File \"a.py\", line 3, in price\nKeyError: 'price'".to_owned();
    let expected = [(1, 3, trace), (2, 1, "ready".to_owned()), (5, 1, "other".to_owned())];
    assert_eq!(records(&lanes(Some("json-file"), &["app.text"]), &text.concat()), expected);
}

#[test]
fn a_log_without_an_envelope_is_one_lane() {
    let text = "Error: boom\n    at f (/a.js:1:2)\n\nready\n";
    let expected = [(1, 3, "Error: boom\n    at f (/a.js:1:2)\n".to_owned()), (4, 1, "ready".to_owned())];
    assert_eq!(records(&lanes(None, &["app.text"]), text), expected);
}

#[test]
fn a_name_behind_frames_is_another_error() {
    let text = "TypeError: x\n    at f (/a.js:1:2)\nTypeError: x\n    at f (/a.js:1:2)\n";
    let error = "TypeError: x\n    at f (/a.js:1:2)".to_owned();
    assert_eq!(records(&lanes(None, &["app.text"]), text), [(1, 2, error.clone()), (3, 2, error)]);
}

/// A line of one of three lanes: whole or a piece, beginning a record or not.
fn any_line() -> impl Strategy<Value = String> {
    let text = prop_oneof![Just("ready"), Just("  more"), Just("Error: x"), Just(""), Just("KeyError: 'a'")];
    (prop_oneof![4 => Just("a"), 1 => Just("b"), 1 => Just("c")], text, prop::bool::weighted(0.2))
        .prop_map(|(stream, text, piece)| docker(stream, &format!("{text}{}", if piece { "" } else { "\\n" })))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cut_at_a_joint_changes_no_record(lines in prop::collection::vec(any_line(), 70..220)) {
        let lanes = lanes(Some("json-file"), &["app.text"]);
        let text = lines.concat();
        if let Some(at) = lanes.joint(text.as_bytes()) {
            prop_assert!(at > 0);
            let (first, second) = text.split_at(at);
            let before = first.lines().count();
            let mut parts = records(&lanes, first);
            parts.extend(records(&lanes, second).into_iter().map(|(line, lines, text)| (line + before, lines, text)));
            prop_assert_eq!(parts, records(&lanes, &text));
        }
    }
}
