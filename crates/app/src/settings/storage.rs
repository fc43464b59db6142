//! Where things are kept, and the keys that seal what must not lie open.

use std::net::IpAddr;
use std::path::PathBuf;

use countersign_domain::secret::Secret;
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::redis::{RedisOptions, RedisPool};
use countersign_infrastructure::security::SecretKey;
use time::Duration;

use crate::settings::catalogue::Setting;
use crate::settings::path;
use crate::settings::reader::Reader;
use crate::settings::secret_key;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("data_dir", "./data", "Folder of the embedded default: database, mailbox, secret key."),
    Setting::secret(
        "secret_key",
        "32 random bytes in base64: seals signing keys and mail tokens, keys pseudonyms. Made in the data folder on SQLite, required with PostgreSQL.",
    ),
    Setting::secret("secret_key_previous", "The secret key before the present one: it only opens what it sealed."),
    Setting::secret("database.url", "sqlite://… or postgres://…; without it, SQLite in the data folder.")
        .also("DATABASE_URL"),
    Setting::secret(
        "database.replica_url",
        "postgres://… of a streaming replica of database.url, for what may be a moment old: the lists of /admin/users, /admin/teams and /admin/audit. Everything else is read where it is written. Where the replica is away or too far behind, or takes writes itself, these are too.",
    ),
    Setting::new("database.replica_max_lag", "10s", "How old what the replica has may be."),
    Setting::new("database.migrate_on_start", "true", "Whether `serve` applies migrations, once for all nodes."),
    Setting::new("database.max_connections", "10", "Most connections of this node."),
    Setting::new(
        "database.acquire_timeout",
        "2s",
        "How long a request waits for a connection before it is answered 503.",
    ),
    Setting::new("database.statement_timeout", "5s", "How long a statement may take."),
    Setting::secret(
        "redis.url",
        "redis:// or, with TLS, rediss://…, for the cache and the limits that nodes share; of a cluster several of its nodes, with commas between them. Without it, each node counts limits for itself, and only SQLite has a cache, in the process.",
    )
    .also("REDIS_URL"),
    Setting::new(
        "redis.timeout",
        "100ms",
        "How long an answer of Redis may take; where there is no connection yet, as long again to make one, 250 ms at least. After five in a row that did not come, nobody waits for one any more; once a second it is tried beside until one comes.",
    ),
];

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct StorageSettings {
    /// Folder of the embedded default.
    pub data_dir: PathBuf,
    /// Where the key was given; without one, [`secret_key::load_or_create`].
    pub secret_key: Option<SecretKey>,
    /// Opens what it sealed before.
    pub previous_secret_key: Option<SecretKey>,
    /// URL of the database; without one, SQLite in the data folder.
    pub database_url: Option<Secret>,
    /// URL of its replica.
    pub replica_url: Option<Secret>,
    /// How far that may be behind.
    pub replica_max_lag: Duration,
    /// Whether `serve` migrates.
    pub migrate_on_start: bool,
    /// Size of the pool.
    pub max_connections: u32,
    /// Wait for a connection.
    pub acquire_timeout: Duration,
    /// Bound of a statement.
    pub statement_timeout: Duration,
    /// URLs of Redis.
    pub redis_url: Option<Secret>,
    /// How long Redis may take.
    pub redis_timeout: Duration,
}

/// The two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DatabaseKind {
    /// Embedded.
    Sqlite,
    /// A server, for any number of nodes.
    Postgres,
}

impl DatabaseKind {
    /// By the scheme of the URL.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let scheme = url.split_once(':').map(|(scheme, _)| scheme)?;
        match scheme {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            _ => None,
        }
    }
}

impl StorageSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            data_dir: reader.get("data_dir", path::parse),
            secret_key: reader.optional("secret_key", secret_key::parse),
            previous_secret_key: reader.optional("secret_key_previous", secret_key::parse),
            database_url: reader.optional("database.url", database_url),
            replica_url: reader.optional("database.replica_url", replica_url),
            replica_max_lag: reader.duration("database.replica_max_lag", "2s"..="5m"),
            migrate_on_start: reader.flag("database.migrate_on_start"),
            max_connections: reader.number("database.max_connections", 1..=1_000),
            acquire_timeout: reader.duration("database.acquire_timeout", "100ms"..="60s"),
            statement_timeout: reader.duration("database.statement_timeout", "100ms"..="5m"),
            redis_url: reader.optional("redis.url", redis_url),
            redis_timeout: reader.duration("redis.timeout", "10ms"..="5s"),
        }
    }

    /// Where mails go without SMTP.
    pub(crate) fn mailbox(&self) -> PathBuf {
        self.data_dir.join("mailbox")
    }

    /// What of the data folder is there for its owner alone.
    pub(crate) fn private_paths(&self) -> [PathBuf; 3] {
        [self.data_dir.clone(), self.data_dir.join(secret_key::FILE), self.mailbox()]
    }

    /// Whether a URL names another machine and does not insist on TLS (ASVS 12.3.1).
    pub(crate) fn leaves_in_the_clear(&self) -> bool {
        let databases = [&self.database_url, &self.replica_url].into_iter().flatten();
        let mut databases = databases.filter(|url| DatabaseKind::of_url(url.expose()) == Some(DatabaseKind::Postgres));
        databases.any(|url| is_elsewhere(url.expose()) && !insists_on_tls(url.expose()))
            || self.redis_url.as_ref().is_some_and(|urls| {
                urls.expose().split(',').any(|url| url.trim().starts_with("redis://") && is_elsewhere(url))
            })
    }

    /// Which database it is.
    pub(crate) fn database_kind(&self) -> DatabaseKind {
        self.database_url.as_ref().and_then(|url| DatabaseKind::of_url(url.expose())).unwrap_or(DatabaseKind::Sqlite)
    }
}

