//! From a message of nginx's source to a whole line as an error log has it.
//!
//! The table has the message, its level, the cause and the status; the line also needs what nginx was doing and which
//! error the system gave. Both follow from the cause: a line that stands for `upstream.read-timeout` is one of a request
//! that waits for the upstream's header and was ended by errno 110.

use super::table::Row;

/// What stands around the message.
struct Scene {
    /// In brackets behind the message: `111: Connection refused`.
    error: Option<&'static str>,
    /// Behind ` while `.
    phase: Option<&'static str>,
    /// `, client: ...` and what follows it.
    context: Context,
}

/// Whose line it is.
#[derive(PartialEq)]
enum Context {
    /// The master's or a worker's own: no connection.
    Process,
    /// The resolver's own.
    Resolver,
    /// A request's, before an upstream is asked.
    Request,
    /// A request's, with an upstream.
    Upstream,
}

/// The line for a row.
pub(super) fn line(row: &Row) -> String {
    let scene = scene(row);
    let error = scene.error.map_or(String::new(), |error| format!(" ({error})"));
    let phase = scene.phase.map_or(String::new(), |phase| format!(" while {phase}"));
    let connection = if scene.context == Context::Process { "" } else { "*9 " };
    let rest = match scene.context {
        Context::Process => "",
        Context::Resolver => ", resolver: 10.0.0.2:53",
        Context::Request => {
            r#", client: 192.0.2.7, server: shop.example.com, request: "GET /cart HTTP/1.1", host: "shop.example.com""#
        }
        Context::Upstream => {
            r#", client: 192.0.2.7, server: shop.example.com, request: "GET /cart HTTP/1.1", upstream: "http://10.0.3.17:8081/cart", host: "shop.example.com""#
        }
    };
    format!("2026/01/15 20:44:57 [{}] 7#7: {connection}{}{error}{phase}{rest}", level(row), message(row))
}

/// Levels that are an expression in nginx's source get the one that is its default.
fn level(row: &Row) -> &'static str {
    match row.level.as_str() {
        "EMERG" => "emerg",
        "ALERT" => "alert",
        "CRIT" | "level" => "crit",
        "WARN" | "lrcf->delay_log_level" => "warn",
        "NOTICE" => "notice",
        "INFO" => "info",
        "DEBUG" => "debug",
        _ => "error", // ERR, by log_error(), resolvers, limits
    }
}

