//! Every file that another program has read too: what it read is held against what is read here, record by record.
//!
//! In: the `.expected.json` files of three programs (CrowdSec's parsers, Elastic's Beats, Google's Ops Agent). Compared
//! are time, status, client, method, path and upstream. Where the two differ, [`OTHERWISE`] says why.

use crate::common::{list, root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use triage::event::{Event, Field};
use triage::grammar::detect::detect;
use triage::grammar::lanes::Lanes;
use triage::grammar::{Grammars, RecordReader, split_request};
use triage::time::{Shape, StampReader, Timestamp, Zone};

/// Values that we read otherwise, and why: file (its beginning), field, what is read here (its beginning; empty: nothing).
const OTHERWISE: &[(&str, &str, &str, &str)] = &[
    (
        "apache-access/crowdsecurity-hub__apache2-logs",
        "uri",
        "",
        "a 401's: only paths of failed requests are taken from messages",
    ),
    ("apache-access/crowdsecurity-hub__apache2-malformed", "uri", "", NO_REQUEST),
    ("apache-access/crowdsecurity-hub__apache2-malformed", "uri", "\\x", NO_REQUEST),
    ("npm-proxy/", "uri", "\\x", NO_REQUEST),
    (
        "apache-error/GoogleCloudPlatform",
        "time",
        "Wed Oct 11",
        "they did not read the stamp and took the time of their run",
    ),
    ("haproxy/elastic-beats__haproxy-httplog-no-headers", "upstream", "", NO_SERVER),
    ("haproxy/elastic-beats__haproxy-tcplog", "upstream", "", NO_SERVER),
    (
        "iis-w3c/elastic-beats__iis-access-test-iis-7.5",
        "client",
        "[10.100",
        "the address was made a link by whoever copied the log",
    ),
    (
        "nginx-access/elastic-beats__nginx-test",
        "client",
        "10.",
        "they skip addresses of private networks, whoever sent them",
    ),
    (
        "nginx-error/crowdsecurity-hub__nginx-mail-logs",
        "client",
        "",
        "named in the message of a connection that is no trouble",
    ),
    (
        "nginx-error/crowdsecurity-hub__nginx_req_limit_exceeded",
        "uri",
        "https://",
        "they took the scheme of an absolute URI off",
    ),
    (
        "other/GoogleCloudPlatform-ops-agent__tomcat-system",
        "time",
        "21-Jul",
        "they did not read the stamp and took the time of their run",
    ),
    (
        "other/GoogleCloudPlatform-ops-agent__tomcat-system",
        "time",
        "",
        "the exception behind a stamped line is a record of its own here",
    ),
    ("other/crowdsecurity-hub__aws-cloudfront", "time", "2024-03-12", "they name the time of day alone"),
];

const NO_REQUEST: &str = "bytes of TLS on a port without it are no request line; they take the whole of it for a path";
const NO_SERVER: &str = "<NOSRV> says that there was none";

/// Records of theirs that we do not have: file (its beginning), how many, and why.
const MISSING: &[(&str, usize, &str)] = &[
    ("nginx-access/crowdsecurity-hub__nginx_http-logs", 1, "one line of nine has no user: of a layout of its own"),
    (
        "other/GoogleCloudPlatform-ops-agent__wildfly",
        6,
        "WildFly's own log: no failure in it, and no layout that is known",
    ),
    ("other/crowdsecurity-hub__litespeed", 3, "LiteSpeed is not among the systems of the table"),
    ("other/crowdsecurity-hub__zoraxy", 13, "Zoraxy is not among the systems of the table"),
];

/// How a file's records are found again.
enum Place {
    /// The line's own text.
    Text(String),
    /// Where it begins in the file, in bytes.
    Offset(u64),
    /// The number of the record.
    Number(usize),
}

/// What another program read out of one record.
struct Reading {
    place: Place,
    zone: Zone,
    /// An instant, or the stamp as it stands in the log.
    time: Option<String>,
    pairs: Vec<(Field, String)>,
}

/// One record as it is read here.
#[derive(Default)]
struct Own {
    text: String,
    at: u64,
    time: Option<Timestamp>,
    stamp: String,
    pairs: Vec<(Field, String)>,
}

const COMPARED: [Field; 6] =
    [Field::Status, Field::Client, Field::Method, Field::Uri, Field::Upstream, Field::UpstreamName];

#[test]
fn what_other_programs_read_is_what_is_read_here() {
    let home = root().join("../shared/corpora");
    if !home.is_dir() {
        println!("skipped: no ../shared here");
        return;
    }
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let (mut values, mut used, mut wrong) = (0, BTreeSet::new(), Vec::new());
    let expectations = expectations(&home);
    for expectation in &expectations {
        let file = expectation.strip_prefix(&home).unwrap().to_string_lossy().replace(".expected.json", "");
        let log = std::fs::read(home.join(&file)).unwrap();
        let theirs = readings(&serde_json::from_slice(&std::fs::read(expectation).unwrap()).unwrap());
        let ours = own(&log, theirs.first().map_or(Zone::UTC, |reading| reading.zone), &grammars);
        let mut missing = 0;
        for (number, reading) in theirs.iter().enumerate() {
            let Some(own) = find(&ours, reading) else {
                missing += 1;
                continue;
            };
            for (name, mine, other) in differences(own, reading, &mut values) {
                match explained(&file, name, &mine) {
                    Some(at) => drop(used.insert(at)),
                    None => wrong.push(format!("{file}, record {}: {name} is {mine:?}, not {other:?}", number + 1)),
                }
            }
        }
        let known = MISSING.iter().find(|(known, ..)| file.starts_with(known)).map_or(0, |(_, count, _)| *count);
        if missing != known {
            wrong.push(format!("{file}: {missing} of {} records are not read here, {known} may be", theirs.len()));
        }
    }
    println!("{} files, {values} values compared, {} differ without a reason", expectations.len(), wrong.len());
    let idle = (0..OTHERWISE.len()).filter(|at| !used.contains(at));
    wrong.extend(idle.map(|at| format!("this explains nothing: {:?}", OTHERWISE[at])));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The place in [`OTHERWISE`] that explains a value of ours.
fn explained(file: &str, name: &str, mine: &str) -> Option<usize> {
    OTHERWISE.iter().position(|(known, field, start, _)| {
        file.starts_with(known) && *field == name && mine.is_empty() == start.is_empty() && mine.starts_with(start)
    })
}

/// Every expectation, in order.
fn expectations(home: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = entries(home)
        .filter(|path| path.is_dir())
        .flat_map(|folder| entries(&folder).collect::<Vec<_>>())
        .filter(|path| path.to_string_lossy().ends_with(".expected.json"))
        .collect();
    found.sort();
    found
}

/// The records of a log, found and read as in earnest: format, envelope, header lines.
fn own(log: &[u8], zone: Zone, grammars: &Grammars) -> Vec<Own> {
    let found = detect(log, &grammars.formats, &grammars.envelopes);
    let mut formats: Vec<_> = found.formats.iter().chain(&found.standby).cloned().collect();
    formats.sort_by_key(|format| format.header_mark().is_none());
    let records = Lanes::new(found.envelope.clone(), &formats).records(log);
    let mut readers: Vec<_> = formats.iter().map(|format| RecordReader::new(Arc::clone(format), zone)).collect();
    let mut all = Vec::new();
    for record in &records.records {
        let text = &records.text[record.text.clone()];
        let mut is_preamble = false;
        readers.iter_mut().for_each(|reader| is_preamble |= reader.preamble(text, record.line == 0));
        let mut event = Event::default();
        let time = readers.iter_mut().find_map(|reader| reader.read(text, &mut event)).filter(|_| !is_preamble);
        let Some(time) = time else { continue };
        split_request(&mut event);
        let word = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let pairs = COMPARED.iter().filter_map(|field| Some((*field, word(event.get(*field)?)))).collect();
        let stamp = event.raw(Field::Time).map(word).unwrap_or_default();
        all.push(Own { text: word(text), at: record.at as u64, time, stamp, pairs });
    }
    all
}

/// Of several records with the same text the one with the same stamp.
fn find<'o>(ours: &'o [Own], reading: &Reading) -> Option<&'o Own> {
    let same = |(number, own): &(usize, &Own)| match &reading.place {
        Place::Offset(at) => own.at == *at,
        Place::Number(theirs) => number == theirs,
        Place::Text(line) => {
            let (own, line) = (own.text.trim(), line.trim());
            !line.is_empty() && (own.contains(line) || line.ends_with(own))
        }
    };
    let found: Vec<&Own> = ours.iter().enumerate().filter(same).map(|(_, own)| own).collect();
    let at_once = found.iter().find(|own| reading.time.as_ref() == Some(&own.stamp));
    at_once.or(found.first()).copied()
}

