//! The tables of AWS balancers and of IIS: each row has a line (`lines/*.tsv`), made for what the row says.
//!
//! Keys are hashes of what a row of the table is about, so that the table's text need not stand here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use triage::cause::{Catalogue, Gives};
use triage::event::Event;
use triage::grammar::{Grammars, RecordReader, Witness};
use triage::time::Zone;

/// One table: its file, the column of the cause, how many rows have a line, and how many are judged as it says.
struct Table {
    name: &'static str,
    cause_column: usize,
    with_line: usize,
    as_it_says: usize,
    /// Rows that are judged otherwise, by key: what is found, and why that is right.
    kept: &'static [(&'static str, &'static str, &'static str)],
}

const TABLES: &[Table] = &[
    Table {
        name: "elb",
        cause_column: 2,
        // Without a line: CloudFront, which is no kind of log known here.
        with_line: 83,
        as_it_says: 81,
        kept: &[
            (
                "3c527223",
                "edge.internal",
                "a firewall that fails is no login that fails; its error_reason rows say so too",
            ),
            ("a23bb981", "upstream.refused", "the row does not show that the target group speaks TLS"),
        ],
    },
    Table { name: "iis", cause_column: 3, with_line: 131, as_it_says: 0, kept: &[] },
];

/// FNV-1a, 32 bits.
fn key(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

/// The cause by the first rule that fits; `none` where there is no trouble or no rule.
fn cause(format: &str, line: &str, grammars: &Grammars, catalogue: &Catalogue) -> (String, String) {
    for format in grammars.with_id(format) {
        let mut event = Event::default();
        if RecordReader::new(Arc::clone(format), Zone::UTC).read(line.as_bytes(), &mut event).is_none() {
            continue;
        }
        let judge = catalogue.judge(format);
        if format.witness == Witness::Request {
            judge.derive_fields(&mut event);
        }
        let Some(rule) = judge.all(&event).first().map(|rule| catalogue.rule(*rule)) else {
            return ("none".into(), "no rule".into());
        };
        let cause = rule.cause.filter(|_| rule.gives != Gives::Benign);
        return (cause.map_or("none".into(), |cause| catalogue.cause(cause).id.clone()), rule.id.clone());
    }
    panic!("{format} does not read {line}");
}

#[test]
fn rows_of_balancers_and_of_iis_are_judged() {
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let catalogue = Catalogue::built_in(&grammars).unwrap_or_else(|defect| panic!("{defect}"));
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    for table in TABLES {
        let Ok(text) = std::fs::read_to_string(home.join(format!("../shared/catalogue/{}.tsv", table.name))) else {
            println!("skipped: no ../shared here");
            return;
        };
        let lines = std::fs::read_to_string(home.join(format!("tests/catalogue/lines/{}.tsv", table.name)));
        let lines = lines.unwrap_or_else(|error| panic!("{error}"));
        let lines: BTreeMap<&str, (&str, &str)> = lines
            .lines()
            .filter_map(|line| line.split_once('\t').and_then(|(key, rest)| Some((key, rest.split_once('\t')?))))
            .collect();
        let (mut rows, mut judged, mut agreeing, mut wrong) = (0, 0, 0, Vec::new());
        for row in text.lines().skip(1) {
            let cells: Vec<&str> = row.split('\t').collect();
            let about = format!("{} {}", cells[0], cells[1]);
            rows += 1;
            let Some((format, line)) = lines.get(key(&about).as_str()) else {
                println!("{}: no line: {about}", table.name);
                continue;
            };
            judged += 1;
            let (got, rule) = cause(format, line, &grammars, &catalogue);
            if got == cells[table.cause_column] || cells[table.cause_column].is_empty() {
                agreeing += 1;
                continue;
            }
            let kept = table.kept.iter().find(|(of, found, _)| *of == key(&about) && *found == got);
            let why = kept.map_or("NO REASON GIVEN", |(.., why)| why);
            let told =
                format!("{} {}: {} expected, {got} by {rule}: {why}", key(&about), about, cells[table.cause_column]);
            println!("{told}");
            if kept.is_none() {
                wrong.push(told);
            }
        }
        println!("{}: {judged} of {rows} rows judged, {agreeing} as the catalogue says", table.name);
        assert!(wrong.is_empty(), "{} differ without a reason:\n{}", wrong.len(), wrong.join("\n"));
        assert!(judged >= table.with_line, "{}: {judged} rows have a line, were {}", table.name, table.with_line);
        assert!(agreeing >= table.as_it_says, "{}: {agreeing} as it says, were {}", table.name, table.as_it_says);
    }
}
