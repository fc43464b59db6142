//! Sessions say from where and with which program they were begun.

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
        run(manager, DOWN).await
    }
}

// Null in sessions of before, and in those that nodes of the former version begin while this one is rolled out.
const UP: &[&str] =
    &["ALTER TABLE sessions ADD COLUMN sign_in_ip TEXT", "ALTER TABLE sessions ADD COLUMN sign_in_user_agent TEXT"];

const DOWN: &[&str] =
    &["ALTER TABLE sessions DROP COLUMN sign_in_user_agent", "ALTER TABLE sessions DROP COLUMN sign_in_ip"];
