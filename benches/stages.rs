//! What each stage costs per byte: `cargo bench --bench stages`.
//!
//! The input is grown from lines of the shapes that nginx writes, seeded, so that every run measures the same bytes.
//! Whole-process figures against ripgrep are the bench `table`'s.

#![allow(missing_docs, clippy::panic)] // criterion's macros make undocumented items; a bench that cannot start must say so

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;
use triage::cause::Catalogue;
use triage::engine::{self, Options};
use triage::event::Event;
use triage::grammar::detect::detect;
use triage::grammar::{Format, Grammars, RecordReader};
use triage::incident::{Joins, Plan, Scanner};
use triage::source::{Carry, Chunk, Chunker, Log, Member, Progress};
use triage::time::Zone;

/// Lines of each input.
const LINES: usize = 20_000;

/// A small linear congruential generator: the same numbers in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

fn access(failing_percent: u64) -> Vec<u8> {
    let mut seeded = Seeded(7);
    let mut text = String::new();
    for at in 0..LINES {
        let status = if seeded.below(100) < failing_percent { 502 } else { 200 };
        let (client, product) = (seeded.below(254) + 1, seeded.below(100_000));
        text.push_str(&format!(
            "203.0.113.{client} - - [21/Nov/2026:09:{:02}:{:02} +0000] \"GET /products/{product}?page={at} HTTP/1.1\" {status} 853 \"-\" \
             \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
            at / 3000 % 60,
            at / 50 % 60,
        ));
    }
    text.into_bytes()
}

fn error() -> Vec<u8> {
    let mut seeded = Seeded(7);
    let mut text = String::new();
    for at in 0..LINES {
        let (client, product) = (seeded.below(254) + 1, seeded.below(100_000));
        text.push_str(&format!(
            "2026/11/21 09:{:02}:{:02} [error] 7#7: *{at} connect() failed (111: Connection refused) while connecting to upstream, \
             client: 203.0.113.{client}, server: shop.example.com, request: \"GET /products/{product} HTTP/1.1\", \
             upstream: \"http://192.0.2.17:8081/products/{product}\", host: \"shop.example.com\"\n",
            at / 3000 % 60,
            at / 50 % 60,
        ));
    }
    text.into_bytes()
}

fn json() -> Vec<u8> {
    let mut seeded = Seeded(7);
    let mut text = String::new();
    for at in 0..LINES {
        let (client, product) = (seeded.below(254) + 1, seeded.below(100_000));
        text.push_str(&format!(
            "{{\"time\":\"2026-11-21T09:{:02}:{:02}+00:00\",\"remote_addr\":\"203.0.113.{client}\",\"host\":\"shop.example.com\",\
             \"method\":\"GET\",\"uri\":\"/products/{product}\",\"status\":200,\"request_time\":0.022,\"upstream_status\":\"200\"}}\n",
            at / 3000 % 60,
            at / 50 % 60,
        ));
    }
    text.into_bytes()
}

fn knowledge() -> (Grammars, Catalogue) {
    let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
    let catalogue = Catalogue::built_in(&grammars).unwrap_or_else(|defect| panic!("{defect}"));
    (grammars, catalogue)
}

fn inputs() -> Vec<(&'static str, Vec<u8>)> {
    vec![("access 2 % failing", access(2)), ("access all failing", access(100)), ("error", error()), ("json", json())]
}

fn main_format(text: &[u8], grammars: &Grammars) -> Arc<Format> {
    let found = detect(&text[..text.len().min(32_768)], &grammars.formats, &grammars.envelopes);
    Arc::clone(found.formats.first().expect("a known format"))
}

fn read(bench: &mut Criterion) {
    let mut group = bench.benchmark_group("source: bytes to chunks");
    let text = access(2);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("plain", |timer| {
        timer.iter(|| {
            let mut chunker = Chunker::new(Cursor::new(&text), 512 << 10);
            while let Some(chunk) = chunker.next_chunk() {
                black_box(chunk.is_ok());
            }
        });
    });
    group.finish();
}

fn parse(bench: &mut Criterion) {
    let (grammars, _) = knowledge();
    let mut group = bench.benchmark_group("grammar: lines to events");
    for (name, text) in inputs() {
        let format = main_format(&text, &grammars);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &text, |timer, text| {
            timer.iter(|| {
                let mut reader = RecordReader::new(Arc::clone(&format), Zone::UTC);
                let mut event = Event::default();
                text.split(|byte| *byte == b'\n').filter(|line| reader.read(line, &mut event).is_some()).count()
            });
        });
    }
    group.finish();
}

fn scan(bench: &mut Criterion) {
    let (grammars, catalogue) = knowledge();
    let mut group = bench.benchmark_group("incident: chunks to witnesses");
    for (name, text) in inputs() {
        let plan = Plan { formats: vec![main_format(&text, &grammars)], joins: Joins::Always, ..Plan::nothing() };
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &text, |timer, text| {
            let mut scanner = Scanner::new(&plan, &catalogue);
            let chunk = || Chunk {
                bytes: text.clone(),
                offset: 0,
                carry: Carry::Fresh,
                header: None,
                oversize: None,
                torn: false,
            };
            timer.iter_batched(
                chunk,
                |mut chunk| scanner.scan(&mut chunk, Vec::new()),
                criterion::BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn whole(bench: &mut Criterion) {
    let (grammars, catalogue) = knowledge();
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = bench.benchmark_group("engine: files to tally");
    for (name, text) in inputs() {
        let path = folder.path().join(name.replace([' ', '%'], "-"));
        std::fs::write(&path, &text).expect("written");
        let logs = [Log { name: name.into(), members: vec![Member::path(&path)] }];
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(name), |timer| {
            let options = Options { zone: Some(Zone::UTC), ..Options::default() };
            timer.iter(|| engine::run(&logs, &grammars, &catalogue, &options, &Progress::default()).is_ok());
        });
    }
    group.finish();
}

fn start(bench: &mut Criterion) {
    bench.bench_function("start: the knowledge built in", |timer| timer.iter(knowledge));
}

criterion_group!(stages, read, parse, scan, whole, start);
criterion_main!(stages);
