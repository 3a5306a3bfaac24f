//! Who wrote the status: this hop, or the one behind it.
//!
//! In: the fields of an access line, and what its format says about them (`[[answered]]`). Out: [`AnsweredBy`], and the [`Basis`] it stands on. nginx's `$upstream_status` mirrors the 502 or 504 that nginx
//! gave the attempt itself when no answer came, so an equal status alone proves nothing (DESIGN.md section 4).

use crate::event::{AnsweredBy, Event, Field};
use crate::grammar::Answered;
use crate::grammar::when::last_attempt;

/// What the log says that decides who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What this product's lines say: the entry with this place in its format's `[[answered]]` tables, from 1.
    Format(usize),
    /// The log has the upstream's address and says that there was none.
    NobodyAsked,
    /// The log has no status of the upstream.
    StatusNotLogged,
    /// The upstream gave no status.
    NoStatusGiven,
    /// The upstream's status is another one.
    OtherStatus,
    /// A status that this hop never gives an attempt itself.
    NeverItsOwn,
    /// No header of the upstream arrived.
    NoHeader,
    /// A header of the upstream arrived.
    HeaderArrived,
    /// Not one byte came from the upstream.
    NoBytes,
    /// It came quicker than any timeout.
    TooQuick,
    /// The statuses are equal, and nothing else is logged.
    MirrorOnly,
}

/// A proxy's own 504 comes after its timeout. Nobody sets one so short: a quicker 504 is the upstream's own.
const SHORTEST_TIMEOUT_S: f64 = 0.1;

/// Who answered, by an access line and its format's own table, with what that stands on.
pub fn who_answered(event: &Event<'_>, table: &[Answered]) -> (AnsweredBy, Basis) {
    match table.iter().position(|entry| entry.when.holds(event)) {
        Some(at) => (table[at].by, Basis::Format(at + 1)),
        None => usual(event),
    }
}

/// The reading where a format says nothing of its own.
fn usual(event: &Event<'_>) -> (AnsweredBy, Basis) {
    let last = |field| event.raw(field).map(|value| last_attempt(field, value));
    let Some(upstream_status) = last(Field::UpstreamStatus) else {
        // No status of the upstream is logged; that none was asked may still be.
        let nobody = is_none(last(Field::Upstream));
        return if nobody {
            (AnsweredBy::Proxy, Basis::NobodyAsked)
        } else {
            (AnsweredBy::Unknown, Basis::StatusNotLogged)
        };
    };
    if is_none(Some(upstream_status)) {
        return (AnsweredBy::Proxy, Basis::NoStatusGiven);
    }
    if event.raw(Field::Status) != Some(upstream_status) {
        return (AnsweredBy::Proxy, Basis::OtherStatus);
    }
    // nginx gives a failed attempt 502 or 504; every other status came from the upstream.
    if !matches!(upstream_status, b"502" | b"504") {
        return (AnsweredBy::Upstream, Basis::NeverItsOwn);
    }
    match (last(Field::HeaderDuration), last(Field::UpstreamBytes)) {
        (Some(header), _) if is_none(Some(header)) => (AnsweredBy::Proxy, Basis::NoHeader),
        (Some(_), _) => (AnsweredBy::Upstream, Basis::HeaderArrived),
        (None, Some(b"0")) => (AnsweredBy::Proxy, Basis::NoBytes),
        _ if upstream_status == b"504" && is_quick(last(Field::UpstreamDuration)) => {
            (AnsweredBy::Upstream, Basis::TooQuick)
        }
        _ => (AnsweredBy::Unknown, Basis::MirrorOnly),
    }
}

/// The field is logged and says "no value".
fn is_none(value: Option<&[u8]>) -> bool {
    matches!(value, Some(b"" | b"-"))
}

fn is_quick(duration: Option<&[u8]>) -> bool {
    let seconds = duration.and_then(|text| std::str::from_utf8(text).ok()).and_then(|text| text.parse::<f64>().ok());
    seconds.is_some_and(|seconds| seconds < SHORTEST_TIMEOUT_S)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::when::Condition;

    #[test]
    fn the_fields_decide_who_wrote_the_status() {
        let fields = [Field::Status, Field::UpstreamStatus, Field::HeaderDuration, Field::UpstreamDuration];
        for (values, by) in [
            (["500", "500", "0.004", "0.004"], AnsweredBy::Upstream),
            (["503", "-", "-", "-"], AnsweredBy::Proxy),
            (["503", "502", "-", "0.000"], AnsweredBy::Proxy),
            (["502", "502", "-", "0.000"], AnsweredBy::Proxy),
            (["502", "504, 502", "-, 0.010", "2.0, 0.010"], AnsweredBy::Upstream),
            (["502", "502", "", ""], AnsweredBy::Proxy),
        ] {
            let mut event = Event::default();
            fields.iter().zip(values).for_each(|(field, value)| event.set(*field, value.as_bytes()));
            assert_eq!(who_answered(&event, &[]).0, by, "{values:?}");
        }
    }

    #[test]
    fn without_the_fields_nothing_is_assumed() {
        let mut event = Event::default();
        event.set(Field::Status, b"502");
        assert_eq!(who_answered(&event, &[]).0, AnsweredBy::Unknown);
        event.set(Field::UpstreamStatus, b"502");
        assert_eq!(who_answered(&event, &[]).0, AnsweredBy::Unknown);
        event.set(Field::Status, b"504");
        event.set(Field::UpstreamStatus, b"504");
        event.set(Field::UpstreamDuration, b"0.009");
        assert_eq!(who_answered(&event, &[]).0, AnsweredBy::Upstream);
    }

    #[test]
    fn a_formats_own_table_comes_first() {
        let entry = |when: &str, by| Answered { when: Condition::parse(when).expect(when), by };
        let table = [
            entry("upstream_status missing", AnsweredBy::Proxy),
            entry("status == 502 and header_duration == -1", AnsweredBy::Unknown),
        ];
        let mut event = Event::default();
        event.set(Field::Status, b"502");
        event.set(Field::UpstreamStatus, b"502");
        event.set(Field::HeaderDuration, b"-1");
        assert_eq!(who_answered(&event, &table), (AnsweredBy::Unknown, Basis::Format(2)));
        event.set(Field::HeaderDuration, b"0.1");
        assert_eq!(who_answered(&event, &table), (AnsweredBy::Upstream, Basis::HeaderArrived));
    }
}
