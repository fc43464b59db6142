//! The database and the secret keys.

use std::path::Path;

use anyhow::Context as _;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_infrastructure::persistence::{Database, DatabaseOptions};
use countersign_infrastructure::security::SecretKeyRing;

use crate::settings::{StorageSettings, secret_key};
use crate::wiring::data_folder;

/// Opens the database that is set, or the one in the data folder.
pub(crate) async fn open_database(storage: &StorageSettings) -> anyhow::Result<Database> {
    let url = if let Some(url) = &storage.database_url {
        url.expose().to_owned()
    } else {
        data_folder::create(&storage.data_dir)
            .with_context(|| format!("cannot make the data folder {}", storage.data_dir.display()))?;
        sqlite_url(&storage.data_dir.join("countersign.db"))
    };
    let options = DatabaseOptions {
        max_connections: storage.max_connections,
        acquire_timeout: storage.acquire_timeout.unsigned_abs(),
        statement_timeout: storage.statement_timeout.unsigned_abs(),
        ..DatabaseOptions::default()
    };
    Database::connect(&url, &options).await.context("cannot open the database")
}

/// The keys that are set, or the one of the data folder.
pub(crate) fn secret_keys(storage: &StorageSettings, secrets: &dyn SecretGenerator) -> anyhow::Result<SecretKeyRing> {
    let current = if let Some(key) = &storage.secret_key {
        key.clone()
    } else {
        data_folder::create(&storage.data_dir)?;
        secret_key::load_or_create(&storage.data_dir, secrets).context("cannot use the secret key")?
    };
    Ok(SecretKeyRing::new(current, storage.previous_secret_key.clone()))
}

/// A path may hold what means something else in a URL.
fn sqlite_url(path: &Path) -> String {
    let path = path.display().to_string().replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    format!("sqlite://{path}")
}
