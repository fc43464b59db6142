//! `scheme://host[:port]`: what links in mail start with, and what cross-origin requests may come from (RFC 6454).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Scheme, host and port, and nothing after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    secure: bool,
    host: String,
    port: Option<u16>,
}

const ALONE: &str = "is scheme, host and port alone, such as https://accounts.example.org";

impl PublicUrl {
    /// Reads a URL. User, path, query and fragment are refused: they would end up in every link, or match nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let (secure, authority) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return Err("is a URL that starts with https:// (or http:// on loopback)".to_owned()),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(ALONE.to_owned());
        }
        let (host, port) = split_port(authority);
        let port = match port.map(str::parse::<u16>) {
            None => None,
            Some(Ok(port)) if port != 0 => Some(port),
            Some(_) => return Err("has a port that is none".to_owned()),
        };
        if !is_host(host) {
            return Err(ALONE.to_owned());
        }
        let default = if secure { 443 } else { 80 };
        Ok(Self { secure, host: host.to_owned(), port: port.filter(|port| *port != default) })
    }

    /// The URL of a listener.
    pub(crate) fn of_listener(address: SocketAddr, secure: bool) -> Self {
        let host = match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let default = if secure { 443 } else { 80 };
        Self { secure, host, port: Some(address.port()).filter(|port| *port != default) }
    }

    /// Whether it is https.
    pub(crate) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host, an address without its brackets.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Whether only this machine can follow it.
    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.bare_host();
        match bare.parse::<IpAddr>() {
            Ok(ip) => ip.to_canonical().is_loopback(),
            Err(_) => self.host == "localhost" || self.host.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for PublicUrl {
    /// Without a slash at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    // The colons of an IPv6 address stand before the bracket.
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_is_the_origin() {
        for (text, origin) in [
            ("https://accounts.example.org", "https://accounts.example.org"),
            ("HTTPS://Accounts.Example.Org:443/", "https://accounts.example.org"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().to_string(), origin);
        }
    }

    #[test]
    fn whatever_is_more_than_an_origin_is_refused() {
        for text in [
            "",
            "accounts.example.org",
            "ftp://a.example",
            "https://",
            "https:///x",
            "https://a.example/path",
            "https://a.example//",
            "https://a.example?x",
            "https://a.example#x",
            "https://user@a.example",
            "https://a.example:0",
            "https://a.example:99999",
            "https://a.example:",
            "https://a b.example",
            "https://a.example\\@b.example",
            "https://*.example",
            "https://[::1",
            "https://ä.example",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn loopback_is_known_in_every_form() {
        let loopback = |text| PublicUrl::parse(text).unwrap().is_loopback();
        assert!(loopback("http://127.0.0.1:8080") && loopback("http://127.9.9.9") && loopback("http://[::1]:1"));
        assert!(loopback("http://localhost") && loopback("http://app.localhost:3000"));
        assert!(loopback("http://[::ffff:127.0.0.1]"));
        assert!(
            !loopback("https://localhost.example.org") && !loopback("http://0.0.0.0") && !loopback("http://10.0.0.1")
        );
    }
}
