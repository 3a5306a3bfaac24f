//! Logs that are still written: through rotation, truncation, compression and restarts, without loss and without
//! reading anything twice.

mod identity;
mod pipe;
mod position;
mod tail;
mod watch;

pub use identity::Identity;
pub use pipe::Pipe;
pub use position::{FilePosition, Finished, Gap, GapReason, Mark, Position};
pub use tail::{Look, SharedJoint, SharedStart, Sight, Start, Tail};
pub use watch::{Due, Followed, Live, Watch};
