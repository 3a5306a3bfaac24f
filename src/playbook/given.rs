//! The incident that a playbook's own test describes.

use super::fault::Fault;
use super::form::{Form, Word};
use super::names::{Names, hop, one_of, severity, text};
use super::status::StatusPattern;
use crate::event::{Hop, Severity};
use crate::time::Timestamp;
use std::time::Duration;

/// An incident as a test describes it. What is not said is as quiet as can be: one request, no time.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// Cause id.
    pub cause: Option<String>,
    /// Hop at fault.
    pub hop: Option<Hop>,
    /// Statuses.
    pub status: Vec<u16>,
    /// Service.
    pub service: Option<String>,
    /// Virtual host.
    pub vhost: Option<String>,
    /// Machine.
    pub host: Option<String>,
    /// Environment.
    pub env: Option<String>,
    /// Next hops.
    pub upstreams: Vec<String>,
    /// Paths.
    pub paths: Vec<String>,
    /// Methods.
    pub methods: Vec<String>,
    /// Logs.
    pub sources: Vec<String>,
    /// Formats.
    pub formats: Vec<String>,
    /// Severity before routing.
    pub severity: Option<Severity>,
    /// Failed requests.
    pub count: Option<u64>,
    /// Failed part of the service's requests, 0 to 1.
    pub share: Option<f64>,
    /// From the first to the last failure.
    pub lasts: Option<Duration>,
    /// When.
    pub at: Option<Timestamp>,
}

impl Given {
    /// Reads `given` or `while`.
    pub(super) fn read(form: &Form<'_>, names: &Names<'_>) -> Self {
        let known = names.known;
        let texts = |key| form.words(key, false).unwrap_or_default().iter().map(|word| word.text.to_owned()).collect();
        let read = Self {
            cause: form.parsed("cause", |text| one_of("cause", text, known.causes)),
            hop: form.parsed("hop", hop),
            status: statuses(form),
            service: text(form.word("service")),
            vhost: text(form.word("vhost")),
            host: text(form.word("host")),
            env: text(form.word("env")),
            upstreams: texts("upstream"),
            paths: texts("path"),
            methods: texts("method"),
            sources: texts("source"),
            formats: form.all_parsed("format", |text| one_of("format", text, known.formats)),
            severity: form.parsed("severity", severity),
            count: form.count("count"),
            share: form.share("share"),
            lasts: form.duration("for"),
            at: form.time("at"),
        };
        form.done();
        read
    }
}

fn statuses(form: &Form<'_>) -> Vec<u16> {
    let read = |word: &Word<'_>| {
        form.read(*word, |text| {
            let status = text.parse().ok().filter(|_| StatusPattern::parse(text).is_ok());
            status.ok_or_else(|| Fault::new(format!("{text:?} is no status"), "write a number such as 502"))
        })
    };
    form.words("status", true).unwrap_or_default().iter().filter_map(read).collect()
}
