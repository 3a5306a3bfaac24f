//! The workers: each reads the next chunk of a log and scans it, while it still lies in its core's cache.
//!
//! In: what the consumer asks for. Out: [`Answer`]s, in any order. A log is read by one worker at a time, several logs side
//! by side: so several archives are unpacked at once.

use super::look::Stream;
use crate::cause::Catalogue;
use crate::error::Defect;
use crate::incident::{Joins, Part, Plan, Scanner, WitnessRecord};
use crate::source::{Chunk, Chunker, Input, Member, Opened, Progress, open};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What the consumer asks for: a chunk of this log, with a spent part whose room can be used again.
type Demand = (usize, Option<Part>);

/// What comes back.
pub(super) enum Answer {
    /// The part with this number of the log, from this source.
    Part { log: usize, number: u64, source: u32, scanned: Box<Scanned> },
    /// The log ends after so many parts.
    End { log: usize, parts: u64 },
    /// Something is wrong with this source.
    Defect { source: usize, defect: Defect },
}

/// A part, and what there was of its chunk beside the bytes.
pub(super) struct Scanned {
    pub(super) part: Part,
    pub(super) rest: Chunk,
    pub(super) plan: Arc<Plan>,
}

/// What the workers share.
pub(super) struct Work<'l, 'c> {
    catalogue: &'c Catalogue,
    chunk_bytes: usize,
    progress: &'c Progress,
    logs: Vec<Mutex<Reading<'l>>>,
    queue: Mutex<Queue>,
    changed: Condvar,
}

struct Queue {
    demands: VecDeque<Demand>,
    /// Logs that a worker reads at the moment.
    busy: Vec<bool>,
    is_closed: bool,
}

/// A log, and what is still to be read of it.
struct Reading<'l> {
    members: std::vec::IntoIter<(usize, &'l Member)>,
    plan: Arc<Plan>,
    current: Option<(usize, Chunker<Opened>)>,
    /// A pipe that was opened to look at it.
    opened: Option<Chunker<Opened>>,
    parts: u64,
    ended: bool,
    /// Some part of it explains requests.
    explained: Arc<AtomicBool>,
}

/// A chunk with its number and source.
type Numbered = (u64, usize, Chunk);

impl<'l, 'c> Work<'l, 'c> {
    pub(super) fn new(
        streams: Vec<Stream<'l>>,
        catalogue: &'c Catalogue,
        chunk_bytes: usize,
        progress: &'c Progress,
    ) -> Self {
        let logs: Vec<Mutex<Reading<'l>>> = streams.into_iter().map(|stream| Mutex::new(Reading::of(stream))).collect();
        let queue = Queue { demands: VecDeque::new(), busy: vec![false; logs.len()], is_closed: false };
        Self { catalogue, chunk_bytes, progress, logs, queue: Mutex::new(queue), changed: Condvar::new() }
    }

    /// Asks for the next chunk of a log.
    pub(super) fn ask(&self, log: usize, spent: Option<Part>) {
        self.queue().demands.push_back((log, spent));
        self.changed.notify_one();
    }

    /// Nothing more will be asked for.
    pub(super) fn close(&self) {
        self.queue().is_closed = true;
        self.changed.notify_all();
    }

