//! A log whose lines are requests only where no other log counts them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{assert_books_balance, run_json};

const UWSGI: &str = "[pid: 201|app: 0|req: 7/7] 192.0.2.14 () {36 vars in 459 bytes} [Thu Jan 15 20:44:07 2026] GET /cart => generated 21 bytes in 3 msecs (HTTP/1.1 500) 2 headers in 84 bytes (1 switches on core 0)\n\
                     [pid: 201|app: 0|req: 8/8] 192.0.2.15 () {36 vars in 459 bytes} [Thu Jan 15 20:44:08 2026] GET / => generated 21 bytes in 3 msecs (HTTP/1.1 200) 2 headers in 84 bytes (1 switches on core 0)\n";
const NGINX: &str = "192.0.2.14 - - [15/Jan/2026:20:44:07 +0000] \"GET /cart HTTP/1.1\" 500 21 \"-\" \"curl/8.5.0\"\n";

#[test]
fn uwsgi_counts_its_requests_where_nobody_else_does() {
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(desk.path().join("uwsgi.log"), UWSGI).unwrap();
    std::fs::write(desk.path().join("access.log"), NGINX).unwrap();
    let counted = |logs: &[&str]| {
        let report = run_json(desk.path(), logs).json();
        assert_books_balance(&report);
        let totals = &report["totals"];
        (totals["requests"].as_u64().unwrap(), totals["requests_5xx"].as_u64().unwrap())
    };
    assert_eq!(counted(&["uwsgi.log"]), (2, 1));
    assert_eq!(counted(&["uwsgi.log", "access.log"]), (1, 1), "the proxy's log counts what the application answered");
}