/// The message with its directives filled in.
fn message(row: &Row) -> String {
    let mut literal = row.literal.clone();
    for (directives, text) in [
        // Words that nginx inserts itself: the name of a call, of a process, of what is wrong with an address.
        (r#"%s "%s" failed"#, r#"open() "%s" failed"#),
        // (a worker that dies does so by SIGSEGV).
        ("%s %P exited", "worker process %P exited"),
        (r#"%s in upstream "%V""#, r#"invalid host in upstream "%V""#),
        ("could not allocate node%s", r#"could not allocate node in limit_req zone "one""#),
        (
            r#"FastCGI sent in stderr: "%*s""#,
            r#"FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught Error""#,
        ),
        ("worker process %P exited on signal %d", "worker process %P exited on signal 11"),
    ] {
        if literal.starts_with(directives) {
            literal = literal.replacen(directives, text, 1);
        }
    }
    let literal = match row.kind.as_str() {
        "url_err" => format!(r#"{literal} in upstream "http://""#), // the frame that these are put into
        "slab" if literal.ends_with("no memory") => format!(r#"{literal} in limit_req zone "one""#),
        _ => literal,
    };
    // The mp4 module's files are films; the rules tell them by their name.
    filled(&literal, if row.source.contains("_mp4_") { "/srv/film.mp4" } else { "app.internal" })
}

/// `%V %s %*s` become a word, every other directive a number (ngx_string.c, ngx_vslprintf). A `%s` right behind a letter is
/// a part that is mostly empty: `limiting requests%s` (", dry run").
fn filled(literal: &str, word: &str) -> String {
    let mut text = String::new();
    let mut rest = literal;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        let directive = &rest[at + 1..];
        let modifiers = directive.find(|letter: char| !"0123456789.*uxX".contains(letter)).unwrap_or(directive.len());
        let (value, used) = match directive[modifiers..].chars().next() {
            Some('s') if text.ends_with(|letter: char| letter.is_ascii_alphanumeric()) => ("", modifiers + 1),
            Some('V' | 's' | 'v') => (word, modifiers + 1),
            Some('%') => ("%", modifiers + 1),
            Some(letter) if letter.is_ascii_alphabetic() => ("17", modifiers + 1),
            _ => ("17", modifiers),
        };
        text.push_str(value);
        rest = &directive[used..];
    }
    text + rest
}

fn scene(row: &Row) -> Scene {
    if row.stage == "startup" {
        return Scene { error: error(row), phase: None, context: Context::Process };
    }
    let (family, _) = row.cause.split_once('.').unwrap_or(("", ""));
    let (phase, context) = match (family, row.cause.as_str()) {
        (_, "upstream.dns") if row.relevance == "context" => (Some("resolving"), Context::Resolver),
        (_, "upstream.dns" | "upstream.none-live") => (none_live_phase(row), Context::Request),
        ("upstream" | "app", _) if row.relevance == "truncates" => (Some("reading upstream"), Context::Upstream),
        ("upstream", _) => (Some(upstream_phase(row)), Context::Upstream),
        (_, "app.exception") => (Some("reading response header from upstream"), Context::Upstream),
        ("client", _) if row.literal.contains("upstream") || row.literal.contains("send") => {
            (Some("sending to client"), Context::Upstream)
        }
        ("proxy", _) if is_of_connecting(row) => (Some("connecting to upstream"), Context::Upstream),
        _ => (None, Context::Request),
    };
    Scene { error: error(row), phase, context }
}

/// The peer is chosen while connecting; a name is resolved before that.
fn none_live_phase(row: &Row) -> Option<&'static str> {
    (row.cause == "upstream.none-live").then_some("connecting to upstream")
}

/// What nginx does with an upstream when this happens.
fn upstream_phase(row: &Row) -> &'static str {
    let says = |text: &str| row.literal.contains(text);
    match row.cause.as_str() {
        _ if is_of_connecting(row) => "connecting to upstream",
        _ if row.source.contains("ngx_readv_chain.c") => "reading upstream", // bodies are read into several buffers
        "upstream.tls" if says("SSL_sendfile") => "sending request to upstream",
        "upstream.tls" => "SSL handshaking to upstream",
        "upstream.reset" if says("send") || says("write") => "sending request to upstream",
        _ if row.status.starts_with("none") && says("read") => "reading upstream",
        _ => "reading response header from upstream",
    }
}

/// Calls of ngx_event_connect.c and of the connection's own file are made while connecting.
fn is_of_connecting(row: &Row) -> bool {
    let of_connect = row.source.contains("ngx_event_connect.c") || row.literal.contains("connect() ");
    of_connect || row.literal.starts_with("socket() failed") || row.literal.contains("worker_connections are not")
}

/// What the system, or OpenSSL, says. Only what reports a failed call has it.
fn error(row: &Row) -> Option<&'static str> {
    match row.kind.as_str() {
        "ngx_ssl_error" | "ngx_ssl_connection_error" => {
            Some("SSL: error:0A000126:SSL routines::unexpected eof while reading")
        }
        "ngx_connection_error" => Some(errno(row)),
        _ if row.literal.contains(" failed") && !row.literal.contains("failed:") => Some(errno(row)),
        _ => None,
    }
}

fn errno(row: &Row) -> &'static str {
    match row.cause.as_str() {
        "upstream.refused" | "upstream.dns" => "111: Connection refused",
        "upstream.reset" => "104: Connection reset by peer",
        "upstream.read-timeout" => "110: Connection timed out",
        "upstream.port-exhaustion" => "98: Address already in use",
        "proxy.permission" => "13: Permission denied",
        "proxy.fd-limit" if row.literal.starts_with("epoll_ctl") => "28: No space left on device", // max_user_watches
        "proxy.fd-limit" => "24: Too many open files",
        "proxy.disk-full" => "28: No space left on device",
        "proxy.disk-io" => "5: Input/output error",
        "proxy.out-of-memory" => "12: Cannot allocate memory",
        "proxy.config" => "1: Operation not permitted",
        "proxy.crash" => "9: Bad file descriptor",
        "client.aborted" => "32: Broken pipe",
        _ => "22: Invalid argument",
    }
}
