//! The loop of a watch.
//!
//! In: a [`Job`]. Out: an [`End`]: the report that a batch run over the same lines would give, and what went wrong. Once a
//! turn: look at the paths, read what is new (a bounded part of each log), and, each at its own pace, tell what happened,
//! commit the state, send notices. Nothing here waits for a log, a person or an endpoint.

mod committing;
mod reading;
mod telling;

use super::Wish;
use super::books::Books;
use super::clock::{Clock, Pace};
use super::logs::{Left, Watched};
use super::metrics::{Server, Shown, serve};
use super::signals::Signals;
use super::state::{Saved, StateDir};
use super::tell::Tell;
use crate::cause::Catalogue;
use crate::engine::{Kept, Live, Options};
use crate::error::{Defect, Result};
use crate::grammar::Grammars;
use crate::notify::{Desk, Notice, Outbox};
use crate::playbook::Playbook;
use crate::report::Report;
use crate::source::follow::{Position, Start, Watch};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

/// A look at what happened is taken so often: a failing line is told within a second.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// The state is committed so often.
const COMMIT_EVERY: Duration = Duration::from_secs(1);
/// The longest time without a look around.
const WAIT: Duration = Duration::from_millis(100);
/// What waits for silent logs goes on so often.
const AGE_EVERY: Duration = Duration::from_secs(1);
/// What ended so long before the newest stamp is told no longer, in microseconds: two days.
const REMEMBER_MICROS: i64 = 48 * 3_600_000_000;
/// How often that is looked at.
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// Notices under way have so long when the watch ends.
const LAST_NOTICES: Duration = Duration::from_secs(5);
/// Losses that are listed; more are counted.
const MOST_GAPS: usize = 4096;
/// Lines of news and of trouble that a view shows.
const MOST_TOLD: usize = 50;

/// What is to be watched, and how.
pub struct Job<'a> {
    /// Paths, directories, globs, `-`.
    pub typed: Vec<PathBuf>,
    /// The formats.
    pub grammars: &'a Grammars,
    /// The causes.
    pub catalogue: &'a Catalogue,
    /// How logs are read.
    pub options: &'a Options,
    /// Reads the playbook; once more when it is asked for anew.
    pub playbook: &'a dyn Fn() -> std::result::Result<Playbook, Vec<Defect>>,
    /// Stands for all that is known: a state is only good for the same.
    pub knowledge: u64,
    /// Where the state is kept, if it is.
    pub state: Option<PathBuf>,
    /// Where metrics are served, if they are.
    pub metrics: Option<String>,
    /// Where the reading of a log begins that is followed for the first time.
    pub start: Start,
}

/// How a watch ended.
#[derive(Debug)]
pub struct End {
    /// What a batch run over the same lines would tell.
    pub report: Report,
    /// Somebody pressed Ctrl-C.
    pub interrupted: bool,
    /// What went wrong.
    pub defects: Vec<Defect>,
}

/// Watches until somebody ends it, or until nothing can come any more.
///
/// # Errors
/// Nothing can be watched at all: the playbook is wrong, the state is refused.
pub fn watch(job: &Job<'_>, tell: &mut Tell) -> std::result::Result<End, Vec<Defect>> {
    let mut watching = Watching::begin(job)?;
    while !watching.is_over() {
        watching.turn(tell)?;
    }
    watching.end(tell).map_err(one)
}

fn one(defect: Defect) -> Vec<Defect> {
    vec![defect]
}

struct Watching<'a> {
    job: &'a Job<'a>,
    playbook: Playbook,
    clock: Clock,
    signals: Signals,
    state: Option<StateDir>,
    watch: Watch,
    live: Live<'a>,
    logs: Vec<Watched>,
    /// How many logs the engine knows.
    begun: usize,
    /// What an earlier run left, by path or name, until its log is found again.
    left: HashMap<String, Left>,
    /// Logs in which there may be something to read.
    busy: BTreeSet<usize>,
    books: Books,
    desk: Desk,
    outbox: Outbox,
    /// Notices that are due, and that no committed state knows yet.
    held: Vec<Notice>,
    metrics: Option<(Shown, Server)>,
    /// Acknowledgements that the state does not hold yet.
    acks: Vec<String>,
    since: Timestamp,
    lines: u64,
    told: Vec<String>,
    wrong: Wrong,
    defects: Vec<Defect>,
    notes: Vec<String>,
    /// Something was read that was not told, or not committed.
    is_untold: bool,
    is_uncommitted: bool,
    /// The state could not be written, and that was said.
    is_stateless: bool,
    wants_end: bool,
    tells: Pace,
    commits: Pace,
    ages: Pace,
    forgets: Pace,
    report: Option<Report>,
}

