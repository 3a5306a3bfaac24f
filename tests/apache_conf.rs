//! `--apache-conf`: the formats of logs are found in httpd.conf by the logs' paths.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Ran, assert_books_balance, list, text};
use std::path::Path;

/// Logs that nobody can read without their formats: the columns stand in an order of their own.
const ACCESS: &str = "503|/cart|203.0.113.9|2026-03-03 09:13:20\n200|/|203.0.113.8|2026-03-03 09:13:21\n";
const ERROR: &str = "error <> (111)Connection refused: AH00957: http: attempt to connect to 192.0.2.17:8081 (192.0.2.17:8081) failed <> Tue Mar 03 09:13:20 2026\n\
                     error <> 203.0.113.9:40112 AH01114: HTTP: failed to make connection to backend: 192.0.2.17 <> Tue Mar 03 09:13:20 2026\n";
const SITE: &str = "<VirtualHost *:80>\n  LogFormat \"%>s|%U|%a|%{%Y-%m-%d %H:%M:%S}t\" mine\n  CustomLog ${APACHE_LOG_DIR}/shop.log mine\n  \
                    ErrorLogFormat \"%l <> %E: %a %M <> %t\"\n  ErrorLog ${APACHE_LOG_DIR}/shop-error.log\n</VirtualHost>\n";

fn desk() -> tempfile::TempDir {
    let desk = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(desk.path().join(name), text).unwrap();
    std::fs::create_dir(desk.path().join("sites")).unwrap();
    write("httpd.conf", &format!("ServerRoot {}\nIncludeOptional sites/*.conf\n", desk.path().display()));
    write("sites/shop.conf", SITE);
    write("shop.log", ACCESS);
    write("shop-error.log", ERROR);
    desk
}

fn run(folder: &Path, conf: &str) -> Ran {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_triage"));
    command.args(["--tz", "UTC", "--nginx-conf", "/dev/null", "--apache-conf", conf, "--output-format", "json"]);
    Ran::of(command.args(["shop.log", "shop-error.log"]).current_dir(folder).output().unwrap())
}

#[test]
fn logs_are_read_by_what_their_server_was_told() {
    let desk = desk();
    let without = run(desk.path(), "/dev/null").json();
    assert_eq!(without["totals"]["requests"], 0, "these logs can be read without their formats");
    let report = run(desk.path(), "httpd.conf").json();
    assert_books_balance(&report);
    let formats: Vec<String> = list(&report["sources"]).iter().map(|source| text(&source["format"])).collect();
    assert_eq!(formats, ["apache.access (log_format mine)", "apache.error (told)"]);
    assert_eq!((&report["totals"]["requests"], &report["totals"]["requests_5xx"]), (&2.into(), &1.into()));
    assert_eq!(text(&report["incidents"][0]["cause"]), "upstream.refused");
}

#[test]
fn a_configuration_that_cannot_be_read_is_told() {
    let desk = desk();
    let ran = run(desk.path(), "no-such.conf");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("no-such.conf") && ran.err.contains("--apache-conf"), "{}", ran.err);
}