/// What is often the matter.
pub(crate) const ESCAPED: &str = "in user and password write / ? # @ : % as %2F %3F %23 %40 %3A %25";

fn database_url(text: &str) -> Result<Secret, String> {
    match DatabaseKind::of_url(text) {
        Some(DatabaseKind::Sqlite) => Ok(Secret::new(text)),
        Some(DatabaseKind::Postgres) => postgres_url(text),
        None => Err("starts with sqlite:// or postgres://".to_owned()),
    }
}

fn replica_url(text: &str) -> Result<Secret, String> {
    match DatabaseKind::of_url(text) {
        Some(DatabaseKind::Postgres) => postgres_url(text),
        Some(DatabaseKind::Sqlite) | None => Err("starts with postgres://".to_owned()),
    }
}

/// Without what it says in words: it has a password.
fn postgres_url(text: &str) -> Result<Secret, String> {
    if Database::is_postgres_url(text) {
        return Ok(Secret::new(text));
    }
    let modes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    let parameters = text.split_once('?').map_or("", |(_, parameters)| parameters).split('&');
    let mode = parameters.filter_map(|parameter| parameter.split_once('=')).find(|(name, _)| is_ssl_mode(name));
    if mode.is_some_and(|(_, mode)| !modes.contains(&mode.to_ascii_lowercase().as_str())) {
        return Err(format!("has an sslmode that there is not; it is one of {}", modes.join(", ")));
    }
    Err(format!("cannot be read; {ESCAPED}"))
}

fn insists_on_tls(url: &str) -> bool {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters).split('&');
    let mut modes = parameters.filter_map(|parameter| parameter.split_once('=')).filter(|(name, _)| is_ssl_mode(name));
    modes.any(|(_, mode)| ["require", "verify-ca", "verify-full"].contains(&mode.to_ascii_lowercase().as_str()))
}

/// Whether the host of a URL is neither this one nor a socket of it.
fn is_elsewhere(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(host) => host.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_here = host.parse::<IpAddr>().map_or(host == "localhost", |ip| ip.is_loopback());
    !is_here && !host.is_empty() && !host.to_ascii_lowercase().starts_with("%2f")
}

fn is_ssl_mode(parameter: &str) -> bool {
    ["sslmode", "ssl-mode"].contains(&parameter)
}

fn redis_url(text: &str) -> Result<Secret, String> {
    let known = |url: &str| url.starts_with("redis://") || url.starts_with("rediss://");
    if !text.split(',').all(|url| known(url.trim())) {
        return Err("starts with redis:// or rediss://, each of several with commas between them".to_owned());
    }
    match RedisPool::new(text, RedisOptions::default()) {
        Ok(_) => Ok(Secret::new(text)),
        Err(_) => Err(format!(
            "has an address that cannot be read, or, of a cluster, users or passwords that differ; {ESCAPED}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_to_another_machine_in_the_clear_is_seen() {
        for (url, elsewhere) in [
            ("postgres://u:p@db.example:5432/d", true),
            ("redis://10.0.0.7", true),
            ("redis://[2001:db8::1]:6379/0", true),
            ("postgres://localhost/d", false),
            ("postgres://u:p%40@127.0.0.2/d", false),
            ("redis://:p@[::1]:6379", false),
            ("postgres:///d?host=/run/postgresql", false),
            ("postgres://%2Frun%2Fpostgresql/d", false),
        ] {
            assert_eq!(is_elsewhere(url), elsewhere, "{url}");
        }
        for (url, insists) in [
            ("postgres://db/d", false),
            ("postgres://db/d?sslmode=prefer", false),
            ("postgres://db/d?application_name=x&sslmode=Verify-Full", true),
            ("postgres://db/d?ssl-mode=require", true),
        ] {
            assert_eq!(insists_on_tls(url), insists, "{url}");
        }
    }
}
