//! Where notices may go: https, or http on this machine; never to a link-local address or a cloud's metadata service.
//!
//! In: an address out of the playbook, its environment or its files. Out: whether it may be called. The host is looked at again
//! after its name was resolved, so that no name leads where its address may not. Messages never repeat the address.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The longest address, in bytes.
const MOST_BYTES: usize = 2_048;
/// Metadata and host services of clouds that are not link-local: Alibaba, Azure, Oracle; AWS over IPv6.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// The address, where it may be called.
pub(super) fn checked(url: &str, insecure_http: bool) -> Result<Uri, String> {
    let uri: Option<Uri> = if url.len() <= MOST_BYTES { url.parse().ok() } else { None };
    let Some(uri) = uri.filter(|uri| uri.host().is_some_and(|host| !host.is_empty())) else {
        return Err("its address is no URL".into());
    };
    if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("its address has a user in it: nothing is sent to such".into());
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if insecure_http || is_this_machine(uri.host().unwrap_or_default()) => Ok(uri),
        Some("http") => Err("its address is not https (set `insecure_http = true` if that is meant)".into()),
        _ => Err("its address is neither https nor http".into()),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Resolves as usual, and leaves out what may not be called.
#[derive(Debug)]
pub(super) struct Guard {
    inner: DefaultResolver,
    insecure_http: bool,
}

impl Guard {
    pub(super) fn new(insecure_http: bool) -> Self {
        Self { inner: DefaultResolver::default(), insecure_http }
    }
}

impl Resolver for Guard {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let loopback_only = uri.scheme_str() != Some("https") && !self.insecure_http;
        let mut kept = self.empty();
        for address in found.iter().filter(|address| may_be_called(address.ip(), loopback_only)) {
            kept.push(*address);
        }
        match kept.is_empty() {
            true => Err(ureq::Error::Io(io::ErrorKind::PermissionDenied.into())),
            false => Ok(kept),
        }
    }
}

/// Whether a connection to this address may be made.
pub(super) fn may_be_called(address: IpAddr, loopback_only: bool) -> bool {
    let address = unwrapped(address);
    let is_nowhere = match address {
        IpAddr::V4(v4) => v4.octets()[0] == 0 || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_unicast_link_local() || v6.is_multicast(),
    };
    !is_nowhere && !METADATA.contains(&address) && (address.is_loopback() || !loopback_only)
}

/// The IPv4 address inside an IPv6 one: mapped, compatible, or of NAT64.
fn unwrapped(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let inner = match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some((high, low)),
        _ => None,
    };
    inner.map_or(address, |(high, low)| IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))))
}
