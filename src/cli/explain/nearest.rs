//! A line that no format reads: which one comes nearest, and what to do.

use crate::error::Defect;
use crate::grammar::Format;
use crate::grammar::pattern::Reach;
use std::sync::Arc;

/// What messages call the line.
pub(super) const WHERE: &str = "the line";

/// Formats that share fewer literal texts with the line are not near.
const LEAST_LITERALS: usize = 2;

/// What is wrong with the line, and the remedy.
pub(super) fn defect(line: &[u8], candidates: &[Arc<Format>]) -> Defect {
    if let Some((format, at)) = candidates.iter().find_map(|format| Some((format, format.record_inside(line)?))) {
        let what = format!("no format reads it, but a record of {} begins at its byte {}", format.name(), at + 1);
        return Defect::new(WHERE, what).hint("give it from there on");
    }
    let defect = Defect::new(WHERE, what(line, candidates));
    defect.hint(
        "give the format with --log-format 'log_format main ...;' or --nginx-conf FILE, or name it with --input-format ID; \
         a cause or a status is explained by its name: triage explain upstream.refused",
    )
}

fn what(line: &[u8], candidates: &[Arc<Format>]) -> String {
    if line.starts_with(b"{") {
        return "it is JSON, but no status or time is read in it (the keys that are known stand in \
                grammars/formats/nginx.json.toml)"
            .into();
    }
    match nearest(line, candidates) {
        Some((format, reach)) if reach.bytes < line.len() => format!(
            "no format that is known reads it; {} comes nearest and fits its first {} bytes, to {:?}",
            format.name(),
            reach.bytes,
            end_of(&line[..reach.bytes]),
        ),
        Some((format, _)) => {
            format!("{} fits it, but its status or its stamp cannot be read", format.name())
        }
        None => "no format that is known reads it, and none comes near".into(),
    }
}

/// The layout that fits most of the line; among equals the one with the higher rank.
fn nearest<'c>(line: &[u8], candidates: &'c [Arc<Format>]) -> Option<(&'c Arc<Format>, Reach)> {
    let reaches = candidates.iter().map(|format| (format, format.reach(line)));
    let near = reaches.filter(|(_, reach)| reach.literals >= LEAST_LITERALS);
    near.max_by_key(|(format, reach)| (*reach, format.rank))
}

/// The last bytes of what fits, as a place to look at.
fn end_of(fitting: &[u8]) -> String {
    const SHOWN_BYTES: usize = 24;
    let from = fitting.len().saturating_sub(SHOWN_BYTES);
    String::from_utf8_lossy(&fitting[from..]).into_owned()
}
