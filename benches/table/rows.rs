//! The rows of the table: what is read, by whom, and what is wanted.

use crate::grow::{PLANTED, Recipe, grow, letters};
use crate::measure::{Work, is_installed};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the inputs are, how large they are to be, and the program.
pub(crate) struct Table {
    pub(crate) folder: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) triage: String,
}

/// One row: the first work is `triage`'s, the others are what it is held against.
pub(crate) struct Row {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) goal: &'static str,
    pub(crate) works: fn(&Table) -> io::Result<Vec<Work>>,
}

pub(crate) const ALL: &[Row] = &[
    Row { id: "access", name: "nginx access log, 2 % of the lines 5xx", goal: "1.0 x rg", works: access },
    Row { id: "error", name: "nginx error log, every line a failure", goal: "1.5 x rg", works: error },
    Row { id: "joined", name: "access log with its error log, joined", goal: "1.2 x both alone", works: joined },
    Row { id: "pair", name: "access and error log, half of all requests failing, joined", goal: "2 x rg", works: pair },
    Row { id: "alb", name: "ALB access log, 2 % of the rows 5xx", goal: "4 x wc -l", works: alb },
    Row { id: "cloudflare", name: "Cloudflare ndjson, 2 % of the rows 5xx", goal: "4 x wc -l", works: cloudflare },
    Row { id: "iis", name: "IIS W3C, 2 % of the rows 5xx", goal: "6 x wc -l", works: iis },
    Row { id: "gz", name: "the access log as .gz", goal: "1.0 x zcat", works: gz },
    Row { id: "archives", name: "two such archives", goal: "0.5 x zcat", works: archives },
    Row {
        id: "hostile",
        name: "all 5xx, every client, path, referrer and agent unique",
        goal: "2 x honest",
        works: hostile,
    },
    Row {
        id: "hostile-error",
        name: "the same as an error log: every client, path and host",
        goal: "2 x honest",
        works: hostile_error,
    },
    Row { id: "threads", name: "access log with 2 threads", goal: "0.56 x one", works: threads },
    Row { id: "start", name: "a log of 10 lines", goal: "0.010 s", works: start },
];

const ACCESS: Recipe = Recipe {
    sample: "stories/refused/access.log",
    healthy: r#"" (200|404) "#,
    failing: r#"" 502 "#,
    client: r"^(\S+) ",
    hostile: "",
};

const ERROR: Recipe = Recipe {
    sample: "stories/refused/error.log",
    healthy: "^$",
    failing: r"\[error\]",
    client: "client: ([0-9.]+)",
    hostile: "",
};

const ALB: Recipe = Recipe {
    sample: "aws.alb/targets-fail.log",
    healthy: r" 200 200 \d",
    failing: r" 50[0-4] \S+ \d",
    client: r"app/\S+ ([0-9.]+):",
    hostile: "",
};

const CLOUDFLARE: Recipe = Recipe {
    sample: "cloudflare.http/refused-and-cache-lookups.log",
    healthy: r#"EdgeResponseStatus":200"#,
    failing: r#"EdgeResponseStatus":5"#,
    client: r#""ClientIP":"([^"]+)"#,
    hostile: "",
};

const IIS: Recipe = Recipe {
    sample: "iis.w3c/application-faults.log",
    healthy: r" 200 0 0 \d+$",
    failing: r" 50[0-4] \d+ \d+ \d+$",
    client: r"^(?:\S+ ){6}\d+ \S+ (\S+) ",
    hostile: "",
};

const HOSTILE: Recipe = Recipe {
    failing: r#"" 502 \d+ "\S+" "[^"]+"$"#,
    hostile: r#""[A-Z]+ (\S+) HTTP[^"]+" \d+ \d+ "([^"]*)" "([^"]*)""#,
    ..ACCESS
};

const HOSTILE_ERROR: Recipe = Recipe {
    failing: r#"host: "shop.example.com"$"#,
    hostile: r#"request: "[A-Z]+ (\S+) HTTP.*, upstream: "http://[^/]+(/[^"]*)", host: "([^"]+)""#,
    ..ERROR
};

