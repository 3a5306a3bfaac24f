//! `triage explain`: what a cause, a status or a log line means.
use super::args::{Args, Asked};

/// Explains; the exit code.
pub(super) fn run(_asked: &Asked, _args: &Args) -> u8 {
    0
}
