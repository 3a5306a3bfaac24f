//! Marks of what was read: by them a copy of a file is known, also one that ends before the place that was reached.

use super::position::Mark;
use crate::source::overlap::Overlap;

/// Within a block that is read, a mark every so many bytes.
const EVERY_BYTES: usize = 4 << 10;

/// Marks lie no closer than this, in bytes.
const LEAST_BYTES: u64 = 64;

/// While reading, marks lie as far apart as the nearer end of what was read is far, divided by this.
const DENSE: u64 = 8;

/// The same where they are committed.
const SPARSE: u64 = 2;

/// Marks of one text, by offset; close to each other near both its ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    marks: Vec<Mark>,
    /// At so many they are thinned out.
    thin_at: usize,
}

impl Marks {
    /// Marks that were committed.
    pub(super) fn new(marks: Vec<Mark>) -> Self {
        Self { thin_at: 2 * marks.len(), marks }
    }

    /// Takes in a block that was read at this offset, behind `before`; `before` steps over it.
    pub(super) fn pass(&mut self, offset: u64, block: &[u8], before: &mut Overlap) {
        let mut at = offset;
        for part in block.chunks(EVERY_BYTES) {
            before.pass(part);
            at += part.len() as u64;
            self.push(Mark { offset: at, hash: before.hash() });
        }
    }

    /// The marks up to an offset, few enough to be committed, and as the last one the offset's own.
    pub(super) fn upto(&self, offset: u64, passed: &Overlap) -> Vec<Mark> {
        let mut upto: Vec<Mark> = self.marks.iter().copied().take_while(|mark| mark.offset <= offset).collect();
        if offset > 0 && upto.last().is_none_or(|mark| mark.offset < offset) {
            upto.push(Mark { offset, hash: passed.hash() });
        }
        thinned(&upto, SPARSE)
    }

    fn push(&mut self, mark: Mark) {
        self.marks.push(mark);
        if self.marks.len() > self.thin_at {
            self.marks = thinned(&self.marks, DENSE);
            self.thin_at = 2 * self.marks.len() + 16;
        }
    }
}

/// The marks without those that lie closer than they need to. The last one stays.
fn thinned(marks: &[Mark], share: u64) -> Vec<Mark> {
    let Some(last) = marks.last() else { return Vec::new() };
    let mut kept: Vec<Mark> = Vec::new();
    // From the back, so that the copy of a file that is nearly whole has a mark close before its end.
    let mut next = u64::MAX;
    for mark in marks.iter().rev() {
        let far = (last.offset - mark.offset).min(mark.offset) / share;
        if mark.offset == last.offset || next - mark.offset >= far.max(LEAST_BYTES) {
            kept.push(*mark);
            next = mark.offset;
        }
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_marks_are_kept_and_one_lies_close_before_any_place() {
        let (mut marks, mut before) = (Marks::default(), Overlap::default());
        let block = vec![b'x'; 100_000];
        let size = 50_000_000;
        (0..size).step_by(block.len()).for_each(|at| marks.pass(at, &block, &mut before));
        let kept = marks.upto(size, &before);
        assert!(marks.marks.len() < 700 && kept.len() < 60, "{} and {}", marks.marks.len(), kept.len());
        assert_eq!(kept.last().map(|mark| mark.offset), Some(size));
        for back in [5_000, 20_000, 300_000, 10_000_000] {
            let place = size - back;
            let nearest = kept.iter().rev().find(|mark| mark.offset <= place).expect("a mark");
            assert!(place - nearest.offset <= 3 * back + 2 * EVERY_BYTES as u64, "{back}: {}", nearest.offset);
        }
    }
}
