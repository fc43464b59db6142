//! The database, its schema, and its clock.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::system::SystemClock;

use crate::commands::doctor::Found;
use crate::settings::{DatabaseKind, Settings, StorageSettings};
use crate::wiring;

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
