//! What a watch looks like at one moment: the report so far, and how each incident and source stands.
//!
//! In: nothing; it is put together by the loop, about once a second. Out: what the screen and the event lines show.

use crate::report::Report;
use crate::time::Timestamp;

/// A watch at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// The time on the clock.
    pub now: Timestamp,
    /// When the watch began.
    pub since: Timestamp,
    /// What a batch run over the lines so far would tell.
    pub report: Report,
    /// How each incident of the report stands, in its order.
    pub states: Vec<Standing>,
    /// How each source of the report stands, in its order.
    pub sources: Vec<SourceState>,
    /// Lines read in the last second.
    pub lines_per_second: u64,
    /// What was told to whom lately, newest last; harmless text.
    pub told: Vec<String>,
    /// What went wrong lately, newest last; harmless text.
    pub wrong: Vec<String>,
}

/// How an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it still goes on.
    pub state: IncidentState,
    /// Somebody took it.
    pub acknowledged: bool,
}

crate::event::closed_list! {
    /// Whether an incident goes on.
    IncidentState {
        /// Its last failure is less than the quiet gap ago.
        Open = "open",
        /// It has been quiet for longer.
        Ended = "ended",
    }
}

/// How a source stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceState {
    /// Whether there is something to read.
    pub reading: Reading,
    /// Bytes on disk that were not read yet.
    pub lag_bytes: u64,
    /// Losses that could not be avoided.
    pub gaps: u64,
}

crate::event::closed_list! {
    /// Whether there is something to read in a source.
    Reading {
        /// It is followed.
        Live = "live",
        /// There is nothing at its path, or nothing that can be read.
        Waiting = "waiting",
        /// It was read to its end and is not followed: an archive, a closed pipe.
        Done = "done",
    }
}

/// What the person at the screen asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Leave.
    Quit,
    /// Take the incident with this id.
    Acknowledge(String),
}
