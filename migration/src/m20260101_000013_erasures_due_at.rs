//! Erasures keep watch for a while: what a request under way wrote about an account after its traces were erased is
//! erased too.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["DROP INDEX ix_erasures_due_at", "ALTER TABLE erasures DROP COLUMN due_at"]).await
    }
}

// Later than `requested_at` once all traces were erased for the first time: then it is when to do so again.
const UP: &[&str] = &[
    "ALTER TABLE erasures ADD COLUMN due_at {time} NOT NULL DEFAULT '1970-01-01T00:00:00.000Z'",
    // Housekeeping looks for what is due.
    "CREATE INDEX ix_erasures_due_at ON erasures (due_at)",
];
