//! The logs of a watch: what stood there when it began, and the file or pipe that grows.
//!
//! In: what is followed, and looks at it. Out: chunks for the engine, in the order of each log, and what was lost.

use crate::engine::{Live, NewLog, Shape, Taken};
use crate::error::{Defect, Result};
use crate::source::follow::{Followed, Gap, Live as Grows, Pipe, Position, Sight, Start, Tail};
use crate::source::{Chunk, Chunker, Log, Member, Opened, PEEK_BYTES, Progress, open};
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A chunk of a log that is followed, in bytes: what came in a moment is mostly less.
pub(super) const CHUNK_BYTES: usize = 256 << 10;
/// Chunks taken of one log in one turn, so that no log holds up the others.
const CHUNKS_A_TURN: usize = 4;

/// A log of a watch.
pub(super) struct Watched {
    /// The engine's number for it, once it has a first line.
    pub(super) number: Option<usize>,
    log: Log,
    /// The place of the member that grows, behind those that stood there before.
    live_member: u32,
    /// What stood there before, and is still to be read, oldest first; with the member's place.
    before: std::vec::IntoIter<(u32, Member)>,
    reading: Option<(u32, Chunker<Opened>)>,
    grows: Growing,
    /// What stands at its path.
    pub(super) sight: Sight,
    pub(super) ended: bool,
    /// When something was read of it last.
    pub(super) read_last: Option<Timestamp>,
    /// What is wrong with it.
    pub(super) defects: Vec<Defect>,
}

enum Growing {
    File(Box<Tail>),
    Pipe(Box<Pipe>),
    Nothing,
}

/// Where an earlier run left a log.
pub(super) struct Left {
    /// The engine's number for it.
    pub(super) number: usize,
    /// The place of the member that grows.
    pub(super) live_member: u32,
    /// How far it was read; `None` where it was read to its end and does not grow.
    pub(super) position: Option<Position>,
}

/// What a turn of one log gave.
#[derive(Default)]
pub(super) struct Turn {
    pub(super) chunks: Vec<(u32, u32, Chunk)>,
    /// There is nothing more for now.
    pub(super) dry: bool,
}

impl Watched {
    /// A log that is followed from where it was left, else from `start`.
    ///
    /// # Errors
    /// A pipe that cannot be read.
    pub(super) fn new(followed: Followed, start: Start, left: Option<Left>) -> Result<Self> {
        // Where it goes on, or begins at the end, what stood there before has nothing to add.
        let fresh = left.is_none() && start == Start::Beginning;
        let number = left.as_ref().map(|left| left.number);
        let live_member = left.as_ref().map_or(followed.log.members.len() as u32, |left| left.live_member);
        let grows = match followed.live {
            Some(Grows::File { path, appeared }) => {
                let start = if appeared { Start::Beginning } else { start };
                Growing::File(Box::new(match left.and_then(|left| left.position) {
                    Some(position) => Tail::resume(path, position, CHUNK_BYTES),
                    None => Tail::new(path, start, CHUNK_BYTES),
                }))
            }
            Some(Grows::Pipe(member)) => Growing::Pipe(Box::new(Pipe::open(&member, CHUNK_BYTES)?)),
            None => Growing::Nothing,
        };
        let before: Vec<(u32, Member)> = if fresh { numbered(&followed.log.members) } else { Vec::new() };
        Ok(Self {
            number,
            live_member,
            log: followed.log,
            before: before.into_iter(),
            reading: None,
            grows,
            sight: Sight::Quiet,
            ended: false,
            read_last: None,
            defects: Vec::new(),
        })
    }

