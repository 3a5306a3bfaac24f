//! What a format says of a row besides where its fields stand.
//!
//! In: the table `rows` of a format and the `when` of a layout; events. Out: whether a row is of
//! this layout at all, and what it is where it is no user's request.

use super::when::Condition;
use crate::event::{Event, Field, closed_list};
use crate::text::without_port;
use serde::Deserialize;
use std::collections::BTreeMap;

closed_list! {
    /// What a row is that is no user's request.
    Aside {
        /// The product's own traffic (health checks, cache look-ups): read, nothing more.
        Passed = "passed",
        /// Something done for another request, whose id it names: where it failed, it says why that one did.
        Attempt = "attempt",
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAside {
    when: String,
    is: Option<Aside>,
}

/// The table `rows` of a format.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRows {
    /// Words that mean "no value", by field.
    #[serde(default)]
    none: BTreeMap<Field, Vec<String>>,
    /// Fields whose address ends in a port.
    #[serde(default)]
    with_port: Vec<Field>,
    #[serde(default)]
    no_request: Vec<RawAside>,
}

/// The rules for the rows of one layout.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    own: Option<Condition>,
    none: Vec<(Field, Vec<Box<[u8]>>)>,
    with_port: Vec<Field>,
    asides: Vec<(Condition, Aside)>,
}

impl Rows {
    /// From the tables of a format, and the condition of one of its layouts.
    pub(super) fn new(own: Option<&String>, raw: &RawRows) -> Result<Self, String> {
        let bytes = |word: &String| word.as_bytes().into();
        let aside = |raw: &RawAside| Ok((Condition::parse(&raw.when)?, raw.is.unwrap_or(Aside::Passed)));
        Ok(Self {
            own: own.map(|text| Condition::parse(text)).transpose()?,
            none: raw.none.iter().map(|(field, words)| (*field, words.iter().map(bytes).collect())).collect(),
            with_port: raw.with_port.clone(),
            asides: raw.no_request.iter().map(aside).collect::<Result<_, String>>()?,
        })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_none() && self.none.is_empty() && self.with_port.is_empty() && self.asides.is_empty()
    }

    /// Makes a row that was read what it means; `false` where it is none of this layout.
    #[inline]
    pub(super) fn take(&self, event: &mut Event<'_>) -> bool {
        for (field, words) in &self.none {
            if event.raw(*field).is_some_and(|value| words.iter().any(|word| **word == *value)) {
                event.set(*field, b"-");
            }
        }
        for field in &self.with_port {
            if let Some(value) = event.get(*field) {
                let address = without_port(value);
                let bare = address.strip_prefix(b"[").and_then(|inside| inside.strip_suffix(b"]"));
                event.set(*field, bare.unwrap_or(address));
            }
        }
        self.own.as_ref().is_none_or(|own| own.holds(event))
    }

    /// What the row is, where it is no user's request.
    #[inline]
    pub(super) fn aside(&self, event: &Event<'_>) -> Option<Aside> {
        self.asides.iter().find(|(when, _)| when.holds(event)).map(|(_, aside)| *aside)
    }

    /// Whether some rows are attempts for other requests.
    pub(super) fn has_attempts(&self) -> bool {
        self.asides.iter().any(|(_, aside)| *aside == Aside::Attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_what_its_format_says() {
        let raw = RawRows {
            none: BTreeMap::from([(Field::UpstreamStatus, vec!["0".to_owned()])]),
            with_port: vec![Field::Client],
            no_request: vec![RawAside { when: "request_source == healthcheck".into(), is: None }],
        };
        let own = "status exists".to_owned();
        let rows = Rows::new(Some(&own), &raw).expect("conditions that can be read");
        let mut event = Event::default();
        assert!(!rows.take(&mut event));
        event.set(Field::Status, b"504");
        event.set(Field::UpstreamStatus, b"0");
        event.set(Field::Client, b"[2001:db8::7]:5000");
        assert!(rows.take(&mut event));
        assert_eq!((event.get(Field::UpstreamStatus), event.get(Field::Client)), (None, Some(&b"2001:db8::7"[..])));
        assert_eq!(rows.aside(&event), None);
        event.set(Field::RequestSource, b"healthcheck");
        assert_eq!(rows.aside(&event), Some(Aside::Passed));
    }
}
