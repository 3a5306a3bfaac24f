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
        let all = |class: u8| !value.is_empty() && value.iter().all(|byte| CLASSES[*byte as usize] & class != 0);
        match self {
            Self::Any | Self::UrlRequest => true,
            Self::Number => all(NUMBER),
            Self::Status => value == b"-" || (value.len() == 3 && value.iter().all(u8::is_ascii_digit)),
            Self::Stamp => value.first().is_some_and(u8::is_ascii_digit) && all(STAMP),
            Self::Address | Self::Client => {
                value == b"-" || (all(ADDRESS) && value.iter().any(|byte| matches!(byte, b'.' | b':')))
            }
            Self::Word => all(WORD),
            Self::Path => value == b"-" || value == b"*" || memchr::memchr(b'/', value).is_some(),
            Self::Protocol => {
                value == b"-" || (value.first().is_some_and(u8::is_ascii_uppercase) && value.contains(&b'/'))
            }
            Self::Method => value == b"-" || all(METHOD),
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

const NUMBER: u8 = 1;
const STAMP: u8 = 2;
const ADDRESS: u8 = 4;
const WORD: u8 = 8;
const METHOD: u8 = 16;

/// Which kinds of values a byte may stand in.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => NUMBER | STAMP | ADDRESS | WORD,
            b'-' => NUMBER | STAMP | WORD | METHOD,
            b'.' => NUMBER | STAMP | ADDRESS,
            b':' => STAMP | ADDRESS,
            b'/' => STAMP | WORD,
            b'T' | b'Z' => STAMP | WORD | METHOD,
            b'+' => STAMP,
            b'A'..=b'F' => ADDRESS | WORD | METHOD,
            b'a'..=b'f' => ADDRESS | WORD,
            b'%' | b'[' | b']' => ADDRESS,
            b'_' => WORD | METHOD,
            b'G'..=b'S' | b'U'..=b'Y' => WORD | METHOD,
            b'g'..=b'z' => WORD,
            _ => 0,
        };
        byte += 1;
    }
    classes
};
