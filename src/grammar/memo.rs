//! What neighbouring messages have in common, so that it is read once.
//!
//! In: parts of a message. Out: what they mean, remembered from the message before where it is the same.

use super::context::PhaseMemo;
use super::errno::Errnos;
use super::tail::TailShape;
use crate::event::{Event, Field};

/// What the message before had: neighbouring records mostly have the same.
#[derive(Debug, Default)]
pub(super) struct MessageMemo {
    /// By the tail's place in the format.
    tails: Vec<TailShape>,
    pub(super) errno: ErrnoMemo,
    pub(super) phase: PhaseMemo,
}

/// The error met last: neighbouring records mostly have the same.
#[derive(Debug, Default)]
pub(super) struct ErrnoMemo {
    brackets: Vec<u8>,
    name: Option<&'static str>,
}

impl MessageMemo {
    /// What is known of the format's tail with this number.
    pub(super) fn tail(&mut self, number: usize) -> &mut TailShape {
        if self.tails.len() <= number {
            self.tails.resize_with(number + 1, TailShape::default);
        }
        &mut self.tails[number]
    }

    /// The errno's name, where the event has one.
    pub(super) fn errno_of(&self, event: &Event<'_>) -> Option<&'static str> {
        event.raw(Field::Errno).and(self.errno.name)
    }
}

impl ErrnoMemo {
    pub(super) fn name(&mut self, brackets: &[u8], errnos: &Errnos) -> Option<&'static str> {
        if self.brackets != brackets {
            self.brackets.clear();
            self.brackets.extend_from_slice(brackets);
            self.name = errnos.name(brackets);
        }
        self.name
    }

    /// The same where number and text stand apart, side by side.
    pub(super) fn name_of(&mut self, number: &[u8], text: &[u8], errnos: &Errnos) -> Option<&'static str> {
        if self.brackets.strip_prefix(number).and_then(|rest| rest.strip_prefix(b")")) != Some(text) {
            self.brackets.clear();
            [number, b")", text].iter().for_each(|part| self.brackets.extend_from_slice(part));
            self.name = errnos.name_of(number, text);
        }
        self.name
    }
}
