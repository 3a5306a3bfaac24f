//! Which paths are followed, and which of them are to be looked at now.

use std::path::PathBuf;

use crate::error::Defect;
use crate::source::{Log, Member};
use crate::time::Timestamp;

/// The followed paths of what the user typed.
pub struct Watch {
    #[expect(dead_code, reason = "the search follows")]
    typed: Vec<PathBuf>,
}

/// One log that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Its number, for [`Due::look`].
    pub id: usize,
    /// The log: its members are what stands there now and is not tailed, oldest first, to be read as a batch run does.
    pub log: Log,
    /// What is tailed; `None` for a set that has no live file, which is read once.
    pub live: Option<Live>,
}

/// What is tailed of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Live {
    /// A file, for a `Tail`; `appeared`: it was not there when the watch began, and is read from its beginning.
    File {
        /// Its path.
        path: PathBuf,
        /// It came after the watch had begun.
        appeared: bool,
    },
    /// Standard input or a named pipe, for a `Pipe`.
    Pipe(Member),
}

/// What is to be done now.
#[derive(Debug, Default)]
pub struct Due {
    /// Logs that were not there before.
    pub new: Vec<Followed>,
    /// Numbers of the logs whose path is to be looked at.
    pub look: Vec<usize>,
    /// What is wrong, told once.
    pub defects: Vec<Defect>,
    /// What was left out on purpose.
    pub notes: Vec<String>,
}

impl Watch {
    /// Watches what the user typed. Paths that are not there yet are waited for.
    pub fn new(typed: Vec<PathBuf>) -> Self {
        Self { typed }
    }

    /// What is to be done at this time: at first all logs are new.
    pub fn due(&mut self, _now: Timestamp) -> Due {
        Due::default()
    }

    /// Waits until a hint comes or `most` has passed.
    pub fn wait(&mut self, most: std::time::Duration) {
        std::thread::sleep(most);
    }
}
