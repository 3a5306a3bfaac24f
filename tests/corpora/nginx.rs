//! nginx's own logs, and those of what is nginx inside, as far as `proxies.rs` does not hold them to it.

use crate::kinds::{Kept, Kind, check};

const KINDS: &[Kind] = &[
    // A line without a user.
    ("nginx-access", &["nginx.access", "clf"], 1),
    ("nginx-error", &["nginx.error"], 0),
    ("ingress-nginx", &["nginx.access"], 0),
    ("ltsv-access", &["nginx.access"], 0),
    ("mixed:nginx-error,nginx-access", &["nginx.error"], 0),
];

const KEPT: &[Kept] = &[(
    "syslog/tstack-lnav__logfile_syslog_with_access_log.0",
    "app.text",
    "its two access lines have no time of their own, and are no layout of an access log",
)];

#[test]
fn logs_of_nginx_are_found_to_be_what_they_are() {
    check(KINDS, KEPT);
}
