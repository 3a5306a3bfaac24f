//! The rows of `others.tsv` about what runs behind a proxy and under it: application servers, runtimes, databases, hosts.
//!
//! Each row has a line (`lines/apps.tsv`), made for what the row says; `\n` in it is a line end. Where the table refines a
//! cause, the refined one is meant; who says the closer one of the database's causes agrees with the coarse one too.

use super::rows::{cause, key};
use std::collections::BTreeMap;
use std::path::Path;
use triage::cause::Catalogue;
use triage::grammar::Grammars;

const SOURCES: &[&str] = &[
    "php-fpm",
    "mysql",
    "postgresql",
    "uwsgi",
    "gunicorn",
    "kernel",
    "redis",
    "node",
    "php",
    "puma",
    "mongodb",
    "passenger",
    "systemd",
    "pm2",
    "java",
    "docker",
    "python",
    "go",
    "selinux",
    "ruby",
    "elasticsearch",
    "dotnet",
    "tomcat",
    "rabbitmq",
    "njs",
    "memcached",
    "kafka",
];

/// Rows with a line, and rows judged as the table says. Raise them when rules get better; they must not fall.
const WITH_LINE: usize = 198;
const AS_THE_TABLE_SAYS: usize = 186;

/// The beginning of a row's pattern, what is found, and why that is right.
const KEPT: &[(&str, &str, &str)] = &[
    (
        "[pool %s] child %d, script '%s' (request: \"%s %s\") executing too slow",
        "app.exec-timeout",
        "slow, not stopped yet: a warning of the same watchdog",
    ),
    (
        "[pool %s] child %d exited on signal 15",
        "none",
        "follows 'execution timed out', which names the request, or a stop",
    ),
    (
        "[pool %s] child failed to initialize",
        "app.startup-failed",
        "the table's coarse cause: the release does not start, whatever directive is wrong",
    ),
    ("unable to bind listening socket", "app.startup-failed", "the table's coarse cause: nothing listens"),
    ("failed to listen to address", "app.startup-failed", "the server does not come up: nobody is denied anything yet"),
    ("fork() failed", "app.out-of-memory", "it is the application's host and its own limits, not the proxy's"),
    ("[pool %s] unable to malloc new child", "app.out-of-memory", "the same"),
    ("terminating / exiting", "none", "a stop by itself is no trouble: the proxy's log says whether requests failed"),
    ("Worker exiting (pid: %s) / Booting", "none", "the same"),
    ("...gracefully killing workers", "none", "the same"),
    ("Stopping %s... / Stopped", "none", "the same"),
    (
        "invoked oom-killer: gfp_mask=",
        "none",
        "who asked for memory: the line that tells who was killed for it follows",
    ),
];

#[test]
fn rows_of_what_runs_behind_a_proxy_are_judged() {
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let catalogue = Catalogue::built_in(&grammars).unwrap_or_else(|defect| panic!("{defect}"));
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(table) = std::fs::read_to_string(home.join("../shared/catalogue/others.tsv")) else {
        println!("skipped: no ../shared here");
        return;
    };
    let lines = std::fs::read_to_string(home.join("tests/catalogue/lines/apps.tsv")).unwrap_or_default();
    let cells = |line: &'_ str| -> Vec<String> { line.splitn(3, '\t').map(str::to_owned).collect() };
    let lines: BTreeMap<String, Vec<String>> =
        lines.lines().map(|line| (cells(line)[0].clone(), cells(line))).collect();
    let (mut rows, mut judged, mut agreeing) = (0, 0, 0);
    let mut wrong = Vec::new();
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        if !SOURCES.contains(&cells[0]) {
            continue;
        }
        let about = cells[..3].join(" ");
        rows += 1;
        let Some(line) = lines.get(&key(&about)) else {
            println!("no line: {about}");
            continue;
        };
        judged += 1;
        let (got, rule) = cause(&line[1], &line[2].replace("\\n", "\n"), &grammars, &catalogue);
        let expected = if cells[5].is_empty() { cells[4] } else { cells[5] };
        if got == expected || (expected == "app.database" && got.starts_with("db.")) {
            agreeing += 1;
            continue;
        }
        let kept = KEPT.iter().find(|(of, found, _)| cells[2].starts_with(of) && *found == got);
        let told =
            format!("{about}: {expected} expected, {got} by {rule}: {}", kept.map_or("NO REASON GIVEN", |kept| kept.2));
        println!("{told}");
        if kept.is_none() {
            wrong.push(told);
        }
    }
    println!("apps: {judged} of {rows} rows judged, {agreeing} as the catalogue says");
    assert!(wrong.is_empty(), "{} differ without a reason:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged >= WITH_LINE && agreeing >= AS_THE_TABLE_SAYS, "{judged} judged, {agreeing} as the table says");
}
