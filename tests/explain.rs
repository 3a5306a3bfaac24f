//! `triage explain` as a user types it: every kind of argument, on the built program.
#![allow(clippy::panic)] // helpers of tests tell by panicking

use std::io::Write;
use std::process::{Command, Output, Stdio};

const REFUSED: &str = r#"2026/01/15 20:44:57 [error] 7#7: *9 connect() failed (111: Connection refused) while connecting to upstream, client: 192.0.2.7, server: shop.example.com, request: "GET /cart HTTP/1.1", upstream: "http://10.0.3.17:8081/cart", host: "shop.example.com""#;

/// Runs `triage explain` with these arguments, `stdin` piped in.
fn explain(arguments: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    command.arg("explain").args(arguments);
    command.env_clear().env("COLUMNS", "120");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    drop(pipe.write_all(stdin.as_bytes())); // those that do not read it close it
    drop(pipe);
    child.wait_with_output().expect("the program ends")
}

/// Runs it, expects success and these fragments in this order.
#[track_caller]
fn tells(arguments: &[&str], stdin: &str, fragments: &[&str]) -> String {
    let output = explain(arguments, stdin);
    let told = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let folded = folded(&told);
    let mut rest = folded.as_str();
    for fragment in fragments.iter().map(|fragment| self::folded(fragment)) {
        let Some(at) = rest.find(&fragment) else { panic!("{fragment:?} is not, or not in this order, in\n{told}") };
        rest = &rest[at + fragment.len()..];
    }
    told
}

/// The words alone: where rows break depends on the width.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Runs it, expects exit code 2, nothing on stdout and this on stderr.
#[track_caller]
fn refuses(arguments: &[&str], fragment: &str) {
    let output = explain(arguments, "");
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{complaint}");
    assert!(complaint.contains(fragment), "{fragment:?} is not in\n{complaint}");
}

#[test]
fn a_cause_is_told_with_owner_checks_and_rules() {
    tells(
        &["upstream.refused"],
        "",
        &[
            "ERROR        the upstream refused the connection\n",
            "cause      upstream.refused\n",
            "means      Nothing accepts connections",
            "at fault   app: the application",
            "owner      role infra: gateways and infrastructure; by cause upstream.refused (grammars/causes/upstream/refused.toml:",
            "severity   error",
            "retry      yes: ",
            "avoid      reloading the proxy",
            "check      1. ss -ltnp",
            "             2. systemctl",
            "absorbs    upstream.closed-early, upstream.reset",
            "explains   upstream.none-live",
            "part of    app.crash",
            "Seen in nginx.error: a failure, status 502\n",
            "rule       upstream.refused#1 (grammars/causes/upstream/refused.toml:",
            "says       connect() failed\n",
            "or         connect() to {_} failed\n",
            "when       errno == ECONNREFUSED",
            "example    2026/01/15 20:44:57 [error]",
        ],
    );
}

#[test]
fn a_cause_without_a_role_is_owned_by_status() {
    tells(&["app.error"], "", &["owner      500: role app", "503: role sre", "504: role db"]);
}

#[test]
fn a_family_is_a_list() {
    for family in ["db", "db.*"] {
        tells(&[family], "", &["db.*: 6 causes", "db.connections ", "db.unreachable  the database cannot be reached"]);
    }
}

#[test]
fn a_status_is_told_with_owner_and_causes() {
    tells(
        &["502"],
        "",
        &[
            "502 Bad Gateway\n",
            "means ",
            "owner      role infra: gateways and infrastructure; by status 502 (grammars/playbook.toml:",
            "who wrote  ",
            "$upstream_header_time",
            "Causes whose rules give 502",
            "upstream.refused ",
        ],
    );
    tells(
        &["5xx"],
        "",
        &["5xx: ", "500 Internal Server Error ", "app: the application's team", "504 Gateway Timeout "],
    );
    tells(&["404"], "", &["404\n", "no 5xx", "owner      nobody"]);
}

#[test]
fn two_statuses_stand_beside_each_other() {
    tells(
        &["502", "504"],
        "",
        &[
            "502 Bad Gateway  ",
            "504 Gateway Timeout\n",
            "Causes of 502 only\n",
            "upstream.socket-missing ",
            "Causes of either\n",
        ],
    );
}

#[test]
fn several_names_are_told_in_turn() {
    tells(&["upstream.refused", "504"], "", &["the upstream refused", "\n\n504 Gateway Timeout"]);
}

#[test]
fn a_line_is_told_with_its_verdict_and_the_rules_that_lost() {
    let fragments = [
        "ERROR        the upstream refused the connection\n",
        "cause      upstream.refused, stated: the line says it\n",
        "gives      failure: ",
        "owner      role infra",
        "rule       upstream.refused#1 (grammars/causes/upstream/refused.toml:",
        "status     502\n",
        "Rules that fit too, and why they lost\n",
        "1. upstream.unknown#1 (grammars/causes/upstream/unknown.toml:",
        "lower precedence: 5 < 50\n",
        "Read as nginx.error (nginx error log)\n",
        "2026-01-15T19:44:57.000Z  (the stamp names no zone; read as Europe/Berlin)\n",
        "errno       ECONNREFUSED\n",
        "upstream    http://10.0.3.17:8081/cart\n",
    ];
    let quoted = tells(&["--tz", "Europe/Berlin", REFUSED], "", &fragments);
    let unquoted: Vec<&str> = ["--tz", "Europe/Berlin"].into_iter().chain(REFUSED.split(' ')).collect();
    assert_eq!(tells(&unquoted, "", &fragments), quoted);
}

