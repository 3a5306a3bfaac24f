//! Logs in envelopes, free text, and what databases and application servers write.

use crate::common::{assert_books_balance, list, root, run_json, text};

/// Files by how their names begin, the format that is right for them, the envelope, and how many lines may stay unknown.
const FILES: &[(&str, &str, &str, u64)] = &[
    ("cri/crowdsecurity-hub__cri-logs.log", "nginx.access", "in cri", 0),
    ("cri/elastic-beats__cri.log", "app.text", "in cri", 0),
    ("docker-json/", "app.text", "in docker", 0),
    ("journald-json/", "app.text", "in journald", 0),
    ("syslog/tstack-lnav__logfile_syslog_with_access_log.0", "app.text", "in syslog", 0),
    ("syslog-nginx-error/", "nginx.error", "in syslog", 0),
    ("other/log2timeline-plaso__syslog", "app.text", "in syslog", 0),
    ("other/tstack-lnav__logfile_syslog.0", "app.text", "in syslog", 0),
    ("other/tstack-lnav__logfile_laravel.1", "app.text", "", 0),
    ("other/tstack-lnav__logfile_mysql_error.0", "mysql.log", "", 0),
    ("other/tstack-lnav__logfile_postgres.0", "postgresql.log", "", 0),
    ("other/tstack-lnav__logfile_uwsgi.0", "uwsgi.request", "", 0),
    // A plugin that could not be loaded.
    ("other/GoogleCloudPlatform-ops-agent__mysql-error.log", "mysql.log", "", 1),
    ("other/GoogleCloudPlatform-ops-agent__postgresql.log", "postgresql.log", "", 0),
    ("other/GoogleCloudPlatform-ops-agent__redis.log", "redis.log", "", 0),
    ("other/GoogleCloudPlatform-ops-agent__tomcat-system.log", "app.text", "", 0),
    // Not ours: no layout that is known, and nothing in them that they have to tell.
    ("other/tstack-lnav__logfile_java.0", "unknown", "", u64::MAX),
    ("other/tstack-lnav__logfile_glog.0", "unknown", "", u64::MAX),
    ("other/tstack-lnav__logfile_logfmt.0", "unknown", "", u64::MAX),
    ("other/GoogleCloudPlatform-ops-agent__wildfly_system.log", "unknown", "", u64::MAX),
    ("other/crowdsecurity-hub__zoraxy.log", "unknown", "", u64::MAX),
    ("other/crowdsecurity-hub__litespeed-logs.log", "unknown", "", u64::MAX),
    ("other/fluent-fluent-bit__generic_enc_sjis.log", "unknown", "", u64::MAX),
];

#[test]
fn logs_in_envelopes_and_free_text_are_found_to_be_what_they_are() {
    let home = root().join("../shared/corpora");
    let Ok(table) = std::fs::read_to_string(home.join("DETECT.tsv")) else {
        println!("skipped: no ../shared here");
        return;
    };
    let (mut files, mut wrong) = (0, Vec::new());
    for name in table.lines().skip(1).filter_map(|row| row.split('\t').next()) {
        let Some((_, format, envelope, most_unknown)) = FILES.iter().find(|file| name.starts_with(file.0)) else {
            continue;
        };
        files += 1;
        let report = run_json(&home, [name]).json();
        assert_books_balance(&report);
        let source = &list(&report["sources"])[0];
        let (found, unknown) = (text(&source["format"]), source["unknown"].as_u64().unwrap());
        if !found.starts_with(format) || !found.contains(envelope) {
            wrong.push(format!("{name}: found to be {found}"));
        }
        if unknown > *most_unknown {
            wrong.push(format!("{name}: {unknown} lines are unknown, {most_unknown} may be: {}", report["unknown"]));
        }
    }
    println!("{files} files, {} not as they are", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
