//! The same logs give the same report, to the byte, for any number of threads and any chunk size.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{root, run_json};
use proptest::prelude::*;
use proptest::test_runner::Config;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Each pair of threads and bytes a chunk that is compared with the first; 0 is the default.
const WAYS: &[(&str, &str)] =
    &[("1", "0"), ("1", "1"), ("2", "7"), ("4", "64"), ("2", "4096"), ("4", "0"), ("4", "1"), ("1", "64")];

/// Whole records of the samples, continuation lines included.
static RECORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = ["php-stderr", "lua-error", "refused", "read-timeout", "not-found-noise", "cut-at-2048-bytes"];
    names.iter().flat_map(|name| records(&format!("nginx.error/{name}.log"))).collect()
});

/// Lines of access logs of two layouts.
static REQUESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let names = ["combined-refused", "main-exception"];
    names.iter().flat_map(|name| records(&format!("nginx.access/{name}.log"))).collect()
});

fn records(sample: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("samples").join(sample)).unwrap();
    let mut records: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match records.last_mut() {
            Some(record) if !line.starts_with("2026/") && !line.starts_with(|first: char| first.is_ascii_digit()) => {
                record.push_str(line);
            }
            _ => records.push(line.to_owned()),
        }
    }
    records
}

/// The first way whose report differs from the first way's, with the place.
fn difference(folder: &Path) -> Option<String> {
    let run = |(jobs, chunk): (&str, &str)| run_json(folder, ["-j", jobs, "--chunk-bytes", chunk, "."]).out;
    let expected = run(WAYS[0]);
    assert!(expected.starts_with(b"{"), "no report");
    for way in &WAYS[1..] {
        let out = run(*way);
        if out != expected {
            let (old, new) = (String::from_utf8_lossy(&expected), String::from_utf8_lossy(&out));
            let at = old.lines().zip(new.lines()).find(|(old, new)| old != new);
            return Some(format!(
                "-j {} --chunk-bytes {} gives another report than {:?}: {at:?}",
                way.0, way.1, WAYS[0]
            ));
        }
    }
    None
}

#[test]
fn each_story_is_told_the_same() {
    for story in fs::read_dir(root().join("samples/stories")).unwrap() {
        let story = story.unwrap().path();
        if story.is_dir() {
            assert_eq!(difference(&story), None, "{}", story.display());
        }
    }
}

#[test]
fn each_kind_of_log_is_told_the_same() {
    for kind in [
        "nginx.error",
        "nginx.access",
        "php-fpm.log",
        "aws.alb",
        "iis.w3c",
        "iis.httperr",
        "cloudflare.http",
        "app.text",
        "uwsgi.request",
        "gunicorn.error",
    ] {
        assert_eq!(difference(&root().join("samples").join(kind)), None, "{kind}");
    }
}

#[test]
fn logs_in_json_are_told_the_same() {
    for kind in ["cloudflare.http", "caddy.access", "vercel.access", "aws.lambda"] {
        assert_eq!(difference(&root().join("samples").join(kind)), None, "{kind}");
    }
}

#[test]
fn odd_ends_are_told_the_same() {
    let record = &RECORDS[2];
    for (name, text) in [
        ("continuation first", format!("  thrown in x.php on line 8\n{record}")),
        ("no line feed at the end", record.trim_end().to_owned()),
        ("empty lines", format!("\n\n{record}\n\n{record}\n")),
        ("CRLF", record.replace('\n', "\r\n").repeat(3)),
        ("a record of 100 lines", format!("{}\n{}{record}", record.trim_end(), "#1 more\n".repeat(100))),
        ("NUL bytes", format!("{record}\0\0\0\n{record}")),
    ] {
        let desk = TempDir::new().unwrap();
        fs::write(desk.path().join("error.log"), text).unwrap();
        assert_eq!(difference(desk.path()), None, "{name}");
    }
}

/// The smallest log for which it is not so: a passed line that is far ahead of its neighbours.
#[test]
fn a_line_far_ahead_of_its_neighbours_is_told_the_same() {
    let desk = TempDir::new().unwrap();
    let refused = RECORDS.iter().find(|record| record.contains("Connection refused")).unwrap();
    let other = RECORDS.iter().find(|record| record.contains("timed out")).unwrap();
    let request = REQUESTS.iter().find(|request| request.contains("\" 502 ")).unwrap();
    let ahead = REQUESTS.iter().find(|request| request.contains("11:00:08") && request.contains("\" 200 ")).unwrap();
    fs::write(desk.path().join("error.log"), refused).unwrap();
    fs::write(desk.path().join("access.log"), format!("{ahead}{request}")).unwrap();
    fs::write(desk.path().join("other.log"), other).unwrap();
    assert_eq!(difference(desk.path()), None);
}

/// The second of the stamp of a sample's record, as its place in the order.
fn stamp(record: &str) -> String {
    match record.find('[') {
        Some(at) if !record.starts_with("2026/") => record[at + 1..].chars().take(20).collect(),
        _ => record.chars().take(19).collect(),
    }
}

/// Records in the order of their stamps: those of one second stay as they were picked.
fn in_order(pool: &[String], picks: &[prop::sample::Index]) -> String {
    let mut picked: Vec<&String> = picks.iter().map(|pick| pick.get(pool)).collect();
    picked.sort_by_key(|record| stamp(record));
    picked.into_iter().map(String::as_str).collect()
}

proptest! {
    #![proptest_config(Config { cases: 8, failure_persistence: None, max_shrink_iters: 40, ..Config::default() })]

    /// Two error logs and an access log: any records, shuffled within a second, as many workers write them.
    #[test]
    fn interleaved_logs_are_told_the_same(
        diagnoses in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
        requests in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        more in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let desk = TempDir::new().unwrap();
        fs::write(desk.path().join("error.log"), in_order(&RECORDS, &diagnoses)).unwrap();
        fs::write(desk.path().join("access.log"), in_order(&REQUESTS, &requests)).unwrap();
        fs::write(desk.path().join("other.log"), in_order(&RECORDS, &more)).unwrap();
        prop_assert_eq!(difference(desk.path()), None);
    }

    /// One error log in any order at all.
    #[test]
    fn a_shuffled_log_is_told_the_same(
        diagnoses in prop::collection::vec(any::<prop::sample::Index>(), 1..60),
    ) {
        let desk = TempDir::new().unwrap();
        let text: String = diagnoses.iter().map(|pick| pick.get(&RECORDS).as_str()).collect();
        fs::write(desk.path().join("error.log"), text).unwrap();
        prop_assert_eq!(difference(desk.path()), None);
    }
}
