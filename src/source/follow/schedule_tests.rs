//! Schedules of the model that once lost something, each by itself.

use super::{Op, check};

/// Copy, so many more lines, truncate.
fn copy(between: usize) -> Op {
    Op::CopyTruncate { between }
}

#[test]
fn two_rotations_between_looks() {
    let rotate = || Op::Rotate { keep: 4 };
    check(&[Op::Append(1), rotate(), Op::Reopen, Op::Append(1), rotate()], false).expect("nothing is lost");
}

#[test]
fn cut_before_it_was_seen() {
    check(&[Op::Recreate, Op::CopyTruncate { between: 1 }, Op::Refill(0)], true).expect("told");
}

#[test]
fn a_copy_of_a_file_that_is_gone() {
    check(&[copy(1), Op::Recreate, Op::Kill], true).expect("told");
    check(&[copy(1), Op::Recreate, Op::Rotate { keep: 4 }, Op::Compress(2), Op::Kill], true).expect("told");
}

#[test]
fn another_file_that_begins_like_the_one_before() {
    let first = [Op::Partial, Op::Look, Op::Append(1), Op::Recreate, Op::Append(1), copy(0), Op::Append(1)];
    let ops: Vec<Op> = first.into_iter().chain([Op::Compress(1)]).collect();
    check(&ops, true).expect("read");
}

#[test]
fn cut_and_written_anew_with_the_same_beginning() {
    let first = [copy(0), copy(2), Op::Append(1), copy(1), Op::Partial, copy(1), Op::Partial, Op::Look];
    let ops: Vec<Op> = first.into_iter().chain([copy(0), copy(0), Op::Append(1)]).collect();
    check(&ops, true).expect("read");
}

#[test]
fn an_archive_of_a_file_that_was_read_in_part() {
    let rotate = || Op::Rotate { keep: 4 };
    let ops = [rotate(), rotate(), Op::Append(6), Op::Glance(1), Op::Commit, Op::Compress(1), Op::Reopen, Op::Kill];
    let ops: Vec<Op> = ops.into_iter().chain([Op::Compress(2)]).collect();
    check(&ops, false).expect("once");
}

#[test]
fn an_archive_of_a_file_that_begins_like_the_one_at_the_path() {
    let rotate = || Op::Rotate { keep: 4 };
    let first = [rotate(), Op::Append(28), Op::Reopen, Op::Partial, Op::Look, Op::Append(1)];
    let ops: Vec<Op> = first.into_iter().chain([Op::Compress(1), Op::Reopen]).collect();
    check(&ops, false).expect("once");
}

#[test]
fn cut_after_the_beginning_of_a_line() {
    let ops = [Op::Refill(33), copy(1), Op::Partial, Op::Look, Op::Partial, copy(0), Op::Append(1)];
    check(&ops, true).expect("read");
}
