//! Kinds that stand in text: Apache, HAProxy, Traefik, and products that are nginx inside.
//!
//! `DETECT.tsv` says of what kind each file is; [`KINDS`] says which formats of ours are right for a kind.

use crate::kinds::{Kept, Kind, check};

/// Kinds that are held to it: as the table names them, the formats that are right (`clf` is the family), and how many of
/// their files' lines may stay unknown.
const KINDS: &[Kind] = &[
    ("apache-access", &["apache.access", "clf"], 2),
    ("apache-error", &["apache.error"], 0),
    ("haproxy", &["haproxy.access", "haproxy.error", "haproxy.tcp"], 0),
    ("npm-proxy", &["nginx.access"], 0),
    ("traefik-clf", &["traefik.access"], 0),
    ("mixed:nginx-error,kong-access", &["nginx.access", "nginx.error"], 0),
];

/// Files that are found to be something else, and why that is no mistake.
const KEPT: &[Kept] = &[
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
    check(KINDS, KEPT);
}
