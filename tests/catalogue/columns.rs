//! The tables of AWS balancers and of IIS.

use super::rows::{EVERY, Table, check};

const TABLES: &[Table] = &[
    Table {
        name: "elb",
        lines: "elb",
        of: (0, &[]),
        about: 2,
        cause_column: 2,
        with_line: EVERY,
        as_it_says: 87,
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
        with_line: EVERY,
        as_it_says: 138,
        kept: &[
            ("fda89a14", "app.error", "the number says nothing, and the table names no cause: the status decides"),
            (
                "a1ff8d09",
                "app.out-of-memory",
                "5117 of the three is the limit of memory, as the row itself goes on to say",
            ),
        ],
    },
];

#[test]
fn rows_of_balancers_and_of_iis_are_judged() {
    check(TABLES);
}