/// `rg -c` of the failures in an error log.
const MESSAGES: &str = "rg -c -F -e 'connect() failed' -e 'upstream timed out' -e 'upstream prematurely closed' \
    -e 'no live upstreams' -e 'upstream sent too big header' -e 'upstream sent invalid header' -e 'recv() failed'";
/// `rg -c` of them in an access log.
const STATUSES: &str = r#"rg -c '" 50[0-4] '"#;

impl Table {
    /// The file of this name, made if it is not there yet.
    fn input(&self, name: &str, make: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<String> {
        let path = self.folder.join(name);
        if !path.exists() {
            make(&path)?;
        }
        Ok(path.to_string_lossy().into_owned())
    }

    fn log(&self, name: &str, recipe: &Recipe, share: u64) -> io::Result<String> {
        self.input(name, |path| grow(recipe, share, self.bytes, path, None))
    }

    /// An access log, and the error log about its failures.
    fn both(&self, name: &str, share: u64) -> io::Result<(String, String)> {
        let error = self.folder.join(format!("{name}-error.log"));
        let access = self.input(&format!("{name}-access.log"), |path| {
            grow(&ACCESS, share, self.bytes, path, Some((&ERROR, &error)))
        })?;
        Ok((access, error.to_string_lossy().into_owned()))
    }

    fn archive(&self, number: usize) -> io::Result<String> {
        let (access, _) = self.both("few", 2)?;
        self.input(&format!("archive-{number}.gz"), |path| {
            let out = std::fs::File::create(path)?;
            Command::new("gzip").args(["-c", "-6", &access]).stdout(out).status().map(drop)
        })
    }

    fn triage(&self, options: &str, logs: &[&str]) -> Work {
        let mut line = vec![self.triage.as_str(), "--tz", "UTC", "--nginx-conf", "/dev/null"];
        line.extend(options.split_whitespace());
        line.extend(logs);
        Work::new("triage", &line)
    }

    /// `triage` on these logs one after the other.
    fn each(&self, name: &str, logs: &[&str]) -> Work {
        let lines = logs.iter().map(|log| self.triage("", &[log]).line.join(" "));
        Work::shell(name, &lines.collect::<Vec<_>>().join(" && "))
    }
}

/// What counts lines, and what counts failures where that is asked for.
fn counters(logs: &[&str], failures: &str) -> Vec<Work> {
    let logs = logs.join(" ");
    let mut works = vec![Work::shell("`wc -l`", &format!("wc -l {logs}"))];
    if !failures.is_empty() && is_installed("rg") {
        works.push(Work::shell("`rg -c`", &format!("{failures} {logs}")));
    }
    works
}

fn with(first: Work, others: Vec<Work>) -> io::Result<Vec<Work>> {
    Ok(std::iter::once(first).chain(others).collect())
}

fn access(table: &Table) -> io::Result<Vec<Work>> {
    let (log, _) = table.both("few", 2)?;
    let mut others = counters(&[&log], STATUSES);
    if is_installed("goaccess") {
        others.push(Work::shell("GoAccess", &format!("goaccess {log} --log-format=COMBINED --no-progress -o json")));
    }
    if is_installed("lnav") {
        let sql = "select count(*) from access_log where sc_status >= 500";
        others.push(Work::new("lnav", &["lnav", "-n", "-c", &format!(";{sql}"), &log]));
    }
    if is_installed("agrind") {
        let query = r#"* | parse "\" * " as status | where status >= 500 | count"#;
        others.push(Work::new("angle-grinder", &["agrind", "--file", &log, query]));
    }
    with(table.triage("", &[&log]), others)
}

fn error(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.log("error.log", &ERROR, 100)?;
    with(table.triage("", &[&log]), counters(&[&log], MESSAGES))
}

fn joined(table: &Table) -> io::Result<Vec<Work>> {
    let (access, error) = table.both("few", 2)?;
    with(table.triage("", &[&access, &error]), vec![table.each("both alone", &[&access, &error])])
}

fn pair(table: &Table) -> io::Result<Vec<Work>> {
    let (access, error) = table.both("half", 50)?;
    let failures = Work::shell("`rg -c`", &format!("{STATUSES} {access}; {MESSAGES} {error}"));
    with(table.triage("", &[&access, &error]), vec![failures, table.each("both alone", &[&access, &error])])
}

fn alb(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.log("alb.log", &ALB, 2)?;
    with(table.triage("", &[&log]), counters(&[&log], "rg -c ' 50[0-4] '"))
}

fn cloudflare(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.log("cloudflare.log", &CLOUDFLARE, 2)?;
    with(table.triage("", &[&log]), counters(&[&log], r#"rg -c 'EdgeResponseStatus":5'"#))
}

fn iis(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.log("iis.log", &IIS, 2)?;
    with(table.triage("", &[&log]), counters(&[&log], "rg -c ' 50[0-4] 0 '"))
}

fn gz(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.archive(1)?;
    with(table.triage("", &[&log]), vec![Work::shell("`zcat \\| wc -l`", &format!("zcat {log} | wc -l"))])
}

fn archives(table: &Table) -> io::Result<Vec<Work>> {
    let (one, two) = (table.archive(1)?, table.archive(2)?);
    with(table.triage("", &[&one, &two]), vec![Work::shell("`zcat \\| wc -l`", &format!("zcat {one} {two} | wc -l"))])
}

fn hostile(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.log("hostile.log", &HOSTILE, 100)?;
    let (few, _) = table.both("few", 2)?;
    let mut honest = table.triage("", &[&few]);
    honest.name = "2 % 5xx".into();
    let mut failing = table.triage("", &[&table.log("failing.log", &ACCESS, 100)?]);
    failing.name = "all 5xx".into();
    with(table.triage("", &[&log]), vec![honest, failing])
}

fn hostile_error(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.log("hostile-error.log", &HOSTILE_ERROR, 100)?;
    let mut honest = table.triage("", &[&table.log("error.log", &ERROR, 100)?]);
    honest.name = "honest".into();
    with(table.triage("", &[&log]), vec![honest])
}

fn threads(table: &Table) -> io::Result<Vec<Work>> {
    let (log, _) = table.both("few", 2)?;
    let mut one = table.triage("-j 1", &[&log]);
    one.name = "one thread".into();
    with(table.triage("-j 2", &[&log]), vec![one])
}

fn start(table: &Table) -> io::Result<Vec<Work>> {
    let log = table.input("ten-lines.log", |path| grow(&ERROR, 100, 3000, path, None))?;
    with(table.triage("", &[&log]), vec![Work::shell("`wc -l`", &format!("wc -l {log}"))])
}

/// Whether totals are exact and the planted paths are found, in words.
pub(crate) fn check_hostile(table: &Table) -> io::Result<String> {
    let mut told = Vec::new();
    for (name, recipe) in [("hostile.log", &HOSTILE), ("hostile-error.log", &HOSTILE_ERROR)] {
        let log = table.log(name, recipe, 100)?;
        let work = table.triage("--output-format json", &[&log]);
        let out = Command::new(&work.line[0]).args(&work.line[1..]).output()?;
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
        let text = report.to_string();
        let found = (0..PLANTED).filter(|at| text.contains(&format!("\"/planted/{}\"", letters(*at)))).count();
        let failed = report["incidents"].as_array().into_iter().flatten().map(|incident| {
            incident["requests_failed"].as_u64().unwrap_or(0).max(incident["attempts_failed"].as_u64().unwrap_or(0))
        });
        let (failed, lines) = (failed.sum::<u64>(), &report["totals"]["lines"]);
        told.push(format!("{name}: {found} of {PLANTED} planted paths found, {failed} failures of {lines} lines"));
    }
    Ok(told.join("\n"))
}
