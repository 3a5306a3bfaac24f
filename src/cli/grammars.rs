//! `triage grammars`: what formats there are, and whether they hold.
//!
//! In: the knowledge built in with the user's own folder laid over it. Out: a list; or the proof of every example, every
//! sample and every story (with the golden beside it), how many of each format passed, and what is wrong named by file and
//! line.

use super::args::{Args, GrammarsWhat};
use super::main_job::{library, one, options, whole_report};
use super::{WRONG, complain};
use crate::cause::Catalogue;
use crate::engine::{self, Options};
use crate::error::Defect;
use crate::grammar::server_conf::ServerConf;
use crate::grammar::{Format, Grammars};
use crate::playbook::Playbook;
use crate::report::{self, Report};
use crate::source::{self, Progress};
use crate::text::harmless;
use crate::time::Zone;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Lists or tests; the exit code.
pub(super) fn run(what: GrammarsWhat, args: &Args) -> u8 {
    let told = Known::load(args).and_then(|known| match what {
        GrammarsWhat::List => known.list().map_err(|error| one(Defect::new("stdout", error.to_string()))),
        GrammarsWhat::Test => known.test(args),
    });
    match told {
        Ok(()) => 0,
        Err(defects) => {
            complain(&defects);
            WRONG
        }
    }
}

struct Known {
    grammars: Grammars,
    catalogue: Catalogue,
}

impl Known {
    fn load(args: &Args) -> Result<Self, Vec<Defect>> {
        let library = library(args).map_err(one)?.with_examples();
        let grammars = Grammars::load(&library).map_err(one)?;
        let catalogue = Catalogue::load(&library, &grammars).map_err(one)?;
        Ok(Self { grammars, catalogue })
    }

    fn list(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let widest = self.grammars.ids().iter().map(|id| id.len()).max().unwrap_or(0);
        writeln!(out, "{:widest$}  proves     stamp   rules  layouts", "format")?;
        for id in self.grammars.ids() {
            let layouts: Vec<&Format> = self.grammars.with_id(id).map(AsRef::as_ref).collect();
            let Some(first) = layouts.first() else { continue };
            let names: Vec<&str> = layouts.iter().map(|layout| layout.layout.as_str()).collect();
            let rules = self.catalogue.rules().filter(|(_, rule)| rule.on.iter().any(|on| on == id)).count();
            let (witness, marks) = (first.witness.name(), first.stamp_marks.name());
            writeln!(out, "{id:widest$}  {witness:9}  {marks:6}  {rules:5}  {}", names.join(", "))?;
        }
        let names: Vec<&str> = self.grammars.envelopes.iter().map(|envelope| envelope.name.as_str()).collect();
        writeln!(out, "\nAll of them also inside these wrappers: {}", names.join(", "))
    }

    fn test(&self, args: &Args) -> Result<(), Vec<Defect>> {
        let mut defects = self.catalogue.prove(&self.grammars);
        let examples: usize = self.catalogue.rules().map(|(_, rule)| rule.examples.len()).sum();
        // A layout that does not read its own examples is not even loaded.
        let mut out = io::stdout().lock();
        let mut tell =
            |line: String| writeln!(out, "{line}").map_err(|error| one(Defect::new("stdout", error.to_string())));
        tell(format!(
            "{} layouts of {} formats read their examples",
            self.grammars.formats.len(),
            self.grammars.ids().len()
        ))?;
        tell(format!("{} rules, {examples} examples, {} do not hold", self.catalogue.rules().count(), defects.len()))?;
        let mut books: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let root = sample_root(args);
        let samples = root.iter().flat_map(|root| samples(root)).map(|sample| (format_of(&sample), sample));
        let stories = root.iter().flat_map(|root| stories(root)).map(|story| (STORIES.to_owned(), story));
        for (kind, sample) in samples.chain(stories) {
            let (passed, failed) = books.entry(kind).or_default();
            let read = if sample.is_dir() { self.read_story(&sample, args) } else { self.read(&sample, args) };
            match read {
                Ok(line) => {
                    *passed += 1;
                    tell(line)?;
                }
                Err(wrong) => {
                    *failed += 1;
                    defects.extend(wrong);
                }
            }
        }
        for (format, (passed, failed)) in books {
            tell(format!("{format}: {passed} samples passed, {failed} failed"))?;
        }
        if defects.is_empty() { Ok(()) } else { Err(defects) }
    }

    /// Reads a sample: it must be found to be of the format that its folder is named after, and give the golden beside it,
    /// where there is one. What was found, in one line.
    fn read(&self, sample: &Path, args: &Args) -> Result<String, Vec<Defect>> {
        let shown = sample.display().to_string();
        let mut options = self.options(args)?;
        if let Ok(directive) = std::fs::read_to_string(sample.with_extension("log_format")) {
            let told = self.grammars.told(directive.trim());
            options.told.push(told.map_err(|what| one(Defect::new(&shown, what)))?);
        }
        let (is, report) = self.judge(sample, &options)?;
        let expected = format_of(sample);
        if !self.can_be(&is, &expected) {
            let what = format!("it is found to be {is}, and its folder says {expected}");
            return Err(one(Defect::new(&shown, what).hint("name the folder of a sample after its format's id")));
        }
        let folder = sample.parent().map(|folder| format!("{}/", folder.display())).unwrap_or_default();
        hold_to_golden(&sample.with_extension("golden"), &report, (&folder, "")).map_err(one)?;
        Ok(format!("{shown}: {}", summary(&report, &is)))
    }

