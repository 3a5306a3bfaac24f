use super::*;
use crate::report::{Absorbed, AddressCount, Evidence, PathCount, Step, Template, sample};
use crate::time::Timestamp;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

fn text(report: &Report, style: &Style) -> String {
    let mut out = Vec::new();
    render(report, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn wide(width: usize) -> Style {
    Style { width, ..Style::default() }
}

/// Compares with the file; `UPDATE_GOLDENS=1` writes it anew.
pub(crate) fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(&path).unwrap(), "{name}: UPDATE_GOLDENS=1 accepts the new text");
}

#[test]
fn the_sample_reads_as_agreed() {
    golden("report-80.txt", &text(&sample::report(), &wide(80)));
    golden("report-120.txt", &text(&sample::report(), &wide(120)));
    golden("report-quiet-80.txt", &text(&sample::quiet(), &wide(80)));
}

#[test]
fn stamps_are_shown_in_the_zone_asked_for() {
    let told = text(&sample::report(), &Style { zone: Tz::Asia__Tokyo, ..wide(80) });
    assert!(told.contains("2026-11-21 18:04:28 to 18:08:40 (4m 12s)"));
    assert!(told.contains("shown in Asia/Tokyo (+09:00)"));
}

#[test]
fn colour_adds_only_colour_and_only_where_agreed() {
    let plain = text(&sample::report(), &wide(80));
    let coloured = text(&sample::report(), &Style { colour: true, ..wide(80) });
    let codes = regex::Regex::new("\x1b\\[[0-9;]*m").unwrap();
    assert_eq!(codes.replace_all(&coloured, ""), plain);
    assert_eq!(coloured.lines().filter(|line| line.contains('\x1b')).count(), 4 + 1); // tags, the course over time
}

#[test]
fn a_report_of_nothing_says_so() {
    let mut report = sample::quiet();
    assert!(text(&report, &wide(80)).starts_with("No incident: none of 1,204,331 requests was answered 5xx."));
    report.totals.requests = 0;
    assert!(text(&report, &wide(80)).starts_with("No incident: nothing in 1,216,904 lines of 3 logs"));
    report.totals.lines = 0;
    report.sources.clear();
    assert!(text(&report, &wide(80)).starts_with("No incident: no line was read\n"));
}

#[test]
fn a_narrow_terminal_loses_no_count() {
    let told = text(&sample::report(), &wide(50));
    assert!(told.contains(
        "\n  /var/log/nginx/error.log\n    nginx.error, 4,573 lines, 4,520 events,\n    21 benign, 31 unknown, 1 cut\n"
    ));
    assert!(!told.contains("lines  events"));
}

#[test]
fn an_explained_incident_is_named_with_what_explains_it() {
    let mut report = sample::report();
    report.incidents[2].parent_id = Some(report.incidents[3].id.clone()); // a warning explains an incident
    assert!(text(&report, &wide(80)).contains("\n  explained  by upstream.timeout (91c2d3e4f5a6b708)\n"));
}

#[test]
fn what_is_left_out_is_counted() {
    let mut report = sample::report();
    let lone = Incident { parent_id: None, ..report.incidents.remove(2) };
    report.incidents = (0..100).map(|at| Incident { id: at.to_string(), ..lone.clone() }).collect();
    report.sources = vec![report.sources.remove(0); 30];
    report.unknown = vec![report.unknown.remove(0); 11];
    let told = text(&report, &wide(100));
    assert_eq!(told.matches("Transactions block each other").count(), AT_ALL);
    for left_out in ["and 40 more: every one", "and 10 more ", "and 1 more: the JSON report"] {
        assert!(told.contains(left_out), "{left_out}");
    }
}

/// What an attacker would write: any bytes, and much of what acts on terminals and spreadsheets.
pub(crate) fn hostile() -> impl Strategy<Value = String> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..120).prop_map(|bytes| String::from_utf8_lossy(&bytes).into());
    let letters = proptest::sample::select(
        "\0\t\r\n\x1b[2J]0;\x07\x7f\u{9b}\u{85}\u{202e}\u{2066}\u{200b}\u{200d}\u{feff}\u{fe0f}\u{e0041}\u{301}❤️👨日本ａ =+-@;,\"'".chars().collect::<Vec<_>>(),
    );
    let nasty = proptest::collection::vec(letters, 0..200).prop_map(String::from_iter);
    prop_oneof![bytes, nasty, any::<String>()]
}

