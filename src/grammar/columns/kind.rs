//! What a column holds: how its values look, and what is taken out of them.

use crate::event::{Event, Field, closed_list};

closed_list! {
    /// How the values of a column look. In a header's rows only what is read from must fit; in rows without a header all
    /// columns must, because they are all that tells the layout.
    Kind {
        /// Anything.
        Any = "any",
        /// A number, or `-`.
        Number = "number",
        /// Three digits, or `-` where nothing was answered.
        Status = "status",
        /// A stamp, or its date or its time of day.
        Stamp = "stamp",
        /// An IP address, perhaps with a port, a zone, brackets; or `-`.
        Address = "address",
        /// The same, kept without its port.
        Client = "client",
        /// A word of letters, digits, `_`, `-`, `/`.
        Word = "word",
        /// A path, or `-`.
        Path = "path",
        /// A protocol with its version, or `-`.
        Protocol = "protocol",
        /// An HTTP method, or `-`.
        Method = "method",
        /// `METHOD scheme://host:port/path PROTOCOL`: method, host, URI and protocol are taken out of it.
        UrlRequest = "url-request",
    }
}

impl Kind {
    /// Whether a value is what such a column holds.
    #[inline]
    pub(super) fn holds(self, value: &[u8], strict: bool) -> bool {
        match self {
            Self::Number | Self::Status | Self::Stamp => self.fits(value),
            _ => !strict || self.fits(value),
        }
    }

    /// Whether a value shows that it stands in the right column, or in a wrong one; `None` where it shows nothing.
    pub(super) fn shows(self, value: &[u8]) -> Option<bool> {
        match self {
            Self::Any | Self::Word | Self::UrlRequest => None,
            _ if value == b"-" => None,
            _ => Some(self.fits(value)),
        }
    }

    fn fits(self, value: &[u8]) -> bool {
        let all = |fits: fn(&u8) -> bool| !value.is_empty() && value.iter().all(fits);
        match self {
            Self::Any | Self::UrlRequest => true,
            Self::Number => all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'.')),
            Self::Status => value == b"-" || (value.len() == 3 && value.iter().all(u8::is_ascii_digit)),
            Self::Stamp => {
                value.first().is_some_and(u8::is_ascii_digit)
                    && all(|byte| byte.is_ascii_digit() || b"-/:.TZ+".contains(byte))
            }
            Self::Address | Self::Client => {
                value == b"-"
                    || (all(|byte| byte.is_ascii_hexdigit() || b".:%[]".contains(byte))
                        && memchr::memchr2(b'.', b':', value).is_some())
            }
            Self::Word => all(|byte| byte.is_ascii_alphanumeric() || b"_-/".contains(byte)),
            Self::Path => value == b"-" || value == b"*" || memchr::memchr(b'/', value).is_some(),
            Self::Protocol => {
                value == b"-" || (value.first().is_some_and(u8::is_ascii_uppercase) && value.contains(&b'/'))
            }
            Self::Method => value == b"-" || all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-')),
        }
    }

    /// The fields that a value of this kind is taken apart into.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::UrlRequest => &[Field::Method, Field::Host, Field::Uri, Field::Protocol],
            _ => &[],
        }
    }

    /// Takes a value apart into its fields.
    pub(super) fn spread<'a>(self, value: &'a [u8], event: &mut Event<'a>) {
        if self != Self::UrlRequest {
            return;
        }
        let Some(space) = memchr::memchr(b' ', value) else { return };
        let rest = &value[space + 1..];
        let end = memchr::memrchr(b' ', rest).unwrap_or(rest.len());
        let (url, protocol) = (&rest[..end], rest.get(end + 1..).unwrap_or_default());
        // `- - -`: there was no request.
        let Some(host) = memchr::memmem::find(url, b"://").map(|scheme| scheme + 3) else { return };
        let path = memchr::memchr(b'/', &url[host..]).map_or(url.len(), |slash| host + slash);
        event.set(Field::Method, &value[..space]);
        event.set(Field::Host, &url[host..path]);
        event.set(Field::Uri, &url[path..]);
        event.set(Field::Protocol, protocol);
    }
}
