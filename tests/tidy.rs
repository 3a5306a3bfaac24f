//! The floors of the house, and its limits. A failure names the file, the line and the remedy.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{files, root};
use regex::Regex;
use std::fs;
use std::io::Read;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;

/// The rooms, top to bottom (DESIGN.md section 3). A room imports only from those below it. `text` is the lowest: what a
/// defect says is made harmless by it.
const ROOMS: &[&str] = &[
    "main",
    "cli",
    "follow",
    "engine",
    "notify",
    "report",
    "playbook",
    "incident",
    "cause",
    "grammar",
    "source",
    "knowledge",
    "event",
    "time",
    "error",
    "text",
];

/// What is no knowledge of its room but a piece of language: a macro that makes closed lists. Any room may use it.
const LANGUAGE: &[&str] = &["crate::event::closed_list"];

/// A file of code has no more lines.
const MOST_LINES: usize = 400;

/// Part of how Windows writes an event as XML; it is nobody's host.
const NAMESPACE: &str = "schemas.microsoft.com";

/// What is over a limit today, each with its rule. An entry that holds no longer must go.
const TO_MEND: &[(&str, Rule)] = &[];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Upward,
    Long,
    Unwrap,
}

/// One thing that is not tidy.
struct Untidy {
    file: String,
    line: usize,
    rule: Rule,
    remedy: String,
}

