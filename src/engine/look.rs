//! Looking at the beginning of every log: which format, which zone, before anything is read in earnest.
//!
//! In: logs, grammars, options. Out: a [`Stream`] a log, and what was found.

use super::{Options, Outcome};
use crate::error::{Defect, Result, did_you_mean};
use crate::grammar::detect::{Detected, detect};
use crate::grammar::notation::LogFormat;
use crate::grammar::{Format, Grammars, Witness};
use crate::incident::{Plan, Sides};
use crate::report::SourceFacts;
use crate::source::{Chunker, Input, Log, Opened, PEEK_BYTES, Progress, open};
use crate::text::harmless;
use crate::time::{Timestamp, Zone};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

/// A log with its plan.
pub(super) struct Stream<'l> {
    pub(super) log: &'l Log,
    /// Number of its first member among all sources.
    pub(super) first_source: usize,
    pub(super) plan: Plan,
    /// The first member, where it can be read only once.
    pub(super) opened: Option<Chunker<Opened>>,
}

pub(super) fn sides_of(found: &[Detected]) -> Sides {
    let all = |found: &'_ Detected| found.formats.iter().chain(&found.standby).cloned().collect::<Vec<_>>();
    let any = |witness| found.iter().flat_map(all).any(|format| format.witness == witness);
    let mut seen = found.iter().flat_map(|found| &found.formats);
    let counts = |found: &&Detected| found.formats.iter().any(|format| format.witness == Witness::Request);
    Sides {
        requests: any(Witness::Request),
        diagnoses: seen.any(|format| format.witness == Witness::Diagnosis)
            || found.iter().flat_map(all).any(|format| format.has_attempts()),
        may_explain: any(Witness::Diagnosis),
        clients: found.iter().filter(counts).all(|found| found.names_clients),
        by_client: found.iter().flat_map(|found| &found.formats).any(|format| format.pairs_by_client()),
    }
}

/// Looks at the beginning of every log: which format, which zone.
pub(super) fn look_at<'l>(
    logs: &'l [Log],
    grammars: &Grammars,
    options: &Options,
    chunk_bytes: usize,
    outcome: &mut Outcome,
) -> Result<(Vec<Stream<'l>>, Vec<Detected>)> {
    let mut streams = Vec::new();
    let mut all_found = Vec::new();
    let mut first_source = 0;
    for log in logs {
        let candidates = candidates(Some(Path::new(&log.name)), grammars, options)?;
        let (mut found, opened) = look_at_members(log, &candidates, grammars, chunk_bytes, outcome);
        if options.input_format.is_some() && found.formats.is_empty() {
            take_as_told(&mut found, &candidates, &mut outcome.sources[first_source..]);
        }
        streams.push(Stream { log, first_source, plan: Plan::nothing(), opened });
        first_source += log.members.len();
        all_found.push(found);
    }
    for at in decide_by_companions(logs, &mut all_found, grammars) {
        let (format, format_id) = shown(&all_found[at], true);
        let first = streams[at].first_source;
        for source in &mut outcome.sources[first..first + logs[at].members.len()] {
            (source.format, source.format_id) = (format.clone(), format_id.clone());
        }
    }
    if nobody_counts(&all_found) {
        all_found.iter_mut().for_each(count_alone);
    }
    let (zone, why) = zone_for(options, &all_found);
    outcome.zone.clone_from(&why);
    outcome.notes.extend(notes_on(logs, &all_found));
    for (stream, found) in streams.iter_mut().zip(&all_found) {
        stream.plan = plan_for(found, zone, written(stream.log), options);
        let shown = if found.names_its_zone == Some(true) { "in its stamps".to_owned() } else { why.clone() };
        let sources = &mut outcome.sources[stream.first_source..stream.first_source + stream.log.members.len()];
        sources.iter_mut().for_each(|source| source.zone.clone_from(&shown));
    }
    Ok((streams, all_found))
}

