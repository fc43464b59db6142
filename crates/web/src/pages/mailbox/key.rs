//! The key of the mailbox: the link that the start prints carries it, and the browser that opened that link keeps it.
//!
//! Where a request comes from does not tell who asks: a proxy on this machine that adds no header of its own looks like
//! a browser here, and so does everybody else who has an account on it. Neither reads what the start has printed.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};
use countersign_domain::secret::Secret;

use crate::settings::WebSettings;

const COOKIE: &str = "countersign_mailbox";

/// Whether this is the key. There is none where nothing was printed: then nothing opens the mailbox.
pub(crate) fn opens(settings: &WebSettings, shown: &str) -> bool {
    // Digests are compared in constant time.
    settings.mailbox_key.as_ref().is_some_and(|key| key.digest() == Secret::new(shown).digest())
}

/// Whether this browser has opened the mailbox before.
pub(crate) fn is_shown(req: &HttpRequest, settings: &WebSettings) -> bool {
    req.cookie(COOKIE).is_some_and(|cookie| opens(settings, cookie.value()))
}

/// Lets the browser show the key from now on, until it is closed, and when this service itself leads there.
pub(crate) fn kept(settings: &WebSettings, key: String) -> Cookie<'static> {
    let cookie = Cookie::build(COOKIE, key).path("/mailbox").http_only(true).same_site(SameSite::Strict);
    cookie.secure(settings.is_https()).finish()
}
