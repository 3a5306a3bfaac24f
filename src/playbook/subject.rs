//! What a playbook is asked about: one incident, in the words that a matcher can ask for.

use crate::event::{Hop, Role, Severity};

/// The incident to route, borrowed from whoever found it. Its texts come from logs and are hostile: they are compared,
/// never run and never shown by this stage.
///
/// Lists hold the incident's distinct values, the most frequent first; a matcher's key holds if ANY of them fits.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Cause id; empty where there is none.
    pub cause: &'a str,
    /// The role that the cause's own file names.
    pub cause_role: Option<Role>,
    /// The place at fault.
    pub hop: Option<Hop>,
    /// Statuses, most frequent first: the first that the status map knows decides.
    pub status: &'a [u16],
    /// The service as the logs name it: virtual host, balancer, pool, container.
    pub service: Option<&'a str>,
    /// The virtual host that was asked for.
    pub vhost: Option<&'a str>,
    /// The machine that wrote the log.
    pub host: Option<&'a str>,
    /// The environment (`production`, `staging`), where known.
    pub env: Option<&'a str>,
    /// Next hops: `10.0.3.17:8081`, `unix:/run/app.sock`, a group's name.
    pub upstreams: &'a [&'a str],
    /// Paths without query.
    pub paths: &'a [&'a str],
    /// HTTP methods.
    pub methods: &'a [&'a str],
    /// Names of the logs that tell of it.
    pub sources: &'a [&'a str],
    /// Ids of their formats.
    pub formats: &'a [&'a str],
    /// How much it matters by its size.
    pub severity: Severity,
    /// Failed requests, or attempts where no access log covers the time.
    pub count: u64,
    /// Failed part of the service's requests, 0 to 1, where known.
    pub share: Option<f64>,
    /// From the first to the last failure.
    pub duration_seconds: i64,
}

impl Default for Subject<'_> {
    fn default() -> Self {
        Self {
            cause: "",
            cause_role: None,
            hop: None,
            status: &[],
            service: None,
            vhost: None,
            host: None,
            env: None,
            upstreams: &[],
            paths: &[],
            methods: &[],
            sources: &[],
            formats: &[],
            severity: Severity::Info,
            count: 0,
            share: None,
            duration_seconds: 0,
        }
    }
}

/// What a matcher can ask for. The same keys everywhere: service, route, silence, inhibition, escalation step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Cause id or a glob over ids (`upstream.*`).
    Cause,
    /// Hop at fault.
    Hop,
    /// Status: a number, `52x`, `5xx`.
    Status,
    /// Name of a `[[service]]` of the playbook, or the service as the logs name it.
    Service,
    /// Virtual host.
    Vhost,
    /// Next hop: CIDR with optional port, or a glob.
    Upstream,
    /// Path without query.
    Path,
    /// HTTP method.
    Method,
    /// Name of the log.
    Source,
    /// Format id or a glob over ids.
    Format,
    /// Machine that wrote the log.
    Host,
    /// Environment.
    Env,
    /// Severity by size.
    Severity,
}

impl Key {
    /// Every key with its spelling in a playbook.
    pub const ALL: [(Key, &'static str); 13] = [
        (Key::Cause, "cause"),
        (Key::Hop, "hop"),
        (Key::Status, "status"),
        (Key::Service, "service"),
        (Key::Vhost, "vhost"),
        (Key::Upstream, "upstream"),
        (Key::Path, "path"),
        (Key::Method, "method"),
        (Key::Source, "source"),
        (Key::Format, "format"),
        (Key::Host, "host"),
        (Key::Env, "env"),
        (Key::Severity, "severity"),
    ];

    /// The key with this spelling.
    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(key, _)| *key)
    }

    /// Whether one incident can have several values of it.
    pub(super) fn has_many_values(self) -> bool {
        matches!(self, Self::Status | Self::Upstream | Self::Path | Self::Method | Self::Source | Self::Format)
    }
}

/// One value that a pattern is held against.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// An HTTP status.
    Status(u16),
}

impl<'a> Subject<'a> {
    /// Whether any value of the key passes the test; false where the incident has none.
    pub(super) fn any(&self, key: Key, named_service: Option<&str>, test: impl Fn(Value<'_>) -> bool) -> bool {
        let all = |texts: &[&str]| texts.iter().any(|text| test(Value::Text(text)));
        let one = |text: Option<&str>| text.is_some_and(|text| test(Value::Text(text)));
        match key {
            Key::Cause => one(Some(self.cause).filter(|cause| !cause.is_empty())),
            Key::Hop => one(self.hop.map(Hop::name)),
            Key::Status => self.status.iter().any(|status| test(Value::Status(*status))),
            Key::Service => one(named_service) || one(self.service),
            Key::Vhost => one(self.vhost),
            Key::Upstream => all(self.upstreams),
            Key::Path => all(self.paths),
            Key::Method => all(self.methods),
            Key::Source => all(self.sources),
            Key::Format => all(self.formats),
            Key::Host => one(self.host),
            Key::Env => one(self.env),
            Key::Severity => one(Some(self.severity.name())),
        }
    }
}
