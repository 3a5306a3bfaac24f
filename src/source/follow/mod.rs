//! Logs that are still written: through rotation, truncation, compression and restarts, without loss and without
//! reading anything twice.

mod descriptors;
mod hints;
mod identity;
mod listing;
mod marks;
mod opened;
mod pipe;
mod position;
mod resume;
mod sets;
mod siblings;
mod start;
mod stretch;
mod tail;
mod text;
mod turn;
mod watch;

pub use descriptors::{Descriptors, MOST_OPEN_FILES};
pub use identity::Identity;
pub use pipe::Pipe;
pub use position::{FilePosition, Finished, Gap, GapReason, Mark, Position};
pub use start::Start;
pub use stretch::{SharedJoint, SharedStart};
pub use tail::{GRACE_MICROS, Look, MOST_OLD_FILES, Sight, Tail};
pub use turn::{OFTEN_MICROS, QUIET_BEFORE_COPY_MICROS, QUIET_MICROS};
pub use watch::{
    Due, Followed, LOOK_BLIND_MICROS, LOOK_MICROS, LOOK_MORE_MICROS, Live, SEARCH_MICROS, SEARCH_MORE_MICROS, Watch,
};

#[cfg(test)]
mod model_tests;
