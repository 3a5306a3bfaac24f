//! The tables of proxies that log text: Apache's messages of tier 1, HAProxy, OpenResty.

use super::rows::{Table, check};

const NEXT_TO_IT: &str =
    "it names the request; why, the line of the same worker beside it says, and the two are one failure";

const TABLES: &[Table] = &[
    Table {
        name: "apache_messages",
        lines: "apache",
        of: (15, &["1"]),
        about: 3,
        cause_column: 6,
        with_line: 137,
        as_it_says: 125,
        kept: &[
            ("4ee0ad5f", "upstream.unknown", NEXT_TO_IT),
            ("a89f0099", "upstream.unknown", NEXT_TO_IT),
            ("9d895f27", "upstream.unknown", NEXT_TO_IT),
            ("b272fb6c", "upstream.unknown", NEXT_TO_IT),
            ("9dfa950f", "upstream.unknown", NEXT_TO_IT),
            ("2cc65f29", "upstream.unknown", NEXT_TO_IT),
            ("773da81b", "upstream.unknown", NEXT_TO_IT),
            ("3c5d98ce", "upstream.unknown", NEXT_TO_IT),
            ("2dd3ce2f", "upstream.unknown", NEXT_TO_IT),
            ("71952849", "upstream.unknown", NEXT_TO_IT),
            (
                "28013a89",
                "upstream.unknown",
                "a text that nobody knows says nothing of the cause; those that are known have rows of their own",
            ),
        ],
    },
    Table {
        name: "others",
        lines: "proxies",
        of: (0, &["haproxy", "openresty"]),
        about: 3,
        cause_column: 4,
        with_line: 69,
        as_it_says: 68,
        kept: &[("e688e5aa", "none", "the session had its answer: nobody lost anything by it")],
    },
];

#[test]
fn rows_of_proxies_are_judged() {
    check(TABLES);
}
