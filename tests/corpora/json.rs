//! Logs in JSON.

use crate::common::{assert_books_balance, list, root, run_json, text};
use std::path::PathBuf;

/// The kinds of the table that are known, with the formats that they are found as.
const KINDS: &[(&str, &[&str])] = &[
    ("caddy-json", &["caddy.access"]),
    ("cloudflare-firewall", &["unknown"]),
    ("cloudflare-http", &["cloudflare.http"]),
    ("envoy-json", &["envoy.access"]),
    ("kong-json", &["kong.json"]),
    ("lambda", &["aws.lambda"]),
    ("nginx-json", &["nginx.access"]),
    ("traefik-json", &["traefik.access"]),
];

/// Lines that nobody may be able to read or judge, by file: how many at most, and what they are.
const UNKNOWN: &[(&str, u64, &str)] =
    &[("traefik-json/crowdsecurity-hub__traefik_json.log", 1, "a plugin's debug line in plain text")];

fn corpora() -> Option<PathBuf> {
    let folder = root().join("../shared/corpora");
    folder.is_dir().then_some(folder)
}

#[test]
fn each_file_is_found_as_its_kind() {
    let Some(folder) = corpora() else {
        println!("skipped: no ../shared here");
        return;
    };
    let table = std::fs::read_to_string(folder.join("DETECT.tsv")).unwrap();
    let (mut files, mut wrong) = (0, Vec::new());
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let Some((_, ids)) = KINDS.iter().find(|(kind, _)| *kind == cells[1]) else { continue };
        files += 1;
        let report = run_json(&folder, [cells[0]]).json();
        assert_books_balance(&report);
        let source = &list(&report["sources"])[0];
        let found = text(&source["format"]);
        if !ids.iter().any(|id| found.starts_with(id)) {
            wrong.push(format!("{}: {} is found as {found}", cells[0], cells[1]));
        }
        let allowed = UNKNOWN.iter().find(|(file, ..)| *file == cells[0]).map_or(0, |(_, lines, _)| *lines);
        let unknown = source["unknown"].as_u64().unwrap();
        if unknown > allowed && !ids.contains(&"unknown") {
            wrong.push(format!("{}: {unknown} lines are unknown, {allowed} may be", cells[0]));
        }
    }
    println!("{files} files of {} kinds", KINDS.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
