//! The database, its schema, and its clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_infrastructure::persistence::{Database, Following, Replica};
use countersign_infrastructure::system::SystemClock;

use crate::commands::doctor::Found;
use crate::settings::{DatabaseKind, Settings, StorageSettings};
use crate::wiring;

/// Between two looks at a replica.
const LOOKS: Duration = Duration::from_millis(250);

/// As far as one follows from the other.
pub(crate) async fn examine(settings: &Settings) -> Vec<(&'static str, Found)> {
    let storage = &settings.storage;
    // Naming it would make its folder.
    match wiring::has_database(storage) {
        Ok(true) => {}
        Ok(false) => return vec![("database", Ok("none yet; the first start makes it".to_owned()))],
        Err(error) => return vec![("database", Err(error))],
    }
    let (database, schema) = match reach(storage).await {
        Ok(reached) => reached,
        Err(error) => return vec![("database", Err(error))],
    };
    let pending = schema.iter().filter(|(_, applied)| !applied).count();
    let mut examined = vec![
        ("database", Ok("answers".to_owned())),
        ("migrations", migrations(pending, schema.len(), storage.migrate_on_start)),
    ];
    if pending == 0 {
        examined.push(("clock", clock(storage, &database).await));
        examined.extend(replica(storage, &database).await.map(|found| ("replica", found)));
    }
    if let Err(error) = database.close().await {
        tracing::debug!(error = &error as &dyn std::error::Error, "the database was not closed properly");
    }
    examined
}

/// The database and its schema, at the first try: whoever asks need not be kept waiting.
async fn reach(storage: &StorageSettings) -> anyhow::Result<(Database, Vec<(String, bool)>)> {
    let database = wiring::name_database(storage).await?;
    let schema = database.status().await.context(wiring::next_step_of_database(storage))?;
    Ok((database, schema))
}

fn migrations(pending: usize, all: usize, migrate_on_start: bool) -> Found {
    match (pending, migrate_on_start) {
        (0, _) => Ok(format!("all {all} are applied")),
        (pending, true) => Ok(format!("{pending} of {all} are pending; the next start applies them")),
        (pending, false) => bail!("{pending} of {all} are pending; run `countersign migrate up`"),
    }
}

async fn clock(storage: &StorageSettings, database: &Database) -> Found {
    if storage.database_kind() == DatabaseKind::Sqlite {
        return Ok("that of the database is this machine's".to_owned());
    }
    let probe = database.probe(Arc::new(SystemClock));
    probe.check().await.context("set the clocks of this machine and of the database server by NTP")?;
    Ok("agrees with that of the database".to_owned())
}

/// Nothing where none is set.
async fn replica(storage: &StorageSettings, database: &Database) -> Option<Found> {
    match wiring::name_replica(storage, database).await {
        Ok(replica) => Some(look_at(&replica?, storage.replica_max_lag.unsigned_abs()).await),
        Err(error) => Some(Err(error)),
    }
}

/// Waits for as long as it may be behind.
async fn look_at(replica: &Replica, patience: Duration) -> Found {
    let until = Instant::now() + patience;
    let found = loop {
        let found = replica.look().await.context(
            "see that the server which database.replica_url names runs and takes connections from here, and that it is \
             a replica of that of database.url; until then lists are read from the latter",
        )?;
        if found != Following::Behind || Instant::now() > until {
            break found;
        }
        tokio::time::sleep(LOOKS).await;
    };
    if let Err(error) = replica.close().await {
        tracing::debug!(error = &error as &dyn std::error::Error, "the replica was not closed properly");
    }
    match found {
        Following::InStep => Ok("keeps up".to_owned()),
        Following::Promoted => {
            Ok("takes writes itself: it was promoted, or is no replica; name another in database.replica_url"
                .to_owned())
        }
        Following::Behind => bail!(
            "it is too far behind, so lists are read from database.url; see pg_stat_replication there, and whether \
             replay is paused"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pending_is_wrong_only_if_no_start_applies_it() {
        assert_eq!(migrations(0, 13, false).unwrap(), "all 13 are applied");
        assert!(migrations(2, 13, true).is_ok());
        assert!(migrations(2, 13, false).unwrap_err().to_string().contains("countersign migrate up"));
    }
}
