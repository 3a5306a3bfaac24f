//! The main job: read logs, tell what failed.

use super::args::{Args, Colour, FailOn, Form, Reading};
use super::progress::Bar;
use super::{FAILED, WRONG, complain};
use crate::cause::Catalogue;
use crate::engine::{self, Options};
use crate::error::{Defect, Result};
use crate::event::Severity;
use crate::grammar::Grammars;
use crate::grammar::server_conf::ServerConf;
use crate::grammar::server_conf::apache::{ApacheConf, USUAL_PLACES};
use crate::grammar::server_conf::nginx::{NginxConf, USUAL_PLACE};
use crate::incident::Limits;
use crate::knowledge::Library;
use crate::playbook::{self, Playbook};
use crate::report::{self, Kind, Report, csv::CsvTable, terminal::Style};
use crate::source::{self, Found, Log, Member, Progress};
use crate::time::{Timestamp, Zone};
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

/// Does the job; the exit code.
pub(super) fn run(args: &Args) -> u8 {
    match work(args) {
        Ok(code) => code,
        Err(defects) => {
            complain(&defects);
            WRONG
        }
    }
}

fn work(args: &Args) -> std::result::Result<u8, Vec<Defect>> {
    let form = form(args).map_err(one)?;
    let zone = display_zone(args).map_err(one)?;
    // The process ends behind this: freeing it piece by piece would take longer than many a log.
    let known = ManuallyDrop::new(Known::load(args).map_err(one)?);
    let Known { grammars, catalogue, options, .. } = &*known;
    let playbook = playbook(args, grammars, catalogue)?;
    let found = find(args).map_err(one)?;
    let progress = Progress::of(&found.logs);
    let outcome = {
        let _bar = Bar::show(&progress, args.telling.quiet);
        engine::run(&found.logs, grammars, catalogue, options, &progress).map_err(one)?
    };
    let report = whole_report(outcome.into_report(catalogue, &playbook), found);
    write(args, form, zone, &report).map_err(one)?;
    complain(&report.defects);
    Ok(exit_code(args, &report))
}

/// The report with what was found out before anything was read, and where no log is of a known kind.
pub(super) fn whole_report(mut report: Report, found: Found) -> Report {
    report.notes.splice(0..0, found.notes);
    report.defects.splice(0..0, found.defects);
    report.defects.extend(all_unknown(&report));
    report.notes.extend(some_unknown(&report));
    report
}

/// What is known, and how logs are read by it.
pub(super) struct Known {
    pub(super) grammars: Grammars,
    pub(super) catalogue: Catalogue,
    pub(super) options: Options,
    /// Stands for all of it.
    pub(super) digest: u64,
}

impl Known {
    pub(super) fn load(args: &Args) -> Result<Self> {
        let library = library(args)?;
        let (grammars, catalogue) = Catalogue::load_with_grammars(&library)?;
        let options = options(args, &grammars)?;
        Ok(Self { grammars, catalogue, options, digest: library.digest() })
    }
}

/// The knowledge built in, with the user's own folder laid over it.
pub(super) fn library(args: &Args) -> Result<Library> {
    match &args.reading.grammars {
        Some(folder) => Library::built_in().with_folder(folder).map_err(|defect| {
            defect.hint(
                "--grammars names a folder like grammars/: formats/*.toml, causes/<family>/<name>.toml, benign/*.toml",
            )
        }),
        None => Ok(Library::built_in()),
    }
}

pub(super) fn one(defect: Defect) -> Vec<Defect> {
    vec![defect]
}

/// Where no log at all is of a known kind, the run has failed.
fn all_unknown(report: &Report) -> Vec<Defect> {
    if report.sources.iter().any(|source| source.format != "unknown") {
        return Vec::new();
    }
    let hint = "name its format with --input-format ID, or give its log_format, or the header line that its columns lack, with --log-format 'STRING'";
    let what = "this is no log of a kind that is known here";
    report.sources.iter().map(|source| Defect::new(&source.path, what).hint(hint)).collect()
}

