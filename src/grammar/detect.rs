//! Which format a log has, found from its first lines; and columns that nobody described.
//!
//! In: a sample and the formats that may be it. Out: the format that fits most lines, the share that fitted, and the
//! others that were met (container output mixes access and error lines).

use super::envelope::Envelope;
use super::json::{Keys, objects};
use super::{Format, RecordReader, Witness, wrapped};
use crate::event::{Event, Field};
use crate::time::{Shape, Zone};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Lines of a sample that are looked at (FORMATS.md section 10).
const SAMPLE_LINES: usize = 64;
/// A format that fits fewer of the lines is not this log's.
pub(super) const LEAST_FIT: f64 = 0.5;
/// Mixed logs: both formats together must fit this part of the lines.
const LEAST_FIT_TOGETHER: f64 = 0.8;

/// What a log was found to be.
#[derive(Debug, Clone)]
pub struct Detected {
    /// The formats to read it with, the main one first; none where it is no log that is known here.
    pub formats: Vec<Arc<Format>>,
    /// Formats that the sample does not show but that may stand further down in the same log.
    pub standby: Vec<Arc<Format>>,
    /// The wrapper that its lines stand in.
    pub envelope: Option<Arc<Envelope>>,
    /// Share of the sampled lines that fitted, 0 to 1.
    pub fit: f64,
    /// Whether its lines name the client.
    pub names_clients: bool,
    /// Whether the stamps name their zone themselves; `None` where no stamp was read.
    pub names_its_zone: Option<bool>,
    /// The offset from UTC in seconds that its stamps show, where they show one that is not always 0.
    pub offset_seconds: Option<i32>,
}

impl Detected {
    /// No format fits.
    pub fn nothing() -> Self {
        Self {
            formats: Vec::new(),
            standby: Vec::new(),
            envelope: None,
            fit: 0.0,
            names_clients: true,
            names_its_zone: None,
            offset_seconds: None,
        }
    }
}

/// Finds the format of a log from whole lines of its beginning: of the lines as they are, else of the lines inside a
/// wrapper.
pub fn detect(sample: &[u8], candidates: &[Arc<Format>], envelopes: &[Arc<Envelope>]) -> Detected {
    let tells = |line: &&[u8]| !line.is_empty() && !is_frame(line);
    let lines: Vec<&[u8]> = sample.split(|byte| *byte == b'\n').map(trimmed).filter(tells).take(SAMPLE_LINES).collect();
    // An object that holds a line is never a line itself.
    if let Some(found) = wrapped::inside(&lines, candidates, envelopes, Envelope::is_json) {
        return found;
    }
    let bare = best_fit(&lines, candidates);
    if !bare.formats.is_empty() {
        return bare;
    }
    wrapped::inside(&lines, candidates, envelopes, |envelope| !envelope.is_json())
        .or_else(|| wrapped::bare_text(sample, candidates))
        .unwrap_or(bare)
}

pub(super) fn best_fit(lines: &[&[u8]], candidates: &[Arc<Format>]) -> Detected {
    let described = candidates.iter().filter(|format| !format.is_free_text());
    let mut fits: Vec<Fit> = described.map(|format| Fit::of(format, lines)).filter(|fit| fit.lines() > 0).collect();
    disclaim(&mut fits);
    give_way(&mut fits);
    fits.sort_by(|a, b| b.lines().cmp(&a.lines()).then(b.format.rank.cmp(&a.format.rank)));
    let Some(best) = fits.first() else { return Detected::nothing() };
    let mut covered = best.read.clone();
    let mut formats = vec![Arc::clone(&best.format)];
    for other in &fits[1..] {
        let adds = other.read.iter().zip(&covered).any(|(read, covered)| *read && !covered);
        if adds {
            covered.iter_mut().zip(&other.read).for_each(|(covered, read)| *covered |= read);
            formats.push(Arc::clone(&other.format));
        }
    }
    let share = |count: usize| count as f64 / lines.len() as f64;
    let together = share(covered.iter().filter(|covered| **covered).count());
    let known = share(best.lines()) >= LEAST_FIT || together >= LEAST_FIT_TOGETHER;
    let (names_its_zone, offset_seconds) = (best.names_its_zone, best.offset_seconds);
    if !known {
        formats.clear();
    }
    let mut standby = companions(&formats, candidates);
    let beside = |other: &&Arc<Format>| formats.iter().any(|format| format.beside.contains(&other.id));
    standby.extend(candidates.iter().filter(beside).cloned());
    let names_clients = best.names_clients;
    Detected { formats, standby, envelope: None, fit: together, names_clients, names_its_zone, offset_seconds }
}

