//! Teams. A team outlives the account that created it.

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
        run(manager, &["DROP TABLE teams"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE teams (
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    created_by {uuid},
    created_at {time} NOT NULL DEFAULT {now},
    updated_at {time} NOT NULL DEFAULT {now},
    CONSTRAINT pk_teams PRIMARY KEY (id),
    CONSTRAINT fk_teams_created_by FOREIGN KEY (created_by) REFERENCES users (id) ON DELETE SET NULL
) {table}",
    // The teams an account created are counted against its limit, and found when the account goes.
    "CREATE INDEX ix_teams_created_by ON teams (created_by)",
];