/// A log of no known kind beside others is told of and disturbs nothing.
fn some_unknown(report: &Report) -> Vec<String> {
    let is_unknown = |source: &&report::SourceLine| source.format == "unknown";
    if report.sources.iter().all(|source| is_unknown(&source)) {
        return Vec::new();
    }
    let note = |source: &report::SourceLine| {
        format!("{} is no log of a kind that is known here: its {} lines were not used", source.path, source.lines)
    };
    report.sources.iter().filter(is_unknown).map(note).collect()
}

fn find(args: &Args) -> Result<Found> {
    if !args.paths.is_empty() {
        return Ok(source::find(&args.paths));
    }
    if io::stdin().is_terminal() {
        return Err(Defect::new("triage", "no log is named and nothing is piped in")
            .hint("try: triage /var/log/nginx/  (or: triage --help)"));
    }
    let log = Log { name: "stdin".into(), members: vec![Member::stdin()] };
    Ok(Found { logs: vec![log], defects: Vec::new(), notes: Vec::new() })
}

pub(super) fn options(args: &Args, grammars: &Grammars) -> Result<Options> {
    let reading = &args.reading;
    let mut told = Vec::new();
    for directive in &reading.log_format {
        let format = grammars.told(directive).map_err(|what| {
            Defect::new("--log-format", what)
                .hint("give the directive as it stands in nginx.conf: log_format name '...';")
        })?;
        told.push(format);
    }
    let zone = reading.tz.as_deref().map(Zone::named).transpose()?;
    Ok(Options {
        jobs: reading.jobs,
        chunk_bytes: reading.chunk_bytes,
        limits: Limits { gap_seconds: reading.gap, ..Limits::default() },
        zone,
        input_format: reading.input_format.clone(),
        told,
        now: now(),
        conf: conf(reading)?,
    })
}

/// The time of the run: enters here, so that no stage reads a clock.
pub(super) fn now() -> Option<Timestamp> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?))
}

/// The configurations that were named, else the machine's own where there are some that can be read.
fn conf(reading: &Reading) -> Result<ServerConf> {
    let nginx = match &reading.nginx_conf {
        Some(path) => Some(NginxConf::read(path)?),
        None => NginxConf::read(Path::new(USUAL_PLACE)).ok(),
    };
    let apache = match &reading.apache_conf {
        Some(path) => Some(ApacheConf::read(path)?),
        None => USUAL_PLACES.iter().find_map(|place| ApacheConf::read(Path::new(place)).ok()),
    };
    Ok(ServerConf { nginx, apache })
}

pub(super) fn playbook(
    args: &Args,
    grammars: &Grammars,
    catalogue: &Catalogue,
) -> std::result::Result<Playbook, Vec<Defect>> {
    playbook_in(args.reading.playbook.as_deref(), grammars, catalogue)
}

/// The playbook in this file; the built-in one where none is named.
pub(super) fn playbook_in(
    file: Option<&Path>,
    grammars: &Grammars,
    catalogue: &Catalogue,
) -> std::result::Result<Playbook, Vec<Defect>> {
    let Some(path) = file else { return Playbook::built_in().map_err(one) };
    let causes: Vec<&str> = catalogue.causes().map(|(_, cause)| cause.id.as_str()).collect();
    Playbook::load(path, &playbook::Known { causes: &causes, formats: &grammars.ids() })
}

/// What was asked for, else what the file's suffix says, else text.
pub(super) fn form(args: &Args) -> Result<Form> {
    let telling = &args.telling;
    let suffix =
        telling.output.as_deref().and_then(Path::extension).map(|suffix| suffix.to_string_lossy().to_lowercase());
    match (telling.output_format, suffix.as_deref()) {
        (Some(form), _) => Ok(form),
        (None, Some("json")) => Ok(Form::Json),
        (None, Some("ndjson" | "jsonl")) => Ok(Form::Ndjson),
        (None, Some("csv")) => Ok(Form::Csv),
        (None, None | Some("txt" | "log" | "text")) => Ok(Form::Text),
        (None, Some(other)) => Err(Defect::new("--output", format!("there is no report of the kind .{other}"))
            .hint("use .txt, .json, .ndjson or .csv, or say --output-format")),
    }
}

