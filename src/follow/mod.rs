//! The running watch: logs that are still written, read as they grow.
//!
//! In: what the user named, the playbook, a state to go on from. Out: incidents as they open, grow and end, on a screen or
//! as lines; notices; and at the end the report that a batch run over the same lines would give.
//!
//! In reading order:
//!
//! | file | what it is |
//! |---|---|
//! | `watching` | the loop |
//! | `logs` | each log: what stood there, what grows -> chunks for the engine |
//! | `books` | what was seen and told -> what is new |
//! | `state` | what is committed, and how |
//! | `view`, `tell`, `screen` | what is shown -> the screen, or lines on stdout |
//! | `metrics` | the same for Prometheus, over HTTP |
//! | `clock`, `signals` | what comes from the system |

mod books;
mod clock;
mod logs;
pub mod metrics;
mod screen;
mod signals;
mod state;
mod tell;
mod view;
mod watching;

pub use books::{Event, EventKind};
pub use screen::Screen;
pub use state::{Saved, StateDir, acknowledge, read};
pub use tell::{Form, Tell};
pub use view::{IncidentState, Reading, SourceState, Standing, View, Wish};
pub use watching::{End, Job, watch};
