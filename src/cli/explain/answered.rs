//! Who wrote the status of an access line, why that is known, and what would have to be logged to tell more.

use crate::cause::{Basis, who_answered};
use crate::event::{AnsweredBy, Event, Field};
use crate::grammar::Format;
use crate::report::terminal::page::Page;
use std::io;

/// Fields that tell who answered and why, with nginx's variables for them.
const TELLING: [(Field, &str); 7] = [
    (Field::Upstream, "$upstream_addr"),
    (Field::UpstreamStatus, "$upstream_status"),
    (Field::HeaderDuration, "$upstream_header_time"),
    (Field::UpstreamBytes, "$upstream_bytes_received"),
    (Field::ConnectDuration, "$upstream_connect_time"),
    (Field::Duration, "$request_time"),
    (Field::RequestId, "$request_id"),
];

/// Tells who answered.
pub(super) fn tell(event: &Event<'_>, format: &Format, page: &mut Page<'_>) -> io::Result<()> {
    let (by, basis) = who_answered(event, &format.answered);
    let who = match by {
        AnsweredBy::Proxy => "the proxy that wrote this line",
        AnsweredBy::Upstream => "the upstream; the proxy passed it on",
        AnsweredBy::Unknown => "the line does not say",
    };
    page.field("answered", &format!("{who}: {}", why(basis)))?;
    page.field_if("to log", missing(event, by).as_deref())
}

fn why(basis: Basis) -> &'static str {
    match basis {
        Basis::Format(_) => "that is how this product writes it",
        Basis::NobodyAsked => "there is no upstream in it, so nobody else was asked",
        Basis::StatusNotLogged => "the upstream's status is not logged",
        Basis::NoStatusGiven => "the upstream gave no status",
        Basis::OtherStatus => "the upstream's status is another one, so this one was put in its place",
        Basis::NeverItsOwn => "the upstream's status is the same, and nginx gives a failed attempt only 502 or 504",
        Basis::NoHeader => "no header of the upstream arrived; its status here is nginx's own, mirrored",
        Basis::HeaderArrived => "the upstream's header arrived",
        Basis::NoBytes => "not one byte came from the upstream; its status here is nginx's own, mirrored",
        Basis::TooQuick => "it came quicker than any timeout of the proxy",
        Basis::MirrorOnly => {
            "the statuses are equal, but nginx writes its own 502 and 504 into $upstream_status too, and nothing else \
             tells them apart"
        }
    }
}

/// What is not in the line and would tell more; all of it only where the answer is not known.
fn missing(event: &Event<'_>, by: AnsweredBy) -> Option<String> {
    let is_missing = |field: Field| match field {
        Field::Duration => event.raw(Field::Duration).or(event.raw(Field::DurationMs)).is_none(),
        field => event.raw(field).is_none(),
    };
    let names: Vec<&str> =
        TELLING.iter().filter(|(field, _)| is_missing(*field)).map(|(_, variable)| *variable).collect();
    if names.is_empty() {
        return None;
    }
    let list = names.join(", ");
    Some(match by {
        AnsweredBy::Unknown => format!("add {list} to log_format, or read the error log of the same second too"),
        _ => format!("{list} would tell more"),
    })
}