/// Field, our value, theirs.
fn differences(own: &Own, reading: &Reading, values: &mut usize) -> Vec<(&'static str, String, String)> {
    let mut found = Vec::new();
    for (field, theirs) in &reading.pairs {
        *values += 1;
        let mine = own.pairs.iter().find(|(of, _)| of == field).map_or("", |(_, value)| value);
        if !agrees(*field, mine, theirs) {
            found.push((field.name(), mine.to_owned(), theirs.clone()));
        }
    }
    if let Some(theirs) = &reading.time {
        *values += 1;
        let instant = StampReader::new(Shape::Iso, Zone::UTC).read(theirs.as_bytes());
        let seconds = |time: Timestamp| time.micros().div_euclid(1_000_000);
        let (mine, same) = match (instant, own.time) {
            (Some(theirs), Some(time)) => (time.to_string(), seconds(time) == seconds(theirs)),
            _ => (own.stamp.clone(), own.stamp == *theirs),
        };
        if !same {
            found.push(("time", mine, theirs.clone()));
        }
    }
    found
}

/// A value of ours beside one of another program: equal, or the other is a part of it (a path without its query, one
/// address of a list).
fn agrees(field: Field, ours: &str, theirs: &str) -> bool {
    match field {
        Field::Uri => {
            ours == theirs || ours.split('?').next() == Some(theirs) || theirs.split('?').next() == Some(ours)
        }
        Field::Client => ours.split(',').any(|address| address.trim() == theirs),
        // A port or a scheme is told by one of the two only.
        Field::Upstream => {
            let bare = |address: &str| {
                address.rsplit_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/').to_owned()
            };
            let (ours, theirs) = (bare(ours), bare(theirs));
            ours == theirs || ours.rsplit_once(':').is_some_and(|(host, _)| host == theirs)
        }
        _ => ours == theirs,
    }
}

