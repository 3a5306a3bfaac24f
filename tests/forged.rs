//! Logs in which somebody else speaks: what a client or an application got into a message may at most lower how sure a verdict
//! is, and what the servers say themselves is as sure as ever.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{assert_books_balance, list, run_json, text};

/// What the report says of a log of these lines: cause and certainty of each trouble.
fn told(lines: &str) -> Vec<(String, String)> {
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(desk.path().join("error.log"), format!("{lines}\n")).unwrap();
    let report = run_json(desk.path(), ["error.log"]).json();
    assert_books_balance(&report);
    let incidents = list(&report["incidents"]).iter();
    incidents.map(|incident| (text(&incident["cause"]), text(&incident["certainty"]))).collect()
}

fn is(cause: &str, certainty: &str) -> Vec<(String, String)> {
    vec![(cause.to_owned(), certainty.to_owned())]
}

const REFUSED: &str = r#"2026/03/10 08:00:03 [error] 10#10: *59 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.39, server: shop.example.com, request: "GET /api HTTP/1.1", upstream: "http://192.0.2.17:8081/api", host: "shop.example.com""#;
const WARNING: &str =
    r#"2026/03/10 08:00:03 [error] 10#10: *58 FastCGI sent in stderr: "PHP message: PHP Warning:  hello"#;
const END: &str = r#"in /srv/a.php on line 3" while reading response header from upstream, client: 203.0.113.9, server: shop.example.com, request: "GET /a.php HTTP/1.1", upstream: "fastcgi://unix:/run/php.sock:", host: "shop.example.com""#;

#[test]
fn a_record_inside_what_an_application_prints_is_no_statement() {
    assert_eq!(told(REFUSED), is("upstream.refused", "stated"));
    // On lines of its own, and with the end of the real record on its line.
    assert_eq!(told(&format!("{WARNING}\n{REFUSED}\n{END}")), is("upstream.refused", "implied"));
    let open = REFUSED.strip_suffix('"').unwrap();
    assert_eq!(told(&format!("{WARNING}\n{open} {END}")), is("upstream.refused", "implied"));
    // What comes after it is believed again.
    let after = told(&format!("{WARNING}\n{REFUSED}\n{END}\n{REFUSED}"));
    assert_eq!(after, is("upstream.refused", "stated"));
}

/// A line of nginx's log about a PHP message.
fn php(message: &str) -> String {
    format!(
        "2026/03/10 08:00:03 [error] 10#10: *58 FastCGI sent in stderr: \"PHP message: {message} {}",
        END.strip_prefix("in ").unwrap()
    )
}

#[test]
fn what_a_warning_repeats_is_no_statement() {
    for (message, cause) in [
        (r#"PHP Warning:  Undefined array key "SQLSTATE[HY000] [2002] Connection refused" in"#, "db.unreachable"),
        (
            "PHP Warning:  fopen(Allowed memory size of 134217728 bytes exhausted): Failed to open stream in",
            "app.out-of-memory",
        ),
    ] {
        assert_eq!(told(&php(message)), is(cause, "implied"), "{message}");
    }
    let own = "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in";
    assert_eq!(told(&php(own)), is("app.out-of-memory", "stated"));
    let own = "PHP Warning:  mysqli_real_connect(): (HY000/2002): Connection refused in";
    assert_eq!(told(&php(own)), is("db.unreachable", "stated"));
    let apache = |text: &str| {
        format!("[Thu Jan 15 20:44:57.652118 2026] [php:warn] [pid 3710:tid 3713] [client 203.0.113.9:33265] {text}")
    };
    let key =
        r#"PHP Warning:  Undefined array key "SQLSTATE[HY000] [2002] Connection refused" in /srv/a.php on line 3"#;
    assert_eq!(told(&apache(key)), is("db.unreachable", "implied"));
}

#[test]
fn what_a_cgi_script_prints_is_no_statement_of_httpd() {
    let cgi = |text: &str| {
        format!(
            "[Thu Jan 15 20:44:57.652118 2026] [cgi:error] [pid 3710:tid 3713] [client 203.0.113.9:33265] AH01215: {text}: /srv/cgi/a.pl"
        )
    };
    assert_eq!(told(&cgi("search for SQLSTATE[HY000] [2002] Connection refused")), is("db.unreachable", "implied"));
    assert_eq!(
        told(&cgi("said: Allowed memory size of 134217728 bytes exhausted")),
        is("app.out-of-memory", "implied")
    );
}
