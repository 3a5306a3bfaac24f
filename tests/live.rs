//! A watch tells in the end what a batch run tells, whatever the order in which its logs were read and however often it was
//! stopped and gone on with in between.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{files, root};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use triage::cause::Catalogue;
use triage::engine::{self, Kept, Live, NewLog, Options, Shape, Taken};
use triage::grammar::Grammars;
use triage::knowledge::Library;
use triage::playbook::Playbook;
use triage::report::Report;
use triage::report::json::render_json;
use triage::source::{Chunk, Chunker, Log, Member, Progress};
use triage::time::Timestamp;
use triage::time::Zone;

struct Known {
    grammars: Grammars,
    catalogue: Catalogue,
    playbook: Playbook,
    options: Options,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let library = Library::built_in();
    let grammars = Grammars::load(&library).unwrap();
    let catalogue = Catalogue::load(&library, &grammars).unwrap();
    let options = Options { jobs: 1, zone: Some(Zone::UTC), ..Options::default() };
    Known { grammars, catalogue, playbook: Playbook::built_in().unwrap(), options }
});

/// What a report says of troubles and totals; the sources' names and notes aside.
fn essence(report: &Report) -> Value {
    let mut out = Vec::new();
    render_json(report, &mut out).unwrap();
    let mut value: Value = serde_json::from_slice(&out).unwrap();
    Value::Array(vec![value["totals"].take(), value["incidents"].take()])
}

fn batch(paths: &[PathBuf]) -> Value {
    let known = &*KNOWN;
    let log = |path: &PathBuf| Log { name: path.display().to_string(), members: vec![Member::path(path.clone())] };
    let logs: Vec<Log> = paths.iter().map(log).collect();
    let outcome = engine::run(&logs, &known.grammars, &known.catalogue, &known.options, &Progress::default()).unwrap();
    essence(&outcome.into_report(&known.catalogue, &known.playbook))
}

fn chunks(path: &Path, shape: &Shape, chunk_bytes: usize) -> Vec<Chunk> {
    let mut chunker = Chunker::new(std::fs::File::open(path).unwrap(), chunk_bytes);
    match shape.clone() {
        Shape::Lines => {}
        Shape::Records(starts) => chunker.set_record_start(Box::new(move |line| starts(line))),
        Shape::Lanes(joint) => chunker.set_joint(Box::new(move |lines| joint(lines))),
        Shape::Columns(mark) => chunker.set_header(mark),
    }
    std::iter::from_fn(|| chunker.next_chunk()).map(|chunk| chunk.unwrap()).collect()
}

fn modified_micros(path: &Path) -> i64 {
    let modified = std::fs::metadata(path).unwrap().modified().unwrap();
    modified.duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64
}

/// Watches the logs in this order of turns; `stops`: after which turns it is stopped and gone on with.
fn watched(paths: &[PathBuf], turns: &[usize], stops: &[usize], chunk_bytes: usize) -> Value {
    let known = &*KNOWN;
    let mut live = Live::new(&known.grammars, &known.catalogue, &known.options).unwrap();
    let new = |path: &PathBuf| NewLog {
        name: path.display().to_string(),
        members: vec![path.display().to_string()],
        beginning: std::fs::read(path).unwrap(),
        written: Some(Timestamp::from_micros(modified_micros(path))),
    };
    live.add(paths.iter().map(new).collect()).unwrap();
    let mut waiting: Vec<std::vec::IntoIter<Chunk>> =
        paths.iter().enumerate().map(|(log, path)| chunks(path, &live.shape(log), chunk_bytes).into_iter()).collect();
    let mut turn = 0;
    while waiting.iter().any(|chunks| !chunks.as_slice().is_empty()) {
        let log = turns.get(turn % turns.len().max(1)).copied().unwrap_or(turn) % paths.len();
        let chunk = waiting[log].next();
        live.take(chunk.into_iter().map(|chunk| Taken { log, member: 0, age: 0, chunk }).collect(), 0);
        if turns.is_empty() || turn >= turns.len() {
            let log = turn % paths.len();
            let chunk = waiting[log].next();
            live.take(chunk.into_iter().map(|chunk| Taken { log, member: 0, age: 0, chunk }).collect(), 0);
        }
        if stops.contains(&turn) {
            let kept = live.keep().unwrap();
            live =
                Live::restored(Kept::read(&kept).unwrap(), &known.grammars, &known.catalogue, &known.options).unwrap();
        }
        turn += 1;
    }
    essence(&live.outcome().into_report(&known.catalogue, &known.playbook))
}

fn stories() -> Vec<Vec<PathBuf>> {
    let mut stories = Vec::new();
    for story in std::fs::read_dir(root().join("samples/stories")).unwrap() {
        let story = story.unwrap().path();
        // A rotated set is one log of several files: how those are followed is the business of the sources.
        if story.is_dir() && !story.ends_with("rotated-set") {
            stories.push(files(&story, |name| name.ends_with(".log")));
        }
    }
    stories.sort();
    stories
}

#[test]
fn a_watch_ends_in_the_report_of_a_batch_run() {
    let told: Vec<(Vec<PathBuf>, Value)> = stories().into_iter().map(|paths| (paths.clone(), batch(&paths))).collect();
    assert!(told.len() > 5, "the stories are gone");
    let schedule = (
        0..told.len(),
        prop::collection::vec(0_usize..4, 0..30),
        prop::collection::vec(0_usize..40, 0..4),
        200_usize..20_000,
    );
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&schedule, |(story, turns, stops, chunk_bytes)| {
        let (paths, told) = &told[story];
        prop_assert_eq!(&watched(paths, &turns, &stops, chunk_bytes), told, "{:?}", paths);
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn each_sample_watched_alone_gives_the_report_of_a_batch_run() {
    let in_stories = |path: &Path| path.to_string_lossy().contains("/stories/");
    let logs = files(&root().join("samples"), |name| name.ends_with(".log"));
    let logs = logs.into_iter().filter(|log| !in_stories(log) && !log.with_extension("log_format").exists());
    let differ: Vec<PathBuf> = logs
        .filter(|log| {
            let paths = std::slice::from_ref(log);
            watched(paths, &[], &[1], 3000) != batch(paths)
        })
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}
