//! The report as Prometheus text (exposition format 0.0.4), for a watch.
//!
//! In: a [`Report`] and what the watch knows beside it. Out: text. Pure. Label values come from logs: they are escaped and
//! harmless, and a metric has no more than a bounded number of series; the rest is summed up under `(others)`.

use super::{Kind, Report};
use crate::text::harmless;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// Series of one metric, that of the others included.
const MOST_SERIES: usize = 500;
/// Letters of a label's value.
const MOST_LETTERS: usize = 200;
/// What stands for everything beyond the bound.
const OTHERS: &str = "(others)";

/// What the watch knows beside the report.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    /// Ids of the incidents that are open.
    pub open: Vec<String>,
    /// How far the reading is behind, by source, in bytes.
    pub lag_bytes: Vec<(String, u64)>,
    /// When a line was read last, by source.
    pub read_last: Vec<(String, Timestamp)>,
    /// Notices by channel and what came of them: `sent`, `failed`, `in_digest`, `lost`.
    pub notices: Vec<(String, &'static str, u64)>,
    /// Incidents of which nobody is told for want of room.
    pub crowded_out: u64,
}

/// The text.
pub fn render(report: &Report, watch: &Watch) -> String {
    let mut page = Page::default();
    incidents(&mut page, report, watch);
    lines(&mut page, report);
    failures(&mut page, report);
    gaps(&mut page, report);
    let lag = watch.lag_bytes.iter().map(|(source, bytes)| ([source.clone()], *bytes as f64));
    page.metric("triage_source_lag_bytes", "gauge", "Bytes that are written and not read yet.", ["source"], lag);
    let last = watch.read_last.iter().map(|(source, at)| ([source.clone()], at.micros() as f64 / 1e6));
    let help = "When a line was read last, in seconds since 1970.";
    page.metric("triage_source_read_timestamp_seconds", "gauge", help, ["source"], last);
    let notices =
        watch.notices.iter().map(|(channel, outcome, count)| ([channel.clone(), (*outcome).into()], *count as f64));
    page.metric("triage_notices_total", "counter", "Notices by what came of them.", ["channel", "outcome"], notices);
    let help = "Incidents of which nobody is told for want of room.";
    page.metric("triage_incidents_untold", "gauge", help, [], [([], watch.crowded_out as f64)]);
    page.text
}

fn incidents(page: &mut Page, report: &Report, watch: &Watch) {
    let open: BTreeSet<&String> = watch.open.iter().collect();
    let seen =
        report.incidents.iter().filter(|incident| incident.kind == Kind::Incident && open.contains(&incident.id));
    let series = seen.map(|incident| ([incident.cause.clone(), incident.role.name().into()], 1.0));
    page.metric("triage_incidents_open", "gauge", "Incidents that are open.", ["cause", "role"], series);
}

fn lines(page: &mut Page, report: &Report) {
    let series = report.sources.iter().flat_map(|source| {
        let outcomes = [
            ("events", source.events),
            ("passed", source.passed),
            ("benign", source.benign),
            ("unknown", source.unknown),
            ("cut", source.cut),
        ];
        outcomes.map(|(outcome, count)| ([source.path.clone(), outcome.into()], count as f64))
    });
    page.metric("triage_lines_total", "counter", "Lines by what became of them.", ["source", "outcome"], series);
}

fn failures(page: &mut Page, report: &Report) {
    let seen = report.incidents.iter().filter(|incident| incident.kind == Kind::Incident);
    let series = seen.flat_map(|incident| {
        incident.status_counts.iter().map(|counted| {
            let labels = [incident.cause.clone(), incident.hop.name().into(), format!("{:03}", counted.status)];
            (labels, counted.count as f64)
        })
    });
    let help = "Failed requests by the status that clients saw.";
    page.metric("triage_http_5xx_total", "counter", help, ["cause", "hop", "status"], series);
    let totals = [
        ("requests", report.totals.requests),
        ("failed", report.totals.requests_5xx),
        ("explained", report.totals.explained_5xx),
    ];
    let series = totals.map(|(what, count)| ([what.into()], count as f64));
    page.metric("triage_requests_total", "counter", "Requests: all, failed, explained.", ["what"], series);
}

fn gaps(page: &mut Page, report: &Report) {
    let series = report.gaps.iter().map(|gap| ([gap.source.clone()], 1.0));
    page.metric("triage_gaps_total", "counter", "Losses that could not be avoided.", ["source"], series);
}

