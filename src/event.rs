//! The one shape between reading and judging: a closed list of fields, borrowed from the bytes of one record.
//!
//! In: what a grammar read. Out: an [`Event`] that rules can ask. The closed lists of the whole house (hop, role,
//! severity, certainty) stand here too, because every later stage speaks them.

use std::fmt;

/// Declares a closed list whose members have one spelling each, in code, knowledge files and output.
macro_rules! closed_list {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $member:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$doc])* #[serde(rename = $text)] $member),+ }

        impl $name {
            /// Every member, in order.
            pub const ALL: &'static [$name] = &[$($name::$member),+];
            /// How many members there are.
            pub const COUNT: usize = Self::ALL.len();
            /// The one spelling.
            pub const fn name(self) -> &'static str { match self { $($name::$member => $text),+ } }
            /// The member with this spelling.
            pub fn named(text: &str) -> Option<Self> { match text { $($text => Some($name::$member),)+ _ => None } }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, out: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { out.pad(self.name()) }
        }
    };
}

pub(crate) use closed_list;

closed_list! {
    /// What a record can say. Grammars fill these, rules ask them. Durations end in their unit.
    Field {
        /// The stamp as it stands in the log.
        Time = "time",
        /// The date, where the stamp is a time of day and the two stand apart.
        Date = "date",
        /// The line's own severity word.
        Level = "level",
        /// Process id.
        Pid = "pid",
        /// nginx's connection serial (`*123`), the number alone.
        Connection = "connection",
        /// The free text of a diagnosis, without errno, phase and context.
        Message = "message",
        /// The operating system's error as its POSIX name (`ECONNREFUSED`), found from number and text together.
        Errno = "errno",
        /// What stands in the errno's brackets, as logged (`111: Connection refused`).
        ErrnoText = "errno_text",
        /// What the server was doing (nginx: the text after ` while `).
        Phase = "phase",
        /// Client address, without port.
        Client = "client",
        /// The configured name of the virtual server.
        Server = "server",
        /// The request line as one text: `GET /a?b HTTP/1.1`.
        Request = "request",
        /// Method, where it stands alone.
        Method = "method",
        /// Path with query, where it stands alone.
        Uri = "uri",
        /// nginx's subrequest URI (auth_request, SSI).
        Subrequest = "subrequest",
        /// Address of the next hop, or the list of those tried.
        Upstream = "upstream",
        /// Host the client asked for.
        Host = "host",
        /// Referring page.
        Referrer = "referrer",
        /// Mail login.
        Login = "login",
        /// Id of the request, shared by several logs.
        RequestId = "request_id",
        /// Status that this hop answered.
        Status = "status",
        /// Status that this hop got from the next, or the list of those.
        UpstreamStatus = "upstream_status",
        /// Time the whole request took, as logged, in seconds or the grammar's unit.
        Duration = "duration",
        /// Time until the upstream's answer was whole; may be a list.
        UpstreamDuration = "upstream_duration",
        /// Time to connect to the upstream; may be a list.
        ConnectDuration = "connect_duration",
        /// Time until the upstream's header was read; may be a list.
        HeaderDuration = "header_duration",
        /// Bytes sent to the client.
        BytesSent = "bytes_sent",
        /// Bytes got from the upstream; may be a list.
        UpstreamBytes = "upstream_bytes",
        /// Protocol of the request.
        Protocol = "protocol",
        /// Scheme of the request.
        Scheme = "scheme",
        /// The client's program.
        UserAgent = "user_agent",
        /// The addresses in front of this hop (X-Forwarded-For).
        ForwardedFor = "forwarded_for",
        /// The authenticated user.
        User = "user",
        /// Whether and how a cache answered.
        CacheStatus = "cache_status",
        /// What the failing requests were for, where the log names it itself (balancer, pool, container).
        Service = "service",
        /// A vendor's machine code for why.
        Reason = "reason",
        /// The configured group of upstreams.
        UpstreamName = "upstream_name",
        /// The program that wrote the line, in an envelope.
        Program = "program",
        /// The machine that wrote the line.
        Machine = "machine",
        /// The same as `duration`, where the log's own name says milliseconds.
        DurationMs = "duration_ms",
        /// What follows the columns that are known: `key=value` pairs of a format nobody described.
        Tail = "tail",
        /// The real line inside an envelope.
        Inner = "inner",
        /// IIS's substatus: why, more closely than the status.
        Substatus = "substatus",
        /// An operating system's or library's error number that stands alone (IIS `sc-win32-status`).
        OsCode = "os_code",
        /// How the session or response ended, in the product's letters (HAProxy's termination state, Envoy's flags).
        Flags = "flags",
        /// The product's words on how the response came about (Envoy `response_code_details`, Cloudflare's pathing).
        Details = "details",
        /// What a balancer's rule did (`forward`, `fixed-response`, `waf`).
        Actions = "actions",
        /// The number or code of a message or error (`AH01114`, a SQLSTATE, `1203`).
        Code = "code",
        /// The part of the program that wrote the line (`proxy_fcgi`, a logger's name).
        Module = "module",
        /// Which output of a container the line came from.
        Stream = "stream",
        /// What made the request, where it was no client (health check, worker, cache).
        RequestSource = "request_source",
        /// Id of the request that this one was made for.
        ParentId = "parent_id",
        /// Time that the request waited for a worker or connection.
        QueueDuration = "queue_duration",
        /// How often another attempt was made.
        Retries = "retries",
        /// When the request began, as it stands in the log, where `time` says when it ended.
        Started = "started",
        /// Who wrote the answered status: `proxy`, `upstream` or `unknown`. Derived, no log has it by this name.
        AnsweredBy = "answered_by",
        /// Somebody may have written the record who is not the log's own program. Derived, no log has it by this name.
        Doubt = "doubt",
        /// For how many requests the row stands, where the product logs a sample of them.
        Weight = "weight",
    }
}

