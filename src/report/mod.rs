//! The answer: one [`Report`], told by one file per renderer.
//!
//! In: what `incident` found and `playbook` routed. Out: bytes in the form asked for. A renderer decides nothing: what
//! it prints stands in the report. The JSON field names are a contract (DESIGN.md section 6): extend, never rename.

mod assemble;
pub mod csv;
pub mod golden;
mod hops;
pub mod json;
pub(crate) mod layout;
pub mod metrics;
pub(crate) mod numbers;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sparkline;
pub(crate) mod stamps;
mod standing;
pub mod terminal;
mod told;

pub use assemble::{Facts, SourceFacts, assemble};
pub use standing::Lists;
pub use told::is_explained;

use crate::error::Defect;
use crate::event::{Certainty, Hop, Role, Severity};
use crate::time::Timestamp;
use serde::Serialize;

/// Everything that one run found, in the order it is told.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `triage.report/1`.
    pub schema: &'static str,
    /// Sums over all sources.
    pub totals: Totals,
    /// First to last stamp over all sources.
    pub window: Option<Window>,
    /// How zone-less stamps were read: `UTC`, `Europe/Berlin (machine)`.
    pub zone: String,
    /// One a log that was read, in the order they were named.
    pub sources: Vec<SourceLine>,
    /// Losses that could not be avoided while following; empty otherwise.
    pub gaps: Vec<Gap>,
    /// Incidents first, worst first; then warnings.
    pub incidents: Vec<Incident>,
    /// What could not be told and why, a sentence each.
    pub notes: Vec<String>,
    /// Shapes of lines that no grammar or rule knows, most frequent first.
    pub unknown: Vec<Template>,
    /// What was wrong with the input; these also go to stderr.
    #[serde(skip)]
    pub defects: Vec<Defect>,
}

/// Sums over all sources.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Totals {
    /// Physical lines.
    pub lines: u64,
    /// Requests counted in access logs.
    pub requests: u64,
    /// Requests answered with 5xx (nginx's 009 counted too: the client saw no valid answer).
    pub requests_5xx: u64,
    /// Those whose cause is stated or implied.
    pub explained_5xx: u64,
}

/// A span of log time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First stamp.
    pub first: Timestamp,
    /// Last stamp.
    pub last: Timestamp,
}

/// One log that was read. `lines = events + passed + benign + unknown + cut`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SourceLine {
    /// As the user named or the directory gave it.
    pub path: String,
    /// Format id, `unknown` where none fits, `empty` where there is nothing to fit.
    pub format: String,
    /// Share of the sampled lines that fitted the format, 0 to 1.
    pub fit: f64,
    /// Physical lines.
    pub lines: u64,
    /// Lines that are a witness of trouble: failed requests, diagnoses, conditions.
    pub events: u64,
    /// Lines read in which nothing is wrong.
    pub passed: u64,
    /// Error-log lines that are no failure.
    pub benign: u64,
    /// Lines that nothing here can read or judge.
    pub unknown: u64,
    /// Lines over a limit.
    pub cut: u64,
    /// Requests counted (0 where the log counts none).
    pub requests: u64,
    /// First stamp.
    pub first: Option<Timestamp>,
    /// Last stamp.
    pub last: Option<Timestamp>,
    /// The zone its stamps were read in: an offset in the lines, or the zone assumed.
    pub zone: String,
    /// What was wrong with it, if anything (`archive breaks off after 12,345 bytes`).
    pub defect: Option<String>,
}

/// A loss while following.
#[derive(Debug, Clone, Serialize)]
pub struct Gap {
    /// The followed log.
    pub source: String,
    /// Byte offset of the loss.
    pub offset: u64,
    /// When it was noticed.
    pub at: Timestamp,
    /// Why nothing could be done.
    pub why: String,
}

/// Whether requests ended as 5xx (or were lost), or trouble was hidden from the users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Users saw it.
    Incident,
    /// A failure hidden by a retry, a truncated 200, saturation before failure.
    Warning,
}

