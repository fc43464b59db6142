//! Changes the schema of the database, or looks at it.

use clap::Subcommand;

use crate::settings::Settings;
use crate::{terminal, wiring};

/// What to do with the schema.
#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Apply what is pending. Nodes that start at the same time wait for each other.
    Up,
    /// Take back the last changes, with the data in them.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// List the changes and whether each is applied.
    Status,
}

impl Migrate {
    /// Does it.
    pub(crate) async fn run(&self, settings: &Settings) -> anyhow::Result<()> {
        let database = wiring::open_database(&settings.storage).await?;
        match self {
            Self::Up => database.migrate().await?,
            Self::Down { steps } => database.roll_back(Some(*steps)).await?,
            Self::Status => {}
        }
        for (name, applied) in database.status().await? {
            terminal::say(&format!("{:8} {name}", if applied { "applied" } else { "pending" }));
        }
        database.close().await?;
        Ok(())
    }
}
