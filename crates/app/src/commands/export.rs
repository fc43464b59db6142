//! Writes everything that is stored into a file.

mod destination;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use countersign_application::ports::clock::Clock as _;
use countersign_infrastructure::moving::{self, Exported};
use countersign_infrastructure::persistence::Database;
use countersign_infrastructure::system::SystemClock;
use time::format_description::well_known::Rfc3339;

use crate::commands::export::destination::Destination;
use crate::commands::progress::ProgressLine;
use crate::commands::usage::UsageError;
use crate::settings::Settings;
use crate::terminal;
use crate::wiring;

/// What to write, and where to.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file, which is made for its owner alone; - is standard output.
    #[arg(required_unless_present = "schema")]
    file: Option<PathBuf>,
    /// With password hashes, sessions, open tokens, mails on their way and signing keys, so that an import gives the same
    /// database. Whoever has such a file and the secret key can sign in as anybody.
    #[arg(long)]
    with_secrets: bool,
    /// Replace the file if it is there already.
    #[arg(long)]
    force: bool,
    /// Print the JSON Schema of the lines instead.
    #[arg(long, conflicts_with_all = ["file", "with_secrets", "force"])]
    schema: bool,
}

impl Export {
    /// Whether no database is needed for it.
    pub(crate) const fn is_schema(&self) -> bool {
        self.schema
    }

    /// Prints the JSON Schema.
    pub(crate) fn print_schema() -> anyhow::Result<()> {
        terminal::say(&serde_json::to_string_pretty(&moving::schema())?);
        Ok(())
    }

    /// Writes the file.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Self::print_schema() };
        if !wiring::has_database(&settings.storage)? {
            bail!("there is no database: run it in the same folder with the same settings as the service");
        }
        let mut destination = Destination::open(file, self.force)?;
        let database = wiring::open_database(&settings.storage).await?;
        let written = self.write(&database, &mut destination).await;
        database.close().await?;
        let exported = written?;
        destination.keep()?;
        self.report(&exported);
        Ok(())
    }

    async fn write(&self, database: &Database, destination: &mut Destination) -> anyhow::Result<Exported> {
        if database.status().await?.iter().any(|(_, applied)| !applied) {
            bail!("the schema of the database is not that of this version: run `countersign migrate up` first");
        }
        let export = moving::Export {
            secrets: self.with_secrets,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: SystemClock.now().format(&Rfc3339)?,
        };
        let mut line = ProgressLine::default();
        let exported =
            moving::export(database, &export, destination.writer(), &mut |progress| line.show(progress)).await;
        line.clear();
        Ok(exported?)
    }

    /// To standard error: standard output may be the export.
    fn report(&self, exported: &Exported) {
        for (table, count) in exported.0.iter().filter(|(_, count)| *count > 0) {
            terminal::complain(&format!("{count:>10}  {}", table.plural));
        }
        terminal::complain(if self.with_secrets {
            "The export has secrets: keep it as you keep the secret key."
        } else {
            "The export has no password hashes and no sessions: --with-secrets takes them in."
        });
    }
}

/// A file that is there already, or cannot be made.
fn unusable(why: String) -> anyhow::Error {
    UsageError(why).into()
}

fn cannot_write(file: &std::path::Path) -> String {
    format!("cannot write {}", file.display())
}

/// The error of something done to this file.
fn about<T>(file: &std::path::Path, outcome: std::io::Result<T>) -> anyhow::Result<T> {
    outcome.with_context(|| cannot_write(file))
}
