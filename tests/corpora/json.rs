//! Logs in JSON. Where another tool's reading of a file is at hand, status, client, method and path are compared with it.

use crate::common::{assert_books_balance, list, root, run_json, text};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use triage::event::{Event, Field};
use triage::grammar::{Grammars, RecordReader};
use triage::time::Zone;

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
const UNKNOWN: &[(&str, u64, &str)] = &[
    ("envoy-json/crowdsecurity-hub__envoy.log", 4, "lines of Envoy's text default among those in JSON"),
    ("traefik-json/crowdsecurity-hub__traefik_json.log", 1, "a plugin's debug line in plain text"),
];

/// Values that we read otherwise, and why.
const OTHERWISE: &[(&str, &str, &str)] = &[];

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

/// A value of ours beside one of another tool: equal, or the other is a part of it (a path without its query).
fn agrees(field: Field, ours: &str, theirs: &str) -> bool {
    match field {
        Field::Uri => ours.split('?').next() == theirs.split('?').next(),
        Field::Client => ours.split(',').any(|address| address.trim() == theirs),
        _ => ours == theirs,
    }
}

#[test]
fn what_other_tools_read_is_what_we_read() {
    let Some(folder) = corpora() else {
        println!("skipped: no ../shared here");
        return;
    };
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let table = std::fs::read_to_string(folder.join("DETECT.tsv")).unwrap();
    let (mut values, mut wrong) = (0, Vec::new());
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let Some((_, ids)) = KINDS.iter().find(|(kind, _)| *kind == cells[1]) else { continue };
        let Ok(expected) = std::fs::read(folder.join(format!("{}.expected.json", cells[0]))) else { continue };
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        for item in expected.as_object().unwrap().values().flat_map(list) {
            let line = text(&item["Parsed"]["message"]);
            for (name, field) in [
                ("http_status", Field::Status),
                ("http_verb", Field::Method),
                ("http_path", Field::Uri),
                ("source_ip", Field::Client),
            ] {
                let theirs = text(&item["Meta"][name]);
                let Some(ours) = ids.iter().find_map(|id| value(&grammars, id, &line, field)) else { continue };
                if item["Meta"][name].is_null() {
                    continue;
                }
                values += 1;
                let known = OTHERWISE.iter().any(|(file, of, _)| *file == cells[0] && *of == name);
                if !agrees(field, &ours, &theirs) && !known {
                    wrong.push(format!("{}: {name} is {ours}, expected {theirs}: {line}", cells[0]));
                }
            }
        }
    }
    println!("{values} values compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The field of a line, read by a format.
fn value(grammars: &Grammars, id: &str, line: &str, field: Field) -> Option<String> {
    grammars.with_id(id).find_map(|format| {
        let mut event = Event::default();
        RecordReader::new(Arc::clone(format), Zone::UTC).read(line.as_bytes(), &mut event)?;
        Some(String::from_utf8_lossy(event.raw(field).unwrap_or_default()).into_owned())
    })
}
