//! Every kind of log shows each cause that it can show in a sample.
//!
//! What a format can show are the causes of its rules, of those that give a failure or a condition. What is shown are the
//! causes that goldens name, by the log that proves them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{files, root};
use std::collections::{BTreeMap, BTreeSet};
use triage::cause::{Catalogue, Gives};
use triage::grammar::Grammars;

/// What no log of a format alone can show, each with the reason. An entry that holds no longer must go.
const CANNOT_SHOW: &[(&str, &str, &str)] = &[];

/// Formats and causes.
type Pairs = BTreeSet<(String, String)>;

/// By the rules on each format.
fn possible() -> Pairs {
    let grammars = Grammars::built_in().unwrap();
    let catalogue = Catalogue::built_in(&grammars).unwrap();
    let mut pairs = Pairs::new();
    for (_, rule) in catalogue.rules().filter(|(_, rule)| matches!(rule.gives, Gives::Failure | Gives::Condition)) {
        let Some(cause) = rule.cause else { continue };
        pairs.extend(rule.on.iter().map(|format| (format.clone(), catalogue.cause(cause).id.clone())));
    }
    pairs
}

/// By one golden. An incident is shown by the log that its first line of evidence stands in: others only agree with it.
fn shown(golden: &str) -> Pairs {
    let mut parts = golden.split("\n\n");
    let head = parts.next().unwrap_or_default();
    let formats: BTreeMap<&str, &str> = head.lines().filter_map(log_and_format).collect();
    let is_alone = head.lines().filter(|line| line.starts_with("log: ")).count() == 1;
    let mut pairs = Pairs::new();
    for incident in parts {
        let value = |label: &str| incident.lines().find_map(|line| line.strip_prefix(label));
        let stands_in = |log: &str, line: &str| line.strip_prefix(log).is_some_and(|rest| rest.starts_with(':'));
        let Some(evidence) = value("  evidence: ") else { continue };
        let Some((_, format)) = formats.iter().find(|(log, _)| stands_in(log, evidence)) else { continue };
        pairs.extend(incident.split(' ').nth(1).map(|cause| (format.to_string(), cause.to_owned())));
        // Of several logs it is not told which had the failures that were counted in.
        if is_alone {
            let absorbed = value("  absorbed: ").unwrap_or_default().split(", ");
            let causes = absorbed.filter_map(|part| part.split_once(" x ")).map(|(cause, _)| cause);
            pairs.extend(causes.map(|cause| (format.to_string(), cause.to_owned())));
        }
    }
    pairs
}

/// `log: error.log is nginx.error in syslog: 20 lines = ...`; none where lines of several formats stand in one log, as
/// then the rules of any of them can have judged.
fn log_and_format(line: &str) -> Option<(&str, &str)> {
    let (log, rest) = line.strip_prefix("log: ")?.split_once(" is ")?;
    let (formats, _) = rest.rsplit_once(": ")?;
    let mut ids = formats.split(" + ").filter_map(|format| format.split(' ').next());
    let first = ids.next()?;
    ids.all(|id| id == first).then_some((log, first))
}

#[test]
fn every_cause_of_every_format_is_shown() {
    let possible = possible();
    let goldens = files(&root().join("samples"), |name| name.ends_with(".golden"));
    let shown: Pairs = goldens.iter().flat_map(|golden| shown(&std::fs::read_to_string(golden).unwrap())).collect();
    let excused: Pairs =
        CANNOT_SHOW.iter().map(|(format, cause, _)| ((*format).to_owned(), (*cause).to_owned())).collect();
    let mut coverage: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for pair in &possible {
        let (seen, all) = coverage.entry(&pair.0).or_default();
        *seen += usize::from(shown.contains(pair));
        *all += 1;
    }
    coverage.iter().for_each(|(format, (seen, all))| println!("{format}: {seen} of {all} causes are shown"));
    let missing: Vec<String> = possible
        .difference(&shown)
        .filter(|pair| !excused.contains(*pair))
        .map(|(format, cause)| format!("{cause} is shown by no log in samples/{format}: write one"))
        .collect();
    assert!(missing.is_empty(), "{} are not shown:\n{}", missing.len(), missing.join("\n"));
    let gone: Vec<_> = excused.iter().filter(|pair| !possible.contains(*pair) || shown.contains(*pair)).collect();
    assert!(gone.is_empty(), "tests/shown_causes.rs: these are shown, or no rule gives them; take them out: {gone:?}");
}

#[test]
fn what_is_shown_is_read_from_goldens() {
    let golden = "exit 0: 3 of 9 requests answered 5xx, 3 explained\n\
        log: access.log is nginx.access (combined): 9 lines = 3 events + 6 passed\n\
        log: error.log is nginx.error in syslog (RFC 3164): 3 lines = 3 events\n\
        \nincident upstream.refused error\n  absorbed: upstream.reset x 1\n  evidence: error.log:1: connect() failed\n  \
        evidence: access.log:4: GET / 502\n\
        \nincident app.error warning\n  absorbed: \n  evidence: access.log:7: GET / 500\n";
    let pair = |format: &str, cause: &str| (format.to_owned(), cause.to_owned());
    let both = [pair("nginx.error", "upstream.refused"), pair("nginx.access", "app.error")];
    assert_eq!(shown(golden), Pairs::from(both.clone()));
    let alone = golden.lines().filter(|line| !line.starts_with("log: access.log")).collect::<Vec<_>>().join("\n");
    assert_eq!(shown(&alone), Pairs::from([both[0].clone(), pair("nginx.error", "upstream.reset")]));
    let mixed = golden.replace("nginx.error in", "nginx.error + php-fpm.log in");
    assert_eq!(shown(&mixed), Pairs::from([both[1].clone()]));
}
