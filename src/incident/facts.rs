//! What a record says about its request: client, next hop, service, duration, and hashes to find it again by.
//!
//! In: an event. Out: bytes borrowed from it, or numbers.

use super::echo::WORKER_UNKNOWN;
use super::names::{NONE, NameId};
use super::part::Part;
use crate::event::{AnsweredBy, Event, Field, bit};
use crate::grammar::json::{Attempt, last_of_list};
use crate::grammar::units::Units;
use crate::grammar::when::last_attempt;
use crate::grammar::{Marks, Witness};
use crate::text::{begins_with, find_near, is_same};
use crate::time::Timestamp;
use std::borrow::Cow;
use std::ops::Range;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// `unix:` stands for a client on a socket; mail adds words behind the address.
pub(super) fn client_address(client: &[u8]) -> &[u8] {
    let end = find_near(client, |byte| byte == b' ').unwrap_or(client.len());
    &client[..end]
}

/// `memcached` is the longest scheme that nginx writes.
const LONGEST_SCHEME_BYTES: usize = 10;

/// Who answered, as the judge found it.
pub(super) fn answered_by(event: &Event<'_>) -> AnsweredBy {
    let is = |by: &&AnsweredBy| event.raw(Field::AnsweredBy) == Some(by.name().as_bytes());
    AnsweredBy::ALL.iter().find(is).copied().unwrap_or(AnsweredBy::Unknown)
}

/// nginx names a client and an upstream but no request where it passes on a TCP or mail session.
pub(super) fn is_session(event: &Event<'_>) -> bool {
    event.get(Field::Client).is_some() && event.get(Field::Upstream).is_some() && event.get(Field::Request).is_none()
}

/// The upstream that records of one format in one part asked last: neighbouring records mostly name the same.
#[derive(Debug, Default)]
pub(super) struct UpstreamMemo {
    /// What the value began with, as far as it tells the address.
    logged: Vec<u8>,
    /// What may stand behind that tells nothing.
    is_beginning: bool,
    upstream: Option<NameId>,
}

impl UpstreamMemo {
    /// The upstream asked last, in the part's numbers.
    #[inline]
    pub(super) fn id(&mut self, event: &Event<'_>, part: &mut Part) -> NameId {
        let Some(value) = event.get(Field::Upstream) else { return NONE };
        let is_known = if self.is_beginning { begins_with(value, &self.logged) } else { is_same(value, &self.logged) };
        match self.upstream {
            Some(upstream) if is_known => upstream,
            _ => self.learn(value, part.upstreams.id(upstream_of(event))),
        }
    }

    fn learn(&mut self, value: &[u8], upstream: NameId) -> NameId {
        // The byte behind the address shows where it ends.
        let end = place_behind_scheme(value).map(|address| address.end + 1).filter(|end| *end <= value.len());
        self.is_beginning = end.is_some();
        self.logged.clear();
        self.logged.extend_from_slice(&value[..end.unwrap_or(value.len())]);
        self.upstream = Some(upstream);
        upstream
    }
}

/// The address of the upstream asked last: `http://10.0.3.17:8081/path` is `10.0.3.17:8081`,
/// `fastcgi://unix:/run/php.sock:` is `unix:/run/php.sock` (FORMATS.md section 1.1). JSON tells host and port apart.
pub(crate) fn upstream_of<'a>(event: &Event<'a>) -> Cow<'a, [u8]> {
    let value = event.get(Field::Upstream).unwrap_or_default();
    match last_of_list(value) {
        Some(Attempt { host, port: b"", .. }) => Cow::Borrowed(host),
        Some(Attempt { host, port, .. }) => {
            let bracket = if memchr::memchr(b':', host).is_some() { [&b"["[..], b"]:"] } else { [&b""[..], b":"] };
            Cow::Owned([bracket[0], host, bracket[1], port].concat())
        }
        None => Cow::Borrowed(address_in(value)),
    }
}

fn address_in(value: &[u8]) -> &[u8] {
    if let Some(address) = place_behind_scheme(value) {
        return &value[address];
    }
    // Without a scheme it is an access log's list of peers, or a name (`backend/server`).
    let last = last_attempt(Field::Upstream, value);
    let end = last.strip_prefix(b"unix:").and_then(|path| memchr::memchr(b':', path));
    end.map_or(last, |end| &last[..5 + end])
}

