//! Deleted accounts whose traces in the audit trail are still to be erased, batch by batch. No foreign key: the account
//! is gone.

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
        run(manager, &["DROP TABLE erasures"]).await
    }
}

// `erased_to` is the id of the last event that is done.
const UP: &[&str] = &["CREATE TABLE erasures (
    user_id {uuid} NOT NULL,
    requested_at {time} NOT NULL,
    erased_to {uuid},
    CONSTRAINT pk_erasures PRIMARY KEY (user_id)
) {table}"];
