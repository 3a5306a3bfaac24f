//! What can happen to a log and to its watch, and random schedules of it.

use proptest::prelude::*;

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Op {
    /// Whole lines.
    Append(usize),
    /// Part of a line; the next write goes on with it.
    Partial,
    /// Rename and create; the writer goes on in the old file until it reopens.
    Rotate { keep: usize },
    /// The writer reopens its log.
    Reopen,
    /// Copy, some more lines, truncate.
    CopyTruncate { between: usize },
    /// Truncate, and write again at once.
    Refill(usize),
    /// Delete and create under the same name; the writer has the new one.
    Recreate,
    /// Compress a rotated file.
    Compress(usize),
    /// Look at the path and take what there is.
    Look,
    /// Look, and take only so many chunks.
    Glance(usize),
    /// Commit.
    Commit,
    /// Kill and go on from the last commit.
    Kill,
    /// Time passes.
    Wait(i64),
}

pub(super) fn ops(with_losses: bool) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (1..30_usize).prop_map(Op::Append),
        3 => Just(Op::Partial),
        3 => (0..3_usize).prop_map(|keep| Op::Rotate { keep: 4 + keep }),
        3 => Just(Op::Reopen),
        2 => (0..3_usize).prop_map(|between| Op::CopyTruncate { between }),
        2 => (0..40_usize).prop_map(Op::Refill),
        1 => Just(Op::Recreate),
        2 => (1..3_usize).prop_map(Op::Compress),
        6 => Just(Op::Look),
        2 => (1..4_usize).prop_map(Op::Glance),
        3 => Just(Op::Commit),
        2 => Just(Op::Kill),
        2 => (1..30_i64).prop_map(Op::Wait),
    ];
    let can_lose = |op: &Op| matches!(op, Op::CopyTruncate { .. } | Op::Refill(_) | Op::Recreate);
    prop::collection::vec(op, 1..40).prop_map(move |mut ops| {
        ops.retain(|op| with_losses || !can_lose(op));
        ops
    })
}
