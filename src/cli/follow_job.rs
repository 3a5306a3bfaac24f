//! Watching: the main job on logs that grow, and words with a running watch.

use super::args::{Acked, Args, Form};
use super::main_job::{self, Known};
use super::{WRONG, complain};
use crate::engine::{Kept, Live};
use crate::error::{Defect, Result};
use crate::follow::{self, Job, Tell};
use crate::report::Report;
use crate::source::follow::Start;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

/// Somebody pressed Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Watches; the exit code.
pub(super) fn run(args: &Args) -> u8 {
    match watch(args) {
        Ok(code) => code,
        Err(defects) => {
            complain(&defects);
            WRONG
        }
    }
}

fn watch(args: &Args) -> std::result::Result<u8, Vec<Defect>> {
    let form = main_job::form(args).map_err(main_job::one)?;
    let known = Known::load(args).map_err(main_job::one)?;
    let state = state(args).map_err(main_job::one)?;
    let job = Job {
        typed: typed(args).map_err(main_job::one)?,
        grammars: &known.grammars,
        catalogue: &known.catalogue,
        options: &known.options,
        playbook: &|| main_job::playbook(args, &known.grammars, &known.catalogue),
        knowledge: known.digest,
        state,
        metrics: args.following.metrics.clone(),
        start: match args.following.tail {
            None => Start::Beginning,
            Some(0) => Start::End,
            Some(lines) => Start::LastLines(lines),
        },
    };
    let mut tell = if wants_screen(args) {
        Tell::on_screen(main_job::terminal_style(args, main_job::display_zone(args).map_err(main_job::one)?))
            .map_err(main_job::one)?
    } else {
        Tell::new(told_as(args, form), Box::new(io::stdout()), Box::new(anstream::stderr()))
    };
    let end = follow::watch(&job, &mut tell)?;
    let was_told = tell.leaves_words();
    drop(tell);
    // What happened was told already; a report is for a file, or for those who asked for its form.
    if args.telling.output.is_some() || matches!(form, Form::Json | Form::Csv) {
        main_job::write(args, form, main_job::display_zone(args).map_err(main_job::one)?, &end.report)
            .map_err(main_job::one)?;
    }
    if !was_told {
        complain(&end.defects);
    }
    Ok(if end.interrupted { INTERRUPTED } else { main_job::exit_code(args, &end.report) })
}

/// A screen is for people at a terminal who asked for nothing else.
fn wants_screen(args: &Args) -> bool {
    let asked = args.following.plain || args.telling.quiet;
    let is_form = args.telling.output.is_none() && args.telling.output_format.is_some();
    !asked && !is_form && io::stdout().is_terminal()
}

/// How events are told: nothing else may stand on stdout where a report goes there.
fn told_as(args: &Args, form: Form) -> follow::Form {
    match form {
        _ if args.telling.quiet => follow::Form::Silent,
        Form::Ndjson if args.telling.output.is_none() => follow::Form::Ndjson,
        Form::Json | Form::Csv if args.telling.output.is_none() => follow::Form::Silent,
        _ => follow::Form::Plain,
    }
}

fn typed(args: &Args) -> Result<Vec<PathBuf>> {
    if !args.paths.is_empty() {
        return Ok(args.paths.clone());
    }
    if io::stdin().is_terminal() {
        return Err(Defect::new("triage", "no log is named and nothing is piped in")
            .hint("try: triage -f /var/log/nginx/  (or: triage --help)"));
    }
    Ok(vec![PathBuf::from("-")])
}

/// The folder of the state, where one is asked for.
fn state(args: &Args) -> Result<Option<PathBuf>> {
    match (&args.following.state, args.following.resume) {
        (Some(folder), _) => Ok(Some(folder.clone())),
        (None, false) => Ok(None),
        (None, true) => usual_state().map(Some),
    }
}

/// Where states usually are (XDG base directories).
fn usual_state() -> Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
    base.map(|base| base.join("triage"))
        .ok_or_else(|| Defect::new("--resume", "there is no home folder").hint("name a folder with --state"))
}

/// Leaves word that somebody has taken an incident.
pub(super) fn acknowledge(acked: &Acked, args: &Args) -> u8 {
    let folder = args.following.state.clone().map_or_else(usual_state, Ok);
    match folder.and_then(|folder| follow::acknowledge(&folder, &acked.id, &acked.by)) {
        Ok(()) => 0,
        Err(defect) => {
            complain(&[defect]);
            WRONG
        }
    }
}

/// Tells what a watch has counted.
pub(super) fn status(args: &Args) -> u8 {
    let told = counted(args).and_then(|report| {
        let form = main_job::form(args).map_err(main_job::one)?;
        let zone = main_job::display_zone(args).map_err(main_job::one)?;
        main_job::write(args, form, zone, &report).map_err(main_job::one)
    });
    match told {
        Ok(()) => 0,
        Err(defects) => {
            complain(&defects);
            WRONG
        }
    }
}

fn counted(args: &Args) -> std::result::Result<Report, Vec<Defect>> {
    let known = Known::load(args).map_err(main_job::one)?;
    let playbook = main_job::playbook(args, &known.grammars, &known.catalogue)?;
    let folder = args.following.state.clone().map_or_else(usual_state, Ok).map_err(main_job::one)?;
    let saved = follow::read(&folder, known.digest).map_err(main_job::one)?;
    let Some(saved) = saved else {
        let defect = Defect::new(folder.display().to_string(), "there is no state here");
        return Err(vec![defect.hint("name the watch's folder with --state")]);
    };
    let kept = Kept::read(&saved.engine).map_err(main_job::one)?;
    let live = Live::restored(kept, &known.grammars, &known.catalogue, &known.options).map_err(main_job::one)?;
    let mut report = live.outcome().into_report(&known.catalogue, &playbook);
    report.gaps = saved.gaps().map_err(main_job::one)?;
    Ok(report)
}