/// How a log is read that was found to be this.
pub(super) fn plan_for(found: &Detected, zone: Zone, written: Option<Timestamp>, options: &Options) -> Plan {
    // What stands ready may never come: only formats that were seen decide how the log is cut.
    let long_records = found.envelope.is_none() && found.formats.iter().any(|format| format.has_long_records());
    let mut plan = Plan {
        formats: found.formats.iter().chain(&found.standby).cloned().collect(),
        envelope: found.envelope.clone(),
        gap_seconds: options.limits.gap_seconds,
        long_records,
        zone,
        written: written.or(options.now),
        ..Plan::nothing()
    };
    // A header in force says more than the looks of a row.
    plan.formats.sort_by_key(|format| format.header_mark().is_none());
    plan.weave();
    plan
}

/// The formats that a log may have: one that was named, those told, those its path has in nginx.conf or httpd.conf (every
/// one of them where there is no path), those built in.
pub(crate) fn candidates(log: Option<&Path>, grammars: &Grammars, options: &Options) -> Result<Vec<Arc<Format>>> {
    if let Some(id) = &options.input_format {
        let named: Vec<Arc<Format>> = grammars.with_id(id).cloned().collect();
        if named.is_empty() {
            let defect = Defect::new("--input-format", format!("there is no format \"{id}\""));
            let hint = did_you_mean(id, grammars.ids());
            return Err(defect.hint(hint.unwrap_or_else(|| format!("known are {}", grammars.ids().join(", ")))));
        }
        return Ok(named.into_iter().chain(options.told.iter().filter(|format| format.id == *id).cloned()).collect());
    }
    let mut all = options.told.clone();
    let of_conf: Vec<&LogFormat> = match (&options.conf.nginx, log) {
        (Some(conf), Some(log)) => conf.format_of(log).into_iter().collect(),
        (Some(conf), None) => conf.formats().collect(),
        (None, _) => Vec::new(),
    };
    for format in of_conf {
        all.extend(grammars.told(&format!("log_format {} {}", format.name, directive_rest(format))).ok());
    }
    let of_apache = options.conf.apache.as_ref().map_or(Vec::new(), |apache| apache.directives(log));
    all.extend(of_apache.iter().filter_map(|directive| grammars.told(directive).ok()));
    all.extend(grammars.formats.iter().cloned());
    Ok(all)
}

