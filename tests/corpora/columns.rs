//! Logs in columns: AWS balancers, IIS and HTTP.sys.

use crate::kinds::{Kind, check};

/// Kinds of `DETECT.tsv`, the formats that are right for them, and how many lines may stay unknown.
const KINDS: &[Kind] = &[
    ("alb", &["aws.alb"], 0),
    // One file is an ALB's: its row begins with `https`.
    ("elb-classic", &["aws.elb", "aws.alb"], 0),
    ("nlb-tls", &["aws.nlb"], 0),
    ("mixed:alb,elb-classic,nlb-tls", &["aws.alb"], 0),
    // A substatus that is a quoted text with garbage in it.
    ("iis-w3c", &["iis.w3c"], 1),
    ("httperr", &["iis.httperr"], 0),
    ("iis-native", &["iis.native"], 0),
    ("cloudfront", &["aws.cloudfront"], 0),
    // Not ours: they must not be taken for it. The CSV has three columns, and no header that names them.
    ("w3c-other", &["unknown"], u64::MAX),
    ("cloudflare-csv", &["unknown"], u64::MAX),
];

#[test]
fn logs_in_columns_are_found_to_be_what_they_are() {
    check(KINDS, &[]);
}
