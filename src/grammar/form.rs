//! The files of `grammars/formats/` as they are written.
//!
//! In: their tables. Out: the same as what reading them uses, where that needs nothing but the table itself.

use super::columns::RawSheet;
use super::error_format::Items;
use super::free_text::{RawFreeText, usual_quiet};
use super::message::Extract;
use super::notation::Variable;
use super::pattern::Span;
use super::rows::RawRows;
use super::tail::{Key, Tail};
use super::units::{Unit, Units};
use super::{Marks, Witness};
use crate::event::{AnsweredBy, Field};
use crate::time::Shape;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The same text in another frame: what nginx quotes behind `FastCGI sent in stderr: "`, Apache quotes behind `Got error '`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Borrow {
    /// The format that borrows.
    #[serde(skip)]
    pub by: String,
    /// The format whose rules have the wordings.
    pub from: String,
    /// How those wordings begin.
    pub prefix: String,
    /// How they begin here; empty where the text stands alone.
    #[serde(rename = "as")]
    pub to: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawGrammar {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) witness: Witness,
    /// `any` where lines say no more than "time".
    pub(super) stamp: String,
    pub(super) stamp_marks: Marks,
    /// The zone of stamps that never name it.
    pub(super) zone: Option<String>,
    #[serde(default)]
    pub(super) units: Units,
    pub(super) columns: Option<RawSheet>,
    #[serde(default)]
    pub(super) rank: i32,
    #[serde(default)]
    pub(super) stands_for: Vec<String>,
    pub(super) record_start: Option<String>,
    pub(super) layout: Vec<RawLayout>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, RawVariable>,
    /// The file says what the variables of a notation mean: that notation's strings are of its format.
    #[serde(skip)]
    pub(super) has_variables: bool,
    /// How the items of an ErrorLogFormat look: that directive's strings are of this format.
    #[serde(default)]
    pub(super) items: Items,
    #[serde(default)]
    pub(super) keys: BTreeMap<String, Vec<String>>,
    /// Whether the same keys are read in columns that nobody described.
    #[serde(default)]
    pub(super) keys_of_tails: bool,
    #[serde(default)]
    pub(super) rows: RawRows,
    pub(super) tail: Option<RawTail>,
    #[serde(default)]
    pub(super) extract: Vec<RawExtract>,
    #[serde(default)]
    pub(super) answered: Vec<RawAnswered>,
    #[serde(default)]
    pub(super) borrow: Vec<Borrow>,
    pub(super) text: Option<RawFreeText>,
    /// Levels at which nobody looks for trouble; an empty one stands for no level.
    #[serde(default = "usual_quiet")]
    pub(super) quiet: Vec<String>,
    /// Formats whose records stand between its own.
    #[serde(default)]
    pub(super) beside: Vec<String>,
    /// Its lines are requests where no log in front of its own counts them.
    #[serde(default)]
    pub(super) counts_alone: bool,
    /// What its owner can do so that it says who answered a failed request.
    pub(super) advice: Option<String>,
    /// Numbers of messages that repeat what other programs print.
    #[serde(default)]
    pub(super) repeats_others: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnswered {
    pub(super) when: String,
    pub(super) by: AnsweredBy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLayout {
    pub(super) name: String,
    pub(super) pattern: Option<String>,
    pub(super) log_format: Option<String>,
    #[serde(default)]
    pub(super) json: bool,
    /// What a row must say to be of this layout.
    pub(super) when: Option<String>,
    /// The names of the columns, in order.
    pub(super) columns: Option<String>,
    /// So many of them must be there.
    pub(super) least: Option<usize>,
    /// More may follow.
    #[serde(default)]
    pub(super) open: bool,
    /// A header line names them, which has all of `needs` and none of `lacks`.
    #[serde(default)]
    pub(super) by_header: bool,
    #[serde(default)]
    pub(super) needs: Vec<String>,
    #[serde(default)]
    pub(super) lacks: Vec<String>,
    /// Columns that follow those that the header names.
    #[serde(default)]
    pub(super) behind: String,
    /// The zone, where it is another than the other layouts'.
    pub(super) zone: Option<String>,
    #[serde(default)]
    pub(super) rank: i32,
    /// In place of the format's.
    pub(super) stamp: Option<Shape>,
    pub(super) examples: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVariable {
    pub(super) field: Option<Field>,
    pub(super) stamp: Option<Shape>,
    pub(super) width: Option<usize>,
    #[serde(default)]
    pub(super) list: bool,
    #[serde(default)]
    pub(super) word: bool,
    #[serde(default)]
    pub(super) weak: bool,
    pub(super) unit: Option<Unit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTail {
    pub(super) field: Field,
    pub(super) cut_at_bytes: usize,
    pub(super) keys: Vec<RawKey>,
    #[serde(default)]
    pub(super) phases: Vec<String>,
    pub(super) brackets: Option<Field>,
    /// What ends a text that the program quotes: in a tail's values it shows that the record is not the program's own.
    pub(super) quote_end: Option<String>,
    #[serde(default)]
    pub(super) errno: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) text: String,
    pub(super) field: Option<Field>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) also: Vec<String>,
    /// What may end the value and is none of it.
    #[serde(default)]
    pub(super) less: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExtract {
    pub(super) field: Field,
    pub(super) after: String,
    /// Without it the value runs to the end.
    #[serde(default)]
    pub(super) until: String,
    /// What the value begins with, so that other text between the two is not taken for it.
    #[serde(default)]
    pub(super) starts: String,
}

impl From<RawVariable> for Variable {
    fn from(raw: RawVariable) -> Self {
        let span = match raw.width {
            Some(width) => Span::Fixed(width),
            None if raw.list => Span::List,
            None if raw.word => Span::Word,
            None => Span::Until,
        };
        Self { field: raw.field, span, stamp: raw.stamp, weak: raw.weak, unit: raw.unit }
    }
}

impl RawTail {
    /// One tail for each way in which it may open.
    pub(super) fn tails(&self) -> Vec<Tail> {
        let Some(first) = self.keys.first() else { return Vec::new() };
        let openings = std::iter::once(&first.text).chain(&first.also);
        debug_assert_eq!(self.field, Field::Message, "tails are split off the message");
        openings
            .map(|opening| {
                let mut keys: Vec<Key> = self.keys.iter().map(Key::from).collect();
                keys[0].text = opening.as_bytes().into();
                let opening = memchr::memmem::Finder::new(opening.as_bytes()).into_owned();
                Tail { keys, opening, cut_at_bytes: self.cut_at_bytes }
            })
            .collect()
    }
}

impl From<&RawKey> for Key {
    fn from(raw: &RawKey) -> Self {
        let quote = raw.text.ends_with('"').then_some(b'"');
        let (text, less) = (raw.text.as_bytes().into(), raw.less.as_bytes().into());
        Self { text, quote, field: raw.field, required: raw.required, less }
    }
}

impl From<&RawExtract> for Extract {
    fn from(raw: &RawExtract) -> Self {
        let bytes = |text: &str| text.as_bytes().into();
        Self { field: raw.field, after: bytes(&raw.after), until: bytes(&raw.until), starts: bytes(&raw.starts) }
    }
}