/// One trouble, first to last failure.
#[derive(Debug, Clone, Serialize)]
pub struct Incident {
    /// 16 hex digits, the same for the same trouble in another run.
    pub id: String,
    /// The incident that explains this one.
    pub parent_id: Option<String>,
    /// Incident or warning.
    pub kind: Kind,
    /// Cause id.
    pub cause: String,
    /// The cause in words.
    pub title: String,
    /// How the cause is known (the surest of its requests).
    pub certainty: Certainty,
    /// Of the failed requests, how many are known by: stated, implied, default.
    pub certainty_counts: CertaintyCounts,
    /// Where it is at fault.
    pub hop: Hop,
    /// Statuses the clients saw, most frequent first.
    pub status: Vec<u16>,
    /// The same with their counts.
    pub status_counts: Vec<StatusCount>,
    /// Virtual host, site, balancer; `-` where the logs do not name one.
    pub service: String,
    /// Role that owns it.
    pub role: Role,
    /// Team that plays the role, where the playbook names one.
    pub team: Option<String>,
    /// Which line of the playbook decided (`cause upstream.refused`, `route "checkout is down"`).
    pub routed_by: String,
    /// How much it matters.
    pub severity: Severity,
    /// First failure.
    pub start: Timestamp,
    /// Last failure.
    pub end: Timestamp,
    /// Requests that failed; `None` where no access log covers the time.
    pub requests_failed: Option<u64>,
    /// Failures that error logs state (several per request when peers are retried).
    pub attempts_failed: u64,
    /// Failed part of the service's requests in the window, 0 to 1.
    pub share: Option<f64>,
    /// Requests of the service in the window.
    pub requests_total: Option<u64>,
    /// Latency of the failed requests, where logged.
    pub latency_ms: Option<Latency>,
    /// Next hops that failed, most first.
    pub upstreams: Vec<AddressCount>,
    /// Paths that failed, most first; numbers and long ids folded to `*`.
    pub paths: Vec<PathCount>,
    /// Distinct clients that saw it.
    pub clients: u64,
    /// False where a breakdown met its cap and `upstreams`, `paths` or `clients` is a lower bound.
    pub breakdown_exact: bool,
    /// Failures over time, equal buckets from `start` to `end`.
    pub timeline: Timeline,
    /// Lines that prove it, verbatim.
    pub evidence: Vec<Evidence>,
    /// Causes whose failures were counted into this one, with their counts: the same trouble's first signs.
    pub absorbed: Vec<Absorbed>,
    /// First things to look at.
    pub checks: Vec<String>,
    /// Whether a retry is safe, in words.
    pub retry_safe: Option<String>,
    /// What not to do.
    pub wrong_reflex: Option<String>,
    /// Why the verdict is not surer, in words, where it is not.
    pub doubt: Option<String>,
    /// Where the playbook points for help.
    pub runbook: Option<String>,
    /// Who would be told when, counted in log time; empty where its notices are muted or it is explained by another.
    pub escalation: Vec<Step>,
    /// What keeps its notices back: a silence by its reason, an inhibition by its name.
    pub muted_by: Option<String>,
    /// What the playbook needs to know beyond this, to say who is told.
    #[serde(skip)]
    pub routed: Routed,
}

/// What routing found and the report does not show by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routed {
    /// The playbook's service it belongs to.
    pub service: Option<String>,
    /// The escalation that its route names.
    pub escalation: Option<String>,
    /// Ids of the formats of the logs that prove it.
    pub formats: Vec<String>,
}

/// How the causes of an incident's requests are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CertaintyCounts {
    /// A line says it.
    pub stated: u64,
    /// Fields imply it.
    pub implied: u64,
    /// The status alone.
    pub default: u64,
}

/// A status and how often clients saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    /// HTTP status.
    pub status: u16,
    /// How many failed requests had it.
    pub count: u64,
}

/// A next hop and how often it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressCount {
    /// `10.0.3.17:8081`, `unix:/run/app.sock`, a group's name.
    pub address: String,
    /// Failures.
    pub count: u64,
}

/// A path and how often it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PathCount {
    /// Path without query, changing parts folded to `*`.
    pub path: String,
    /// Failures.
    pub count: u64,
}

/// Another cause counted into an incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Absorbed {
    /// Cause id.
    pub cause: String,
    /// Failed requests (or attempts) taken over.
    pub count: u64,
}

/// Latency of failed requests, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// Counts over time in equal buckets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Start of the first bucket.
    pub start: Timestamp,
    /// Width of a bucket.
    pub bucket_seconds: u64,
    /// Failures per bucket.
    pub counts: Vec<u64>,
}

/// A kept line, verbatim (invalid UTF-8 replaced); not yet safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// Log it stands in.
    pub source: String,
    /// Line number in it, from 1.
    pub line: u64,
    /// Byte offset of the line in the (decompressed) text.
    pub offset: u64,
    /// The line.
    pub text: String,
}

/// The shape of lines nobody knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Template {
    /// The log it was seen in first.
    pub source: String,
    /// The line with its changing parts as `<*>`.
    pub template: String,
    /// How many lines have this shape.
    pub count: u64,
}

/// One step of an escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// After how long: `5m`.
    pub after: String,
    /// When that is, on the log's clock.
    pub at: Timestamp,
    /// Who is told.
    pub to: String,
}
