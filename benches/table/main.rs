//! The whole program against its peers: `cargo bench --bench table`.
//!
//! Builds its inputs (seeded, grown from the samples) in a temporary folder, runs `triage` and what is installed of its
//! peers in turns, and prints the table of the README. It wants an idle machine, and room for ten times the size.
//!
//! ```sh
//! cargo bench --bench table -- [--mb 1000] [--runs 5] [--folder DIR] [--binary PATH] [ROW...]
//! ```
//! `--folder` keeps the inputs there and uses those that it finds.

#![allow(clippy::panic, clippy::print_stdout, reason = "a bench that cannot go on says so; a table is printed")]

mod grow;
mod measure;
mod rows;

use measure::{Work, medians};
use rows::{Row, Table, check_hostile};
use std::path::PathBuf;

/// What was asked for.
struct Asked {
    mb: u64,
    runs: usize,
    folder: Option<PathBuf>,
    binary: String,
    rows: Vec<String>,
}

impl Asked {
    fn from_args() -> Self {
        let mut asked =
            Self { mb: 1000, runs: 5, folder: None, binary: env!("CARGO_BIN_EXE_triage").into(), rows: Vec::new() };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().unwrap_or_else(|| panic!("{arg} needs a value"));
            match arg.as_str() {
                "--bench" => {}
                "--mb" => asked.mb = value().parse().unwrap_or_else(|_| panic!("--mb needs a number")),
                "--runs" => asked.runs = value().parse().unwrap_or_else(|_| panic!("--runs needs a number")),
                "--folder" => asked.folder = Some(value().into()),
                "--binary" => asked.binary = value(),
                option if option.starts_with('-') => panic!("there is no {option}"),
                _ => asked.rows.push(arg),
            }
        }
        asked
    }
}

fn main() -> std::io::Result<()> {
    let asked = Asked::from_args();
    let temporary = tempfile::tempdir()?;
    let folder = asked.folder.clone().unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let table = Table { folder, bytes: asked.mb * 1_000_000, triage: asked.binary.clone() };
    println!("| work, {} MB each | seconds | ratio | goal | peak memory |\n|---|---|---|---|---|", asked.mb);
    for row in rows::ALL.iter().filter(|row| asked.rows.is_empty() || asked.rows.iter().any(|one| row.id == one)) {
        print(row, &table, asked.runs)?;
    }
    if asked.rows.is_empty() || asked.rows.iter().any(|one| one == "hostile") {
        println!("\n{}", check_hostile(&table)?);
    }
    Ok(())
}

fn print(row: &Row, table: &Table, runs: usize) -> std::io::Result<()> {
    let works: Vec<Work> = (row.works)(table)?;
    // What was read once is in the page cache.
    medians(&works, 1);
    let seconds = medians(&works, runs);
    let ratio = |(work, peer): (&Work, &f64)| format!("{:.2} x {} ({peer:.3} s)", seconds[0] / peer, work.name);
    let ratios: Vec<String> = works.iter().zip(&seconds).skip(1).map(ratio).collect();
    println!(
        "| {} | {:.3} | {} | {} | {} MiB |",
        row.name,
        seconds[0],
        ratios.join(", "),
        row.goal,
        works[0].peak_mib()
    );
    Ok(())
}