/// The records of an expectation, in the order of the file.
fn readings(expected: &Value) -> Vec<Reading> {
    if let Some(parsers) = expected.as_object().filter(|object| !object.contains_key("entries")) {
        return parsers.values().flat_map(list).filter(|row| row["Success"] == true).map(of_crowdsec).collect();
    }
    let rows = list(expected);
    match rows.first().map(|row| &row["entries"]) {
        Some(Value::Array(_)) => {
            let entries = rows.iter().flat_map(|row| list(&row["entries"])).enumerate();
            entries.map(|(number, entry)| of_agent(number, entry)).collect()
        }
        _ => rows.iter().map(of_beat).collect(),
    }
}

fn of_crowdsec(row: &Value) -> Reading {
    let stamps = ["time_local", "accept_date", "timestamp8601", "timestamp", "time", "time_stamp"];
    let time = stamps.iter().map(|name| word(&row["Parsed"][name])).find(|stamp| !stamp.is_empty());
    let names = [
        (Field::Status, "Meta", "http_status"),
        (Field::Client, "Meta", "source_ip"),
        (Field::Method, "Meta", "http_verb"),
        (Field::Uri, "Meta", "http_path"),
        (Field::Upstream, "Parsed", "upstream_host"),
        (Field::Upstream, "Parsed", "target_addr"),
        (Field::UpstreamName, "Parsed", "target_server"),
        (Field::Upstream, "Parsed", "service_addr"),
        (Field::Upstream, "Parsed", "upstream"),
        (Field::Upstream, "Parsed", "proxy_ip"),
    ];
    let pairs = names.iter().map(|(field, part, name)| (*field, word(&row[part][name])));
    Reading {
        place: Place::Text(word(&row["Parsed"]["message"])),
        zone: Zone::UTC,
        time,
        pairs: pairs.filter(|(_, value)| !value.is_empty()).collect(),
    }
}

fn of_agent(number: usize, entry: &Value) -> Reading {
    let names = [
        (Field::Status, "status"),
        (Field::Client, "remoteIp"),
        (Field::Method, "requestMethod"),
        (Field::Uri, "requestUrl"),
    ];
    let mut pairs: Vec<_> = names.iter().map(|(field, name)| (*field, word(&entry["httpRequest"][name]))).collect();
    pairs.push((Field::Client, word(&entry["jsonPayload"]["client"])));
    pairs.retain(|(_, value)| !value.is_empty());
    Reading { place: Place::Number(number), zone: Zone::UTC, time: Some(word(&entry["timestamp"])), pairs }
}

fn of_beat(row: &Value) -> Reading {
    let names = [
        (Field::Status, "http.response.status_code"),
        (Field::Client, "source.address"),
        (Field::Method, "http.request.method"),
        (Field::Uri, "url.original"),
        (Field::Upstream, "traefik.access.backend_url"),
        (Field::Upstream, "haproxy.server_name"),
    ];
    let pairs = names.iter().map(|(field, name)| (*field, word(&row[name]))).filter(|(_, value)| !value.is_empty());
    Reading {
        place: row["log.offset"].as_u64().map_or(Place::Text(word(&row["event.original"])), Place::Offset),
        zone: row["event.timezone"].as_str().and_then(|zone| Zone::named(zone).ok()).unwrap_or(Zone::UTC),
        time: Some(word(&row["@timestamp"])).filter(|time| !time.is_empty()),
        pairs: pairs.collect(),
    }
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("{}", number.as_f64().unwrap()),
        _ => String::new(),
    }
}