impl<'a> Watching<'a> {
    fn begin(job: &'a Job<'a>) -> std::result::Result<Self, Vec<Defect>> {
        let playbook = (job.playbook)()?;
        let signals = Signals::catch().map_err(one)?;
        let state = job.state.as_deref().map(StateDir::take).transpose().map_err(one)?;
        let saved = state.as_ref().map_or(Ok(None), |state| state.load(job.knowledge)).map_err(one)?;
        let shown = Shown::default();
        let server = job.metrics.as_deref().map(|address| serve(address, Shown::clone(&shown)));
        let server = server.transpose().map_err(one)?;
        let mut watching = Self {
            metrics: server.map(|server| (shown, server)),
            live: Live::new(job.grammars, job.catalogue, job.options).map_err(one)?,
            outbox: Outbox::new(&playbook),
            playbook,
            clock: Clock::start(),
            signals,
            state,
            watch: Watch::new(job.typed.clone()),
            logs: Vec::new(),
            begun: 0,
            left: HashMap::new(),
            busy: BTreeSet::new(),
            books: Books::default(),
            desk: Desk::default(),
            held: Vec::new(),
            acks: Vec::new(),
            since: Clock::now(),
            lines: 0,
            told: Vec::new(),
            wrong: Wrong::default(),
            defects: Vec::new(),
            notes: Vec::new(),
            is_untold: true,
            is_uncommitted: true,
            is_stateless: false,
            wants_end: false,
            tells: Pace::every(TELL_EVERY),
            commits: Pace::every(COMMIT_EVERY),
            ages: Pace::every(AGE_EVERY),
            forgets: Pace::every(FORGET_EVERY),
            report: None,
            job,
        };
        if let Some(saved) = saved {
            watching.go_on(saved).map_err(one)?;
        }
        Ok(watching)
    }

    /// Goes on from what an earlier run left.
    fn go_on(&mut self, saved: Saved) -> Result<()> {
        let wrong = |_| Defect::new("state", "what was seen and told cannot be read");
        (self.books, self.desk) = postcard::from_bytes(&saved.books).map_err(wrong)?;
        let kept = Kept::read(&saved.engine)?;
        let mut positions: BTreeMap<PathBuf, Position> = saved.positions.into_iter().collect();
        let mut first = 0;
        for (number, log) in kept.logs().iter().enumerate() {
            let live_member = log.members() - 1;
            let path = kept.sources.get(first + live_member as usize).map_or("", |source| source.path.as_str());
            let position = positions.remove(std::path::Path::new(path));
            let name = if position.is_some() { path } else { log.name.as_str() };
            self.left.insert(name.to_owned(), Left { number, live_member, position });
            first += log.members() as usize;
        }
        self.begun = kept.logs().len();
        self.live = Live::restored(kept, self.job.grammars, self.job.catalogue, self.job.options)?;
        // What grew before and is not watched any more holds up nothing.
        (0..self.begun).for_each(|log| self.live.set_dry(log, true));
        Ok(())
    }

    fn is_over(&self) -> bool {
        let all_ended = !self.logs.is_empty() && self.logs.iter().all(|log| log.ended);
        self.wants_end || self.signals.is_end() || all_ended
    }

    fn turn(&mut self, tell: &mut Tell) -> std::result::Result<(), Vec<Defect>> {
        if self.signals.take_reload() {
            self.reload();
        }
        self.look().map_err(one)?;
        self.read().map_err(one)?;
        if self.ages.is_due() && self.live.waits() {
            let now = self.clock.elapsed();
            let live = &mut self.live;
            self.ages.run(|| live.take(Vec::new(), now));
            (self.is_untold, self.is_uncommitted) = (true, true);
        }
        if self.forgets.is_due() {
            let live = &mut self.live;
            self.forgets.run(|| live.forget_older(REMEMBER_MICROS, Clock::now()));
        }
        if self.tells.is_due() {
            self.tell_news(tell)?;
        }
        if self.commits.is_due() {
            self.commit();
        }
        let most = if self.busy.is_empty() { WAIT } else { Duration::ZERO };
        self.wait(tell, most);
        Ok(())
    }

    fn wait(&mut self, tell: &mut Tell, most: Duration) {
        for wish in tell.wait(&mut self.watch, most) {
            match wish {
                Wish::Quit => self.wants_end = true,
                Wish::Acknowledge(id) => {
                    self.books.acknowledge(&id, "");
                    (self.is_untold, self.is_uncommitted) = (true, true);
                }
            }
        }
    }

    /// Reads the playbook anew; a wrong one changes nothing.
    fn reload(&mut self) {
        match (self.job.playbook)() {
            Ok(playbook) => {
                self.outbox.reload(&playbook);
                self.playbook = playbook;
                self.is_untold = true;
            }
            Err(defects) => defects.into_iter().for_each(|defect| self.complain(defect)),
        }
    }

    fn end(mut self, tell: &mut Tell) -> Result<End> {
        tell.take_lost().into_iter().for_each(|defect| self.complain(defect));
        self.look()?;
        self.read()?;
        let now = Clock::now();
        self.is_untold = true;
        let told = self.tell_now(tell, now);
        self.commit();
        let results = self.outbox.finish(LAST_NOTICES);
        self.desk.settle(&results);
        self.is_uncommitted = true;
        self.commit();
        tell.wrong(&std::mem::take(&mut self.wrong.new));
        let mut report = self.report_now();
        report.defects = std::mem::take(&mut self.defects);
        told.map_err(|defects| defects.into_iter().next().unwrap_or_else(|| Defect::new("screen", "it is gone")))?;
        Ok(End { defects: report.defects.clone(), report, interrupted: self.signals.is_interrupt() })
    }
}

/// What went wrong, for people.
#[derive(Debug, Default)]
struct Wrong {
    /// The last few.
    lately: Vec<String>,
    /// Those that were not told yet.
    new: Vec<String>,
}

impl Wrong {
    fn note(&mut self, text: String) {
        self.new.push(text.clone());
        note(&mut self.lately, text);
    }
}

/// Keeps the last few.
fn note(list: &mut Vec<String>, text: String) {
    if list.len() >= MOST_TOLD {
        list.remove(0);
    }
    list.push(text);
}
