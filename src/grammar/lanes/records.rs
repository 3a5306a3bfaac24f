//! From physical lines to records: the worker's half.

use super::{Lanes, MOST_LINES_BETWEEN, lines};
use crate::event::{Event, Field};
use crate::source::{MAX_LINE_BYTES, MAX_RECORD_BYTES, MAX_RECORD_LINES};
use std::ops::Range;

/// What an envelope says about a line, kept for formats that have none of their own.
const FACTS: [Field; 5] = [Field::Time, Field::Program, Field::Machine, Field::Stream, Field::Pid];

/// The records of a chunk.
#[derive(Debug, Default)]
pub struct Unwrapped {
    /// Their text, one after the other.
    pub text: Vec<u8>,
    /// The records, in the order of their first lines.
    pub records: Vec<Woven>,
    /// Lines over a record's caps.
    pub cut: u64,
}

/// One record.
#[derive(Debug, Clone)]
pub struct Woven {
    /// Where its text stands in [`Unwrapped::text`].
    pub text: Range<usize>,
    /// Its first physical line in the chunk, from 0.
    pub line: usize,
    /// Where that begins in the chunk, in bytes.
    pub at: usize,
    /// How many physical lines it took.
    pub lines: u64,
    /// Whether its first line stood in the envelope.
    pub opened: bool,
    /// It stands for so many of the same.
    pub times: u32,
    /// Where the envelope of its first line has each of the [`FACTS`].
    facts: [(u32, u32); FACTS.len()],
}

impl Woven {
    /// Sets what the envelope says and the record itself does not. `bytes` is the chunk.
    pub fn add_facts<'a>(&self, bytes: &'a [u8], event: &mut Event<'a>) {
        for (field, (start, length)) in FACTS.iter().zip(self.facts) {
            let value = bytes.get(start as usize..start as usize + length as usize).unwrap_or_default();
            if !value.is_empty() && event.raw(*field).is_none() {
                event.set(*field, value);
            }
        }
    }

    /// The envelope's stamp.
    pub fn stamp<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let (start, length) = self.facts[0];
        bytes.get(start as usize..start as usize + length as usize).filter(|stamp| !stamp.is_empty())
    }
}

/// A lane's open record.
struct Lane {
    key: u64,
    record: usize,
    /// Its last line: number, text, and whether the rest of that is to follow.
    last: usize,
    before: Range<usize>,
    is_piece: bool,
    may_go_on: bool,
}

/// A stretch of a record's text, in the order in which lines were read.
struct Stretch {
    record: usize,
    text: Range<usize>,
    /// No further piece of the line follows.
    ends_line: bool,
}

impl Lanes {
    /// The records of a chunk of whole lines before which nothing is open.
    pub fn records(&self, bytes: &[u8]) -> Unwrapped {
        let mut found = Unwrapped::default();
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut open: Vec<Lane> = Vec::new();
        let (mut memos, mut event) = (self.memos(), Event::default());
        for (number, (at, line)) in lines(bytes).enumerate() {
            let start = found.text.len();
            let line = self.unwrap(line, &mut memos, &mut event, &mut found.text);
            let text = start..found.text.len();
            open.retain(|lane| number - lane.last <= MOST_LINES_BETWEEN);
            let lane = open.iter_mut().find(|lane| lane.key == line.lane);
            let goes_on = |lane: &Lane| {
                let begins = || self.begins(&found.text[lane.before.clone()], &found.text[text.clone()], line.is_piece);
                lane.is_piece || (lane.may_go_on && !begins())
            };
            if let Some(lane) = lane.filter(|lane| goes_on(lane)) {
                let record = &mut found.records[lane.record];
                let (most_lines, most_bytes) =
                    if lane.is_piece { (u64::MAX, MAX_LINE_BYTES) } else { (MAX_RECORD_LINES, MAX_RECORD_BYTES) };
                if record.lines >= most_lines || record.text.len() + text.len() > most_bytes {
                    found.cut += 1;
                } else {
                    record.lines += 1;
                    if lane.is_piece
                        && let Some(last) = stretches.iter_mut().rfind(|last| last.record == lane.record)
                    {
                        last.ends_line = false;
                    }
                    record.text.end += text.len() + 1;
                    stretches.push(Stretch { record: lane.record, text: text.clone(), ends_line: true });
                }
                (lane.last, lane.before, lane.is_piece) = (number, text, line.is_piece);
                continue;
            }
            let may_go_on = self.may_go_on(&found.text[text.clone()]);
            let lane = Lane {
                key: line.lane,
                record: found.records.len(),
                last: number,
                before: text.clone(),
                is_piece: line.is_piece,
                may_go_on,
            };
            stretches.push(Stretch { record: lane.record, text: text.clone(), ends_line: true });
            open.retain(|known| known.key != lane.key);
            open.push(lane);
            let facts = FACTS.map(|field| place_in(bytes, event.raw(field).unwrap_or_default()));
            found.records.push(Woven {
                text,
                line: number,
                at,
                lines: 1,
                opened: line.opened,
                times: line.times,
                facts,
            });
        }
        found.gather(stretches);
        found
    }
}

impl Unwrapped {
    /// Brings the stretches of each record together.
    fn gather(&mut self, mut stretches: Vec<Stretch>) {
        stretches.sort_by_key(|stretch| stretch.record);
        let mut text = Vec::with_capacity(self.text.len());
        let mut rest = stretches.iter().peekable();
        for (number, record) in self.records.iter_mut().enumerate() {
            let start = text.len();
            while let Some(stretch) = rest.next_if(|stretch| stretch.record == number) {
                text.extend_from_slice(&self.text[stretch.text.clone()]);
                if stretch.ends_line {
                    text.push(b'\n');
                }
            }
            record.text = start..text.len().max(start + 1) - 1;
        }
        self.text = text;
    }
}

/// Where a value borrowed from the chunk lies in it.
fn place_in(bytes: &[u8], value: &[u8]) -> (u32, u32) {
    let start = (value.as_ptr() as usize).wrapping_sub(bytes.as_ptr() as usize);
    match u32::try_from(start) {
        Ok(at) if !value.is_empty() && start + value.len() <= bytes.len() => (at, value.len() as u32),
        _ => (0, 0),
    }
}
