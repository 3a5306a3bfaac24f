//! Sending: a thread and a bounded queue a channel.
//!
//! In: [`Notice`]s. Out: what came of each, by its key. Pushing never waits: a dead endpoint fills its own queue and nothing
//! else. The notices of a channel go in order; one that does not arrive is tried again for a while before the next.

mod post;
mod retry;
#[cfg(test)]
mod tests;

use super::Notice;
use crate::playbook::{Channel, Playbook};
use post::{Poster, Reach};
use retry::{Answer, Pace};
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Notices that wait for one channel.
const MOST_WAITING: usize = 64;
/// Channels, each with a thread.
const MOST_LANES: usize = 64;

/// What came of a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint took it.
    Sent,
    /// It was not taken, and why, in harmless words without secrets.
    Failed(String),
    /// The channel's queue was full.
    Crowded,
}

/// The sender of notices.
#[derive(Debug)]
pub struct Outbox {
    channels: BTreeMap<String, Reach>,
    lanes: BTreeMap<String, Lane>,
    pace: Pace,
    report: Sender<(String, Outcome)>,
    reports: Receiver<(String, Outcome)>,
    stop: Arc<Stop>,
    /// Pushed, and not reported yet.
    under_way: usize,
}

/// A channel's queue. The thread ends when it is dropped.
#[derive(Debug)]
struct Lane {
    reach: Reach,
    queue: SyncSender<Notice>,
}

impl Outbox {
    /// One that knows the playbook's channels. No thread is started before there is something to send.
    pub fn new(playbook: &Playbook) -> Self {
        Self::with_pace(playbook, Pace::default())
    }

    fn with_pace(playbook: &Playbook, pace: Pace) -> Self {
        let (report, reports) = channel();
        let channels = reaches(playbook);
        Self { channels, lanes: BTreeMap::new(), pace, report, reports, stop: Arc::default(), under_way: 0 }
    }

    /// Takes over the channels of a playbook that was read anew. What is under way goes where it was meant to.
    pub fn reload(&mut self, playbook: &Playbook) {
        self.channels = reaches(playbook);
        self.lanes.retain(|name, lane| self.channels.get(name) == Some(&lane.reach));
    }

    /// Takes a notice to send; never waits.
    pub fn push(&mut self, notice: Notice) {
        self.under_way += 1;
        let key = notice.key.clone();
        let outcome = match self.lane(&notice.channel) {
            Err(why) => Some(Outcome::Failed(why)),
            Ok(lane) => match lane.queue.try_send(notice) {
                Ok(()) => None,
                Err(TrySendError::Full(_)) => Some(Outcome::Crowded),
                Err(TrySendError::Disconnected(_)) => Some(Outcome::Failed("its thread has ended".into())),
            },
        };
        if let Some(outcome) = outcome {
            drop(self.report.send((key, outcome)));
        }
    }

    fn lane(&mut self, name: &str) -> Result<&Lane, String> {
        let reach = self.channels.get(name).ok_or("the playbook has no such channel any more")?;
        if !self.lanes.contains_key(name) {
            if self.lanes.len() >= MOST_LANES {
                return Err(format!("more than {MOST_LANES} channels"));
            }
            let lane = self.start(reach.clone())?;
            self.lanes.insert(name.to_owned(), lane);
        }
        self.lanes.get(name).ok_or_else(|| "it cannot be reached".into())
    }

    fn start(&self, reach: Reach) -> Result<Lane, String> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let worker = Worker {
            poster: Poster::new(reach.clone(), self.pace.timeout),
            pace: self.pace,
            waiting,
            report: self.report.clone(),
            stop: Arc::clone(&self.stop),
        };
        let thread = std::thread::Builder::new().name("notices".into()).spawn(move || worker.work());
        thread.map(|_| Lane { reach, queue }).map_err(|error| format!("no thread can be started: {}", error.kind()))
    }

    /// What came of notices since the last call, by their keys.
    pub fn results(&mut self) -> Vec<(String, Outcome)> {
        let results: Vec<_> = self.reports.try_iter().collect();
        self.under_way = self.under_way.saturating_sub(results.len());
        results
    }

    /// Waits at most this long for what is under way, and gives up the rest: it stands in the desk's state as not sent.
    pub fn finish(&mut self, within: Duration) -> Vec<(String, Outcome)> {
        let until = Instant::now() + within;
        let mut results = self.results();
        while self.under_way > 0 {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(result) = self.reports.recv_timeout(left) else { break };
            self.under_way -= 1;
            results.push(result);
        }
        self.stop.now();
        self.lanes.clear();
        results
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.stop.now();
    }
}

fn reaches(playbook: &Playbook) -> BTreeMap<String, Reach> {
    let reach = |channel: &Channel| Reach { channel: channel.clone(), repeat: playbook.defaults.repeat_interval };
    playbook.channels.iter().map(|channel| (channel.name.clone(), reach(channel))).collect()
}

/// A channel's thread.
struct Worker {
    poster: Poster,
    pace: Pace,
    waiting: Receiver<Notice>,
    report: Sender<(String, Outcome)>,
    stop: Arc<Stop>,
}

impl Worker {
    fn work(self) {
        while let Ok(notice) = self.waiting.recv() {
            let Some(outcome) = self.deliver(&notice) else { return };
            if self.report.send((notice.key, outcome)).is_err() {
                return;
            }
        }
    }

    /// Tries until it is taken, refused, or tried often enough; `None` where there is no time left.
    fn deliver(&self, notice: &Notice) -> Option<Outcome> {
        let mut tries = 1;
        loop {
            if self.stop.wait(Duration::ZERO) {
                return None;
            }
            let (why, after) = match self.poster.post(notice) {
                Answer::Taken => return Some(Outcome::Sent),
                Answer::Refused(why) => return Some(Outcome::Failed(why)),
                Answer::Again { why, after } => (why, after),
            };
            if tries >= self.pace.most_tries {
                return Some(Outcome::Failed(format!("{why} ({tries} tries)")));
            }
            if self.stop.wait(after.unwrap_or_else(|| self.pace.pause(tries, &notice.key))) {
                return None;
            }
            tries += 1;
        }
    }
}

/// The end of all sending.
#[derive(Debug, Default)]
struct Stop {
    has_come: Mutex<bool>,
    bell: Condvar,
}

impl Stop {
    fn now(&self) {
        *self.has_come.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.bell.notify_all();
    }

    /// Waits so long, or until the end; whether that has come.
    fn wait(&self, span: Duration) -> bool {
        let has_come = self.has_come.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.bell.wait_timeout_while(has_come, span, |has_come| !*has_come);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
