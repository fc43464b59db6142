//! Where a request really comes from: the socket, or what a trusted proxy says.

use std::net::IpAddr;

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};

/// A network, as in `10.0.0.0/8` or `2001:db8::1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProxyNetwork {
    address: IpAddr,
    prefix: u8,
}

/// Not a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network is an address, or an address with a prefix such as 10.0.0.0/8")]
pub struct ProxyNetworkError;

impl ProxyNetwork {
    /// Reads an address with or without a prefix length.
    pub fn parse(text: &str) -> Result<Self, ProxyNetworkError> {
        let (address, prefix) = text.trim().split_once('/').map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let address = address.parse::<IpAddr>().map_err(|_malformed| ProxyNetworkError)?;
        let widest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => widest,
            Some(prefix) => prefix.parse().ok().filter(|p| *p <= widest).ok_or(ProxyNetworkError)?,
        };
        Ok(Self { address, prefix })
    }

    fn contains(&self, ip: IpAddr) -> bool {
        match (self.address, ip.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == ip.to_bits() & mask
            }
            (IpAddr::V6(network), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                network.to_bits() & mask == ip.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The client's address. Forwarding headers count only when the peer is a trusted proxy, and then the right-most hop
/// that is not one: everything left of it is hearsay. `Forwarded` counts only without `X-Forwarded-For`: most proxies
/// set the latter alone, and pass on whatever a client writes into the former.
pub fn client_address(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[ProxyNetwork]) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    let is_trusted = |ip: IpAddr| is_proxy(ip, trusted);
    if !is_trusted(peer) {
        return Some(peer);
    }
    let hop = if headers.contains_key(&X_FORWARDED_FOR) {
        first_untrusted(peer, hops(headers, &X_FORWARDED_FOR), is_trusted)
    } else {
        first_untrusted(peer, hops(headers, &FORWARDED).map(|hop| hop.and_then(for_parameter)), is_trusted)
    };
    hop.or(Some(peer))
}

/// Whether it is one of these proxies.
pub(crate) fn is_proxy(ip: IpAddr, trusted: &[ProxyNetwork]) -> bool {
    trusted.iter().any(|network| network.contains(ip))
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The comma-separated hops of every line of the header, nearest first; `None` for what is not text.
fn hops<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Option<&'a str>> {
    let lines: Vec<_> = headers.get_all(name).collect();
    lines.into_iter().rev().flat_map(|line| match line.to_str() {
        Ok(line) => line.rsplit(',').map(|hop| Some(hop.trim())).collect::<Vec<_>>(),
        Err(_not_text) => vec![None],
    })
}

fn first_untrusted<'a>(
    peer: IpAddr,
    hops: impl Iterator<Item = Option<&'a str>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let mut nearest = None;
    for hop in hops {
        // What cannot be read ends the chain of trust: the hop before it is the best that is known.
        let Some(ip) = hop.and_then(address) else { return nearest.or(Some(peer)) };
        nearest = Some(ip);
        if !is_trusted(ip) {
            break;
        }
    }
    nearest
}

/// The value of `for=` in an element of `Forwarded` (RFC 7239, 4).
fn for_parameter(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| value.trim_matches('"'))
    })
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let ip = if let Some(rest) = text.strip_prefix('[') {
        rest.split_once(']')?.0.parse().ok()?
    } else if let Ok(ip) = text.parse::<IpAddr>() {
        ip
    } else {
        text.parse::<std::net::SocketAddr>().ok()?.ip()
    };
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|n| ProxyNetwork::parse(n).unwrap());
        client_address(Some(peer.parse().unwrap()), &map, &trusted).unwrap().to_string()
    }

    #[test]
    fn a_stranger_cannot_invent_an_address() {
        assert_eq!(client("192.0.2.1", &[("x-forwarded-for", "198.51.100.9")]), "192.0.2.1");
        assert_eq!(client("192.0.2.1", &[("forwarded", "for=198.51.100.9")]), "192.0.2.1");
    }

    #[test]
    fn behind_a_trusted_proxy_the_rightmost_stranger_counts() {
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "198.51.100.9, 203.0.113.5, 10.1.1.1")]), "203.0.113.5");
        assert_eq!(
            client("10.0.0.1", &[("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "203.0.113.5:4711")]),
            "203.0.113.5"
        );
        assert_eq!(client("10.0.0.1", &[("forwarded", "for=\"[2001:db8::7]:4711\";proto=https")]), "2001:db8::7");
        assert_eq!(client("::ffff:10.0.0.1", &[("x-forwarded-for", "::ffff:203.0.113.5")]), "203.0.113.5");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "10.9.9.9")]), "10.9.9.9");
    }

    #[test]
    fn an_unreadable_hop_ends_the_chain() {
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "203.0.113.5, unknown")]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "203.0.113.5, x, 10.2.2.2")]), "10.2.2.2");
    }

    #[test]
    fn forwarded_counts_only_without_x_forwarded_for() {
        let headers = [("x-forwarded-for", "203.0.113.5"), ("forwarded", "for=198.51.100.9")];
        assert_eq!(client("10.0.0.1", &headers), "203.0.113.5");
        let headers = [("x-forwarded-for", "unknown"), ("forwarded", "for=198.51.100.9")];
        assert_eq!(client("10.0.0.1", &headers), "10.0.0.1");
    }

    #[test]
    fn networks_are_read_strictly() {
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "x", "10.0.0.0/"] {
            assert_eq!(ProxyNetwork::parse(bad), Err(ProxyNetworkError), "{bad}");
        }
        assert!(ProxyNetwork::parse("0.0.0.0/0").unwrap().contains("203.0.113.5".parse().unwrap()));
        assert!(!ProxyNetwork::parse("::/0").unwrap().contains("203.0.113.5".parse().unwrap()));
    }
}
