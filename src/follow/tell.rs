//! How a watch tells what happens: on a screen, as one line per event, as one JSON object per event, or not at all.
//!
//! In: [`Event`]s and [`View`]s. Out: bytes on stdout, flushed at once; and what the person at the screen wishes.

use super::books::Event;
use super::{EventKind, Screen, View, Wish};
use crate::error::{Defect, Result};
use crate::report::Incident;
use crate::report::terminal::{Style, words};
use crate::source::follow::Watch;
use crate::text::harmless;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// How events are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One line of text per event.
    Plain,
    /// One JSON object per event.
    Ndjson,
    /// Not at all: the report at the end is all.
    Silent,
}

/// Tells what happens.
pub struct Tell {
    form: Form,
    screen: Option<Screen>,
    /// Why there is no screen any more.
    lost: Option<Defect>,
    out: Box<dyn Write>,
    /// Where it is told what goes wrong; none where a screen shows that itself.
    err: Option<Box<dyn Write>>,
    /// Nobody reads any more.
    is_gone: bool,
    lines: u64,
    at: Instant,
}

impl Tell {
    /// On this output, and what goes wrong on that one.
    pub fn new(form: Form, out: Box<dyn Write>, err: Box<dyn Write>) -> Self {
        Self { form, screen: None, lost: None, out, err: Some(err), is_gone: false, lines: 0, at: Instant::now() }
    }

    /// On the terminal's screen.
    ///
    /// # Errors
    /// The terminal cannot be taken over.
    pub fn on_screen(style: Style) -> Result<Self> {
        let screen = Screen::open(style).map_err(|error| screen_gone(&error))?;
        Ok(Self {
            screen: Some(screen),
            err: None,
            ..Self::new(Form::Silent, Box::new(io::sink()), Box::new(io::sink()))
        })
    }

    /// Tells of events.
    ///
    /// # Errors
    /// The output cannot be written; a reader that has gone is no error.
    pub(super) fn events(&mut self, events: &[Event]) -> Result<()> {
        if self.is_gone || events.is_empty() {
            return Ok(());
        }
        let told = events.iter().try_for_each(|event| self.event(event)).and_then(|()| self.out.flush());
        match told {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_gone = true;
                Ok(())
            }
            told => told.map_err(|error| Defect::new("stdout", format!("events cannot be written: {error}"))),
        }
    }

    /// Whether what goes wrong is told while it happens, and not on a screen that leaves nothing behind.
    pub fn leaves_words(&self) -> bool {
        self.err.is_some()
    }

    /// Tells what went wrong, at once.
    pub(super) fn wrong(&mut self, texts: &[String]) {
        if let Some(err) = &mut self.err {
            // Nothing can be done about a stderr that is gone.
            texts.iter().for_each(|text| drop(writeln!(err, "triage: {text}")));
        }
    }

    /// Shows the view that `view` makes of the lines per second, where there is a screen.
    pub(super) fn view(&mut self, view: impl FnOnce(u64) -> View, lines: u64) {
        let seconds = self.at.elapsed().as_secs_f64().max(0.001);
        let per_second = (lines.saturating_sub(self.lines) as f64 / seconds) as u64;
        (self.lines, self.at) = (lines, Instant::now());
        if let Some(screen) = &mut self.screen
            && let Err(error) = screen.show(view(per_second))
        {
            self.lose(&error);
        }
    }

    /// Waits for keys, or for logs that grow. A terminal that is gone wishes for the end.
    pub(super) fn wait(&mut self, watch: &mut Watch, most: Duration) -> Vec<Wish> {
        let Some(screen) = &mut self.screen else {
            if self.lost.is_some() {
                return vec![Wish::Quit];
            }
            watch.wait(most);
            return Vec::new();
        };
        screen.wait(most).unwrap_or_else(|error| {
            self.lose(&error);
            vec![Wish::Quit]
        })
    }

    fn lose(&mut self, error: &io::Error) {
        self.screen = None;
        self.lost = Some(screen_gone(error));
    }

    /// Why the screen is gone, once.
    pub(super) fn take_lost(&mut self) -> Option<Defect> {
        self.lost.take()
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match self.form {
            Form::Silent => Ok(()),
            Form::Plain => writeln!(self.out, "{}", line(event)),
            Form::Ndjson => {
                serde_json::to_writer(&mut self.out, event)?;
                writeln!(self.out)
            }
        }
    }
}

fn screen_gone(error: &io::Error) -> Defect {
    Defect::new("screen", format!("the terminal cannot be used: {error}")).hint("tell one line per event with --plain")
}

/// An event in one line.
fn line(event: &Event) -> String {
    let mut line = format!("{} {:<12}", event.at, event.event);
    if let Some(gap) = &event.gap {
        let source = harmless(gap.source.as_bytes());
        line += &format!(" {source}: lines behind byte {} may be lost: {}", gap.offset, gap.why);
    }
    if let Some(incident) = &event.incident {
        line += &told(incident);
    }
    if !event.why.is_empty() {
        line += &format!(" ({})", harmless(event.why.as_bytes()));
    }
    if event.event == EventKind::Opened
        && let Some(evidence) = event.incident.as_ref().and_then(|incident| incident.evidence.first())
    {
        let text = evidence.text.lines().next().unwrap_or_default();
        line += &format!("; {}:{}: {}", harmless(evidence.source.as_bytes()), evidence.line, harmless(text.as_bytes()));
    }
    line
}

fn told(incident: &Incident) -> String {
    format!(
        " {} {} {} on {}: {}, owner {}, since {}",
        incident.id,
        incident.severity,
        incident.cause,
        harmless(incident.service.as_bytes()),
        harmless(words::failed(incident).as_bytes()),
        harmless(words::owner(incident).as_bytes()),
        incident.start,
    )
}