fn directive_rest(format: &LogFormat) -> String {
    use crate::grammar::notation::Escape;
    let escape = match format.escape {
        Escape::Default => "default",
        Escape::Json => "json",
        Escape::None => "none",
    };
    format!("escape={escape} '{}';", format.text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Finds the format from the newest member that has lines. A pipe stays open: it can be read only once.
fn look_at_members(
    log: &Log,
    candidates: &[Arc<Format>],
    grammars: &Grammars,
    chunk_bytes: usize,
    outcome: &mut Outcome,
) -> (Detected, Option<Chunker<Opened>>) {
    let mut found = Detected::nothing();
    let mut kept = None;
    let mut has_lines = false;
    for member in log.members.iter().rev() {
        let Ok(opened) = open(member, &Progress::default()) else { continue };
        let mut chunker = Chunker::new(opened, chunk_bytes);
        let sample = whole_lines(chunker.peek(PEEK_BYTES));
        has_lines |= !sample.is_empty();
        if found.formats.is_empty() {
            found = detect(sample, candidates, &grammars.envelopes);
        }
        if !matches!(member.input, Input::File(_)) {
            kept = Some(chunker);
        }
        if !found.formats.is_empty() {
            break;
        }
    }
    let (format, format_id) = shown(&found, has_lines);
    outcome.sources.extend(log.members.iter().map(|member| SourceFacts {
        path: member.display.clone(),
        format: format.clone(),
        format_id: format_id.clone(),
        fit: found.fit,
        zone: String::new(),
        defect: None,
    }));
    (found, kept)
}

/// The formats for people, and the id of the main one.
pub(super) fn shown(found: &Detected, has_lines: bool) -> (String, String) {
    let (format, format_id) = match found.formats.first() {
        // Of free text every layout is at hand, whatever was seen.
        Some(format) if format.is_free_text() => (format.id.clone(), format.id.clone()),
        Some(format) => (format.name(), format.id.clone()),
        None => (if has_lines { "unknown" } else { "empty" }.to_owned(), "unknown".to_owned()),
    };
    let others = found.formats.iter().skip(1).filter(|format| !format.is_free_text());
    let others: Vec<String> = others.map(|format| format.name()).collect();
    let format = if others.is_empty() { format } else { format!("{format} + {}", others.join(" + ")) };
    (found.envelope.as_ref().map_or(format.clone(), |envelope| format!("{format} in {}", envelope.name)), format_id)
}

/// Where the same bytes can be of several formats, the error lines in the same log tell which it is, else those of the
/// logs in the same folder, else those of all logs. Gives the logs that are decided.
pub(super) fn decide_by_companions(logs: &[Log], found: &mut [Detected], grammars: &Grammars) -> Vec<usize> {
    let folder = |at: usize| Path::new(&logs[at].name).parent();
    let (mut all, mut of_folder) = (BTreeSet::new(), HashMap::<_, BTreeSet<String>>::new());
    for (at, product) in found.iter().enumerate().flat_map(|(at, one)| one.products().map(move |product| (at, product)))
    {
        all.insert(product.to_owned());
        of_folder.entry(folder(at)).or_default().insert(product.to_owned());
    }
    let is_open = |one: &Detected| one.formats.first().is_some_and(|main| !main.stands_for.is_empty());
    let mut decided = Vec::new();
    for (at, open) in found.iter_mut().enumerate().filter(|(_, one)| is_open(one)) {
        let own: BTreeSet<String> = open.products().map(str::to_owned).collect();
        let mut near = [Some(&own), of_folder.get(&folder(at)), Some(&all)].into_iter().flatten();
        decided.extend(near.any(|products| open.decide(products, &grammars.formats)).then_some(at));
    }
    decided
}

/// What the reader of the report should know of how a log's lines come.
pub(super) fn notes_on<'n>(logs: &'n [Log], found: &'n [Detected]) -> impl Iterator<Item = String> + use<'n> {
    logs.iter().zip(found).filter_map(|(log, found)| {
        let note = found.envelope.as_ref()?.note.as_ref()?;
        Some(format!("{}: {note}", harmless(log.name.as_bytes())))
    })
}

/// Whether no log counts requests: then an application server's own lines of them do (see [`count_alone`]).
pub(super) fn nobody_counts(found: &[Detected]) -> bool {
    let counts = |format: &Arc<Format>| format.witness == Witness::Request;
    !found.iter().any(|found| found.formats.iter().any(counts))
}

/// Takes the requests that an application server tells of for those that are counted.
pub(super) fn count_alone(found: &mut Detected) {
    for format in &mut found.formats {
        if let Some(counting) = format.counting() {
            *format = Arc::new(counting);
        }
    }
}

/// When the log was written last.
fn written(log: &Log) -> Option<Timestamp> {
    let modified = log.members.iter().filter_map(|member| member.modified).max()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_micros(i64::try_from(since.as_micros()).ok()?))
}

/// The format was named: it is used although the beginning of the log does not look like it.
pub(super) fn take_as_told(found: &mut Detected, named: &[Arc<Format>], sources: &mut [SourceFacts]) {
    found.formats = named.to_vec();
    for source in sources {
        source.format = named.first().map_or_else(String::new, |format| format.id.clone());
        source.format_id.clone_from(&source.format);
    }
}

/// The sample without a last line that is only half there.
pub(super) fn whole_lines(sample: &[u8]) -> &[u8] {
    if sample.len() < PEEK_BYTES {
        return sample;
    }
    memchr::memrchr(b'\n', sample).map_or(sample, |end| &sample[..=end])
}

/// The zone of stamps that name none: the user's; the one offset that all other logs show; the machine's.
pub(super) fn zone_for(options: &Options, found: &[Detected]) -> (Zone, String) {
    if let Some(zone) = options.zone {
        return (zone, format!("{zone} (--tz)"));
    }
    let offsets: Vec<i32> = found.iter().filter_map(|found| found.offset_seconds).collect();
    match offsets.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other == first) => match chrono::FixedOffset::east_opt(*first) {
            Some(offset) => (Zone::Fixed(offset), format!("{offset} (from the access log beside it)")),
            None => (Zone::Machine, "the machine's zone".into()),
        },
        _ => (Zone::Machine, "the machine's zone".into()),
    }
}
