//! From single records to troubles: what a chunk proves, requests joined with diagnoses, and incidents in time.
//!
//! In: chunks of logs, read by `grammar` and judged by `cause`. Out: [`Trouble`]s with counts, times and evidence.
//!
//! ```text
//! chunk -> scan -> Part --in order of time--> Join -> Tally -> finish -> Trouble
//! ```
//! `scan` is pure and runs in parallel. Everything behind it takes the witnesses of all logs in one order that depends on
//! their bytes only, so the result is the same for any number of threads, block and chunk size.

mod alone;
mod breakdown;
mod chain;
mod distinct;
mod echo;
mod facts;
mod finish;
mod frequent;
mod histogram;
mod join;
mod latency;
mod merge;
mod names;
mod part;
mod plan;
mod scan;
mod segment;
mod series;
mod severity;
mod tally;
mod template;
mod waiting;

pub use breakdown::Breakdown;
pub(crate) use facts::{service_of, upstream_of};
pub use finish::{Coverage, Trouble, Troubles, finish};
pub use histogram::TimeHistogram;
pub use join::{Join, JoinState, Placed, Sides};
pub use merge::Merge;
pub use names::{NONE, NameId, Names};
pub use part::{LineCounts, Part, Traffic, WitnessKind, WitnessRecord};
pub use plan::{Joins, Plan};
pub use scan::Scanner;
pub(crate) use scan::is_failure;
pub use segment::{EvidenceLine, Few, MOST_EVIDENCE_BYTES, Segment, Spot, TroubleKind};
pub use series::Series;
pub use tally::{Limits, SeriesKey, SourceTally, Tally, USUAL_GAP_SECONDS};
pub use template::Templates;
