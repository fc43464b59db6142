//! Who may see the mailbox: a browser on this machine that asks this machine, with nobody between them. The mails in it
//! carry tokens that open accounts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderName, ORIGIN};
use actix_web::http::uri::Authority;
use actix_web::http::{Method, Version};
use countersign_application::ports::mailbox::MailboxReader;

use crate::settings::WebSettings;

/// The mailbox, if this request may see it.
pub(crate) fn mailbox(req: &HttpRequest, settings: &WebSettings) -> Option<Arc<dyn MailboxReader>> {
    settings.mailbox.as_ref().filter(|_| !says_origin(req) && is_near(req, settings)).map(Arc::clone)
}

/// Whether a page may lead to it: also the answer to a form, of which browsers always say the origin.
pub(crate) fn is_shown(req: &HttpRequest, settings: &WebSettings) -> bool {
    (req.method() == Method::POST || !says_origin(req)) && is_near(req, settings)
}

/// Pages of other origins say which they are when they want to read an answer, also those of `server.cors_origins`.
fn says_origin(req: &HttpRequest) -> bool {
    req.headers().contains_key(ORIGIN)
}

fn is_near(req: &HttpRequest, settings: &WebSettings) -> bool {
    let is_from_here = req.peer_addr().is_some_and(|peer| is_loopback(peer.ip()));
    // No browser speaks HTTP/1.0; proxies that add no header of theirs do.
    let is_direct = !req.headers().keys().any(is_of_proxy) && req.version() >= Version::HTTP_11;
    is_served(settings) && is_from_here && is_direct && asks_loopback(req)
}

/// Whether there is a mailbox, and neither the listener, nor a proxy, nor the public URL is for other machines.
pub(crate) fn is_served(settings: &WebSettings) -> bool {
    let authority = settings.public_url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    let is_for_others = !is_loopback(settings.listen.ip()) || !settings.trusted_proxies.is_empty();
    settings.mailbox.is_some() && !is_for_others && is_loopback_authority(authority)
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether every host that the request names is this machine: a name of somebody else's may lead here for a moment (DNS
/// rebinding), and then the pages under that name read what they get.
fn asks_loopback(req: &HttpRequest) -> bool {
    let mut named = req.headers().get_all(HOST).map(|host| host.to_str().unwrap_or_default()).collect::<Vec<_>>();
    named.extend(req.uri().authority().map(Authority::as_str));
    !named.is_empty() && named.into_iter().all(is_loopback_authority)
}

/// `localhost`, `127.0.0.0/8` or `[::1]`, with or without a port.
fn is_loopback_authority(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let is_here = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse().is_ok_and(|ip: Ipv6Addr| is_loopback(ip.into())),
        None => host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback()),
    };
    is_here && port.bytes().all(|octet| octet.is_ascii_digit())
}

/// What proxies add: one on this machine would show the mailbox to the world.
fn is_of_proxy(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "forwarded" | "via" | "x-real-ip") || name.starts_with("x-forwarded-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names_only() {
        for here in ["localhost", "LocalHost:8080", "127.0.0.1", "127.9.8.7:1", "[::1]", "[::1]:8080", "localhost:"] {
            assert!(is_loopback_authority(here), "{here}");
        }
        for elsewhere in [
            "",
            ":8080",
            "id.example",
            "localhost.id.example",
            "127.0.0.1.id.example",
            "notlocalhost",
            "localhost:x",
            "user@localhost",
            "127.0.0.1@id.example",
            "0.0.0.0",
            "10.0.0.1",
            "[::]",
            "[::1",
            "::1",
            "[2001:db8::1]:8080",
            "2130706433",
            "127.1",
        ] {
            assert!(!is_loopback_authority(elsewhere), "{elsewhere}");
        }
    }
}