/// The text so far.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// One metric. Series with the same labels are added up; a metric without any stands there by name all the same.
    fn metric<const N: usize>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        labels: [&str; N],
        series: impl IntoIterator<Item = ([String; N], f64)>,
    ) {
        let mut sums: BTreeMap<[String; N], f64> = BTreeMap::new();
        for (values, number) in series {
            let values = values.map(|value| shown(&value));
            let has_room = sums.contains_key(&values) || sums.len() < MOST_SERIES - 1;
            let values = if has_room { values } else { std::array::from_fn(|_| OTHERS.to_owned()) };
            *sums.entry(values).or_default() += number;
        }
        self.text.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
        for (values, number) in &sums {
            let pairs: Vec<String> =
                labels.iter().zip(values).map(|(label, value)| format!("{label}=\"{value}\"")).collect();
            let pairs = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
            self.text.push_str(&format!("{name}{pairs} {number}\n"));
        }
    }
}

/// A label's value: harmless, cut, then escaped.
fn shown(value: &str) -> String {
    let cut: String = harmless(value.as_bytes()).chars().take(MOST_LETTERS).collect();
    cut.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Gap, Incident, StatusCount, sample};

    fn watch() -> Watch {
        Watch {
            open: vec!["f8bcd62a829b1126".into(), "91c2d3e4f5a6b708".into()],
            lag_bytes: vec![("a.log".into(), 4_096)],
            read_last: vec![("a.log".into(), Timestamp::from_micros(1_795_251_868_500_000))],
            notices: vec![("chat".into(), "sent", 3), ("chat".into(), "failed", 1)],
            crowded_out: 2,
        }
    }

    fn report() -> Report {
        let mut report = sample::report();
        let gap = |offset| Gap { source: "a.log".into(), offset, at: sample::at(0), why: "truncated".into() };
        report.gaps = vec![gap(1), gap(2)];
        report
    }

    #[test]
    fn every_metric_stands_there() {
        let text = render(&report(), &watch());
        for line in [
            "triage_incidents_open{cause=\"upstream.refused\",role=\"infra\"} 1",
            "triage_lines_total{source=\"/var/log/nginx/error.log\",outcome=\"benign\"} 21",
            "triage_http_5xx_total{cause=\"upstream.refused\",hop=\"app\",status=\"502\"} 4209",
            "triage_requests_total{what=\"explained\"} 4212",
            "triage_source_lag_bytes{source=\"a.log\"} 4096",
            "triage_source_read_timestamp_seconds{source=\"a.log\"} 1795251868.5",
            "triage_gaps_total{source=\"a.log\"} 2",
            "triage_notices_total{channel=\"chat\",outcome=\"failed\"} 1",
            "triage_incidents_untold 2",
        ] {
            assert!(text.lines().any(|stands| stands == line), "{line}\nnot in\n{text}");
        }
        assert!(!text.contains("cause=\"db.deadlock\",role"), "it is not open");
        assert!(!text.contains("cause=\"upstream.timeout\""), "no user saw it");
    }

    #[test]
    fn the_text_is_of_the_format() {
        let line = regex::Regex::new(
            r#"^triage_[a-z0-9_]+(\{[a-z]+="([^"\\\n]|\\[\\"n])*"(,[a-z]+="([^"\\\n]|\\[\\"n])*")*\})? [0-9.]+$"#,
        )
        .unwrap();
        let mut report = report();
        report.sources[0].path = "a\"b\\c\n{d=\"e\"} 1\u{1b}[2J\u{202e}".into();
        for text in render(&report, &watch()).lines().filter(|line| !line.starts_with("# ")) {
            assert!(line.is_match(text), "{text}");
        }
        assert!(render(&report, &watch()).is_ascii());
    }

    #[test]
    fn series_are_bounded_and_nothing_is_lost() {
        let mut report = report();
        let one = |number: usize| Incident {
            cause: format!("c{number}"),
            status_counts: vec![StatusCount { status: 502, count: 1 }],
            ..sample::plain()
        };
        report.incidents = (0..3 * MOST_SERIES).map(one).collect();
        let text = render(&report, &watch());
        let series = text.lines().filter(|line| line.starts_with("triage_http_5xx_total{")).count();
        assert_eq!(series, MOST_SERIES);
        let others = 2 * MOST_SERIES + 1;
        assert!(
            text.contains(&format!("{{cause=\"(others)\",hop=\"(others)\",status=\"(others)\"}} {others}\n")),
            "{text}"
        );
        report.sources[0].path = "x".repeat(10_000);
        assert!(render(&report, &watch()).len() < 100_000);
    }
}
