//! What the system asks of a watch: SIGINT and SIGTERM end it, SIGHUP reads the playbook anew.

use crate::error::{Defect, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that came.
#[derive(Debug, Default)]
pub(super) struct Signals {
    interrupt: Arc<AtomicBool>,
    terminate: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
}

impl Signals {
    /// Notes signals from now on, in place of what they would do.
    ///
    /// # Errors
    /// The system does not allow it.
    pub(super) fn catch() -> Result<Self> {
        let signals = Self::default();
        for (signal, flag) in [(SIGINT, &signals.interrupt), (SIGTERM, &signals.terminate), (SIGHUP, &signals.reload)] {
            signal_hook::flag::register(signal, Arc::clone(flag))
                .map_err(|error| Defect::new("triage", format!("signals cannot be caught: {error}")))?;
        }
        Ok(signals)
    }

    /// Whether the watch is to end.
    pub(super) fn is_end(&self) -> bool {
        self.is_interrupt() || self.terminate.load(Ordering::Relaxed)
    }

    /// Whether it is to end since somebody pressed Ctrl-C.
    pub(super) fn is_interrupt(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }

    /// Whether the playbook is to be read anew, once.
    pub(super) fn take_reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }
}
