//! What a matcher's key is compared with: a text or glob, a network, a status pattern.
//!
//! In: what the playbook says. Out: a [`Pattern`] that holds or not, in time linear in the text it is held against.
//! Patterns come from the playbook, texts from logs; a text is never read as a pattern.

use super::fault::Fault;
use super::status::StatusPattern;
use super::subject::{Key, Value};
use super::units::digits;
use globset::{GlobBuilder, GlobMatcher};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The longest glob a playbook may hold, in bytes.
const MAX_GLOB_BYTES: usize = 1024;

/// One alternative of a key.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// A text or glob.
    Text(TextPattern),
    /// An address range.
    Network(NetworkPattern),
    /// A status or a range of them.
    Status(StatusPattern),
}

impl Pattern {
    /// Reads what the playbook says for this key.
    pub(super) fn parse(key: Key, text: &str) -> Result<Self, Fault> {
        match key {
            Key::Status => StatusPattern::parse(text).map(Self::Status),
            Key::Upstream => match NetworkPattern::parse(text)? {
                Some(network) => Ok(Self::Network(network)),
                None => TextPattern::parse(key, text).map(Self::Text),
            },
            _ => TextPattern::parse(key, text).map(Self::Text),
        }
    }

    /// Whether the value fits.
    pub(super) fn matches(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Self::Text(pattern), Value::Text(text)) => pattern.matches(text),
            (Self::Network(pattern), Value::Text(text)) => pattern.matches(text),
            (Self::Status(pattern), Value::Status(status)) => pattern.matches(status),
            _ => false,
        }
    }

    /// Whether everything that fits `other` fits this one too. False where that cannot be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(this), Self::Text(other)) => this.covers(other),
            (Self::Network(this), Self::Network(other)) => this.covers(other),
            (Self::Status(this), Self::Status(other)) => this.covers(*other),
            (Self::Text(this), _) => this.is_anything(),
            _ => false,
        }
    }

    /// Whether some value may fit both. True where that cannot be told.
    pub(super) fn may_overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(this), Self::Text(other)) => {
                (this.glob.is_some() && other.glob.is_some()) || this.covers(other) || other.covers(this)
            }
            (Self::Status(this), Self::Status(other)) => this.covers(*other) || other.covers(*this),
            _ => true,
        }
    }

    /// The text of a pattern that is no glob, else `None`.
    pub(super) fn literal(&self) -> Option<&str> {
        match self {
            Self::Text(pattern) if pattern.glob.is_none() => Some(&pattern.text),
            _ => None,
        }
    }
}

/// A text to be equal to, or a glob.
#[derive(Debug, Clone)]
pub(super) struct TextPattern {
    text: String,
    ignore_case: bool,
    glob: Option<GlobMatcher>,
}

impl TextPattern {
    /// In paths and log names `*` stops at `/` and `**` does not. Names of hosts and methods have no case.
    fn parse(key: Key, text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_GLOB_BYTES {
            return Err(Fault::new(
                format!("a pattern of {} bytes", text.len()),
                format!("{MAX_GLOB_BYTES} are the limit"),
            ));
        }
        let ignore_case = matches!(key, Key::Vhost | Key::Host | Key::Method);
        let is_glob = text.contains(['*', '?', '[', '{', '\\']);
        let glob = is_glob.then(|| compile(text, ignore_case, matches!(key, Key::Path | Key::Source))).transpose()?;
        Ok(Self { text: text.to_owned(), ignore_case, glob })
    }

    fn matches(&self, text: &str) -> bool {
        match &self.glob {
            Some(glob) => glob.is_match(text),
            None if self.ignore_case => self.text.eq_ignore_ascii_case(text),
            None => self.text == text,
        }
    }

    fn is_anything(&self) -> bool {
        self.text == "**" || (self.text == "*" && self.matches("/")) // in paths `*` stops at `/`
    }

    fn covers(&self, other: &Self) -> bool {
        self.text == other.text || self.is_anything() || (other.glob.is_none() && self.matches(&other.text))
    }
}

fn compile(text: &str, ignore_case: bool, slash_stops: bool) -> Result<GlobMatcher, Fault> {
    let built = GlobBuilder::new(text)
        .case_insensitive(ignore_case)
        .literal_separator(slash_stops)
        .backslash_escape(true)
        .build();
    built
        .map(|glob| glob.compile_matcher())
        .map_err(|error| Fault::new(format!("bad glob {text:?}: {}", error.kind()), "escape special letters with \\"))
}

/// A range of addresses, with one port or any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NetworkPattern {
    net: IpNet,
    port: Option<u16>,
}

impl NetworkPattern {
    /// `10.0.4.0/24`, `10.0.4.0/24:*`, `10.0.4.0/24:8080`, `10.0.4.7`, `[2001:db8::/32]:443`; `None` for anything that does
    /// not look like an address, which is then a glob.
    fn parse(text: &str) -> Result<Option<Self>, Fault> {
        let (net, port) = split_port(text);
        if let Ok(address) = net.parse::<IpAddr>() {
            return Ok(port.map(|port| Self { net: IpNet::from(address), port }));
        }
        let Some((address, _)) = net.split_once('/').filter(|(address, _)| looks_like_address(address)) else {
            return Ok(None);
        };
        let fault = || {
            Fault::new(
                format!("bad address range {text:?}"),
                "write it as 10.0.4.0/24, 10.0.4.0/24:8080 or [fd00::/8]:443",
            )
        };
        let net = if address.is_empty() { None } else { net.parse().ok() };
        net.zip(port).map(|(net, port)| Some(Self { net, port })).ok_or_else(fault)
    }

