//! Kinds that stand in text: Apache, HAProxy, Traefik, and products that are nginx inside.
//!
//! `DETECT.tsv` says of what kind each file is; [`KINDS`] says which formats of ours are right for a kind.

use crate::common::{assert_books_balance, list, root, run_json, text};
use serde_json::Value;

/// Kinds that are held to it: as the table names them, the formats that are right (`clf` is the family), and how many of
/// their files' lines may stay unknown.
const KINDS: &[(&str, &[&str], u64)] = &[
    ("apache-access", &["apache.access", "clf"], 2),
    ("apache-error", &["apache.error"], 0),
    ("haproxy", &["haproxy.access", "haproxy.error", "haproxy.tcp"], 0),
    ("npm-proxy", &["nginx.access"], 1),
    ("traefik-clf", &["traefik.access"], 0),
    ("mixed:nginx-error,kong-access", &["nginx.access", "nginx.error"], 0),
];

/// Files that are found to be something else, and why that is no mistake.
const KEPT: &[(&str, &str, &str)] = &[
    (
        "apache-access/log2timeline-plaso__apache_access.log",
        "nginx.access",
        "four layouts mixed by hand; one reads them all",
    ),
    (
        "apache-access/apache-drill__multiformat.access_log",
        "nginx.access",
        "three layouts mixed by hand; one reads two",
    ),
];

#[test]
fn each_file_is_found_to_be_what_it_is() {
    let home = root().join("../shared/corpora");
    let Ok(table) = std::fs::read_to_string(home.join("DETECT.tsv")) else {
        println!("skipped: no ../shared here");
        return;
    };
    let mut wrong = Vec::new();
    let mut files = 0;
    for (kind, formats, most_unknown) in KINDS {
        let mut unknown = 0;
        for row in table.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>()).filter(|row| row[1] == *kind) {
            files += 1;
            let report = run_json(&home, [row[0]]).json();
            assert_books_balance(&report);
            let source = &list(&report["sources"])[0];
            unknown += source["unknown"].as_u64().unwrap();
            let found = format_of(source);
            let kept = KEPT.iter().find(|(file, format, _)| *file == row[0] && *format == found);
            if !formats.contains(&found.as_str()) && kept.is_none() {
                wrong.push(format!("{}: {kind} is found to be {found}", row[0]));
            }
            if let Some((.., why)) = kept {
                println!("{}: {kind} is found to be {found}: {why}", row[0]);
            }
        }
        println!("{kind}: {unknown} lines unknown");
        if unknown > *most_unknown {
            wrong.push(format!("{kind}: {unknown} lines are unknown, were {most_unknown}"));
        }
    }
    println!("{files} files, {} not as they are", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The id of the main format: `clf` of `clf (combined) + apache.error in syslog (RFC 3164)`.
fn format_of(source: &Value) -> String {
    text(&source["format"]).split(' ').next().unwrap_or_default().to_owned()
}
