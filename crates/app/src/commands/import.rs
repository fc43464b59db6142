//! Stores what an export has.

mod report;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use countersign_domain::secret::Secret;
use countersign_infrastructure::moving::{self, ExportFile, Import as Source, Report};
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::system::SystemSecretGenerator;

use crate::commands::progress::ProgressLine;
use crate::commands::usage::UsageError;
use crate::settings::{DatabaseKind, Settings, StorageSettings};
use crate::wiring::{self, ServingLock};

/// A service that writes meanwhile is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// What to store.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file that `countersign export` has written.
    file: PathBuf,
    /// Do all of it, take it back, and report the same.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    /// Looks the file over, stores it, and reports.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let file = open(&self.file)?;
        let exists = wiring::has_database(&settings.storage)?;
        let _lock = if self.dry_run && exists { keep_servers_away(settings)? } else { None };
        let database = self.open_database(settings, exists).await?;
        let imported = self.import(&database, file).await;
        database.close().await?;
        report::show(&imported?, self.dry_run)
    }

    /// A dry run makes no database and changes no schema.
    async fn open_database(&self, settings: &Settings, exists: bool) -> anyhow::Result<Database> {
        let mut storage = StorageSettings {
            acquire_timeout: PATIENCE.try_into().unwrap_or(settings.storage.acquire_timeout),
            ..settings.storage.clone()
        };
        if self.dry_run && exists {
            storage.migrate_on_start = false;
        } else if self.dry_run {
            storage.database_url = Some(Secret::new("sqlite::memory:"));
        }
        let database = wiring::name_database(&storage).await?;
        wiring::prepare_schema(&storage, &database).await?;
        Ok(database)
    }

    async fn import(&self, database: &Database, file: File) -> anyhow::Result<Report> {
        let known: Vec<String> = database.status().await?.into_iter().map(|(name, _)| name).collect();
        let name = self.file.display().to_string();
        let mut line = ProgressLine::default();
        let mut show = |progress| line.show(progress);
        let imported = match ExportFile::verify(file, &name, &known, &mut show) {
            Ok(export) => {
                let source = Source::Export(export);
                moving::import(database, source, self.dry_run, &SystemSecretGenerator, &mut show).await
            }
            Err(damage) => Err(damage.into()),
        };
        line.clear();
        let next = "nothing beyond what was there is lost: the same command again goes on where this one ended";
        imported.map_err(|error| match error {
            moving::ImportError::Damage(damage) => UsageError(with_sources(&damage)).into(),
            error => anyhow::Error::new(error).context(next),
        })
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

fn open(path: &Path) -> anyhow::Result<File> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !file.metadata()?.is_file() {
        bail!(UsageError(format!("{} is no file: it is read twice, and so cannot come by a pipe", path.display())));
    }
    Ok(file)
}

/// On SQLite a dry run keeps the one turn to write to its end.
fn keep_servers_away(settings: &Settings) -> anyhow::Result<Option<ServingLock>> {
    let data_dir = &settings.storage.data_dir;
    if settings.storage.database_kind() == DatabaseKind::Postgres {
        return Ok(None);
    }
    match ServingLock::acquire(data_dir)? {
        Some(lock) => Ok(Some(lock)),
        None => bail!(
            "a countersign serves from {} (data_dir), and a dry run on SQLite would keep it from writing; stop it first, \
             or set database.url to a copy",
            data_dir.display()
        ),
    }
}
