//! Accounts. Their sessions, tokens, memberships, networks and mails go with them.

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
        run(manager, &["DROP TABLE users"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE users (
    id {uuid} NOT NULL,
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    is_active {bool} NOT NULL DEFAULT TRUE,
    is_superuser {bool} NOT NULL DEFAULT FALSE,
    email_verified {bool} NOT NULL DEFAULT FALSE,
    epoch {bigint} NOT NULL DEFAULT 0,
    created_at {time} NOT NULL DEFAULT {now},
    updated_at {time} NOT NULL DEFAULT {now},
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT ck_users_email CHECK (email = lower(email) AND email LIKE '%@%'),
    CONSTRAINT ck_users_epoch CHECK (epoch >= 0)
) {table}",
    // Sign-in, registration, invitations and resets look accounts up by address; it also keeps addresses unique.
    "CREATE UNIQUE INDEX uq_users_email ON users (email)",
    // Unverified accounts that were never used again are looked for by age.
    "CREATE INDEX ix_users_email_verified_created_at ON users (email_verified, created_at)",
];
