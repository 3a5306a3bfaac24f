//! The command line: arguments as typed, and the plan they mean.
//!
//! In: argv. Out: an exit code. One file per subcommand. Exit codes: 0 done; 1 incidents at or above `--fail-on`;
//! 2 something could not be read or is wrong (usage included).

mod args;
mod explain;
mod follow_job;
mod grammars;
mod main_job;
mod playbook;
mod progress;

use crate::error::Defect;
use args::{Args, Command};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Something is wrong with what was asked or read.
const WRONG: u8 = 2;
/// There are incidents at or above `--fail-on`.
const FAILED: u8 = 1;

/// Runs the program on the process's own arguments.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let code = match &args.command {
        Some(Command::Explain(asked)) => explain::run(asked, &args),
        Some(Command::Grammars(asked)) => grammars::run(asked.what, &args),
        Some(Command::Ack(acked)) => follow_job::acknowledge(acked, &args),
        Some(Command::Status) => follow_job::status(&args),
        None if args.following.follow => follow_job::run(&args),
        Some(Command::Playbook(asked)) => playbook::run(asked, &args),
        None => main_job::run(&args),
    };
    ExitCode::from(code)
}

/// Tells of defects on stderr, one a line.
fn complain(defects: &[Defect]) {
    let mut err = anstream::stderr().lock();
    for defect in defects {
        // Nothing can be done about a stderr that is gone.
        drop(writeln!(err, "triage: {defect}"));
    }
}
