//! A terminal taken over, and given back whatever happens.
//!
//! In: nothing. Out: a [`Guard`]; while it lives the terminal is in raw mode and shows the alternate screen. A panic gives
//! the terminal back before it is told: the release build aborts then and drops nothing.

use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use std::io::{self, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the terminal is ours, and must be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The hook stands once, however often a screen is opened.
static HOOK: Once = Once::new();

/// Gives the terminal back when dropped.
#[derive(Debug)]
pub(super) struct Guard;

impl Guard {
    /// Takes the terminal over.
    pub(super) fn enter() -> io::Result<Self> {
        HOOK.call_once(leave_on_panic);
        TAKEN.store(true, Ordering::SeqCst);
        let guard = Self; // what fails below is undone by its drop
        enable_raw_mode()?;
        // Terminals differ over the width of some letters: a row that comes out too long must not flow into the next.
        execute!(stdout(), EnterAlternateScreen, DisableLineWrap, Hide)?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// Gives the terminal back, once. What fails cannot be helped: the terminal is gone.
fn leave() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        drop(execute!(stdout(), EnableLineWrap, Show, LeaveAlternateScreen));
        drop(disable_raw_mode());
    }
}

fn leave_on_panic() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        leave();
        told(what);
    }));
}
