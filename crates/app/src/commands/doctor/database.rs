//! The database, its schema, and its clock.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_domain::signing_key::SigningKey;
use countersign_infrastructure::persistence::{Database, Following, Replica};
use countersign_infrastructure::system::SystemClock;

use crate::commands::doctor::finding::{Found, Remark};
use crate::commands::doctor::version;
use crate::settings::{DatabaseKind, Settings, StorageSettings};
use crate::wiring;

/// Whoever asks is not to wait longer for a replica than that, however far it may be behind.
const LONGEST: Duration = Duration::from_secs(10);

/// What stands on tables.
const MISSING: &str = "migrations are missing";

/// What is found out about it, and what it has of signing keys, or why that is not known.
pub(crate) struct Examined {
    pub(crate) found: Vec<(&'static str, Found)>,
    pub(crate) signing_keys: Result<Vec<SigningKey>, &'static str>,
}

impl Examined {
    fn alone(found: Found, why: &'static str) -> Self {
        let is_out = found.is_err();
        let rest = ["migrations", "search", "clock"].into_iter().filter(|_| is_out);
        let rest = rest.map(|what| (what, Ok(Remark::Unchecked(why))));
        let found = [("database", found)].into_iter().chain(rest).collect();
        Self { found, signing_keys: Err(why) }
    }
}

/// As far as one follows from the other.
pub(crate) async fn examine(settings: &Settings) -> Examined {
    let storage = &settings.storage;
    // Naming it would make its folder.
    match wiring::has_database(storage) {
        Ok(true) => {}
        Ok(false) => {
            return Examined::alone(Ok("none yet; the first start makes it".into()), "there is no database yet");
        }
        Err(error) => {
            let error = error.context("see how docs/configuration.md writes database.url");
            return Examined::alone(Err(error), "the database cannot be named");
        }
    }
    let (database, schema) = match reach(storage).await {
        Ok(reached) => reached,
        Err(error) => return Examined::alone(Err(error), "the database cannot be read"),
    };
    let examined = look(storage, &database, &schema).await;
    if let Err(error) = database.close().await {
        tracing::debug!(error = &error as &dyn std::error::Error, "the database was not closed properly");
    }
    examined
}

async fn look(storage: &StorageSettings, database: &Database, schema: &[(String, bool)]) -> Examined {
    let pending = schema.iter().filter(|(_, applied)| !applied).count();
    let mut found = vec![
        ("database", server(database).await),
        ("migrations", migrations(pending, schema.len(), storage.migrate_on_start)),
        ("search", if pending == 0 { search(database).await } else { Ok(Remark::Unchecked(MISSING)) }),
        ("clock", clock(storage, database).await),
    ];
    found.extend(replica(storage, database).await.map(|found| ("replica", found)));
    let signing_keys = if pending == 0 { signing_keys(database).await } else { Err(MISSING) };
    Examined { found, signing_keys }
}

async fn signing_keys(database: &Database) -> Result<Vec<SigningKey>, &'static str> {
    SigningKeyRepository::list(&database.store()).await.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "the signing keys cannot be read");
        "the database does not tell them"
    })
}

/// The database and its schema, at the first try: whoever asks need not be kept waiting.
async fn reach(storage: &StorageSettings) -> anyhow::Result<(Database, Vec<(String, bool)>)> {
    let database = wiring::name_database(storage).await?;
    let schema = wiring::reach_at_once(storage, &database).await?;
    Ok((database, schema))
}

fn migrations(pending: usize, all: usize, migrate_on_start: bool) -> Found {
    match (pending, migrate_on_start) {
        (0, _) => Ok(Remark::Fine(format!("all {all} are applied"))),
        (pending, true) => Ok(Remark::Fine(format!("{pending} of {all} are pending; the next start applies them"))),
        (pending, false) => bail!("{pending} of {all} are pending; run `countersign migrate up`"),
    }
}

/// Which one it is.
async fn server(database: &Database) -> Found {
    let version = database.server_version().await.context("it does not tell its version; see that it is well")?;
    Ok(version::remark(&format!("answers ({})", database.place()), version::POSTGRESQL, version.as_deref()))
}

/// Nothing is wrong without indexes: what is found is the same.
async fn search(database: &Database) -> Found {
    let indexes =
        database.has_search_indexes().await.context("cannot see the indexes; see that the database is well")?;
    Ok(match indexes {
        Some(true) => "superusers find by indexes".into(),
        Some(false) => Remark::Warning(
            "searches of superusers read all there is: have the extension pg_trgm created, and then the indexes as \
             docs/operations.md says (PostgreSQL, Search)"
                .to_owned(),
        ),
        None => "searches of superusers read all there is, as SQLite does".into(),
    })
}

/// That of the database, which needs no tables.
async fn clock(storage: &StorageSettings, database: &Database) -> Found {
    if storage.database_kind() == DatabaseKind::Sqlite {
        return Ok("that of the database is this machine's".into());
    }
    let probe = database.clock_probe(Arc::new(SystemClock));
    probe.check().await.context("set the clocks of this machine and of the database server by NTP")?;
    Ok("agrees with that of the database".into())
}

/// Nothing where none is set.
async fn replica(storage: &StorageSettings, database: &Database) -> Option<Found> {
    match wiring::name_replica(storage, database).await {
        Ok(replica) => {
            let replica = replica?;
            let found = look_at(&replica, patience(storage.replica_max_lag.unsigned_abs())).await;
            if let Err(error) = replica.close().await {
                tracing::debug!(error = &error as &dyn std::error::Error, "the replica was not closed properly");
            }
            Some(found)
        }
        Err(error) => Some(Err(error.context("see how docs/configuration.md writes database.replica_url"))),
    }
}

fn patience(max_lag: Duration) -> Duration {
    max_lag.min(LONGEST)
}

async fn look_at(replica: &Replica, patience: Duration) -> Found {
    let found = replica.look(patience).await.context(
        "see that the server which database.replica_url names runs and takes connections from here, and that it is a \
         replica of that of database.url; until then lists are read from the latter",
    )?;
    match found {
        Following::InStep => Ok("keeps up".into()),
        Following::TakesWrites => bail!(
            "it takes writes itself, so lists are read from database.url: it was promoted, or is no replica; make it one \
             of database.url, or name another in database.replica_url, or none"
        ),
        Following::Stranger => bail!(
            "it is a replica of another server, or has another database than database.url names, so lists are read from \
             there; name one of the server of database.url, with the same database, in database.replica_url"
        ),
        Following::Behind => bail!(
            "within {} s it did not get to where database.url was; lists are read from there while it is further behind \
             than database.replica_max_lag; see pg_stat_replication there, and whether replay is paused",
            patience.as_secs()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_wrong_only_if_no_start_applies_it() {
        assert!(migrations(0, 13, false).is_ok());
        assert!(migrations(2, 13, true).is_ok());
        assert!(migrations(2, 13, false).unwrap_err().to_string().contains("countersign migrate up"));
    }

    #[test]
    fn a_replica_that_may_be_far_behind_is_not_waited_for_as_long() {
        assert_eq!(patience(Duration::from_secs(2)), Duration::from_secs(2));
        assert_eq!(patience(Duration::from_mins(5)), Duration::from_secs(10));
    }
}
