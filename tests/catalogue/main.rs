//! Coverage: every message of nginx that has to do with a 5xx, out of nginx's own source, held against the rules.
//!
//! In: `../shared/catalogue/nginx_messages.tsv`, which is not part of this repository; without it there is nothing to do.
//! Each message is made into a whole line of an error log (`scene.rs` says how), read and judged by the library. Printed:
//! how many are judged, and how many as the table says, for each tier of the table and for all; then every difference.
//! `differences.rs` holds the reasons of those that stay.
#![allow(clippy::panic, clippy::print_stdout)] // helpers of tests tell by panicking, and the figures are printed

mod apps;
mod columns;
mod differences;
mod json;
mod proxies;
mod rows;
mod scene;
mod table;

use differences::{KEPT, reason};
use std::collections::BTreeMap;
use std::sync::Arc;
use table::Row;
use triage::cause::{Catalogue, Gives};
use triage::event::Event;
use triage::grammar::{Format, Grammars, RecordReader};
use triage::time::Zone;

/// Messages judged as the table says, in tiers 1, 2 and 3. Raise them when rules get better; they must not fall.
const AS_THE_TABLE_SAYS: [usize; 3] = [170, 74, 216];

/// What the rules make of one line.
struct Judged {
    /// The cause's id; `benign` where there is no trouble; nothing where no rule fits.
    cause: Option<String>,
    rule: String,
    line: String,
}

impl Judged {
    fn agrees_with(&self, row: &Row) -> bool {
        self.cause.as_deref().is_some_and(|cause| row.cause.is_empty() || row.cause == cause)
    }
}

/// Reads and judges lines of nginx's error log.
struct Bench {
    format: Arc<Format>,
    catalogue: Catalogue,
}

impl Bench {
    fn new() -> Self {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let catalogue = Catalogue::built_in(&grammars).unwrap_or_else(|defect| panic!("{defect}"));
        let mut formats = grammars.with_id("nginx.error");
        let format = formats.find(|format| format.layout == "default").expect("the usual layout");
        Self { format: Arc::clone(format), catalogue }
    }

    fn judge(&self, row: &Row) -> Judged {
        let line = scene::line(row);
        let mut event = Event::default();
        let read = RecordReader::new(Arc::clone(&self.format), Zone::UTC).read(line.as_bytes(), &mut event).is_some();
        assert!(read, "no line of an error log: {line}");
        let verdict = self.catalogue.judge(&self.format).diagnosis(&event);
        let rule = verdict.and_then(|verdict| verdict.rule).map(|rule| self.catalogue.rule(rule).id.clone());
        let cause = verdict.map(|verdict| match (verdict.gives, verdict.cause) {
            (Gives::Benign, _) | (_, None) => "benign".to_owned(),
            (_, Some(cause)) => self.catalogue.cause(cause).id.clone(),
        });
        Judged { cause, rule: rule.unwrap_or_default(), line }
    }
}

/// The counts of one tier.
#[derive(Default, Clone, Copy)]
struct Count {
    messages: usize,
    judged: usize,
    agreeing: usize,
}

#[test]
fn every_5xx_message_of_nginx_is_judged() {
    let Some(rows) = table::rows() else {
        println!("skipped: no ../shared here");
        return;
    };
    let bench = Bench::new();
    let mut by_literal: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    rows.into_iter().for_each(|row| by_literal.entry(row.literal.clone()).or_default().push(row));
    let mut counts = [Count::default(); 3];
    let (mut unjudged, mut differing, mut unexplained) = (Vec::new(), Vec::new(), Vec::new());
    for (literal, rows) in &by_literal {
        let judged: Vec<Judged> = rows.iter().map(|row| bench.judge(row)).collect();
        let tier = rows.iter().map(|row| row.tier).min().unwrap_or(3);
        let count = &mut counts[tier - 1];
        count.messages += 1;
        count.judged += usize::from(judged.iter().all(|judged| judged.cause.is_some()));
        count.agreeing += usize::from(judged.iter().zip(rows).all(|(judged, row)| judged.agrees_with(row)));
        for (judged, row) in judged.iter().zip(rows).filter(|(judged, row)| !judged.agrees_with(row)) {
            let got = judged.cause.as_deref().unwrap_or("nothing");
            let told = format!("tier {tier}: {literal:?}: {} expected, {got} by {:?}", row.cause, judged.rule);
            let why = reason(literal, &row.cause, got);
            if judged.cause.is_none() {
                unjudged.push(format!("{told}\n    {}", judged.line));
            } else if why.is_none() {
                unexplained.push(format!("{told}\n    {}", judged.line));
            }
            differing.push(format!("{told}: {}", why.unwrap_or("NO REASON GIVEN")));
        }
    }
    tell(&counts, &differing);
    let stale = KEPT.iter().find(|(.., why)| !differing.iter().any(|told| told.ends_with(why)));
    assert!(stale.is_none(), "this difference is no more: {stale:?}");
    assert!(unjudged.is_empty(), "{} are not judged:\n{}", unjudged.len(), unjudged.join("\n"));
    assert!(unexplained.is_empty(), "{} differ without a reason:\n{}", unexplained.len(), unexplained.join("\n"));
    for (tier, (count, least)) in counts.iter().zip(AS_THE_TABLE_SAYS).enumerate() {
        assert!(count.agreeing >= least, "tier {}: {} as the table says, were {least}", tier + 1, count.agreeing);
    }
}

fn tell(counts: &[Count; 3], differing: &[String]) {
    let sum = |count: fn(&Count) -> usize| counts.iter().map(count).sum::<usize>();
    let all = Count {
        messages: sum(|count| count.messages),
        judged: sum(|count| count.judged),
        agreeing: sum(|count| count.agreeing),
    };
    for (name, count) in ["all", "tier 1", "tier 2", "tier 3"].iter().zip(std::iter::once(&all).chain(counts)) {
        println!("{name}: {} of {} judged, {} as the catalogue says", count.judged, count.messages, count.agreeing);
    }
    differing.iter().for_each(|told| println!("{told}"));
}
