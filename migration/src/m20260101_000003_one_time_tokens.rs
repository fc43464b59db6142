//! One-time tokens and decoys (without an account); they go with their account.

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
        run(manager, &["DROP TABLE one_time_tokens"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE one_time_tokens (
    id {uuid} NOT NULL,
    user_id {uuid},
    purpose TEXT NOT NULL,
    digest {blob} NOT NULL,
    new_email TEXT,
    requested_by {uuid},
    created_at {time} NOT NULL DEFAULT {now},
    expires_at {time} NOT NULL,
    CONSTRAINT pk_one_time_tokens PRIMARY KEY (id),
    CONSTRAINT fk_one_time_tokens_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_one_time_tokens_purpose
        CHECK (purpose IN ('password_reset', 'email_verification', 'email_change'))
) {table}",
    // A presented token is found by its digest.
    "CREATE UNIQUE INDEX uq_one_time_tokens_digest ON one_time_tokens (digest)",
    // One token for each account and purpose: a new one replaces the former. Decoys have no account and never collide.
    "CREATE UNIQUE INDEX uq_one_time_tokens_user_id_purpose ON one_time_tokens (user_id, purpose)",
    // The expired are purged.
    "CREATE INDEX ix_one_time_tokens_expires_at ON one_time_tokens (expires_at)",
];
