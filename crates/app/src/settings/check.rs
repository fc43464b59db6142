//! Rules between settings.

use countersign_infrastructure::security::SecretKey;

use crate::settings::Settings;
use crate::settings::public_url::PublicUrl;
use crate::settings::reader::Reader;
use crate::settings::storage::DatabaseKind;

/// Least cost of bcrypt outside development (OWASP Password Storage).
const LEAST_BCRYPT_COST: u32 = 10;

/// Reports every contradiction.
pub(crate) fn check(settings: &Settings, reader: &mut Reader<'_>) {
    development_stays_at_home(settings, reader);
    public_url_is_protected(settings, reader);
    keys_are_given_where_nodes_share_them(settings, reader);
    a_replica_has_something_to_follow(settings, reader);
}

fn development_stays_at_home(settings: &Settings, reader: &mut Reader<'_>) {
    let server = &settings.server;
    let at_home = server.listen.ip().is_loopback() && server.public_url.as_ref().is_none_or(PublicUrl::is_loopback);
    if settings.dev && !at_home {
        reader.report(
            "dev",
            "is for a server that only this machine can reach; unset it, or set server.listen and server.public_url to loopback",
        );
    }
    if !settings.dev && settings.hashing.bcrypt_cost < LEAST_BCRYPT_COST {
        reader.report(
            "password.bcrypt_cost",
            format!("is {LEAST_BCRYPT_COST} to 15; less is for development (dev = true)"),
        );
    }
}

fn public_url_is_protected(settings: &Settings, reader: &mut Reader<'_>) {
    let server = &settings.server;
    let protected = server.tls.is_some() || !server.trusted_proxies.is_empty();
    match &server.public_url {
        Some(url) if url.is_loopback() => {}
        Some(url) if !url.is_secure() => reader.report("server.public_url", "carries tokens in links; start it with https://"),
        Some(_) if !protected => reader.report(
            "server.public_url",
            "is not on this machine, so something has to speak TLS: set server.tls_cert and server.tls_key, or name the proxy that does in server.trusted_proxies",
        ),
        Some(_) => {}
        None if server.listen.ip().is_loopback() => {}
        None => reader.report("server.public_url", "is needed, for others can reach the listener; set it to what they type, such as https://accounts.example.org"),
    }
}

fn keys_are_given_where_nodes_share_them(settings: &Settings, reader: &mut Reader<'_>) {
    let storage = &settings.storage;
    let is_missing = !reader.is_set("secret_key") && !reader.has_unreadable_file("secret_key");
    if storage.database_kind() == DatabaseKind::Postgres && is_missing {
        reader.report(
            "secret_key",
            "is needed with PostgreSQL, the same on every node; make one with `openssl rand -base64 32`",
        );
    }
    let in_base64 = |key: &Option<SecretKey>| key.as_ref().map(|key| key.to_base64().expose().to_owned());
    if storage.secret_key.is_some() && in_base64(&storage.secret_key) == in_base64(&storage.previous_secret_key) {
        reader.report("secret_key_previous", "is the same as secret_key; unset it, or make a new secret_key");
    }
}

fn a_replica_has_something_to_follow(settings: &Settings, reader: &mut Reader<'_>) {
    let storage = &settings.storage;
    if storage.replica_url.is_some() && storage.database_kind() == DatabaseKind::Sqlite {
        reader.report(
            "database.replica_url",
            "is for PostgreSQL; unset it, or set database.url to what it is a replica of",
        );
    }
}
