//! A table of the catalogue, row by row: each row has a line (`lines/*.tsv`), made for what the row says.
//!
//! Keys are hashes of what a row of the table is about, so that the table's text need not stand here. `\t` is a tab.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use triage::cause::{Catalogue, Gives};
use triage::event::Event;
use triage::grammar::{Aside, Grammars, RecordReader, Witness};
use triage::time::Zone;

/// Every row of a table has a line.
pub(super) const EVERY: usize = usize::MAX;

/// One table: its file, its lines, which rows are meant, and what was reached.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) lines: &'static str,
    /// What the rows that count have in this column; all of them count where nothing is named.
    pub(super) of: (usize, &'static [&'static str]),
    /// So many columns, from the first, say what a row is about.
    pub(super) about: usize,
    pub(super) cause_column: usize,
    pub(super) with_line: usize,
    pub(super) as_it_says: usize,
    /// Rows that are judged otherwise, by key: what is found, and why that is right.
    pub(super) kept: &'static [(&'static str, &'static str, &'static str)],
}

/// FNV-1a, 32 bits.
pub(super) fn key(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

/// The cause by the first rule that fits; `none` where there is no trouble or no rule.
pub(super) fn cause(format: &str, line: &str, grammars: &Grammars, catalogue: &Catalogue) -> (String, String) {
    let line = line.replace("\\t", "\t");
    for format in grammars.with_id(format) {
        let mut event = Event::default();
        let mut reader = RecordReader::new(Arc::clone(format), Zone::UTC);
        if reader.read(line.as_bytes(), &mut event).is_none() {
            continue;
        }
        if reader.aside() == Some(Aside::Passed) {
            return ("none".into(), "a row that is no request".into());
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

/// Holds the tables against the rules.
pub(super) fn check(tables: &[Table]) {
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let catalogue = Catalogue::built_in(&grammars).unwrap_or_else(|defect| panic!("{defect}"));
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wrong = Vec::new();
    for table in tables {
        let Ok(text) = std::fs::read_to_string(home.join(format!("../shared/catalogue/{}.tsv", table.name))) else {
            println!("skipped: no ../shared here");
            return;
        };
        let lines = std::fs::read_to_string(home.join(format!("tests/catalogue/lines/{}.tsv", table.lines)));
        let lines = lines.unwrap_or_else(|error| panic!("{error}"));
        let lines: BTreeMap<&str, (&str, &str)> = lines
            .lines()
            .filter_map(|line| line.split_once('\t').and_then(|(key, rest)| Some((key, rest.split_once('\t')?))))
            .collect();
        let (mut rows, mut judged, mut agreeing) = (0, 0, 0);
        for row in text.lines().skip(1) {
            let cells: Vec<&str> = row.split('\t').collect();
            let (column, members) = table.of;
            if !members.is_empty() && !members.contains(&cells[column]) {
                continue;
            }
            let about = cells[..table.about].join(" ");
            rows += 1;
            let Some((format, line)) = lines.get(key(&about).as_str()) else {
                println!("{}: no line: {about}", table.name);
                continue;
            };
            judged += 1;
            let (got, rule) = cause(format, line, &grammars, &catalogue);
            // A row without a cause is about something that is no trouble.
            let expected = if cells[table.cause_column].is_empty() { "none" } else { cells[table.cause_column] };
            if got == expected {
                agreeing += 1;
                continue;
            }
            let kept = table.kept.iter().find(|(of, found, _)| *of == key(&about) && *found == got);
            let why = kept.map_or("NO REASON GIVEN", |(.., why)| why);
            let told = format!("{} {about}: {expected} expected, {got} by {rule}: {why}", key(&about));
            println!("{told}");
            if kept.is_none() {
                wrong.push(told);
            }
        }
        println!("{}: {judged} of {rows} rows judged, {agreeing} as the catalogue says", table.lines);
        let with_line = table.with_line.min(rows);
        assert!(judged >= with_line, "{}: {judged} rows have a line, were {with_line}", table.lines);
        assert!(agreeing >= table.as_it_says, "{}: {agreeing} as it says, were {}", table.lines, table.as_it_says);
    }
    assert!(wrong.is_empty(), "{} differ without a reason:\n{}", wrong.len(), wrong.join("\n"));
}
