//! Where the rules differ from the table on purpose, and why.

/// The beginning of a message, the table's cause, ours, and why ours is kept.
pub(super) const KEPT: &[(&str, &str, &str, &str)] = &[
    (
        "no resolver defined to resolve",
        "upstream.dns",
        "proxy.config",
        "the same words come from proxy_pass with a variable, which the table has as proxy.config: a directive is missing",
    ),
    (
        "SSL_shutdown() failed",
        "upstream.tls",
        "benign",
        "written when a connection is closed: its request was answered, or failed by another line",
    ),
    (
        "SSL_sendfile() reported that",
        "upstream.tls",
        "proxy.disk-io",
        "a file became shorter while it was sent; TLS does its work",
    ),
    (
        "sendfile() reported that",
        "upstream.reset",
        "proxy.disk-io",
        "the table's own note: 'was truncated' is a file that changed, proxy.disk-io",
    ),
    (
        "client prematurely closed connection",
        "client.aborted",
        "benign",
        "without an upstream in the line nobody had been asked yet: the client broke off its own request",
    ),
    (
        "upstream sent too big early hints",
        "upstream.header-too-big",
        "benign",
        "the hints are dropped, the answer goes on",
    ),
    (
        "upstream server temporarily disabled",
        "upstream.none-live",
        "benign",
        "follows a failure that has a line of its own; other members answer",
    ),
    ("cache lock timeout", "proxy.disk-io", "benign", "level info: the request goes to the upstream, nothing is ill"),
    ("send() to syslog", "proxy.disk-full", "benign", "a network log: no disk is part of it and no request fails"),
];

/// Why this difference stays; nothing where it is a fault.
pub(super) fn reason(literal: &str, expected: &str, got: &str) -> Option<&'static str> {
    let fits = |(start, table, ours, _): &&(&str, &str, &str, &str)| {
        literal.starts_with(start) && *table == expected && *ours == got
    };
    KEPT.iter().find(fits).map(|(_, _, _, why)| *why)
}
