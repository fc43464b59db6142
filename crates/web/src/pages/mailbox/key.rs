//! The key of the mailbox: the link that the start prints carries it, and the browser that opened that link keeps a digest
//! of it.
//!
//! Where a request comes from does not tell who asks: a proxy on this machine that adds no header of its own looks like
//! a browser here, and so does everybody else who has an account on it. Neither reads what the start has printed.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use countersign_domain::secret::{Secret, TokenDigest, one_time_secret};

use crate::settings::WebSettings;

const COOKIE: &str = "countersign_mailbox";

/// What opens the mailbox in a browser.
#[derive(Clone, Debug)]
pub struct MailboxKey {
    link: Secret,
    /// What the browser keeps. It is sent to every port of this host (RFC 6265, 8.5): what leaks there must not be the
    /// key, which stays the same, and ends with the process.
    kept: Secret,
}

impl MailboxKey {
    /// Takes what the link carries, and random octets of this start.
    pub fn new(link: Secret, start: [u8; 32]) -> Self {
        let digest = TokenDigest::of(&[&start, link.expose().as_bytes()].concat());
        Self { link, kept: one_time_secret(*digest.as_bytes()) }
    }
}

/// Whether this browser has opened the mailbox since the start. There is no key where nothing was printed: then nothing
/// opens it.
pub(crate) fn is_shown(req: &HttpRequest, settings: &WebSettings) -> bool {
    let cookie = settings.mailbox_key.as_ref().zip(req.cookie(COOKIE));
    cookie.is_some_and(|(key, cookie)| is_the_same(&key.kept, cookie.value()))
}

/// Digests are compared in constant time.
fn is_the_same(secret: &Secret, shown: &str) -> bool {
    secret.digest() == Secret::new(shown).digest()
}

/// Lets the browser that has shown the key in a link come back, until it is closed or the service stops, and when this
/// service itself leads there. `None` for what is not the key.
pub(crate) fn kept(settings: &WebSettings, shown: &str) -> Option<Cookie<'static>> {
    let key = settings.mailbox_key.as_ref().filter(|key| is_the_same(&key.link, shown))?;
    let cookie = Cookie::build(COOKIE, key.kept.expose().to_owned()).path("/mailbox");
    let cookie = cookie.http_only(true).same_site(SameSite::Strict).secure(settings.is_https());
    Some(cookie.finish())
}