/// The sample with hostile text in every field that holds text, and any stamps and counts.
pub(crate) fn hostile_report() -> impl Strategy<Value = Report> {
    (proptest::collection::vec(hostile(), 16), any::<(u64, u64, i64, i64)>(), any::<(f64, f64)>()).prop_map(
        |(texts, (many, few, first, last), (share, latency))| {
            let mut report = sample::report();
            let text = |at: usize| texts[at % texts.len()].clone();
            report.zone = text(0);
            report.notes = vec![text(1), text(2)];
            report.unknown = vec![Template { source: text(3), template: text(4), count: many }];
            report.defects = vec![crate::error::Defect::new(text(5), text(6)).hint(text(7))];
            report.gaps = vec![crate::report::Gap {
                source: text(8),
                offset: few,
                at: Timestamp::from_micros(first),
                why: text(9),
            }];
            for source in &mut report.sources {
                (source.path, source.format, source.zone, source.defect) =
                    (text(10), text(11), text(12), Some(text(13)));
                (source.lines, source.unknown) = (many, few);
            }
            for (place, incident) in report.incidents.iter_mut().enumerate() {
                poison(incident, |at| text(at + place));
                (incident.start, incident.end) = (Timestamp::from_micros(first), Timestamp::from_micros(last));
                (incident.requests_failed, incident.share, incident.timeline.counts) =
                    (Some(few), Some(share), vec![many, few, 0]);
                incident.latency_ms = Some(crate::report::Latency { p50: latency, p95: share, p99: 0.0 });
            }
            report
        },
    )
}

fn poison(incident: &mut Incident, text: impl Fn(usize) -> String) {
    (incident.id, incident.cause, incident.title) = (text(0), text(1), text(2));
    (incident.service, incident.team, incident.routed_by) = (text(3), Some(text(4)), text(5));
    incident.upstreams = (0..7).map(|at| AddressCount { address: text(at), count: 1 }).collect();
    incident.paths = (0..7).map(|at| PathCount { path: text(at + 1), count: 1 }).collect();
    incident.evidence =
        (0..5).map(|at| Evidence { source: text(at), line: 1, offset: 2, text: text(at + 3).repeat(9) }).collect();
    incident.absorbed = vec![Absorbed { cause: text(6), count: 1 }];
    incident.checks = vec![text(7), text(8)];
    (incident.retry_safe, incident.wrong_reflex, incident.doubt) = (Some(text(9)), Some(text(10)), Some(text(11)));
    incident.runbook = Some(text(12));
    incident.escalation = vec![Step { after: text(13), at: Timestamp::default(), to: text(14) }];
}

/// Controls (but the line's end), bidi and zero-width letters.
pub(crate) fn acts(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}' | '\u{e0000}'..='\u{e007f}')
        || (letter.is_control() && letter != '\n')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_neither_acts_nor_leaves_the_width(report in hostile_report(), width in 60_usize..200) {
        let told = text(&report, &wide(width));
        prop_assert_eq!(told.chars().find(|letter| acts(*letter)), None);
        for line in told.lines() {
            prop_assert!(line.width() <= width, "{} columns: {:?}", line.width(), line);
        }
    }

    #[test]
    fn hostile_text_makes_no_formula_and_no_column(report in hostile_report()) {
        use crate::report::csv::{CsvTable, render_csv};
        for table in [CsvTable::Incidents, CsvTable::Timeline, CsvTable::Evidence] {
            let mut out = Vec::new();
            render_csv(&report, table, &mut out).unwrap();
            let told = String::from_utf8(out).unwrap();
            prop_assert_eq!(told.replace("\r\n", "").chars().find(|letter| acts(*letter) || *letter == '\n'), None);
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(told.as_bytes());
            let rows: Vec<_> = reader.records().collect::<Result<_, _>>().unwrap(); // rows of unequal length are errors
            prop_assert!(rows.len() > 1);
            for cell in rows.iter().flatten() {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@']) || cell.parse::<f64>().is_ok(), "{:?}", cell);
            }
        }
    }

    #[test]
    fn hostile_text_comes_back_from_json(report in hostile_report()) {
        use crate::report::json::{render_json, render_ndjson};
        let (mut whole, mut lines) = (Vec::new(), Vec::new());
        render_json(&report, &mut whole).unwrap();
        render_ndjson(&report, &mut lines).unwrap();
        let serde: serde_json::Value = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&whole).unwrap(), serde);
        prop_assert_eq!(String::from_utf8(whole).unwrap().chars().find(|letter| acts(*letter)), None);
        let lines = String::from_utf8(lines).unwrap();
        prop_assert_eq!(lines.lines().count(), 1 + 3 + 1 + 4 + 2 + 1);
        prop_assert_eq!(lines.chars().find(|letter| acts(*letter)), None);
    }
}
