//! Where a log can be cut: in front of a line before which nothing is open.

use super::{Lanes, MOST_LINES_BETWEEN, lines};
use crate::event::Event;

/// So many bytes are looked at first, from the back: nearly always there is a joint among them.
const FIRST_LOOK_BYTES: usize = 64 << 10;

impl Lanes {
    /// The last place in these whole lines where no record goes on, in bytes. Behind it must stand as many lines as a
    /// lane may be silent for: what they belong to must be seen.
    pub fn joint(&self, bytes: &[u8]) -> Option<usize> {
        let near = bytes.len().saturating_sub(FIRST_LOOK_BYTES);
        let line = memchr::memchr(b'\n', &bytes[near..]).map(|end| near + end + 1).filter(|_| near > 0);
        // Seen from the middle of a record its further lines seem to begin one, for as long as a lane may be silent.
        let found = line.and_then(|start| self.last_joint(&bytes[start..], MOST_LINES_BETWEEN).map(|at| start + at));
        found.or_else(|| self.last_joint(bytes, 1))
    }

    /// The same among the lines from `first` on.
    fn last_joint(&self, bytes: &[u8], first: usize) -> Option<usize> {
        let mut starts = Vec::new();
        // Lines that are open before this one, so that no cut can be made in front of it: a difference array.
        let mut opened: Vec<i32> = Vec::new();
        let mut open: Vec<Lane> = Vec::new();
        let (mut memos, mut text) = (self.memos(), Vec::new());
        for (number, (start, line)) in lines(bytes).enumerate() {
            let mut event = Event::default();
            starts.push(start);
            opened.push(0);
            text.clear();
            let line = self.unwrap(line, &mut memos, &mut event, &mut text);
            open.retain(|lane| number - lane.last <= MOST_LINES_BETWEEN);
            let lane = open.iter_mut().find(|lane| lane.key == line.lane);
            let Some(lane) = lane else {
                open.push(Lane { key: line.lane, last: number, before: text.clone(), is_piece: line.is_piece });
                continue;
            };
            if lane.is_piece || !self.begins(&lane.before, &text, line.is_piece) {
                opened[lane.last] += 1;
                opened[number] -= 1;
            }
            (lane.last, lane.is_piece) = (number, line.is_piece);
            std::mem::swap(&mut lane.before, &mut text);
        }
        let last = starts.len().checked_sub(MOST_LINES_BETWEEN + 1)?;
        let mut depth = 0;
        let mut joint = None;
        for (number, start) in starts.iter().enumerate() {
            if depth == 0 && number >= first && number <= last {
                joint = Some(*start);
            }
            depth += opened[number];
        }
        joint
    }
}

/// A lane, as far as it matters for what goes on.
struct Lane {
    key: u64,
    /// Its last line.
    last: usize,
    before: Vec<u8>,
    is_piece: bool,
}