    /// The path that is followed, by which its position is kept.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.grows {
            Growing::File(tail) => Some(tail.path()),
            _ => None,
        }
    }

    /// How far it was read, where it can be gone on from.
    pub(super) fn position(&self) -> Option<(PathBuf, Position)> {
        match &self.grows {
            Growing::File(tail) => Some((tail.path().to_owned(), tail.position())),
            _ => None,
        }
    }

    /// Whether what stood there before is still being read: there is nothing yet to go on from.
    pub(super) fn is_catching_up(&self) -> bool {
        self.reading.is_some() || !self.before.as_slice().is_empty()
    }

    /// Bytes on disk that were not read yet.
    pub(super) fn lag_bytes(&self) -> u64 {
        match &self.grows {
            Growing::File(tail) => tail.lag_bytes(),
            _ => 0,
        }
    }

    /// Looks at the path; whether there may be something to read.
    pub(super) fn look(&mut self, now: Timestamp, gaps: &mut Vec<Gap>) -> bool {
        if let Growing::File(tail) = &mut self.grows {
            let look = tail.look(now, gaps);
            self.sight = look.sight;
            self.defects.extend(look.defects);
            return !matches!(self.sight, Sight::Quiet | Sight::Missing | Sight::Unreadable) || self.is_catching_up();
        }
        !self.ended
    }

    /// The log for the engine, where it has a first line by now.
    pub(super) fn as_new(&mut self) -> Option<NewLog> {
        let mut beginning = match &mut self.grows {
            Growing::File(tail) => tail.peek(PEEK_BYTES).to_vec(),
            Growing::Pipe(pipe) => pipe.peek(PEEK_BYTES).to_vec(),
            Growing::Nothing => Vec::new(),
        };
        if !beginning.contains(&b'\n') {
            beginning = self.before.as_slice().iter().rev().find_map(|(_, member)| head_of(member)).unwrap_or_default();
        }
        let end = memchr::memrchr(b'\n', &beginning)?;
        beginning.truncate(end + 1);
        let mut members: Vec<String> = self.log.members.iter().map(|member| member.display.clone()).collect();
        members.extend(self.live_name());
        let written = self.log.members.iter().filter_map(|member| member.modified).max();
        let written = self.path().map_or(written, |path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok());
        Some(NewLog { name: self.log.name.clone(), members, beginning, written: written.and_then(stamp) })
    }

    fn live_name(&self) -> Option<String> {
        match &self.grows {
            Growing::File(tail) => Some(tail.path().to_string_lossy().into_owned()),
            Growing::Pipe(_) => Some(self.log.name.clone()),
            Growing::Nothing => None,
        }
    }

    /// Cuts it as the engine says.
    pub(super) fn set_shape(&mut self, shape: &Shape) {
        if let Some((_, chunker)) = &mut self.reading {
            cut(chunker, shape);
        }
        match (&mut self.grows, shape) {
            (Growing::File(tail), Shape::Records(starts)) => tail.set_record_start(starts.clone()),
            (Growing::File(tail), Shape::Lanes(joint)) => tail.set_joint(joint.clone()),
            (Growing::File(tail), Shape::Columns(mark)) => tail.set_header(mark.clone()),
            (Growing::Pipe(pipe), Shape::Records(starts)) => {
                let starts = starts.clone();
                pipe.set_record_start(Box::new(move |line| starts(line)));
            }
            (Growing::Pipe(pipe), Shape::Lanes(joint)) => {
                let joint = joint.clone();
                pipe.set_joint(Box::new(move |lines| joint(lines)));
            }
            (Growing::Pipe(pipe), Shape::Columns(mark)) => pipe.set_header(mark.clone()),
            (_, Shape::Lines) | (Growing::Nothing, _) => {}
        }
    }

    /// The next chunks, what stood there before first.
    pub(super) fn turn(&mut self, shape: &Shape) -> Turn {
        let mut turn = Turn::default();
        while turn.chunks.len() < CHUNKS_A_TURN {
            match self.next(shape) {
                Some(chunk) => turn.chunks.push(chunk),
                None => {
                    turn.dry = true;
                    break;
                }
            }
        }
        turn
    }

    fn next(&mut self, shape: &Shape) -> Option<(u32, u32, Chunk)> {
        if let Some((member, chunk)) = self.next_before(shape) {
            return Some((member, 0, chunk));
        }
        let member = self.live_member;
        match &mut self.grows {
            Growing::File(tail) => tail.next_chunk().map(|(age, chunk)| (member, age, chunk)),
            Growing::Pipe(pipe) => {
                let chunk = pipe.next_chunk().or_else(|| pipe.ended().then(|| pipe.close()).flatten());
                self.ended = chunk.is_none() && pipe.ended();
                if self.ended {
                    self.defects.extend(pipe.defect());
                }
                chunk.map(|chunk| (member, 0, chunk))
            }
            Growing::Nothing => {
                self.ended = true;
                None
            }
        }
    }

    /// The next chunk of what stood there before.
    fn next_before(&mut self, shape: &Shape) -> Option<(u32, Chunk)> {
        loop {
            if self.reading.is_none() {
                let (place, member) = self.before.next()?;
                match open(&member, &Progress::default()) {
                    Ok(opened) => {
                        let mut chunker = Chunker::new(opened, CHUNK_BYTES);
                        cut(&mut chunker, shape);
                        self.reading = Some((place, chunker));
                    }
                    Err(defect) => self.defects.push(defect),
                }
                continue;
            }
            let (place, chunker) = self.reading.as_mut()?;
            match chunker.next_chunk() {
                Some(Ok(chunk)) => return Some((*place, chunk)),
                Some(Err(defect)) => self.defects.push(defect),
                None => self.reading = None,
            }
        }
    }

    /// What stands at its end and may not be whole yet.
    pub(super) fn open_ends(&mut self) -> Vec<(u32, Chunk)> {
        match &mut self.grows {
            Growing::File(tail) => tail.open_ends(),
            Growing::Pipe(pipe) => pipe.open_end().into_iter().map(|chunk| (0, chunk)).collect(),
            Growing::Nothing => Vec::new(),
        }
    }
}

