//! Sessions, one row each; they go with their account.

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
        run(manager, &["DROP TABLE sessions"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE sessions (
    id {uuid} NOT NULL,
    user_id {uuid} NOT NULL,
    epoch {bigint} NOT NULL,
    family_digest {blob} NOT NULL,
    current_digest {blob} NOT NULL,
    previous_digest {blob},
    rotated_at {time},
    sealed_successor {blob},
    created_at {time} NOT NULL DEFAULT {now},
    last_seen_at {time} NOT NULL,
    idle_expires_at {time} NOT NULL,
    expires_at {time} NOT NULL,
    ended_at {time},
    ip TEXT,
    user_agent TEXT,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT ck_sessions_rotated_at CHECK ((previous_digest IS NULL) = (rotated_at IS NULL)),
    CONSTRAINT ck_sessions_sealed_successor CHECK (sealed_successor IS NULL OR rotated_at IS NOT NULL)
) {table}",
    // A refresh token finds its session by the family it belongs to.
    "CREATE UNIQUE INDEX uq_sessions_family_digest ON sessions (family_digest)",
    // Sessions of an account are listed and ended in the order in which they began.
    "CREATE INDEX ix_sessions_user_id_created_at ON sessions (user_id, created_at)",
    // What is over is purged; each way to be over has its index.
    "CREATE INDEX ix_sessions_idle_expires_at ON sessions (idle_expires_at)",
    "CREATE INDEX ix_sessions_expires_at ON sessions (expires_at)",
    "CREATE INDEX ix_sessions_ended_at ON sessions (ended_at) WHERE ended_at IS NOT NULL",
    // Sealed successors are erased once their window has closed; there are few at any time.
    "CREATE INDEX ix_sessions_rotated_at ON sessions (rotated_at) WHERE sealed_successor IS NOT NULL",
];
