//! Logs in columns: AWS balancers, IIS and HTTP.sys. Where another program's reading of a file is at hand, time, status,
//! client, method, path and upstream are compared with it, row by row.

use crate::common::{list, root};
use crate::kinds::{Kind, check};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use triage::event::{Event, Field};
use triage::grammar::{Grammars, RecordReader};
use triage::time::{Timestamp, Zone};

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

/// Files with the readings of other programs, and the format.
const EXPECTED: &[(&str, &str)] = &[
    ("alb/crowdsecurity-hub__aws-alb-logs.log", "aws.alb"),
    ("httperr/elastic-beats__iis-error-ipv6_zone_id.log", "iis.httperr"),
    ("httperr/elastic-beats__iis-error-test.log", "iis.httperr"),
    ("httperr/elastic-beats__iis-error-url.log", "iis.httperr"),
    ("iis-w3c/elastic-beats__iis-access-test-iis-7.5.log", "iis.w3c"),
    ("iis-w3c/elastic-beats__iis-access-test-ipv6zone.log", "iis.w3c"),
    ("iis-w3c/elastic-beats__iis-access-test-x-forward-for-extended.log", "iis.w3c"),
    ("iis-w3c/elastic-beats__iis-access-test-x-forward-for.log", "iis.w3c"),
    ("iis-w3c/elastic-beats__iis-access-test.log", "iis.w3c"),
    ("iis-w3c/GoogleCloudPlatform-ops-agent__iis.log", "iis.w3c"),
];

/// Values that are right as they are read here: file, row, why.
const KEPT: &[(&str, usize, &str)] = &[(
    "iis-w3c/elastic-beats__iis-access-test-iis-7.5.log",
    1,
    "the address was made a link by whoever copied the log",
)];

#[test]
fn logs_in_columns_are_found_to_be_what_they_are() {
    check(KINDS, &[]);
}

/// What another program read out of one row.
#[derive(Debug, Default)]
struct Reading {
    time: Option<String>,
    pairs: Vec<(Field, String)>,
}

/// The rows of an expectation, in the order of the file.
fn readings(expected: &Value) -> Vec<Reading> {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("{}", number.as_f64().unwrap()),
        _ => String::new(),
    };
    let reading = |row: &Value, time: &str, names: &[(Field, &str)]| {
        let at = |path: &str| path.split('/').fold(row, |value, key| &value[key]);
        let pairs = names.iter().map(|(field, name)| (*field, word(at(name)))).filter(|(_, value)| !value.is_empty());
        Reading { time: Some(word(at(time))).filter(|time| !time.is_empty()), pairs: pairs.collect() }
    };
    if let Some(parsers) = expected.as_object().filter(|object| !object.contains_key("entries")) {
        let rows = parsers.values().flat_map(list);
        let names = [
            (Field::Status, "Parsed/elb_status_code"),
            (Field::Client, "Parsed/remote_addr"),
            (Field::Method, "Parsed/http_method"),
            (Field::Uri, "Parsed/request"),
        ];
        return rows.map(|row| reading(row, "Parsed/timestamp", &names)).collect();
    }
    let of_agent = [
        (Field::Status, "httpRequest/status"),
        (Field::Client, "httpRequest/remoteIp"),
        (Field::Method, "httpRequest/requestMethod"),
    ];
    let of_beat = [
        (Field::Status, "http.response.status_code"),
        (Field::Client, "source.address"),
        (Field::Method, "http.request.method"),
    ];
    let rows = list(expected).iter();
    rows.flat_map(|row| match row["entries"].as_array() {
        Some(entries) => entries.iter().map(|entry| reading(entry, "timestamp", &of_agent)).collect::<Vec<_>>(),
        None => vec![reading(row, "@timestamp", &of_beat)],
    })
    .collect()
}

/// The rows of a file as they are read here: the header in force first, then the layouts in their order.
fn rows<'t>(text: &'t [u8], format: &str, grammars: &Grammars) -> Vec<(Option<Timestamp>, Event<'t>)> {
    let mut layouts: Vec<_> = grammars.with_id(format).cloned().collect();
    layouts.sort_by_key(|layout| layout.header_mark().is_none());
    let mut readers: Vec<_> = layouts.iter().map(|layout| RecordReader::new(Arc::clone(layout), Zone::UTC)).collect();
    let mut found = Vec::new();
    for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut is_preamble = false;
        readers.iter_mut().for_each(|reader| is_preamble |= reader.preamble(line, at == 0));
        let mut event = Event::default();
        let time = readers.iter_mut().find_map(|reader| reader.read(line, &mut event)).filter(|_| !is_preamble);
        found.extend(time.map(|time| (time, event)));
    }
    found
}

#[test]
fn rows_are_read_as_others_read_them() {
    let home = root().join("../shared/corpora");
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let (mut compared, mut wrong) = (0, Vec::new());
    for (name, format) in EXPECTED {
        let expectation = |path: &Path| std::fs::read_to_string(path).ok();
        let Some(expected) = expectation(&home.join(format!("{name}.expected.json"))) else {
            println!("skipped: no ../shared here");
            return;
        };
        let text = std::fs::read(home.join(name)).unwrap();
        let ours = rows(&text, format, &grammars);
        let theirs = readings(&serde_json::from_str(&expected).unwrap());
        if ours.len() != theirs.len() {
            wrong.push(format!("{name}: {} rows, they have {}", ours.len(), theirs.len()));
        }
        for (at, ((time, event), reading)) in ours.iter().zip(&theirs).enumerate() {
            for (field, value) in &reading.pairs {
                compared += 1;
                let own = String::from_utf8_lossy(event.get(*field).unwrap_or_default()).into_owned();
                let kept = KEPT.iter().find(|(file, row, _)| file == name && *row == at + 1);
                if let Some((.., why)) = kept.filter(|_| own != *value) {
                    println!("{name}, row {}: {field} is {own:?}, they have {value:?}: {why}", at + 1);
                } else if own != *value {
                    wrong.push(format!("{name}, row {}: {field} is {own:?}, they have {value:?}", at + 1));
                }
            }
            if let (Some(time), Some(theirs)) = (time, &reading.time) {
                compared += 1;
                let digits = |stamp: &str| stamp.chars().filter(char::is_ascii_digit).take(14).collect::<String>();
                if digits(&time.to_string()) != digits(theirs) {
                    wrong.push(format!("{name}, row {}: the time is {time}, they have {theirs}", at + 1));
                }
            }
        }
    }
    println!("{compared} values compared, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
