//! Records that are not the program's own word.
//!
//! In: a diagnosis, taken apart. Out: the same, marked where somebody else may have written it. What an application prints
//! stands between nginx's own words as it came, line feeds and all: it can hold a whole record. Behind such a record stands
//! what really ends the text (`" while reading response header from upstream, ...`), inside a value or a message where no
//! text was quoted. And what httpd repeats of a CGI script's output is the script's word, not its own.

use super::tail::Quotes;
use crate::event::{Event, Field};
use memchr::memmem::Finder;

/// What shows that a record is not the program's own word.
#[derive(Debug, Clone, Default)]
pub(super) struct Doubts {
    quote_end: Option<Finder<'static>>,
    codes: Vec<Box<[u8]>>,
}

/// The values that a forged tail may end with.
const LAST_VALUES: [Field; 4] = [Field::Upstream, Field::Host, Field::Referrer, Field::Client];

impl Doubts {
    pub(super) fn new(quote_end: Option<&str>, codes: &[String]) -> Self {
        let quote_end = quote_end.map(|end| Finder::new(end.as_bytes()).into_owned());
        Self { quote_end, codes: codes.iter().map(|code| code.as_bytes().into()).collect() }
    }

    /// Marks the event. `whole`: its message was not seen before. `quotes`: what is known of its tail.
    #[inline]
    pub(super) fn mark(&self, event: &mut Event<'_>, whole: bool, quotes: Quotes) {
        let may_be_forged = whole || quotes == Quotes::Perhaps;
        if (may_be_forged && self.is_forged(event, whole)) || self.is_repeated(event) {
            event.set(Field::Doubt, b"true");
        }
    }

    fn is_forged(&self, event: &Event<'_>, whole: bool) -> bool {
        let Some(end) = &self.quote_end else { return false };
        let holds = |field: Field| {
            // Hardly any value has a quote: that is quicker to see.
            event.raw(field).is_some_and(|value| memchr::memchr(b'"', value).is_some() && end.find(value).is_some())
        };
        LAST_VALUES.into_iter().any(holds) || (whole && holds(Field::Message))
    }

    fn is_repeated(&self, event: &Event<'_>) -> bool {
        !self.codes.is_empty() && event.raw(Field::Code).is_some_and(|code| self.codes.iter().any(|one| **one == *code))
    }
}