closed_list! {
    /// The place at fault.
    Hop {
        /// The client, or whoever is in front of us.
        Client = "client",
        /// CDN or WAF.
        Edge = "edge",
        /// Load balancer.
        Lb = "lb",
        /// Reverse proxy or web server.
        Proxy = "proxy",
        /// The application and its workers.
        App = "app",
        /// What the application calls: database, other services.
        Dependency = "dependency",
        /// The path between two hops.
        Network = "network",
        /// Name resolution.
        Dns = "dns",
        /// TLS between two hops.
        Tls = "tls",
    }
}

closed_list! {
    /// Who looks after a kind of trouble; a team plays a role for a service.
    Role {
        /// Application team.
        App = "app",
        /// Gateways, platform, infrastructure.
        Infra = "infra",
        /// Capacity and on-call.
        Sre = "sre",
        /// Databases.
        Db = "db",
    }
}

closed_list! {
    /// How much an incident matters. Ordered: the last is the worst.
    Severity {
        /// Good to know; nobody is woken.
        Info = "info",
        /// Look at it today.
        Warning = "warning",
        /// Look at it now.
        Error = "error",
        /// Somebody must get up.
        Critical = "critical",
    }
}

closed_list! {
    /// How a verdict is known. Ordered: the last is the surest.
    Certainty {
        /// The status alone.
        Default = "default",
        /// Fields imply it.
        Implied = "implied",
        /// A line says it.
        Stated = "stated",
    }
}

closed_list! {
    /// Who wrote the answered status.
    AnsweredBy {
        /// This hop: it asked nobody, got no usable answer, or replaced the one it got.
        Proxy = "proxy",
        /// The next hop: its answer was passed on.
        Upstream = "upstream",
        /// The log does not say.
        Unknown = "unknown",
    }
}

/// The field's bit in a set of fields.
#[inline]
pub const fn bit(field: Field) -> u64 {
    1 << field as u64
}

