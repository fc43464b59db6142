//! The outbox; a mail goes with the account it concerns and with the invitation it carries.

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
        run(manager, &["DROP TABLE mails"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE mails (
    id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    recipient_name TEXT,
    params TEXT NOT NULL,
    user_id {uuid},
    invitation_id {uuid},
    sealed_token {blob},
    token_expires_at {time},
    decoy {bool} NOT NULL DEFAULT FALSE,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at {time} NOT NULL,
    lease_id {uuid},
    lease_until {time},
    last_error TEXT,
    created_at {time} NOT NULL DEFAULT {now},
    sent_at {time},
    CONSTRAINT pk_mails PRIMARY KEY (id),
    CONSTRAINT fk_mails_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_mails_invitation_id FOREIGN KEY (invitation_id) REFERENCES invitations (id) ON DELETE CASCADE,
    CONSTRAINT ck_mails_status CHECK (status IN ('queued', 'sent', 'dead')),
    CONSTRAINT ck_mails_sealed_token CHECK (sealed_token IS NULL OR status = 'queued'),
    CONSTRAINT ck_mails_lease CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CONSTRAINT ck_mails_attempts CHECK (attempts >= 0)
) {table}",
    // Workers claim what is due, the longest waiting first.
    "CREATE INDEX ix_mails_status_next_attempt_at ON mails (status, next_attempt_at, id)",
    // The backlog is counted and the settled are purged by age.
    "CREATE INDEX ix_mails_status_created_at ON mails (status, created_at)",
    // A new mail replaces unsent ones of its account, and the account's mails go with it.
    "CREATE INDEX ix_mails_user_id ON mails (user_id)",
    // The same of an invitation, whose last mail says how its delivery went.
    "CREATE INDEX ix_mails_invitation_id_id ON mails (invitation_id, id)",
    // Mails to an address are removed when its account is erased.
    "CREATE INDEX ix_mails_recipient ON mails (recipient)",
    // Tokens that expired in the queue are erased.
    "CREATE INDEX ix_mails_token_expires_at ON mails (token_expires_at) WHERE sealed_token IS NOT NULL",
    // Decoys that no worker came by to discard are purged.
    "CREATE INDEX ix_mails_decoy ON mails (created_at) WHERE decoy",
];
