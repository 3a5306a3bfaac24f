//! Who wrote the status: this hop, or the one behind it.
//!
//! In: the fields of an access line. Out: [`AnsweredBy`], and the [`Basis`] it stands on. nginx's `$upstream_status` mirrors the 502 or 504 that nginx
//! gave the attempt itself when no answer came, so an equal status alone proves nothing (DESIGN.md section 4).

use super::when::last_attempt;
use crate::event::{Event, Field, closed_list};

closed_list! {
    /// Who wrote the answered status.
    AnsweredBy {
        /// This hop: it asked nobody, got no usable answer, or replaced the one it got.
        Proxy = "proxy",
        /// The next hop: its answer was passed on.
        Upstream = "upstream",
        /// The log does not say.
        Unknown = "unknown",
    }
}

/// What the log says that decides who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
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

impl AnsweredBy {
    /// From an access line.
    pub fn of(event: &Event<'_>) -> Self {
        Self::with_basis(event).0
    }

    /// The same, with what it stands on.
    pub fn with_basis(event: &Event<'_>) -> (Self, Basis) {
        let last = |field| event.raw(field).map(|value| last_attempt(field, value));
        let Some(upstream_status) = last(Field::UpstreamStatus) else {
            // No status of the upstream is logged; that none was asked may still be.
            let nobody = is_none(last(Field::Upstream));
            return if nobody { (Self::Proxy, Basis::NobodyAsked) } else { (Self::Unknown, Basis::StatusNotLogged) };
        };
        if is_none(Some(upstream_status)) {
            return (Self::Proxy, Basis::NoStatusGiven);
        }
        if event.raw(Field::Status) != Some(upstream_status) {
            return (Self::Proxy, Basis::OtherStatus);
        }
        // nginx gives a failed attempt 502 or 504; every other status came from the upstream.
        if !matches!(upstream_status, b"502" | b"504") {
            return (Self::Upstream, Basis::NeverItsOwn);
        }
        match (last(Field::HeaderDuration), last(Field::UpstreamBytes)) {
            (Some(header), _) if is_none(Some(header)) => (Self::Proxy, Basis::NoHeader),
            (Some(_), _) => (Self::Upstream, Basis::HeaderArrived),
            (None, Some(b"0")) => (Self::Proxy, Basis::NoBytes),
            _ if upstream_status == b"504" && is_quick(last(Field::UpstreamDuration)) => {
                (Self::Upstream, Basis::TooQuick)
            }
            _ => (Self::Unknown, Basis::MirrorOnly),
        }
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
            assert_eq!(AnsweredBy::of(&event), by, "{values:?}");
        }
    }

    #[test]
    fn without_the_fields_nothing_is_assumed() {
        let mut event = Event::default();
        event.set(Field::Status, b"502");
        assert_eq!(AnsweredBy::of(&event), AnsweredBy::Unknown);
        event.set(Field::UpstreamStatus, b"502");
        assert_eq!(AnsweredBy::of(&event), AnsweredBy::Unknown);
        event.set(Field::Status, b"504");
        event.set(Field::UpstreamStatus, b"504");
        event.set(Field::UpstreamDuration, b"0.009");
        assert_eq!(AnsweredBy::of(&event), AnsweredBy::Upstream);
    }
}
