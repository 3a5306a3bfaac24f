//! The live screen: a watch as rows on a terminal, and keys to read in it.
//!
//! In: a [`View`] about once a second, keys, resizes. Out: what the loop must do, as [`Wish`]es. Only this file,
//! `terminal.rs` and `input.rs` know a terminal; drawing and keys are functions of the view and the [`Selection`].
//!
//! Log text is hostile: whatever is drawn goes through [`sheet::Sheet::row`], which makes it harmless.

mod areas;
mod detail;
mod draw;
mod foot;
mod head;
mod help;
mod input;
mod keys;
mod list;
mod listed;
mod selection;
mod sheet;
mod sources;
mod terminal;
#[cfg(test)]
mod tests;

use super::view::{View, Wish};
use crate::report::terminal::Style;
use input::Input;
use keys::{Key, press};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::Event;
use selection::Selection;
use std::io::{self, Stdout};
use std::time::{Duration, Instant};
use terminal::Guard;

/// Events taken before the screen is drawn again: a pasted book must not hold up the watch.
const EVENTS_AT_ONCE: usize = 256;

/// A terminal taken over until this is dropped.
pub struct Screen {
    /// Never dropped: its drop tells stderr where the cursor cannot be shown, and panics where stderr is gone too. The guard
    /// shows the cursor.
    terminal: &'static mut Terminal<CrosstermBackend<Stdout>>,
    style: Style,
    selection: Selection,
    view: Option<View>,
    input: Input,
    /// Last of all: dropped after what writes.
    _guard: Guard,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Screen").field("selection", &self.selection).finish_non_exhaustive()
    }
}

impl Screen {
    /// Takes over the terminal of stdout: raw mode, alternate screen. It is given back when the screen is dropped, and
    /// before a panic is told. The style's width plays no part.
    ///
    /// # Errors
    /// Those of the terminal, which is left as it was.
    pub fn open(style: Style) -> io::Result<Self> {
        let guard = Guard::enter()?;
        let terminal = Box::leak(Box::new(Terminal::new(CrosstermBackend::new(io::stdout()))?));
        Ok(Self { terminal, style, selection: Selection::default(), view: None, input: Input::open()?, _guard: guard })
    }

    /// Keeps the view and draws it.
    ///
    /// # Errors
    /// Those of the terminal.
    pub fn show(&mut self, view: View) -> io::Result<()> {
        self.selection.settle(&view);
        self.view = Some(view);
        self.redraw()
    }

    /// Handles keys and resizes for at most this long, drawing at once what they change. Comes back early with a wish.
    ///
    /// # Errors
    /// Those of the terminal: also where it has gone away.
    pub fn wait(&mut self, most: Duration) -> io::Result<Vec<Wish>> {
        let until = Instant::now() + most;
        while let Some(event) = self.input.next(until.saturating_duration_since(Instant::now()))? {
            let wishes = self.take_all(event)?;
            self.redraw()?;
            if !wishes.is_empty() {
                return Ok(wishes);
            }
        }
        Ok(Vec::new())
    }

    /// Takes this event and those behind it, up to the first wish.
    fn take_all(&mut self, first: Event) -> io::Result<Vec<Wish>> {
        let mut next = Some(first);
        for _ in 0..EVENTS_AT_ONCE {
            let Some(event) = next else { break };
            if let Some(wish) = self.take(&event)? {
                return Ok(vec![wish]);
            }
            next = self.input.next(Duration::ZERO)?;
        }
        Ok(Vec::new())
    }

    fn take(&mut self, event: &Event) -> io::Result<Option<Wish>> {
        let Some(key) = keys::of(event) else { return Ok(None) };
        match (key, &self.view) {
            (Key::Refresh, _) => self.terminal.clear().map(|()| None),
            (Key::Leave, None) => Ok(Some(Wish::Quit)),
            (_, None) => Ok(None),
            (key, Some(view)) => Ok(press(key, view, &mut self.selection)),
        }
    }

    fn redraw(&mut self) -> io::Result<()> {
        let Some(view) = &self.view else { return Ok(()) };
        self.selection.size = self.terminal.size()?;
        let (selection, style) = (&self.selection, &self.style);
        self.terminal.draw(|frame| draw::draw(frame, view, selection, style)).map(|_| ())
    }
}
