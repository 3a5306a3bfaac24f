//! The report as CSV, for postmortems: three tables that a spreadsheet opens.
//!
//! In: the [`Report`] and which [`CsvTable`]. Out: RFC 4180, UTF-8, a header row, one record a line. Stamps are RFC 3339
//! in UTC. Cells with text are harmless twice over: nothing acts on a terminal, nothing becomes a formula.

mod cell;

use super::{Incident, Kind, Report};
use crate::time::Timestamp;
use cell::{fraction, joined, number, safe};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many upstreams and paths stand in a cell; the rest is in the JSON report.
const TOP: usize = 5;

/// Which table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvTable {
    /// One row an incident or warning.
    Incidents,
    /// Failures over time: one row a bucket.
    Timeline,
    /// One row a kept line.
    Evidence,
}

/// Writes one table.
///
/// # Errors
/// Those of `out`.
pub fn render_csv(report: &Report, table: CsvTable, out: &mut dyn Write) -> io::Result<()> {
    // Text is always quoted, so that a spreadsheet told to split at `;` too keeps a joined list together.
    let mut rows = ::csv::WriterBuilder::new()
        .quote_style(::csv::QuoteStyle::NonNumeric)
        .terminator(::csv::Terminator::CRLF)
        .from_writer(out);
    match table {
        CsvTable::Incidents => incidents(report, &mut rows)?,
        CsvTable::Timeline => timeline(report, &mut rows)?,
        CsvTable::Evidence => evidence(report, &mut rows)?,
    }
    rows.flush()
}

/// The three files for `-o post.csv`: `post.csv`, `post.timeline.csv`, `post.evidence.csv`.
pub fn csv_paths(path: &Path) -> [(CsvTable, PathBuf); 3] {
    [
        (CsvTable::Incidents, path.to_path_buf()),
        (CsvTable::Timeline, beside(path, "timeline")),
        (CsvTable::Evidence, beside(path, "evidence")),
    ]
}

/// The path with a word before its extension; `csv` where it has none.
fn beside(path: &Path, word: &str) -> PathBuf {
    let mut name = OsString::from(path.file_stem().unwrap_or_default());
    for part in [".".as_ref(), word.as_ref(), ".".as_ref(), path.extension().unwrap_or("csv".as_ref())] {
        name.push::<&std::ffi::OsStr>(part);
    }
    path.with_file_name(name)
}

type Rows<'a> = ::csv::Writer<&'a mut dyn Write>;

/// A column: its name, and its cell for an incident.
type Column = (&'static str, fn(&Incident) -> String);

/// The incidents table, by column, so that names and cells cannot come apart.
const COLUMNS: &[Column] = &[
    ("id", |i| safe(&i.id)),
    ("parent_id", |i| optional(&i.parent_id)),
    ("kind", |i| if i.kind == Kind::Incident { "incident".into() } else { "warning".into() }),
    ("severity", |i| i.severity.to_string()),
    ("cause", |i| safe(&i.cause)),
    ("title", |i| safe(&i.title)),
    ("certainty", |i| i.certainty.to_string()),
    ("stated", |i| number(i.certainty_counts.stated)),
    ("implied", |i| number(i.certainty_counts.implied)),
    ("default", |i| number(i.certainty_counts.default)),
    ("hop", |i| i.hop.to_string()),
    ("service", service),
    ("role", |i| i.role.to_string()),
    ("team", |i| optional(&i.team)),
    ("routed_by", |i| safe(&i.routed_by)),
    ("start", |i| stamp(i.start)),
    ("end", |i| stamp(i.end)),
    ("duration_seconds", |i| number(i.end.seconds().saturating_sub(i.start.seconds()))),
    ("status", |i| joined(i.status_counts.iter().map(|s| format!("{}:{}", s.status, s.count)))),
    ("requests_failed", |i| i.requests_failed.map_or_else(String::new, number)),
    ("attempts_failed", |i| number(i.attempts_failed)),
    ("requests_total", |i| i.requests_total.map_or_else(String::new, number)),
    ("share", |i| fraction(i.share)),
    ("latency_p50_ms", |i| fraction(i.latency_ms.map(|latency| latency.p50))),
    ("latency_p95_ms", |i| fraction(i.latency_ms.map(|latency| latency.p95))),
    ("latency_p99_ms", |i| fraction(i.latency_ms.map(|latency| latency.p99))),
    ("clients", |i| number(i.clients)),
    ("upstreams", |i| joined(i.upstreams.iter().take(TOP).map(|u| format!("{}={}", u.address, u.count)))),
    ("paths", |i| joined(i.paths.iter().take(TOP).map(|p| format!("{}={}", p.path, p.count)))),
    ("breakdown_exact", |i| i.breakdown_exact.to_string()),
    ("absorbed", |i| joined(i.absorbed.iter().map(|a| format!("{}={}", a.cause, a.count)))),
    ("checks", |i| joined(i.checks.iter().cloned())),
    ("wrong_reflex", |i| optional(&i.wrong_reflex)),
    ("retry_safe", |i| optional(&i.retry_safe)),
    ("doubt", |i| optional(&i.doubt)),
    ("runbook", |i| optional(&i.runbook)),
    ("escalation", |i| joined(i.escalation.iter().map(|step| format!("{} {}", step.after, step.to)))),
];

fn incidents(report: &Report, rows: &mut Rows<'_>) -> io::Result<()> {
    write(rows, COLUMNS.iter().map(|(name, _)| *name))?;
    for incident in &report.incidents {
        write(rows, COLUMNS.iter().map(|(_, cell)| cell(incident)))?;
    }
    Ok(())
}

fn timeline(report: &Report, rows: &mut Rows<'_>) -> io::Result<()> {
    write(rows, ["incident_id", "cause", "service", "bucket_start", "bucket_seconds", "count"])?;
    for incident in &report.incidents {
        let line = &incident.timeline;
        for (place, count) in line.counts.iter().enumerate() {
            write(
                rows,
                [
                    safe(&incident.id),
                    safe(&incident.cause),
                    service(incident),
                    stamp(bucket_start(line.start, line.bucket_seconds, place)),
                    number(line.bucket_seconds),
                    number(*count),
                ],
            )?;
        }
    }
    Ok(())
}

fn evidence(report: &Report, rows: &mut Rows<'_>) -> io::Result<()> {
    write(rows, ["incident_id", "cause", "source", "line", "offset", "text"])?;
    for incident in &report.incidents {
        for kept in &incident.evidence {
            write(
                rows,
                [
                    safe(&incident.id),
                    safe(&incident.cause),
                    safe(&kept.source),
                    number(kept.line),
                    number(kept.offset),
                    safe(&kept.text),
                ],
            )?;
        }
    }
    Ok(())
}

/// Writes a record. The output's own error comes back as it is: a broken pipe must be known for one.
fn write<T: AsRef<[u8]>>(rows: &mut Rows<'_>, record: impl IntoIterator<Item = T>) -> io::Result<()> {
    rows.write_record(record).map_err(|error| match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        kind => io::Error::other(format!("{kind:?}")),
    })
}