#[test]
fn a_wrapped_line_is_unwrapped() {
    let wrapped = format!("<187>Jan 15 20:44:57 web1 nginx: {REFUSED}");
    tells(&[&wrapped], "", &["cause upstream.refused, stated", "Read as nginx.error (nginx error log, inside syslog"]);
}

#[test]
fn a_record_of_several_lines_comes_on_stdin() {
    let record = "2026/01/15 20:44:57 [error] 7#7: *9 FastCGI sent in stderr: \"PHP message: PHP Fatal error:  Uncaught Error: x in /a.php:3\nStack trace:\n#0 {main}\" while reading response header from upstream, client: 192.0.2.7, server: a, request: \"GET / HTTP/1.1\", upstream: \"fastcgi://unix:/run/php.sock:\", host: \"a\"\n";
    let fragments = ["cause      app.exception, stated", "#0 {main}", "phase ", "Left out: 1 line, of other records"];
    tells(&["-"], &format!("{record}{REFUSED}\n"), &fragments);
}

#[test]
fn an_access_line_is_told_with_who_answered() {
    let line = |tail: &str| {
        format!(r#"192.0.2.7 - - [15/Jan/2026:22:15:00 +0000] "GET /cart HTTP/1.1" 502 157 "-" "curl/8.5.0"{tail}"#)
    };
    tells(
        &[&line(r#" uht="-" urt="0.002" ua="10.0.3.17:8081" us="502""#)],
        "",
        &[
            "implied by the fields",
            "answered   the proxy that wrote this line: no header of the upstream arrived",
            "Read as nginx.access",
        ],
    );
    tells(
        &[&line("")],
        "",
        &[
            "by the status alone",
            "answered   the line does not say",
            "to log     add $upstream_addr, $upstream_status",
            "next       read the error log too",
        ],
    );
    tells(
        &[&line("").replace(" 502 ", " 200 ")],
        "",
        &["Nothing failed: the request was answered with 200", "Read as clf (combined)"],
    );
    let answered =
        r#"192.0.2.7 - - [15/Jan/2026:22:15:00 +0000] "GET /cart HTTP/1.1" 200 157 "-" "curl/8.5.0" us="502, 200""#;
    tells(&[answered], "", &["Nothing failed", "but        502, 200 is a list"]);
}

#[test]
fn a_log_format_told_on_the_command_line_counts() {
    let format = "log_format mine '$status [$time_local] $upstream_status $request';";
    tells(
        &["--log-format", format, "503 [15/Jan/2026:22:15:00 +0000] 503 GET / HTTP/1.1"],
        "",
        &["app.error", "answered   the upstream; the proxy passed it on", "Read as nginx.access (log_format mine)"],
    );
}

#[test]
fn a_playbook_decides_the_owner() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("play.toml");
    let play =
        "[team.shop]\n[[route]]\nname = \"cart\"\nmatch = { path = \"/cart\" }\nrole = \"app\"\nteam = \"shop\"\n";
    std::fs::write(&path, play).expect("a file");
    let path = path.display().to_string();
    let owner = format!("owner      shop (role app: the application's team); by route \"cart\" ({path}:2)");
    tells(&["--playbook", &path, REFUSED], "", &[&owner]);
}

#[test]
fn benign_and_unknown_lines_are_no_failure() {
    tells(&["2026/01/15 20:44:57 [notice] 1#1: start worker processes"], "", &["No trouble: ", "gives      benign"]);
    tells(
        &["2026/01/15 20:44:57 [error] 1#1: zzz zzz zzz"],
        "",
        &["Unknown: the line is read", "message  zzz zzz zzz"],
    );
}

#[test]
fn what_cannot_be_explained_is_refused_with_a_remedy() {
    refuses(&["upstream.refusd"], "did you mean \"upstream.refused\"?");
    refuses(&["Hello, world"], "none comes near; give the format with --log-format");
    refuses(&["192.0.2.7 - - [15/Jan/2026:22:15:00 +0000] GET / 502"], "comes nearest and fits its first 43 bytes");
    refuses(&["{\"a\": 3}"], "it is JSON, but no status or time is read in it");
    refuses(&["web1 said: 2026/01/15 20:44:57 [error] 7#7: x"], "begins at its byte 12");
    refuses(&["-"], "there is no record on it");
    refuses(&["--input-format", "nginx.eror", REFUSED], "did you mean \"nginx.error\"?");
}

#[test]
fn log_text_does_nothing_to_the_terminal() {
    let line = "2026/01/15 20:44:57 [error] 7#7: zzz \x1b[2J\u{202e}zzz";
    let told = tells(&[line], "", &["\\x1b[2J\\u{202e}zzz"]);
    assert!(!told.contains(['\x1b', '\u{202e}']));
    let told = tells(&["--color", "always", REFUSED], "", &["\x1b["]);
    assert!(!told.contains("\x1b[2J"));
}