/// The code of a file, line by line with line numbers from 1, without comments and without its tests (which stand last).
fn code(text: &str) -> Vec<(usize, &str)> {
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]" || !text.contains("#[cfg(test)]\nmod tests {"));
    let numbered = lines.enumerate().map(|(at, line)| (at + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

fn is_test_file(name: &str) -> bool {
    name.ends_with("tests.rs")
}

/// The room that a file stands in: `cli` of `src/cli/args.rs`.
fn room(name: &str) -> &str {
    let inner = name.strip_prefix("src/").unwrap_or(name);
    inner.split(['/', '.']).next().unwrap_or(inner)
}

fn upward(name: &str, text: &str) -> Vec<Untidy> {
    let import = Regex::new(r"\b(?:crate|triage)::(\w+|\{)(?:::(\w+))?").unwrap();
    let home = room(name);
    let floor = |room: &str| ROOMS.iter().position(|known| *known == room);
    let Some(own) = floor(home) else {
        let remedy = format!("the room \"{home}\" has no floor: add it to ROOMS in tests/tidy.rs");
        return vec![Untidy { file: name.into(), line: 1, rule: Rule::Upward, remedy }];
    };
    let mut found = Vec::new();
    for (line, text) in code(text) {
        for import in import.captures_iter(text) {
            let target = &import[1];
            let allowed = LANGUAGE.iter().any(|word| text.contains(word)) || target == home;
            if allowed || floor(target).is_some_and(|target| target > own) {
                continue;
            }
            let remedy = match floor(target) {
                Some(_) => format!("{home} imports {target}, which stands above it: move what is shared further down"),
                None => format!("\"{target}\" is no room: name one room an import (crate::room::Item)"),
            };
            found.push(Untidy { file: name.into(), line, rule: Rule::Upward, remedy });
        }
    }
    found
}

fn long(name: &str, text: &str) -> Option<Untidy> {
    let lines = text.lines().count();
    let remedy = format!("{lines} lines, at most {MOST_LINES}: take a part with a name of its own out of it");
    (lines > MOST_LINES).then(|| Untidy { file: name.into(), line: lines, rule: Rule::Long, remedy })
}

fn unwraps(name: &str, text: &str) -> Vec<Untidy> {
    let panics = Regex::new(r"\.unwrap\(\)|\.expect\(|\b(?:panic|todo|unimplemented)!\(").unwrap();
    let remedy = "a surprising log must become a Defect, never a panic: use `?`, `let else` or a default";
    let lines = code(text).into_iter().filter(|(_, line)| panics.is_match(line));
    lines.map(|(line, _)| Untidy { file: name.into(), line, rule: Rule::Unwrap, remedy: remedy.into() }).collect()
}

#[test]
fn the_house_is_tidy() {
    let mut untidy = Vec::new();
    for path in files(&root().join("src"), |name| name.ends_with(".rs")) {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&path).unwrap();
        untidy.extend(long(&name, &text));
        if !is_test_file(&name) && !["src/lib.rs", "src/build.rs"].contains(&name.as_str()) {
            untidy.extend(upward(&name, &text));
            untidy.extend(unwraps(&name, &text));
        }
    }
    let is_known = |untidy: &Untidy| TO_MEND.contains(&(untidy.file.as_str(), untidy.rule));
    let gone: Vec<_> = TO_MEND
        .iter()
        .filter(|(file, rule)| !untidy.iter().any(|one| one.file == *file && one.rule == *rule))
        .collect();
    let told: Vec<String> = untidy
        .iter()
        .filter(|untidy| !is_known(untidy))
        .map(|untidy| format!("{}:{}: {}", untidy.file, untidy.line, untidy.remedy))
        .collect();
    assert!(told.is_empty(), "not tidy:\n{}", told.join("\n"));
    assert!(gone.is_empty(), "tests/tidy.rs: mended; take out of TO_MEND: {gone:?}");
}

#[test]
fn the_rules_see_what_they_are_for() {
    assert_eq!(upward("src/time.rs", "use crate::report::Report;\n").len(), 1);
    assert_eq!(upward("src/time.rs", "use crate::event::closed_list;\nuse crate::error::Defect;\n").len(), 0);
    assert_eq!(upward("src/cause/mod.rs", "use crate::{event, time};\n").len(), 1);
    assert_eq!(
        unwraps("x.rs", "let a = b.unwrap();\n// c.unwrap()\n#[cfg(test)]\nmod tests {\nd.unwrap();\n}\n").len(),
        1
    );
    assert!(long("x.rs", &"x\n".repeat(MOST_LINES + 1)).is_some());
    assert!(!is_example("10.0.0.1".parse().unwrap()) && is_example("2001:db8::7".parse().unwrap()));
}

#[test]
fn every_cause_says_what_to_check() {
    let folder = root().join("grammars/causes");
    let causes = files(&folder, |name| name.ends_with(".toml"));
    assert!(causes.len() > 20, "grammars/causes is gone");
    for path in causes {
        let cause: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
        let checks = cause.get("checks").and_then(toml::Value::as_array).map_or(0, Vec::len);
        assert!(checks > 0, "{}:1: no checks: write `checks = [...]`, the first things to look at", path.display());
        let family = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let id = format!("{family}.{}", path.file_stem().unwrap().to_string_lossy());
        assert_eq!(cause["id"].as_str(), Some(id.as_str()), "{}:1: the id follows from the path", path.display());
    }
}

#[test]
fn samples_name_example_addresses_and_hosts_only() {
    let address = Regex::new(r"(?:^|[^\w./])(\d{1,3}(?:\.\d{1,3}){3})\b").unwrap();
    let address6 = Regex::new(r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}").unwrap();
    let host = Regex::new(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|dev|internal|local|lan)\b").unwrap();
    for path in files(&root().join("samples"), |name| name.contains(".log")) {
        let text = sample(&path);
        for (at, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), at + 1);
            for found in address.captures_iter(line) {
                let ip = found[1].parse().unwrap_or_else(|_| panic!("{place}: {} is no address", &found[1]));
                assert!(
                    is_example(ip),
                    "{place}: {ip} may be somebody's: use 192.0.2.0/24 and the other example ranges"
                );
            }
            // Names of Ruby and C++ have such colons too (`Mysql2::Error`), but go on with letters.
            let stands_free = |found: &regex::Match<'_>| {
                let (before, after) = (&line[..found.start()], &line[found.end()..]);
                !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
            };
            let addresses6 = address6.find_iter(line).filter(stands_free);
            for ip in addresses6.filter_map(|found| found.as_str().parse::<Ipv6Addr>().ok()) {
                assert!(is_example(ip.into()), "{place}: {ip} may be somebody's: use 2001:db8::/32");
            }
            for host in host.find_iter(line).map(|found| found.as_str()) {
                let ours = host == "example.com" || host.ends_with(".example.com") || host == NAMESPACE;
                assert!(ours, "{place}: {host} may be somebody's: use a name below example.com");
            }
        }
    }
}

/// The text of a sample, unpacked.
fn sample(path: &Path) -> String {
    let bytes = fs::read(path).unwrap();
    let mut text = String::new();
    match path.extension().is_some_and(|suffix| suffix == "gz") {
        true => drop(flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap()),
        false => text = String::from_utf8_lossy(&bytes).into_owned(),
    }
    assert!(!text.is_empty(), "{}: empty", path.display());
    text
}

/// RFC 5737 and RFC 3849: addresses for documentation. The unspecified and the loopback address name nobody.
fn is_example(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_documentation() || v4.is_loopback() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.segments()[..2] == [0x2001, 0xdb8] || v6.is_loopback() || v6.is_unspecified(),
    }
}