fn bucket_start(start: Timestamp, bucket_seconds: u64, place: usize) -> Timestamp {
    let micros = i128::from(start.micros()) + i128::from(bucket_seconds) * place as i128 * 1_000_000;
    Timestamp::from_micros(micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

/// RFC 3339 in UTC. Years beyond four digits begin with a sign, hence the guard.
fn stamp(stamp: Timestamp) -> String {
    safe(&stamp.to_string())
}

/// Empty where the logs name none.
fn service(incident: &Incident) -> String {
    if incident.service == "-" { String::new() } else { safe(&incident.service) }
}

fn optional(text: &Option<String>) -> String {
    text.as_deref().map_or_else(String::new, safe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{json, sample, terminal};

    const TABLES: [CsvTable; 3] = [CsvTable::Incidents, CsvTable::Timeline, CsvTable::Evidence];

    fn text(report: &Report, table: CsvTable) -> String {
        let mut out = Vec::new();
        render_csv(report, table, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn records(text: &str) -> Vec<::csv::StringRecord> {
        ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes())
            .records()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn an_incident_is_one_row_under_its_names() {
        let rows = records(&text(&sample::report(), CsvTable::Incidents));
        let cell = |row: usize, name| &rows[row][rows[0].iter().position(|column| column == name).unwrap()];
        assert_eq!((rows.len(), rows[0].len()), (5, COLUMNS.len()));
        assert_eq!(cell(1, "status"), "502:4209;504:3");
        assert_eq!(cell(1, "upstreams"), "10.0.3.17:8081=4200;10.0.3.18:8081=9;10.0.3.19:8081=3");
        assert_eq!((cell(1, "start"), cell(1, "duration_seconds")), ("2026-11-21T09:04:28.000Z", "252"));
        assert_eq!((cell(1, "share"), cell(2, "share")), ("0.312", ""));
        assert_eq!((cell(2, "parent_id"), cell(3, "service")), ("f8bcd62a829b1126", ""));
        assert_eq!((cell(3, "requests_failed"), cell(4, "kind")), ("", "warning"));
    }

    #[test]
    fn buckets_and_lines_follow_their_incident() {
        let buckets = records(&text(&sample::report(), CsvTable::Timeline));
        let third =
            ["f8bcd62a829b1126", "upstream.refused", "shop.example.com", "2026-11-21T09:04:48.000Z", "10", "180"];
        assert_eq!(buckets[3], third.to_vec());
        let kept = text(&sample::report(), CsvTable::Evidence);
        assert_eq!(records(&kept).len(), 5);
        assert!(kept.contains(r#"502 552 ""-"" ""\x1b]0;x\x07curl/8.5"""#) && kept.contains("\r\n"));
        assert!(kept.contains(r#""deadlock detected \u{202e}gnp.exe""#));
    }

    #[test]
    fn no_incident_leaves_the_headers() {
        for table in TABLES {
            assert_eq!(records(&text(&sample::quiet(), table)).len(), 1);
        }
    }

    #[test]
    fn a_broken_pipe_stays_one() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut report = sample::report();
        report.incidents[0].timeline.counts = vec![1; 10_000]; // more than any buffer holds
        let tables = TABLES.map(|table| render_csv(&report, table, &mut Closed));
        let others = [json::render_json, json::render_ndjson].map(|render| render(&report, &mut Closed));
        let terminal = terminal::render(&report, &terminal::Style::default(), &mut Closed);
        for result in tables.into_iter().chain(others).chain([terminal]) {
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        }
    }

    #[test]
    fn the_tables_stand_side_by_side() {
        let names = |path: &str| csv_paths(Path::new(path)).map(|(_, path)| path.display().to_string());
        assert_eq!(names("out/post.csv"), ["out/post.csv", "out/post.timeline.csv", "out/post.evidence.csv"]);
        assert_eq!(names("2026.11.CSV")[1], "2026.11.timeline.CSV");
        assert_eq!(names("post")[2], "post.evidence.csv");
    }
}