pub(super) fn display_zone(args: &Args) -> Result<chrono_tz::Tz> {
    let name = args.telling.zone.as_deref().unwrap_or("UTC");
    name.parse().map_err(|_| {
        let hint = crate::error::did_you_mean(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        Defect::new("--zone", format!("there is no time zone \"{name}\""))
            .hint(hint.unwrap_or_else(|| "give an IANA name".into()))
    })
}

pub(super) fn write(args: &Args, form: Form, zone: chrono_tz::Tz, report: &Report) -> Result<()> {
    if args.telling.quiet && args.telling.output.is_none() && args.telling.output_format.is_none() {
        return Ok(());
    }
    match (&args.telling.output, form) {
        (None, _) => on_stdout(args, form, zone, report),
        (Some(path), Form::Csv) => report::csv::csv_paths(path)
            .into_iter()
            .try_for_each(|(table, path)| to_file(&path, |out| report::csv::render_csv(report, table, out))),
        (Some(path), form) => {
            to_file(path, |out| render(form, &Style { width: 100, colour: false, zone }, report, out))
        }
    }
}

fn on_stdout(args: &Args, form: Form, zone: chrono_tz::Tz, report: &Report) -> Result<()> {
    let style = terminal_style(args, zone);
    to_stdout(|out| render(form, &style, report, out))
}

/// As wide and as colourful as the terminal.
pub(super) fn terminal_style(args: &Args, zone: chrono_tz::Tz) -> Style {
    Style { width: width(), colour: wants_colour(args.telling.color), zone }
}

/// Writes to stdout; a reader that has seen enough (`triage ... | head`) is no defect.
pub(super) fn to_stdout(render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    match render(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|error| Defect::new("stdout", format!("the report cannot be written: {error}"))),
    }
}

fn render(form: Form, style: &Style, report: &Report, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Text => report::terminal::render(report, style, out),
        Form::Json => report::json::render_json(report, out),
        Form::Ndjson => report::json::render_ndjson(report, out),
        Form::Csv => report::csv::render_csv(report, CsvTable::Incidents, out),
    }
}

fn to_file(path: &PathBuf, render: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let failed = |error: io::Error| {
        Defect::new(path.display().to_string(), format!("the report cannot be written: {error}"))
            .hint("is the folder there, and writable?")
    };
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    render(&mut out).and_then(|()| out.flush()).map_err(failed)
}

/// Columns of the terminal; what is piped gets a width that people can read.
fn width() -> usize {
    const PIPED: usize = 100;
    const WIDEST: usize = 160;
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || io::stdout().is_terminal().then(|| usize::from(console_columns()));
    columns.or_else(terminal).unwrap_or(PIPED).min(WIDEST)
}

fn console_columns() -> u16 {
    indicatif::TermLike::width(&console::Term::stdout())
}

/// `NO_COLOR` beats `CLICOLOR_FORCE` beats the terminal; the flag beats all (CONVENTIONS.md).
fn wants_colour(colour: Colour) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}

pub(super) fn exit_code(args: &Args, report: &Report) -> u8 {
    let at_least = args.telling.fail_on.map(|fail_on| match fail_on {
        FailOn::Info => Severity::Info,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
        FailOn::Critical => Severity::Critical,
    });
    let severe = |incident: &report::Incident| {
        incident.kind == Kind::Incident && at_least.is_some_and(|severity| incident.severity >= severity)
    };
    if !report.defects.is_empty() {
        WRONG
    } else if report.incidents.iter().any(severe) {
        FAILED
    } else {
        0
    }
}
