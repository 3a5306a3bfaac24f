//! Every file of the table: each is found to be of its kind or family, and its books balance. The other tests here hold
//! the kinds more closely; this one sees to it that none is left out.

use crate::common::{assert_books_balance, list, root, run_json, text};

/// What the files of a kind may be found as: the ids of their formats, `unknown` where they are no log of ours.
const KINDS: &[(&str, &[&str])] = &[
    ("alb", &["aws.alb"]),
    ("elb-classic", &["aws.elb"]),
    ("nlb-tls", &["aws.nlb"]),
    ("mixed:alb,elb-classic,nlb-tls", &["aws.alb", "aws.elb", "aws.nlb"]),
    ("cloudfront", &["aws.cloudfront"]),
    ("apache-access", &["apache.access", "clf"]),
    ("apache-error", &["apache.error"]),
    ("nginx-access", &["nginx.access", "clf"]),
    ("nginx-error", &["nginx.error"]),
    ("nginx-json", &["nginx.access"]),
    ("ltsv-access", &["nginx.access"]),
    ("ingress-nginx", &["nginx.access"]),
    ("npm-proxy", &["nginx.access"]),
    ("mixed:nginx-error,nginx-access", &["nginx.error", "nginx.access", "clf"]),
    ("mixed:nginx-error,kong-access", &["nginx.error", "nginx.access"]),
    ("kong-json", &["kong.json"]),
    ("caddy-json", &["caddy.access"]),
    ("envoy-json", &["envoy.access"]),
    ("haproxy", &["haproxy.access", "haproxy.error", "haproxy.tcp"]),
    ("traefik-clf", &["traefik.access"]),
    ("traefik-json", &["traefik.access"]),
    ("cloudflare-http", &["cloudflare.http"]),
    ("cloudflare-firewall", &["unknown"]),
    ("httperr", &["iis.httperr"]),
    ("iis-w3c", &["iis.w3c"]),
    ("iis-native", &["iis.native"]),
    ("w3c-other", &["unknown"]),
    ("lambda", &["aws.lambda"]),
    ("syslog", &["app.text"]),
    ("text", &["app.text"]),
    ("other", &["unknown", "app.text", "mysql.log", "postgresql.log", "redis.log", "uwsgi.request"]),
];

/// Files that are found to be something else, what, and why that is no mistake.
const OTHERWISE: &[(&str, &str, &str)] = &[
    (
        "elb-classic/ozantunca-elb-log-analyzer__AppELBLogWithNewFields.log",
        "aws.alb",
        "its rows begin with the type of an ALB's",
    ),
    (
        "apache-access/log2timeline-plaso__apache_access.log",
        "nginx.access",
        "four layouts mixed by hand: the one that reads most of them is written by nginx too",
    ),
    (
        "apache-access/apache-drill__multiformat.access_log",
        "nginx.access",
        "three layouts mixed by hand: the one that reads two is written by nginx too",
    ),
    (
        "syslog/tstack-lnav__logfile_syslog_with_access_log.0",
        "app.text",
        "a syslog file; its two access lines bear no time and no address of their own",
    ),
    (
        "other/GoogleCloudPlatform-ops-agent__couchbase-http-access.log",
        "apache.access",
        "the common log format with a host and a tail: requests are counted by their status, and nothing more is said",
    ),
    (
        "other/GoogleCloudPlatform-ops-agent__varnish.log",
        "clf",
        "varnishncsa writes the combined format: the family is what can be told",
    ),
    (
        "cloudflare-csv/cloudflare-cloudflare-docs__logpush-doc-noheader.csv",
        "unknown",
        "three columns without names, of which none is a status: it cannot be told what answered",
    ),
];

#[test]
fn every_file_is_of_its_kind_or_family_and_every_line_is_accounted_for() {
    let home = root().join("../shared/corpora");
    let Ok(table) = std::fs::read_to_string(home.join("DETECT.tsv")) else {
        println!("skipped: no ../shared here");
        return;
    };
    let (mut files, mut wrong) = (0, Vec::new());
    for row in table.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>()) {
        files += 1;
        let (file, kind) = (row[0], row[1]);
        let report = run_json(&home, [file]).json();
        assert_books_balance(&report);
        let found = text(&list(&report["sources"])[0]["format"]);
        let found = found.split(' ').next().unwrap_or_default();
        let right = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, ids)| *ids);
        let otherwise = OTHERWISE.iter().find(|(name, id, _)| file.starts_with(name) && *id == found);
        match otherwise {
            Some((.., why)) => println!("{file}: {kind} is found to be {found}: {why}"),
            None if right.contains(&found) => {}
            None => wrong.push(format!("{file}: {kind} is found to be {found}")),
        }
    }
    println!("{files} files, {} not as they are", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
