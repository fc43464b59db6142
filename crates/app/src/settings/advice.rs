//! What may be set so and is seldom meant, with the next step: said by `serve` once it has started, by `config check`
//! and by `doctor`.

use crate::settings::Settings;
use crate::settings::storage::DatabaseKind;

/// About who issues the access tokens.
pub(crate) fn on_issuer(settings: &Settings) -> Option<&'static str> {
    let is_named = settings.server.public_url.is_some() || settings.tokens.issuer.is_some();
    (settings.storage.database_kind() == DatabaseKind::Postgres && !is_named).then_some(
        "without server.public_url each node issues access tokens in the name of its own address, and refuses those of \
         the others: set server.public_url (or tokens.issuer) to the same on every node",
    )
}

/// About mails.
pub(crate) fn on_mail(settings: &Settings) -> Option<&'static str> {
    let is_public = settings.server.public_url.as_ref().is_some_and(|url| !url.is_loopback());
    (is_public && settings.mail.smtp_url.is_none()).then_some(
        "without mail.smtp_url nobody gets mail, for it stays in the mailbox of the data folder: set mail.smtp_url \
         (SMTP_URL) to your mail server",
    )
}

/// About what nodes share.
pub(crate) fn on_redis(settings: &Settings) -> Option<&'static str> {
    let storage = &settings.storage;
    (storage.database_kind() == DatabaseKind::Postgres && storage.redis_url.is_none()).then_some(
        "without redis.url, nothing is cached and each node counts limits for itself: with several nodes set it, or lower \
         the limits by the number of nodes",
    )
}

/// About the listener.
pub(crate) fn on_listener(settings: &Settings) -> Option<&'static str> {
    let server = &settings.server;
    let is_open = !server.listen.ip().is_loopback() && server.tls.is_none() && server.trusted_proxies.is_empty();
    is_open.then_some(
        "others can reach the listener, and neither TLS nor a trusted proxy is set: behind a proxy all clients look like \
         one and share its limits; set server.trusted_proxies to the networks of your proxies",
    )
}

/// About what goes over the network in the clear. Not said at every start: within one machine's private network it may
/// be meant.
pub(crate) fn on_wire(settings: &Settings) -> Option<&'static str> {
    settings.storage.leaves_in_the_clear().then_some(
        "the database, its replica or Redis is on another machine, and the connection need not be encrypted: whoever is \
         on the way reads and changes what is on it; put ?sslmode=verify-full (with sslrootcert=, if the authority is \
         your own) into a postgres:// URL, and write redis:// as rediss://",
    )
}

/// All that is said at a start.
pub(crate) fn all(settings: &Settings) -> impl Iterator<Item = &'static str> {
    [on_listener(settings), on_issuer(settings), on_mail(settings), on_redis(settings)].into_iter().flatten()
}