    /// One worker: until nothing more is asked for.
    pub(super) fn serve(&self, answer: &Sender<Answer>) {
        let mut room = Vec::new();
        // What it remembers of the lines of a log serves the next chunk too.
        let mut known: Option<(usize, bool, Scanner<'_>)> = None;
        while let Some((log, spent)) = self.next_demand() {
            let (read, plan, explained) = {
                let mut reading = locked(&self.logs[log]);
                if let Some(part) = spent {
                    room = part.witnesses;
                    reading.recycle(part.bytes);
                }
                let read = reading.next_chunk(log, self.chunk_bytes, self.progress, answer);
                (read, Arc::clone(&reading.plan), Arc::clone(&reading.explained))
            };
            self.queue().busy[log] = false;
            self.changed.notify_one();
            let Some((number, source, mut rest)) = read else { continue };
            // Spares the consumer to scan it again; which it is does not show.
            let lists = plan.joins == Joins::OnceExplained && explained.load(Relaxed);
            let mut scanner = match known.take().filter(|(of, listed, _)| (*of, *listed) == (log, lists)) {
                Some((_, _, scanner)) => scanner,
                None if lists => Scanner::new(&plan, self.catalogue).listing(),
                None => Scanner::new(&plan, self.catalogue),
            };
            let part = scanner.scan(&mut rest, std::mem::take(&mut room));
            known = Some((log, lists, scanner));
            explained.fetch_or(part.witnesses.iter().any(WitnessRecord::explains), Relaxed);
            let scanned = Box::new(Scanned { part, rest, plan });
            drop(answer.send(Answer::Part { log, number, source: source as u32, scanned }));
        }
    }

    /// Waits for a demand for a log that nobody reads, and marks the log as read; `None` where all is done.
    fn next_demand(&self) -> Option<Demand> {
        let mut queue = self.queue();
        loop {
            let free = queue.demands.iter().position(|(log, _)| !queue.busy[*log]);
            if let Some(demand) = free.and_then(|at| queue.demands.remove(at)) {
                queue.busy[demand.0] = true;
                return Some(demand);
            }
            if queue.is_closed {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        locked(&self.queue)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'l> Reading<'l> {
    fn of(stream: Stream<'l>) -> Self {
        let members = stream.log.members.iter().enumerate().map(|(at, member)| (stream.first_source + at, member));
        Self {
            members: members.collect::<Vec<_>>().into_iter(),
            plan: Arc::new(stream.plan),
            current: None,
            opened: stream.opened,
            parts: 0,
            ended: false,
            explained: Arc::default(),
        }
    }

    fn recycle(&mut self, bytes: Vec<u8>) {
        if let Some((_, chunker)) = &mut self.current {
            chunker.recycle(bytes);
        }
    }

    /// The next chunk; `None` where the log has ended, which is told once.
    fn next_chunk(
        &mut self,
        log: usize,
        chunk_bytes: usize,
        progress: &Progress,
        answer: &Sender<Answer>,
    ) -> Option<Numbered> {
        while !self.ended {
            if self.current.is_none() && !self.open_next(chunk_bytes, progress, answer) {
                self.ended = true;
                drop(answer.send(Answer::End { log, parts: self.parts }));
            }
            let Some((source, chunker)) = &mut self.current else { continue };
            match chunker.next_chunk() {
                Some(Ok(chunk)) => {
                    self.parts += 1;
                    return Some((self.parts - 1, *source, chunk));
                }
                Some(Err(defect)) => drop(answer.send(Answer::Defect { source: *source, defect })),
                None => self.current = None,
            }
        }
        None
    }

    /// Opens the next member that can be opened; `false` where there is none.
    fn open_next(&mut self, chunk_bytes: usize, progress: &Progress, answer: &Sender<Answer>) -> bool {
        for (source, member) in self.members.by_ref() {
            let kept = if matches!(member.input, Input::File(_)) { None } else { self.opened.take() };
            let opened = match kept {
                Some(chunker) => Ok(chunker),
                None => open(member, progress).map(|opened| Chunker::new(opened, chunk_bytes)),
            };
            match opened {
                Ok(mut chunker) => {
                    if let Some(lanes) = self.plan.lanes.clone() {
                        chunker.set_joint(Box::new(move |lines| lanes.joint(lines)));
                    } else if self.plan.long_records {
                        let plan = Arc::clone(&self.plan);
                        chunker.set_record_start(Box::new(move |line| plan.starts_record(line)));
                    }
                    if let Some(mark) = self.plan.header_mark() {
                        chunker.set_header(mark.clone());
                    }
                    self.current = Some((source, chunker));
                    return true;
                }
                Err(defect) => drop(answer.send(Answer::Defect { source, defect })),
            }
        }
        false
    }
}