    fn matches(&self, text: &str) -> bool {
        let (address, port) = match text.parse::<SocketAddr>() {
            Ok(socket) => (socket.ip(), Some(socket.port())),
            Err(_) => match text.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(address) => (address, None),
                Err(_) => return false,
            },
        };
        self.net.contains(&address) && (self.port.is_none() || self.port == port)
    }

    fn covers(&self, other: &Self) -> bool {
        self.net.contains(&other.net) && (self.port.is_none() || self.port == other.port)
    }
}

/// The address part and the port: `Some(None)` is any port, `None` a port that is none.
fn split_port(text: &str) -> (&str, Option<Option<u16>>) {
    let bracketed = text.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let (net, port) = match bracketed {
        Some((net, rest)) => (net, rest.strip_prefix(':').or(if rest.is_empty() { Some("*") } else { None })),
        None if text.matches(':').count() == 1 => {
            text.split_once(':').map_or((text, None), |(net, port)| (net, Some(port)))
        }
        None => (text, Some("*")), // no port, or a bare IPv6 address
    };
    let port = port.and_then(|port| if port == "*" { Some(None) } else { digits(port).map(Some) });
    (net, port)
}

fn looks_like_address(text: &str) -> bool {
    !text.is_empty()
        && text.contains(['.', ':'])
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'.' || byte == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(key: Key, pattern: &str, text: &str) -> bool {
        Pattern::parse(key, pattern).unwrap().matches(Value::Text(text))
    }

    #[test]
    fn stars_stop_at_slashes_in_paths_only() {
        assert!(fits(Key::Path, "/checkout/**", "/checkout/a/b") && !fits(Key::Path, "/checkout/*", "/checkout/a/b"));
        assert!(fits(Key::Path, "/api/v*/orders/**", "/api/v2/orders/7"));
        assert!(fits(Key::Cause, "upstream.*", "upstream.refused") && !fits(Key::Cause, "upstream.*", "app.error"));
        assert!(fits(Key::Vhost, "*.Example.com", "a.b.example.COM") && !fits(Key::Path, "/A", "/a"));
        assert!(fits(Key::Source, "/var/log/nginx/legacy-*.error.log*", "/var/log/nginx/legacy-1.error.log.2.gz"));
    }

    #[test]
    fn networks_take_a_port_or_any() {
        for (pattern, text, fit) in [
            ("10.0.4.0/24:*", "10.0.4.7:8080", true),
            ("10.0.4.0/24", "10.0.4.7", true),
            ("10.0.4.0/24:*", "10.0.5.7:8080", false),
            ("10.0.4.0/24:80", "10.0.4.7:8080", false),
            ("10.0.4.7", "10.0.4.7:8080", true),
            ("10.0.4.7:8080", "10.0.4.7:8080", true),
            ("10.0.4.7:8080", "10.0.4.7:8081", false),
            ("fd00::/8", "[fd00::1]:443", true),
            ("[fd00::/8]:443", "[fd00::1]:444", false),
            ("unix:/run/*.sock", "unix:/run/app.sock", true),
            ("10.0.4.*", "10.0.4.7:80", true),
            ("10.0.4.0/24:*", "\u{202e}10.0.4.7", false),
        ] {
            assert_eq!(fits(Key::Upstream, pattern, text), fit, "{pattern} {text}");
        }
        for bad in ["10.0.4.0/33", "10.0.4/24", "10.0.4.0/24:http", "fd00::/129", "10.0.4.0/24:99999"] {
            assert!(Pattern::parse(Key::Upstream, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn bad_globs_are_refused() {
        assert!(Pattern::parse(Key::Path, "/a[").is_err() && Pattern::parse(Key::Path, "/{a").is_err());
        assert!(Pattern::parse(Key::Path, &"*".repeat(MAX_GLOB_BYTES + 1)).is_err());
    }

    #[test]
    fn wider_patterns_cover_narrower_ones() {
        let covers = |key, wide: &str, narrow: &str| {
            Pattern::parse(key, wide).unwrap().covers(&Pattern::parse(key, narrow).unwrap())
        };
        assert!(covers(Key::Cause, "upstream.*", "upstream.dns") && !covers(Key::Cause, "upstream.dns", "upstream.*"));
        assert!(covers(Key::Status, "5xx", "52x") && !covers(Key::Status, "52x", "5xx"));
        assert!(covers(Key::Upstream, "10.0.0.0/8", "10.0.4.0/24:80") && covers(Key::Upstream, "*", "10.0.0.0/8"));
        assert!(!covers(Key::Upstream, "10.0.0.0/8:80", "10.0.4.0/24"));
        assert!(covers(Key::Path, "**", "/a/*") && !covers(Key::Path, "*", "/a/*") && covers(Key::Vhost, "*", "a.*"));
    }
}
