//! Moving in: records from wherever they come, in batches that are each stored whole or not at all.
//!
//! What is there already is found again by its key. So an import that was cut short is begun again and goes on where it
//! was, and one that is done changes nothing.

use std::collections::HashMap;

use countersign_application::error::Fault;
use countersign_application::ports::secret_generator::SecretGenerator;
use sea_orm::{DatabaseTransaction, DbErr};
use uuid::Uuid;

use crate::moving::export_file::{Damage, ExportFile};
use crate::moving::foreign::Foreign;
use crate::moving::load::{Batch, Manner};
use crate::moving::record::{Place, Record};
use crate::moving::report::Report;
use crate::moving::statements::teams_without_admin;
use crate::moving::{Progress, snapshot};
use crate::persistence::{Database, fault};

/// Records that are stored together: the one writer of SQLite is soon free again.
const BATCH: usize = 2_000;

/// Where records come from.
#[derive(Debug)]
pub enum Import {
    /// An export.
    Export(ExportFile),
    /// Tables of another system.
    Foreign(Foreign),
}

/// Why it ended before its end. What was stored before that stays; the same import again goes on behind it.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// The database.
    #[error("cannot store {from} to line {to}")]
    Database {
        /// The first record of the batch.
        from: Place,
        /// The line of the last.
        to: u64,
        /// Why.
        #[source]
        source: Fault,
    },
    /// The database, before or after the records.
    #[error("cannot use the database")]
    Unusable(#[from] Fault),
}

impl Import {
    fn next_record(&mut self) -> Result<Option<Record>, Damage> {
        match self {
            Self::Export(file) => file.next_record(),
            Self::Foreign(files) => files.next_record(),
        }
    }

    fn progress(&self) -> (u64, u64) {
        match self {
            Self::Export(file) => file.progress(),
            Self::Foreign(files) => files.progress(),
        }
    }

    const fn manner<'a>(&self, random: &'a dyn SecretGenerator) -> Manner<'a> {
        match self {
            Self::Export(file) => Manner { exact: true, secrets: file.secrets, exported: Some(file.made_at), random },
            Self::Foreign(_) => Manner { exact: false, secrets: true, exported: None, random },
        }
    }
}

/// Stores the records, or with `dry_run` does the same and takes all of it back.
pub async fn import(
    database: &Database,
    mut source: Import,
    dry_run: bool,
    random: &dyn SecretGenerator,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    let manner = source.manner(random);
    let (mut target, mut report) = (Target::new(database, dry_run), Report::default());
    let (mut batch, mut teams) = (Vec::with_capacity(BATCH), HashMap::new());
    loop {
        let record = source.next_record()?;
        let is_other = |record: &Record| batch.first().is_some_and(|first: &Record| first.table != record.table);
        if batch.len() == BATCH || record.as_ref().is_none_or(is_other) {
            target.store(std::mem::take(&mut batch), manner, &mut report).await?;
        }
        let Some(record) = record else { break };
        let (done, of) = source.progress();
        progress(Progress { what: record.table.plural, done, of });
        note_team(&record, &mut teams);
        batch.push(record);
    }
    let frozen = target.frozen_teams().await?;
    report.without_admin = frozen.iter().filter_map(|id| teams.remove(id)).collect();
    report.without_admin.sort_by_key(|place| place.line);
    if let Import::Foreign(files) = source {
        (report.left_out, report.no_superusers) = (files.left_out, files.no_superusers);
    }
    Ok(report)
}

fn note_team(record: &Record, teams: &mut HashMap<Uuid, Place>) {
    if record.table.name == "teams" {
        let id = record.row.as_ref().ok().and_then(|row| row.first()?.as_str()?.parse().ok());
        teams.extend(id.map(|id| (id, record.place.clone())));
    }
}

/// The database, and of a dry run the one transaction that is taken back.
struct Target<'a> {
    database: &'a Database,
    dry_run: bool,
    transaction: Option<DatabaseTransaction>,
}

impl<'a> Target<'a> {
    const fn new(database: &'a Database, dry_run: bool) -> Self {
        Self { database, dry_run, transaction: None }
    }

    async fn store(
        &mut self,
        records: Vec<Record>,
        manner: Manner<'_>,
        report: &mut Report,
    ) -> Result<(), ImportError> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else { return Ok(()) };
        let (table, from, to) = (first.table, first.place.clone(), last.place.line);
        let batch = Batch::of(table, records, manner, report);
        self.store_batch(batch, report).await.map_err(|error| ImportError::Database { from, to, source: fault(error) })
    }

    async fn store_batch(&mut self, batch: Batch<'_>, report: &mut Report) -> Result<(), DbErr> {
        let transaction = self.begun().await?;
        batch.store(&transaction, report).await?;
        if self.dry_run {
            self.transaction = Some(transaction);
            Ok(())
        } else {
            transaction.commit().await
        }
    }

    async fn begun(&mut self) -> Result<DatabaseTransaction, DbErr> {
        if let Some(transaction) = self.transaction.take() {
            return Ok(transaction);
        }
        let transaction = self.database.begin().await?;
        snapshot::unbound(&transaction).await?;
        Ok(transaction)
    }

    /// Teams that nobody can act for. The end of a dry run.
    async fn frozen_teams(mut self) -> Result<Vec<Uuid>, Fault> {
        let look = async {
            let transaction = self.begun().await?;
            let teams = teams_without_admin(&transaction).await?;
            transaction.rollback().await?;
            Ok(teams)
        };
        look.await.map_err(fault)
    }
}
