//! Changes the schema of the database, or looks at it.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use countersign_infrastructure::persistence::Database;

use crate::commands::usage::UsageError;
use crate::settings::{DatabaseKind, Settings, StorageSettings};
use crate::terminal;
use crate::wiring::{self, ServingLock};

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Apply what is pending. Nodes that start at the same time wait for each other.
    Up,
    /// Take back the last changes, with the data in them. Stop the service first.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Yes, that data is to be deleted.
        #[arg(long)]
        yes: bool,
    },
    /// List the changes and whether each is applied.
    Status,
}

/// Every change in order, and whether it is applied.
type Schema = Vec<(String, bool)>;

impl Migrate {
    /// Does it.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Up => up(settings).await,
            Self::Down { steps, yes: true } => down(settings, *steps).await,
            Self::Down { .. } => Err(UsageError(
                "this deletes tables with the data in them; make a backup, then say it again with --yes".to_owned(),
            )
            .into()),
            Self::Status => status(settings).await,
        }
    }
}

async fn up(settings: &Settings) -> anyhow::Result<()> {
    let database = wiring::open_database(&settings.storage).await?;
    let (before, after) = changing(&database, database.migrate()).await.context("cannot migrate the database")?;
    database.close().await?;
    report("applied", &before, &after);
    Ok(())
}

async fn down(settings: &Settings, steps: u32) -> anyhow::Result<()> {
    if !wiring::has_database(&settings.storage)? {
        terminal::say(NO_DATABASE);
        return Ok(());
    }
    let _lock = keep_servers_away(settings)?;
    // Others that are connected are not this process.
    let alone = StorageSettings { max_connections: 1, ..settings.storage.clone() };
    let database = wiring::open_database(&alone).await?;
    if database.is_in_use().await.context("cannot see who is connected to the database")? {
        bail!("a countersign is connected to this database; stop it first");
    }
    let taken_back = changing(&database, database.roll_back(Some(steps))).await;
    let (before, after) = taken_back.context("cannot take the changes back")?;
    database.close().await?;
    report("removed", &before, &after);
    Ok(())
}

async fn status(settings: &Settings) -> anyhow::Result<()> {
    if !wiring::has_database(&settings.storage)? {
        terminal::say(NO_DATABASE);
        return Ok(());
    }
    let database = wiring::open_database(&settings.storage).await?;
    for (name, applied) in database.status().await? {
        terminal::say(&format!("{:8} {name}", if applied { "applied" } else { "pending" }));
    }
    database.close().await?;
    Ok(())
}

const NO_DATABASE: &str = "There is no database yet. `countersign serve` or `countersign migrate up` makes one.";

/// A server would go on with a schema that is gone, and what it caches. Of PostgreSQL the database tells who is there.
fn keep_servers_away(settings: &Settings) -> anyhow::Result<Option<ServingLock>> {
    let data_dir = &settings.storage.data_dir;
    match settings.storage.database_kind() {
        DatabaseKind::Postgres => Ok(None),
        DatabaseKind::Sqlite => match ServingLock::acquire(data_dir)? {
            Some(lock) => Ok(Some(lock)),
            None => bail!("a countersign serves from {} (data_dir); stop it first", data_dir.display()),
        },
    }
}

/// The schema before and after.
async fn changing<E>(
    database: &Database,
    change: impl Future<Output = Result<(), E>>,
) -> anyhow::Result<(Schema, Schema)>
where
    anyhow::Error: From<E>,
{
    let before = database.status().await?;
    change.await?;
    Ok((before, database.status().await?))
}

fn report(what: &str, before: &Schema, after: &Schema) {
    let changed: Vec<_> = before.iter().zip(after).filter(|(before, after)| before != after).collect();
    for (_, (name, _)) in &changed {
        terminal::say(&format!("{what:8} {name}"));
    }
    if changed.is_empty() {
        let applied = after.iter().filter(|(_, applied)| *applied).count();
        terminal::say(&format!("Nothing to do: {applied} of {} changes are applied.", after.len()));
    }
}
