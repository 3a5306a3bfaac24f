//! Keys and resizes, read by a thread of their own.
//!
//! In: the terminal. Out: its events, one by one. The thread is there because the terminal's library may wait without an
//! end for the rest of a key that it does not know, and a watch must not wait with it.

use ratatui::crossterm::event::{self, Event};
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Events that wait to be taken; the terminal keeps the others.
const WAITING: usize = 256;

/// The thread looks this often whether it is still needed.
const SLICE: Duration = Duration::from_millis(250);

/// The events of the terminal, until this is dropped.
#[derive(Debug)]
pub(super) struct Input {
    events: Receiver<io::Result<Event>>,
    done: Arc<AtomicBool>,
}

impl Input {
    /// Begins to read.
    pub(super) fn open() -> io::Result<Self> {
        let (found, events) = sync_channel(WAITING);
        let done = Arc::new(AtomicBool::new(false));
        let is_done = Arc::clone(&done);
        thread::Builder::new().name("keys".into()).spawn(move || read(&found, &is_done))?;
        Ok(Self { events, done })
    }

    /// The next event, within this time.
    pub(super) fn next(&self, most: Duration) -> io::Result<Option<Event>> {
        match self.events.recv_timeout(most) {
            Ok(event) => event.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::new(ErrorKind::UnexpectedEof, "no more keys")),
        }
    }
}

impl Drop for Input {
    /// Does not wait for the thread, which may wait for a key.
    fn drop(&mut self) {
        self.done.store(true, Ordering::Release);
    }
}

/// Hands events on until nobody wants them or one cannot be read.
fn read(found: &SyncSender<io::Result<Event>>, done: &AtomicBool) {
    while !done.load(Ordering::Acquire) {
        let event = match event::poll(SLICE) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_last = event.is_err();
        if found.send(event).is_err() || is_last {
            return;
        }
    }
}