/// Container output mixes access and error lines, and on a good day an outage's first error line comes long after the
/// sample: the error formats of the same product are kept ready. So are the other layouts of a log in columns.
fn companions(found: &[Arc<Format>], candidates: &[Arc<Format>]) -> Vec<Arc<Format>> {
    let Some(main) = found.first() else { return Vec::new() };
    let ids = if main.stands_for.is_empty() { std::slice::from_ref(&main.id) } else { &main.stands_for };
    let beside = |other: &&Arc<Format>| {
        let is_error_log = other.witness == Witness::Diagnosis && other.has(Field::Message);
        // A header may still come in a log whose beginning was cut off, and rows that do not keep to their header.
        let is_layout = other.id == main.id && (other.header_mark().is_some() || main.header_mark().is_some());
        is_layout || (is_error_log && ids.iter().any(|id| product(id) == product(&other.id)))
    };
    let is_new = |other: &&Arc<Format>| !found.iter().any(|known| Arc::ptr_eq(known, other));
    candidates.iter().filter(beside).filter(is_new).cloned().collect()
}

/// The product of a format's id.
fn product(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

impl Detected {
    /// The products whose error lines were seen.
    pub fn products(&self) -> impl Iterator<Item = &str> {
        let diagnoses = self.formats.iter().filter(|format| format.witness == Witness::Diagnosis);
        diagnoses.map(|format| product(&format.id))
    }

    /// Takes the format of one of these products in place of one that stands for several, if it stands for one of them.
    pub fn decide(&mut self, products: &BTreeSet<String>, candidates: &[Arc<Format>]) -> bool {
        let Some(main) = self.formats.first() else { return false };
        let ids: Vec<&String> = main.stands_for.iter().filter(|id| products.contains(product(id))).collect();
        let [id] = ids.as_slice() else { return false };
        let same = |other: &&Arc<Format>| other.id == **id && other.layout == main.layout;
        let Some(decided) = candidates.iter().find(same).cloned() else { return false };
        self.formats[0] = decided;
        self.standby = companions(&self.formats, candidates);
        true
    }
}

/// A line that continues a record of one format is not that format's where another one reads it for itself: in mixed
/// logs access lines follow error lines.
fn disclaim(fits: &mut [Fit]) {
    let lines = fits.first().map_or(0, |fit| fit.read.len());
    let alone: Vec<bool> = (0..lines).map(|line| fits.iter().any(|fit| fit.read[line] && !fit.goes_on[line])).collect();
    for fit in fits {
        for (line, by_itself) in alone.iter().enumerate() {
            fit.read[line] &= !(fit.goes_on[line] && *by_itself);
        }
    }
}

/// JSON whose keys one product has is that product's, also where the telling names that any JSON may have are in it.
fn give_way(fits: &mut Vec<Fit>) {
    let of_products: Vec<(i32, Vec<bool>)> =
        fits.iter().filter(|fit| fit.format.is_json()).map(|fit| (fit.format.rank, fit.read.clone())).collect();
    for fit in fits.iter_mut().filter(|fit| fit.format.is_json()) {
        for (_, read) in of_products.iter().filter(|(rank, _)| *rank > fit.format.rank) {
            fit.read.iter_mut().zip(read).for_each(|(own, theirs)| *own &= !theirs);
        }
    }
    fits.retain(|fit| fit.lines() > 0);
}

struct Fit {
    format: Arc<Format>,
    read: Vec<bool>,
    /// Lines taken for the continuation of a record.
    goes_on: Vec<bool>,
    names_clients: bool,
    names_its_zone: Option<bool>,
    offset_seconds: Option<i32>,
}

impl Fit {
    fn of(format: &Arc<Format>, lines: &[&[u8]]) -> Self {
        let mut reader = RecordReader::new(Arc::clone(format), Zone::UTC);
        let mut names_clients = false;
        let mut names_its_zone = None;
        let mut offset_seconds = None;
        let mut started = false;
        let mut first = true;
        let mut preamble = vec![false; lines.len()];
        let mut has_header = false;
        let mut read_line = |(at, line): (usize, &&[u8])| {
            let is_first = first && !line.starts_with(b"#");
            first &= !is_first;
            if format.header_mark().is_some() && reader.preamble(line, is_first) {
                preamble[at] = true;
                has_header |= reader.has_header();
                return false;
            }
            if !format.starts_record(line) && format.has_long_records() && !line.starts_with(b"nginx: [") {
                return started;
            }
            let mut event = Event::default();
            let mut read = reader.read(line, &mut event).is_some();
            if !read && format.is_json() {
                read = objects(line).any(|range| reader.read(&line[range], &mut event).is_some());
            }
            if read && names_its_zone.is_none() && event.raw(Field::Time).is_some() {
                names_its_zone = Some(reader.names_its_zone(&event));
                offset_seconds = event.raw(Field::Time).and_then(Shape::local_offset_seconds);
            }
            names_clients |= read && event.get(Field::Client).is_some();
            started |= read;
            read
        };
        let mut read: Vec<bool> = lines.iter().enumerate().map(&mut read_line).collect();
        // Directives are the format's where one of them says which columns follow.
        read.iter_mut().zip(preamble).for_each(|(read, preamble)| *read |= preamble && has_header);
        let goes_on = lines.iter().map(|line| format.has_long_records() && !format.starts_record(line)).collect();
        Self { format: Arc::clone(format), read, goes_on, names_clients, names_its_zone, offset_seconds }
    }

    fn lines(&self) -> usize {
        self.read.iter().filter(|read| **read).count()
    }
}

/// Nothing but the brackets around JSON objects that stand in other lines.
fn is_frame(line: &[u8]) -> bool {
    let mut objects = objects(line);
    objects.next().is_none() && objects.is_frame()
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads `key=value` and `key="value"` pairs from columns that nobody described. A value must look like what its key
/// means: in one log `ua=` is the user agent, in another the upstream's address.
pub fn read_pairs<'a>(tail: &'a [u8], keys: &Keys, event: &mut Event<'a>) {
    // Where columns are apart by tabs (LTSV) a value may hold spaces.
    let gap = if memchr::memchr(b'\t', tail).is_some() { b'\t' } else { b' ' };
    let mut rest = tail;
    while let Some(equals) = memchr::memchr2(b'=', b':', rest) {
        let start = rest[..equals].iter().rposition(|byte| !is_key_byte(*byte)).map_or(0, |at| at + 1);
        let (key, after) = (&rest[start..equals], &rest[equals + 1..]);
        let (value, used) = pair_value(after, gap);
        if let Some(field) =
            keys.field(key).filter(|field| !key.is_empty() && looks_like(*field, value) && event.raw(*field).is_none())
        {
            event.set(field, value);
        }
        rest = &after[used..];
    }
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The value and how many bytes it takes with its quotes.
fn pair_value(after: &[u8], gap: u8) -> (&[u8], usize) {
    if let Some(inside) = after.strip_prefix(b"\"") {
        let end = memchr::memchr(b'"', inside).unwrap_or(inside.len());
        return (&inside[..end], (end + 2).min(after.len()));
    }
    if let Some(inside) = after.strip_prefix(b"[")
        && gap == b' '
        && let Some(end) = memchr::memchr(b']', inside)
        && inside.get(end + 1).is_none_or(|byte| *byte == gap)
    {
        return (&inside[..end], end + 2);
    }
    let mut end = after.iter().position(|byte| *byte == gap).unwrap_or(after.len());
    if gap != b' ' {
        return (&after[..end], end);
    }
    // An unquoted list goes on behind `, ` and ` : `.
    while end < after.len() && (after[..end].ends_with(b",") || after[end..].starts_with(b" : ")) {
        let next = if after[..end].ends_with(b",") { end + 1 } else { end + 3 };
        end = next + after[next..].iter().position(|byte| *byte == b' ').unwrap_or(after.len() - next);
    }
    (&after[..end], end)
}

/// Whether a value can be what the field means.
fn looks_like(field: Field, value: &[u8]) -> bool {
    let elements = || value.split(|byte| matches!(byte, b',' | b' ')).filter(|part| !part.is_empty() && *part != b":");
    let each = |fits: fn(&[u8]) -> bool| elements().all(|part| part == b"-" || fits(part));
    match field {
        Field::Upstream => each(is_address),
        Field::Status | Field::UpstreamStatus => each(|part| part.len() == 3 && part.iter().all(u8::is_ascii_digit)),
        Field::Duration
        | Field::UpstreamDuration
        | Field::ConnectDuration
        | Field::HeaderDuration
        | Field::DurationMs => each(|part| part.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')),
        _ => true,
    }
}

/// `10.0.3.17:8081`, `[2001:db8::1]:80`, `unix:/run/app.sock`, a group's name: nothing with a slash but a socket.
fn is_address(part: &[u8]) -> bool {
    part.starts_with(b"unix:") || part.iter().all(|byte| byte.is_ascii_alphanumeric() || b".:[]_-%".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar::Grammars;

    fn detected(sample: &str) -> (Vec<String>, Option<bool>) {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let found = detect(sample.as_bytes(), &grammars.formats, &grammars.envelopes);
        (found.formats.iter().map(|format| format.name()).collect(), found.names_its_zone)
    }

    #[test]
    fn formats_are_told_apart() {
        let access = "203.0.113.14 - - [21/Nov/2026:09:04:25 +0000] \"GET / HTTP/1.1\" 200 853 \"-\" \"curl\"";
        let error =
            "2026/11/21 09:04:28 [error] 7#7: *9 no live upstreams while connecting to upstream, client: 192.0.2.7";
        assert_eq!(detected(access), (vec!["clf (combined)".into()], Some(true)));
        assert_eq!(detected(error), (vec!["nginx.error".into()], Some(false)));
        assert_eq!(
            detected(&format!("{access} rt=0.001\n{access} rt=0.002")).0[0],
            "nginx.access (combined with a tail)"
        );
        let mixed = detected(&format!("{error}\n{access}\n{access}\n{error}\n{access}")).0;
        assert!(
            mixed.contains(&"nginx.error".to_string()) && mixed.contains(&"clf (combined)".to_string()),
            "{mixed:?}"
        );
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let standby = detect(access.as_bytes(), &grammars.formats, &grammars.envelopes).standby;
        for id in ["nginx.error", "apache.error"] {
            assert!(standby.iter().any(|format| format.id == id), "an outage may begin after the sample");
        }
        let mut found = detect(access.as_bytes(), &grammars.formats, &grammars.envelopes);
        let products = |names: [&str; 2]| names.map(str::to_owned).into_iter().collect();
        assert!(!found.decide(&products(["nginx", "apache"]), &grammars.formats), "two companions decide nothing");
        assert!(found.decide(&products(["apache", "php-fpm"]), &grammars.formats));
        assert_eq!(found.formats[0].name(), "apache.access (combined)");
        assert_eq!(detected("2026-11-21 09:06:22 UTC [1366] LOG:  starting PostgreSQL").0, ["postgresql.log"]);
        assert!(detected("nobody knows what this is").0.is_empty());
        assert!(detected("").0.is_empty());
        assert_eq!(detected(&format!("<187>Nov 21 09:04:28 web1 nginx: {error}")).0, ["nginx.error"]);
    }

    #[test]
    fn a_host_before_the_client_is_no_client() {
        let line =
            r#"shop.example.com 203.0.113.16 - - [21/Nov/2026:11:43:06 +0000] "GET / HTTP/1.1" 502 295 "-" "x" 0.1"#;
        assert_eq!(detected(line).0, ["clf (vhost first)"]);
    }

    #[test]
    fn undescribed_columns_are_read_by_their_names_and_looks() {
        let grammars = Grammars::built_in().unwrap_or_else(|defect| panic!("{defect}"));
        let tail = br#"rt=2.001 uct="0.000" uht="-" ua="10.0.3.17:8081, 10.0.3.18:8081" us=502, 504 rid=ab12"#;
        let mut event = Event::default();
        read_pairs(tail, &grammars.tail_keys, &mut event);
        assert_eq!(event.get(Field::Upstream), Some(&b"10.0.3.17:8081, 10.0.3.18:8081"[..]));
        assert_eq!(event.get(Field::UpstreamStatus), Some(&b"502, 504"[..]));
        assert_eq!(event.get(Field::Duration), Some(&b"2.001"[..]));
        assert_eq!(event.raw(Field::HeaderDuration), Some(&b"-"[..]));
        assert_eq!(event.get(Field::RequestId), Some(&b"ab12"[..]));
        let mut ltsv = Event::default();
        read_pairs(b"status:502\trequest:GET /a b HTTP/1.1\tus:502, 504", &grammars.tail_keys, &mut ltsv);
        assert_eq!(ltsv.get(Field::Request), Some(&b"GET /a b HTTP/1.1"[..]));
        assert_eq!(ltsv.get(Field::UpstreamStatus), Some(&b"502, 504"[..]));
        let mut other = Event::default();
        read_pairs(br#"ua="Mozilla/5.0 (X11)""#, &grammars.tail_keys, &mut other);
        assert_eq!(other.raw(Field::Upstream), None);
    }
}