/// Where the address stands in a URL.
fn place_behind_scheme(value: &[u8]) -> Option<Range<usize>> {
    let colon = value.iter().take(LONGEST_SCHEME_BYTES).position(|byte| *byte == b':')?;
    let start = value[colon..].starts_with(b"://").then_some(colon + 3)?;
    let address = &value[start..];
    let length = match address.strip_prefix(b"unix:") {
        Some(path) => memchr::memchr(b':', path).map(|end| 5 + end),
        None => memchr::memchr(b'/', address),
    };
    Some(start..start + length.unwrap_or(address.len()))
}

/// What the records of one format in one part are for: neighbouring records mostly name the same.
#[derive(Debug, Default)]
pub(super) struct ServiceMemo {
    logged: Vec<u8>,
    service: Option<NameId>,
}

impl ServiceMemo {
    /// What a record says it was for: the configured name where it has one, else the host asked for.
    pub(super) fn id(&mut self, event: &Event<'_>, witness: Witness, part: &mut Part) -> NameId {
        if event.mark() & NAMES_SERVICE == 0 {
            return NONE;
        }
        let Some(first) = service_fields(witness).iter().find_map(|field| event.get(*field)) else { return NONE };
        if let Some(service) = self.service.filter(|_| is_same(&self.logged, first)) {
            return service;
        }
        let service = part.services.id(service_of(event, witness));
        // Where the first name was passed over, the next record's may not be.
        let is_told_by_first = !names_nothing(first, witness);
        self.service = is_told_by_first.then_some(service);
        self.logged.clear();
        self.logged.extend_from_slice(first);
        service
    }
}

/// Fields that may name the service, a bit a field.
const NAMES_SERVICE: u64 = bit(Field::Service) | bit(Field::Server) | bit(Field::Host) | bit(Field::UpstreamName);

fn service_fields(witness: Witness) -> &'static [Field] {
    match witness {
        Witness::Request => &[Field::Service, Field::Server, Field::Host, Field::UpstreamName],
        Witness::Diagnosis => &[Field::Service, Field::Server, Field::Host],
    }
}

/// nginx's catch-all server; and in its error log the listen address, where no server was chosen yet.
fn names_nothing(name: &[u8], witness: Witness) -> bool {
    name == b"_" || (witness == Witness::Diagnosis && memchr::memchr(b':', name).is_some())
}

/// What the request was for; empty where the record does not say.
pub(crate) fn service_of<'a>(event: &Event<'a>, witness: Witness) -> &'a [u8] {
    // Only a server's name can be a listen address; a host may have its port.
    let is_none = |field: Field, name: &[u8]| name == b"_" || (field == Field::Server && names_nothing(name, witness));
    let name = |field: &Field| event.get(*field).filter(|name| !is_none(*field, name));
    without_port(service_fields(witness).iter().find_map(name).unwrap_or_default())
}

fn without_port(host: &[u8]) -> &[u8] {
    match memchr::memrchr(b':', host) {
        Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) && !host.starts_with(b"[") => &host[..colon],
        _ => host,
    }
}

/// The request's duration: in its format's unit, milliseconds where the key says so, else from its start to its end.
pub(super) fn duration_ms(event: &Event<'_>, units: Units) -> Option<u32> {
    let number = |field| std::str::from_utf8(event.get(field)?).ok()?.parse::<f64>().ok();
    let ms = number(Field::DurationMs)
        .or_else(|| number(Field::Duration).map(|duration| duration * units.duration.ms()))
        .or_else(|| event.elapsed_micros.map(|micros| micros as f64 / 1000.0))?;
    (ms >= 0.0).then(|| ms.round().min(f64::from(u32::MAX)) as u32)
}

/// When a request failed: when it was answered. A stamp may mark its start.
pub(super) fn failed_at(time: Timestamp, marks: Marks, duration_ms: Option<u32>) -> Timestamp {
    match (marks, duration_ms) {
        (Marks::Start, Some(ms)) => time.plus_micros(i64::from(ms) * 1000),
        _ => time,
    }
}

/// A hash of method and URI that is the same in the error log (raw bytes) and in the access log (`\xHH`, or JSON's
/// escapes). Fixed, so that the same bytes give the same report; tables keyed by it hash it again with a secret.
pub(super) fn request_hash(method: &[u8], uri: &[u8]) -> u64 {
    // Methods are short: the first eight bytes and the length stand for them.
    let mut start = [0; 8];
    start.iter_mut().zip(method).for_each(|(to, from)| *to = *from);
    let seed = u64::from_le_bytes(start) ^ method.len() as u64;
    let hash = match memchr::memchr(b'\\', uri) {
        Some(_) => xxh3_64_with_seed(&unescaped(uri), seed),
        None => xxh3_64_with_seed(uri, seed),
    };
    hash.max(1)
}

