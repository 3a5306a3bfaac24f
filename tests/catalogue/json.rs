//! The tables of what logs in JSON.

use super::rows::{EVERY, Table, check};

const TABLES: &[Table] = &[
    Table {
        name: "cloudflare",
        lines: "cloudflare",
        of: (0, &[]),
        about: 3,
        cause_column: 3,
        with_line: EVERY,
        as_it_says: 69,
        kept: &[
            (
                "93dfccb5",
                "upstream.unknown",
                "the origin's proxy said 502: that is every failure it can have behind it",
            ),
            ("8631fcf5", "upstream.unknown", "the origin's proxy said 504: it may be connecting, sending or reading"),
            ("eaa3891b", "upstream.unknown", "cookies are not logged: one row does not show it"),
        ],
    },
    Table {
        name: "others",
        lines: "json",
        of: (0, &["kong", "envoy", "vercel", "apigateway", "lambda", "ingress-nginx"]),
        about: 3,
        cause_column: 4,
        with_line: 124,
        as_it_says: 123,
        kept: &[(
            "f9b8c44b",
            "lb.no-targets",
            "the service has no endpoint at all, as a balancer without targets: the same cause at every hop",
        )],
    },
];

#[test]
fn rows_of_what_logs_in_json_are_judged() {
    check(TABLES);
}