    /// Reads all logs of a story in one call: they must give the golden beside its folder, where there is one.
    fn read_story(&self, story: &Path, args: &Args) -> Result<String, Vec<Defect>> {
        let shown = story.display().to_string();
        let (_, report) = self.judge(story, &self.options(args)?)?;
        let golden = PathBuf::from(format!("{shown}.golden"));
        hold_to_golden(&golden, &report, (&format!("{shown}/"), "./")).map_err(one)?;
        let logs = if report.sources.len() == 1 { "1 log".into() } else { format!("{} logs", report.sources.len()) };
        Ok(format!("{shown}: {}", summary(&report, &logs)))
    }

    /// As the goldens were made: what this machine has and is set to plays no part.
    fn options(&self, args: &Args) -> Result<Options, Vec<Defect>> {
        let zone = Some(Zone::UTC);
        Ok(Options { jobs: 1, conf: ServerConf::default(), zone, ..options(args, &self.grammars).map_err(one)? })
    }

    /// The format of the first log at this path, and the report on all of them.
    fn judge(&self, path: &Path, options: &Options) -> Result<(String, Report), Vec<Defect>> {
        let found = source::find(&[path.to_path_buf()]);
        let progress = Progress::of(&found.logs);
        let outcome = engine::run(&found.logs, &self.grammars, &self.catalogue, options, &progress).map_err(one)?;
        let is = outcome.sources.first().map_or("nothing", |source| source.format_id.as_str()).to_owned();
        let playbook = Playbook::built_in().map_err(one)?;
        Ok((is, whole_report(outcome.into_report(&self.catalogue, &playbook), found)))
    }

    /// Whether a log found to be of this format can be of the other: it is, or its bytes cannot tell.
    fn can_be(&self, found: &str, expected: &str) -> bool {
        let family = || self.grammars.with_id(found).any(|format| format.stands_for.iter().any(|id| id == expected));
        found == expected || family()
    }
}

/// The format that a sample's folder is named after.
fn format_of(sample: &Path) -> String {
    sample.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned()
}

/// A golden names its logs as one does in their own folder: it has the second where the report has the first.
fn hold_to_golden(golden: &Path, report: &Report, (folder, named): (&str, &str)) -> Result<(), Defect> {
    let Ok(expected) = std::fs::read_to_string(golden) else { return Ok(()) };
    let wrong = |what: String| Defect::new(golden.display().to_string(), what);
    let mut json = Vec::new();
    report::json::render_json(report, &mut json).map_err(|error| wrong(error.to_string()))?;
    let json = serde_json::from_slice(&json).map_err(|error| wrong(error.to_string()))?;
    let err: String = report.defects.iter().map(|defect| format!("triage: {defect}\n")).collect();
    let code = if report.defects.is_empty() { 0 } else { i32::from(WRONG) };
    let now = report::golden::lines(&json, code, &err).replace(folder, named);
    let differs =
        |(at, (old, new)): (usize, (&str, &str))| (old != new).then(|| (at + 1, old.to_owned(), new.to_owned()));
    let end = || expected.lines().chain(["(the end)"]).zip(now.lines().chain(["(the end)"]));
    match end().enumerate().find_map(differs) {
        Some((at, old, new)) => {
            Err(wrong(format!("the verdict differs: it has \"{old}\", now it is \"{new}\"")).at(at as u64))
        }
        None => Ok(()),
    }
}

/// `nginx.error, 109 lines, 0 unknown; upstream.refused 109`.
fn summary(report: &Report, format: &str) -> String {
    let unknown: u64 = report.sources.iter().map(|source| source.unknown).sum();
    let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
    for incident in &report.incidents {
        *causes.entry(&incident.cause).or_default() += incident.requests_failed.unwrap_or(incident.attempts_failed);
    }
    let causes: Vec<String> = causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    let causes = if causes.is_empty() { "no trouble".to_owned() } else { causes.join(", ") };
    harmless(format!("{format}, {} lines, {unknown} unknown; {causes}", report.totals.lines).as_bytes())
}

/// The folder `samples` in the folder of `--grammars`, or beside it; without one that where one stands.
fn sample_root(args: &Args) -> Option<PathBuf> {
    let places = match &args.reading.grammars {
        Some(folder) => {
            let parent = folder.canonicalize().ok().and_then(|folder| folder.parent().map(Path::to_owned));
            [Some(folder.join("samples")), parent.map(|parent| parent.join("samples"))]
        }
        None => [Path::new("grammars").is_dir().then(|| "samples".into()), None],
    };
    places.into_iter().flatten().find(|place| place.is_dir())
}

/// What several logs tell together is of no single format: it stands in `samples/stories/<name>/`.
const STORIES: &str = "stories";

/// The logs of `samples/<format>/`.
fn samples(root: &Path) -> Vec<PathBuf> {
    let formats = folders(root).into_iter().filter(|folder| !folder.ends_with(STORIES));
    let mut logs: Vec<PathBuf> = formats.flat_map(|folder| entries(&folder)).collect();
    logs.retain(|log| log.extension().is_some_and(|suffix| suffix == "log") && log.is_file());
    logs.sort();
    logs
}

/// The folders of `samples/stories/`.
fn stories(root: &Path) -> Vec<PathBuf> {
    let mut stories = folders(&root.join(STORIES));
    stories.sort();
    stories
}

fn folders(root: &Path) -> Vec<PathBuf> {
    entries(root).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).map_or(Vec::new(), |entries| entries.flatten().map(|entry| entry.path()).collect())
}
