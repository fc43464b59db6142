//! The database and the secret keys.

use std::path::Path;

use anyhow::{Context as _, bail};
use countersign_application::error::Fault;
use countersign_application::keys::reseal_keys::ResealKeysError;
use countersign_application::ports::clock::Clock as _;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_domain::signing_key::SigningKey;
use countersign_infrastructure::persistence::{Database, DatabaseOptions, Replica, is_turned_away};
use countersign_infrastructure::security::SecretKeyRing;
use countersign_infrastructure::system::SystemClock;
use time::OffsetDateTime;

use crate::settings::{DatabaseKind, Settings, StorageSettings, secret_key};
use crate::wiring::data_folder;

/// Where signing keys do not open.
const ANOTHER_SECRET_KEY: &str = "cannot use the signing keys: they were sealed with another secret key; set \
     secret_key (or secret.key in the data folder) to that one, or secret_key_previous if it is being replaced; if it \
     is lost, `countersign keys rotate --now` starts anew";

/// Where there is none for signing keys that there are.
const NO_SECRET_KEY: &str = "there is no secret key, and this database was used with one: put it back (secret.key in \
     the data folder), or set secret_key to it; if it is lost, `countersign keys rotate --now` starts anew";

/// Refuses to make a secret key where one is lost: what it sealed would seem to be of another one from then on.
pub(crate) async fn refuse_lost_key(settings: &Settings, database: &Database) -> anyhow::Result<()> {
    if has_secret_key(&settings.storage) {
        return Ok(());
    }
    let keys = SigningKeyRepository::list(&database.store()).await.context("cannot read the signing keys")?;
    refuse_lost_key_of(&keys, settings, SystemClock.now())
}

/// The same, where it is known that there is none.
pub(crate) fn refuse_lost_key_of(keys: &[SigningKey], settings: &Settings, now: OffsetDateTime) -> anyhow::Result<()> {
    let is_lost = keys.iter().any(|key| key.is_honoured(settings.policy.longest_token(), now));
    anyhow::ensure!(!is_lost, NO_SECRET_KEY);
    Ok(())
}

/// Whether there is a database already, as far as can be told without opening it.
pub(crate) fn has_database(storage: &StorageSettings) -> anyhow::Result<bool> {
    Database::exists(&database_url(storage)).context("database.url")
}

/// Opens the database that is set, or the one in the data folder.
pub(crate) async fn open_database(storage: &StorageSettings) -> anyhow::Result<Database> {
    let database = name_database(storage).await?;
    reach(storage, &database).await?;
    Ok(database)
}

/// The same database, to which no connection is made yet.
pub(crate) async fn name_database(storage: &StorageSettings) -> anyhow::Result<Database> {
    if storage.database_url.is_none() {
        data_folder::create(&storage.data_dir)?;
    }
    Database::at(&database_url(storage), &options(storage)).await.context(next_step_of_database(storage))
}

/// The replica of the database, where one is set; not asked yet.
pub(crate) async fn name_replica(storage: &StorageSettings, primary: &Database) -> anyhow::Result<Option<Replica>> {
    let Some(url) = &storage.replica_url else { return Ok(None) };
    let replica = Database::at(url.expose(), &options(storage)).await.context("database.replica_url")?;
    Ok(Some(Replica::new(primary.clone(), replica, storage.replica_max_lag.unsigned_abs())))
}

fn options(storage: &StorageSettings) -> DatabaseOptions {
    DatabaseOptions {
        max_connections: storage.max_connections,
        acquire_timeout: storage.acquire_timeout.unsigned_abs(),
        statement_timeout: storage.statement_timeout.unsigned_abs(),
        ..DatabaseOptions::default()
    }
}

/// What to look at where the database cannot be used.
fn next_step_of_database(storage: &StorageSettings) -> &'static str {
    match storage.database_kind() {
        DatabaseKind::Postgres => {
            "cannot reach the database; see that the server which database.url names runs and takes connections from \
             here, and that user, password, name of the database and, with sslmode, its certificate are right"
        }
        DatabaseKind::Sqlite => {
            "cannot open the database; see that database.url, or data_dir without it, names a place where the user \
             that this runs as may write"
        }
    }
}

/// Reads the schema at the first try.
pub(crate) async fn reach_at_once(
    storage: &StorageSettings,
    database: &Database,
) -> anyhow::Result<Vec<(String, bool)>> {
    database.reach_at_once().await.map_err(|fault| explain_schema(storage, fault))
}

/// Makes the first connection, and reads the schema by it.
async fn reach(storage: &StorageSettings, database: &Database) -> anyhow::Result<Vec<(String, bool)>> {
    database.reach().await.map_err(|fault| explain_schema(storage, fault))
}

/// Why the schema could not be read, and what to look at.
fn explain_schema(storage: &StorageSettings, fault: Fault) -> anyhow::Error {
    let next_step = match fault {
        Fault::Unavailable { .. } if is_turned_away(&fault) => {
            "cannot use the database; see that its server knows user, password and database of database.url, and lets \
             them in from here, with this sslmode (pg_hba.conf)"
        }
        Fault::Unavailable { .. } => next_step_of_database(storage),
        _ => "cannot make out the schema of the database; if a newer version has migrated it, run that one",
    };
    anyhow::Error::new(fault).context(next_step)
}

/// Why the signing keys cannot be used, and what to do about it.
pub(crate) fn explain_keys(error: ResealKeysError) -> anyhow::Error {
    let next_step = match error {
        ResealKeysError::KeyNotOpened { .. } => ANOTHER_SECRET_KEY,
        ResealKeysError::Internal(_) => "cannot read or seal the signing keys",
    };
    anyhow::Error::new(error).context(next_step)
}

/// Reaches the database and applies what is pending of the schema, unless that is left to the command.
pub(crate) async fn prepare_schema(storage: &StorageSettings, database: &Database) -> anyhow::Result<()> {
    let schema = reach(storage, database).await?;
    if schema.iter().all(|(_, applied)| *applied) {
        return Ok(());
    }
    if !storage.migrate_on_start {
        bail!(
            "the schema of the database is not that of this version, and database.migrate_on_start is false: run `countersign migrate up`"
        );
    }
    database.migrate().await.context("cannot migrate the database")
}

fn database_url(storage: &StorageSettings) -> String {
    match &storage.database_url {
        Some(url) => url.expose().to_owned(),
        None => sqlite_url(&storage.data_dir.join("countersign.db")),
    }
}

/// Whether there is a secret key, set or in the data folder.
pub(crate) fn has_secret_key(storage: &StorageSettings) -> bool {
    storage.secret_key.is_some() || storage.data_dir.join(secret_key::FILE).exists()
}

/// The keys that are set, or the one of the data folder.
pub(crate) fn secret_keys(storage: &StorageSettings, secrets: &dyn SecretGenerator) -> anyhow::Result<SecretKeyRing> {
    let current = if let Some(key) = &storage.secret_key {
        key.clone()
    } else {
        data_folder::create(&storage.data_dir)?;
        secret_key::load_or_create(&storage.data_dir, secrets)
            .with_context(|| format!("cannot use {} in {} (data_dir)", secret_key::FILE, storage.data_dir.display()))?
    };
    Ok(SecretKeyRing::new(current, storage.previous_secret_key.clone()))
}

/// A path may hold what means something else in a URL.
fn sqlite_url(path: &Path) -> String {
    let path = path.display().to_string().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{path}")
}
