//! Stores what an export has, or what another system wrote.

mod report;
mod system;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use countersign_application::ports::clock::Clock as _;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_domain::secret::Secret;
use countersign_domain::signing_key::SigningKey;
use countersign_infrastructure::moving::{
    self, Decisions, ExportFile, Files, Foreign, Import as Source, Named, Report,
};
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::system::{SystemClock, SystemSecretGenerator};

use crate::commands::doctor::secret_key;
use crate::commands::import::system::System;
use crate::commands::progress::ProgressLine;
use crate::commands::usage::UsageError;
use crate::settings::{DatabaseKind, Settings, StorageSettings};
use crate::terminal;
use crate::wiring::{self, ServingLock};

/// A service that writes meanwhile is waited for.
const PATIENCE: Duration = Duration::from_mins(1);
/// Where the database failed on the way.
const NEXT_STEP: &str = "what was stored so far stays; the same command again goes on behind it";

/// What to store.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file that `countersign export` has written, or the accounts of another system.
    file: PathBuf,
    /// What wrote the files: docs/moving.md has the commands that make them, and their columns.
    #[arg(long, value_enum, default_value_t = System::Countersign)]
    from: System,
    /// Teams or organizations, as CSV or JSON Lines.
    #[arg(long, value_name = "FILE")]
    teams: Option<PathBuf>,
    /// Who is in which team.
    #[arg(long, value_name = "FILE")]
    members: Option<PathBuf>,
    /// Invitations that are pending.
    #[arg(long, value_name = "FILE")]
    invitations: Option<PathBuf>,
    /// Superusers there are superusers here, too, if their address is verified.
    #[arg(long)]
    superusers: bool,
    /// Take every address as verified: you vouch for it that each belongs to who has the account.
    #[arg(long)]
    addresses_are_verified: bool,
    /// Do all of it, take it back, and report the same.
    #[arg(long)]
    dry_run: bool,
}

impl Import {
    /// Looks the file over, stores it, and reports.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        self.check_options()?;
        let files = self.open_files()?;
        let exists = wiring::has_database(&settings.storage)?;
        let _lock = if self.dry_run && exists { keep_servers_away(settings)? } else { None };
        let database = self.open_database(settings, exists).await?;
        let imported = self.import(&database, files).await;
        let keys = SigningKeyRepository::list(&database.store()).await;
        database.close().await?;
        let report = imported?;
        if !self.dry_run {
            check_keys(settings, keys?);
        }
        report::show(&report, self.dry_run)
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

    async fn import(&self, database: &Database, files: Opened) -> anyhow::Result<Report> {
        let known: Vec<String> = database.status().await?.into_iter().map(|(name, _)| name).collect();
        let mut line = ProgressLine::default();
        let mut show = |progress| line.show(progress);
        let source = match files {
            Opened::Export(Named { name, file }) => {
                ExportFile::verify(file, &name, &known, &mut show).map(Source::Export)
            }
            Opened::Foreign(system, files) => Foreign::open(system, files, self.decisions()).map(Source::Foreign),
        };
        let imported = match source {
            Ok(source) => moving::import(database, source, self.dry_run, &SystemSecretGenerator, &mut show).await,
            Err(damage) => Err(damage.into()),
        };
        line.clear();
        imported.map_err(|error| match error {
            moving::ImportError::Damage(damage) => UsageError(with_sources(&damage)).into(),
            error => anyhow::Error::new(error).context(NEXT_STEP),
        })
    }

    fn decisions(&self) -> Decisions {
        Decisions { superusers: self.superusers, verified: self.addresses_are_verified, now: SystemClock.now() }
    }

    fn check_options(&self) -> anyhow::Result<()> {
        let others = [&self.teams, &self.members, &self.invitations];
        let is_foreign = others.iter().any(|file| file.is_some()) || self.superusers || self.addresses_are_verified;
        if self.from == System::Countersign && is_foreign {
            bail!(UsageError(
                "an export has everything in one file; --from says which other system wrote these".to_owned()
            ));
        }
        Ok(())
    }

    fn open_files(&self) -> anyhow::Result<Opened> {
        let other = |path: &Option<PathBuf>| path.as_deref().map(open).transpose();
        let first = open(&self.file)?;
        let Some(system) = self.from.foreign() else { return Ok(Opened::Export(first)) };
        let (teams, members, invitations) = (other(&self.teams)?, other(&self.members)?, other(&self.invitations)?);
        Ok(Opened::Foreign(system, Files { users: Some(first), teams, members, invitations }))
    }
}

/// The files, before anything is known of what is in them.
enum Opened {
    Export(Named),
    Foreign(moving::System, Files),
}

/// Signing keys that came along are worth nothing without the secret key that they were sealed with: that is better told
/// now than by the start.
fn check_keys(settings: &Settings, keys: Vec<SigningKey>) {
    if keys.is_empty() {
        return;
    }
    if let Err(error) = secret_key::examine(settings, Ok(keys), SystemClock.now()) {
        terminal::complain(&format!("countersign: warning: {error:#}"));
    }
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |text, source| format!("{text}: {source}"))
}

fn open(path: &Path) -> anyhow::Result<Named> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !file.metadata()?.is_file() {
        bail!(UsageError(format!("{} is no file: write what comes by a pipe into one", path.display())));
    }
    Ok(Named { name: path.display().to_string(), file })
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