/// Takes a turn's chunks for the engine.
pub(super) fn taken(log: usize, turn: Turn) -> impl Iterator<Item = Taken> {
    turn.chunks.into_iter().map(move |(member, age, chunk)| Taken { log, member, age, chunk })
}

/// Gives the engine the logs that have a first line by now.
///
/// # Errors
/// As [`Live::add`].
pub(super) fn begin(
    logs: &mut [Watched],
    busy: &BTreeSet<usize>,
    live: &mut Live<'_>,
    count: &mut usize,
) -> Result<()> {
    let mut new = Vec::new();
    for id in busy {
        let Some(log) = logs.get_mut(*id).filter(|log| log.number.is_none()) else { continue };
        if let Some(begun) = log.as_new() {
            log.number = Some(*count + new.len());
            new.push(begun);
        }
    }
    if new.is_empty() {
        return Ok(());
    }
    let first = *count;
    *count += new.len();
    live.add(new)?;
    for log in logs.iter_mut().filter(|log| log.number.is_some_and(|number| number >= first)) {
        let Some(number) = log.number else { continue };
        log.set_shape(&live.shape(number));
    }
    Ok(())
}

fn cut(chunker: &mut Chunker<Opened>, shape: &Shape) {
    match shape.clone() {
        Shape::Lines => {}
        Shape::Records(starts) => chunker.set_record_start(Box::new(move |line| starts(line))),
        Shape::Lanes(joint) => chunker.set_joint(Box::new(move |lines| joint(lines))),
        Shape::Columns(mark) => chunker.set_header(mark),
    }
}

fn numbered(members: &[Member]) -> Vec<(u32, Member)> {
    members.iter().enumerate().map(|(place, member)| (place as u32, member.clone())).collect()
}

/// The beginning of a member, where it has a whole line.
fn head_of(member: &Member) -> Option<Vec<u8>> {
    let mut chunker = Chunker::new(open(member, &Progress::default()).ok()?, CHUNK_BYTES);
    let head = chunker.peek(PEEK_BYTES);
    head.contains(&b'\n').then(|| head.to_vec())
}

fn stamp(time: std::time::SystemTime) -> Option<Timestamp> {
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?))
}
