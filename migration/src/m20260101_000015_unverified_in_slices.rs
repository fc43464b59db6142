//! Unverified accounts are looked at in slices, by age and key.

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

const UP: &[&str] = &[
    // The search for unused accounts goes on behind the last one that it looked at, also where many were made at one time.
    "CREATE INDEX IF NOT EXISTS ix_users_email_verified_created_at_id ON users (email_verified, created_at, id)",
    // Its beginning.
    "DROP INDEX IF EXISTS ix_users_email_verified_created_at",
];

const DOWN: &[&str] = &[
    "CREATE INDEX ix_users_email_verified_created_at ON users (email_verified, created_at)",
    "DROP INDEX ix_users_email_verified_created_at_id",
];
