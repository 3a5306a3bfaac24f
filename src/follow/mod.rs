//! The running watch: logs that are still written, read as they grow.
//!
//! In: what the user named, the playbook, a state to go on from. Out: incidents as they open, grow and end, on a screen or
//! as lines; notices; and at the end the report that a batch run over the same lines would give.

mod screen;
mod view;

pub use screen::Screen;
pub use view::{IncidentState, Reading, SourceState, Standing, View, Wish};
