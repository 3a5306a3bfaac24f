//! The tables of AWS balancers and of IIS.

use super::rows::{Table, check};

const TABLES: &[Table] = &[
    Table {
        name: "elb",
        lines: "elb",
        of: (0, &[]),
        about: 2,
        cause_column: 2,
        // Without a line: CloudFront, which is no kind of log known here.
        with_line: 83,
        as_it_says: 81,
        kept: &[
            (
                "3c527223",
                "edge.internal",
                "a firewall that fails is no login that fails; its error_reason rows say so too",
            ),
            ("a23bb981", "upstream.refused", "the row does not show that the target group speaks TLS"),
        ],
    },
    Table {
        name: "iis",
        lines: "iis",
        of: (0, &[]),
        about: 2,
        cause_column: 3,
        // Without a line: the Windows event log, which is no kind of log known here.
        with_line: 131,
        as_it_says: 130,
        kept: &[("fda89a14", "app.error", "the number says nothing, and the table names no cause: the status decides")],
    },
];

#[test]
fn rows_of_balancers_and_of_iis_are_judged() {
    check(TABLES);
}
