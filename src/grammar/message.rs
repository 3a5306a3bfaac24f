//! What a message says besides itself: its tail, phase, error, and what stands inside it.
//!
//! In: the event of a diagnosis with its message as it stands in the record. Out: the same, taken apart.

use super::context;
use super::memo::MessageMemo;
use super::{Format, split_request};
use crate::event::{Event, Field};

/// A field that stands inside the message: between two texts.
#[derive(Debug, Clone)]
pub(super) struct Extract {
    pub(super) field: Field,
    pub(super) after: Box<[u8]>,
    /// Empty: to the end.
    pub(super) until: Box<[u8]>,
    pub(super) starts: Box<[u8]>,
}

impl Extract {
    fn run<'a>(&self, text: &'a [u8], event: &mut Event<'a>) {
        let inside = memchr::memmem::find(text, &self.after).map(|at| &text[at + self.after.len()..]);
        let Some(inside) = inside.filter(|inside| inside.starts_with(&self.starts)) else { return };
        let end = match self.until.len() {
            0 => Some(inside.len()),
            _ => memchr::memmem::find(inside, &self.until),
        };
        if let Some(end) = end {
            // Where the text ends with its line, that may be one of Windows.
            let value = &inside[..end];
            event.set(self.field, value.strip_suffix(b"\r").unwrap_or(value));
        }
    }
}

impl Format {
    /// What a message says besides itself: its tail, phase, error and inner fields. Where the tail's opening ends in the
    /// record, if a like record can be read by its beginning alone.
    pub(super) fn split_message<'a>(
        &self,
        record: &'a [u8],
        event: &mut Event<'a>,
        memo: &mut MessageMemo,
    ) -> Option<usize> {
        let whole = event.raw(Field::Message)?;
        let mut text = whole;
        let mut opening = None;
        for (at, tail) in self.tails.iter().enumerate() {
            if text.len() == whole.len() {
                let first;
                (text, first) = tail.split(text, event, memo.tail(at));
                let plain = first && at == 0 && self.extracts.is_empty();
                opening = plain.then(|| record.len() - whole.len() + text.len() + tail.opening.needle().len());
            }
        }
        text = self.phases.split(text, &mut memo.phase, event);
        if let Some(field) = self.brackets {
            let (before, inside) = context::split_brackets(text);
            if let Some(inside) = inside {
                text = before;
                event.set(field, inside);
                if let Some(name) = self.errnos.as_ref().and_then(|errnos| memo.errno.name(inside, errnos)) {
                    event.set(Field::Errno, name.as_bytes());
                }
            }
        }
        if let (Some(number), Some(text), Some(errnos)) =
            (event.raw(Field::OsCode), event.raw(Field::ErrnoText), &self.errnos)
            && let Some(name) = memo.errno.name_of(number, text, errnos)
        {
            event.set(Field::Errno, name.as_bytes());
        }
        event.set(Field::Message, text);
        self.extracts.iter().for_each(|extract| extract.run(text, event));
        split_request(event);
        opening
    }
}