/// One record, read: which fields it has, borrowed from its bytes.
#[derive(Clone)]
pub struct Event<'a> {
    present: u64,
    values: [&'a [u8]; Field::COUNT],
    /// How long the request took, where the log gives its start and its end but no duration, in microseconds.
    pub elapsed_micros: Option<i64>,
}

impl Default for Event<'_> {
    fn default() -> Self {
        Self { present: 0, values: [b""; Field::COUNT], elapsed_micros: None }
    }
}

impl<'a> Event<'a> {
    /// Forgets everything, for the next record.
    pub fn clear(&mut self) {
        self.present = 0;
        self.elapsed_micros = None;
    }

    /// Sets a field. A later value replaces an earlier one.
    #[inline]
    pub fn set(&mut self, field: Field, value: &'a [u8]) {
        self.present |= 1 << field as u64;
        self.values[field as usize] = value;
    }

    /// The field's bytes, where the record has the field at all; may be empty or `-`.
    #[inline]
    pub fn raw(&self, field: Field) -> Option<&'a [u8]> {
        (self.present & (1 << field as u64) != 0).then(|| self.values[field as usize])
    }

    /// The field's value: `None` also where the log says "no value" (`-` or nothing).
    #[inline]
    pub fn get(&self, field: Field) -> Option<&'a [u8]> {
        self.raw(field).filter(|value| !matches!(*value, b"" | b"-"))
    }

    /// Those of the fields in `mask` that the record has, with their bytes; a field is the bit of its number.
    #[inline]
    pub fn among(&self, mask: u64) -> impl Iterator<Item = (Field, &'a [u8])> + '_ {
        let mut left = self.present & mask;
        std::iter::from_fn(move || {
            let at = left.checked_ilog2()? as usize;
            left &= !(1 << at);
            Some((Field::ALL[at], self.values[at]))
        })
    }

    /// Which fields are set now; [`Self::rewind`] returns to it.
    #[inline]
    pub fn mark(&self) -> u64 {
        self.present
    }

    /// Forgets the fields set since the mark was taken.
    #[inline]
    pub fn rewind(&mut self, mark: u64) {
        self.present &= mark;
    }

    /// The fields that the record has, with their bytes.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &'a [u8])> + '_ {
        Field::ALL.iter().filter_map(|field| self.raw(*field).map(|value| (*field, value)))
    }

    /// The status that this hop answered: three digits, `009` and `000` included. JSON writes the latter as `0`.
    #[inline]
    pub fn status(&self) -> Option<u16> {
        let digits = self.raw(Field::Status)?;
        if digits == b"0" {
            return Some(0);
        }
        (digits.len() == 3 && digits.iter().all(u8::is_ascii_digit))
            .then(|| digits.iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0')))
    }
}

impl fmt::Debug for Event<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_map()
            .entries(self.iter().map(|(field, value)| (field.name(), value.escape_ascii().to_string())))
            .finish()
    }
}

const _: () = assert!(Field::COUNT <= 64, "Event::present has one bit a field");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_no_value_but_the_field_is_there() {
        let mut event = Event::default();
        event.set(Field::Upstream, b"-");
        assert_eq!(event.raw(Field::Upstream), Some(&b"-"[..]));
        assert_eq!(event.get(Field::Upstream), None);
        event.clear();
        assert_eq!(event.raw(Field::Upstream), None);
    }

    #[test]
    fn statuses_are_three_digits() {
        let mut event = Event::default();
        for (text, status) in
            [(&b"502"[..], Some(502)), (b"009", Some(9)), (b"-", None), (b"5020", None), (b"5x2", None)]
        {
            event.set(Field::Status, text);
            assert_eq!(event.status(), status);
        }
    }

    #[test]
    fn every_name_leads_back_to_its_member() {
        assert!(Field::ALL.iter().all(|field| Field::named(field.name()) == Some(*field)));
        assert!(Severity::Critical > Severity::Error && Certainty::Stated > Certainty::Implied);
    }
}