/// A hash of an address or id, which no log escapes.
pub(super) fn hash_of(text: &[u8]) -> u64 {
    xxh3_64(text).max(1)
}

/// Process and connection as one number: both are short decimal numbers.
pub(super) fn connection_of(event: &Event<'_>) -> u64 {
    let number = |field| {
        event.get(field).unwrap_or_default().iter().fold(0_u64, |sum, digit| (sum << 4) | u64::from(digit & 15))
    };
    match event.get(Field::Connection) {
        Some(_) => number(Field::Connection).rotate_left(28) ^ number(Field::Pid),
        None => 0,
    }
}

/// Which worker wrote a line: process and thread, else process; without either the client stands for it. A line with none
/// of them is of the worker that writes the next one.
pub(super) fn worker_of(event: &Event<'_>) -> u64 {
    let of = |field| event.get(field).unwrap_or_default();
    match (of(Field::Pid), of(Field::Connection), event.get(Field::Client)) {
        (b"", b"", Some(client)) => hash_of(client),
        (b"", b"", None) => WORKER_UNKNOWN,
        (process, thread, _) => request_hash(process, thread),
    }
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let (value, used) = match (byte, text.get(at + 1)) {
            (b'\\', Some(b'x')) => hex(text.get(at + 2..at + 4)).map_or((b'\\', 1), |value| (value, 4)),
            (b'\\', Some(b'u')) => hex(text.get(at + 4..at + 6)).map_or((b'\\', 1), |value| (value, 6)),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(other)) => (*other, 2),
            (other, _) => (*other, 1),
        };
        plain.push(value);
        at += used;
    }
    plain
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event<'a>(fields: &[(Field, &'a str)]) -> Event<'a> {
        let mut event = Event::default();
        fields.iter().for_each(|(field, value)| event.set(*field, value.as_bytes()));
        event
    }

    #[test]
    fn upstreams_are_addresses_without_path() {
        for (logged, address) in [
            ("http://10.0.3.17:8081/cart", "10.0.3.17:8081"),
            ("fastcgi://unix:/run/php/php8.2-fpm.sock:", "unix:/run/php/php8.2-fpm.sock"),
            ("http://unix:/run/app.sock:/cart?x=http://a/", "unix:/run/app.sock"),
            ("fastcgi://127.0.0.1:9000", "127.0.0.1:9000"),
            ("10.0.0.1:80, 10.0.0.2:80", "10.0.0.2:80"),
            ("be_app/s1", "be_app/s1"),
            ("[2001:db8::1]:80", "[2001:db8::1]:80"),
            (r#"[{"ip":"192.0.2.81","port":80,"code":502},{"ip":"192.0.2.82","port":8082}]"#, "192.0.2.82:8082"),
            (r#"[{"ip":"2001:db8::7","port":80}]"#, "[2001:db8::7]:80"),
            ("", ""),
        ] {
            let event = event(&[(Field::Upstream, logged)]);
            assert_eq!(String::from_utf8_lossy(&upstream_of(&event)), address);
        }
    }

    #[test]
    fn a_remembered_upstream_is_the_one_that_the_record_names() {
        let logged = [
            "http://10.0.3.17:8081/a",
            "http://10.0.3.17:8081/b",
            "http://10.0.3.17:8081",
            "http://10.0.3.17:80811/b",
            "fastcgi://unix:/run/a.sock:",
            "fastcgi://unix:/run/a.sock:/x",
            "fastcgi://unix:/run/a.sock2:",
            "10.0.0.1:80",
            "10.0.0.1:80, 10.0.0.2:80",
            "10.0.0.1",
        ];
        let (mut memo, mut part) = (UpstreamMemo::default(), Part::new(Vec::new(), 0, Vec::new()));
        for value in logged.iter().flat_map(|first| logged.iter().flat_map(move |second| [first, second])) {
            let event = event(&[(Field::Upstream, value)]);
            let id = memo.id(&event, &mut part);
            assert_eq!(part.upstreams.name(id), &*upstream_of(&event), "{value}");
        }
    }

    #[test]
    fn one_request_has_one_hash_in_every_log() {
        let hashes = ["/a\"b?c=\u{e9}", "/a\\x22b?c=\\xC3\\xA9", "/a\\\"b?c=\u{e9}"]
            .map(|uri| request_hash(b"GET", uri.as_bytes()));
        assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
        assert_ne!(request_hash(b"GET", b"/a"), request_hash(b"POST", b"/a"));
    }
}
