//! Invitations of addresses into teams; they go with the team and outlive their inviter.

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
        run(manager, &["DROP TABLE invitations"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE invitations (
    id {uuid} NOT NULL,
    team_id {uuid} NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    digest {blob} NOT NULL,
    state TEXT NOT NULL,
    invited_by {uuid},
    accepted_by {uuid},
    created_at {time} NOT NULL DEFAULT {now},
    expires_at {time} NOT NULL,
    CONSTRAINT pk_invitations PRIMARY KEY (id),
    CONSTRAINT fk_invitations_team_id FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT fk_invitations_invited_by FOREIGN KEY (invited_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT fk_invitations_accepted_by FOREIGN KEY (accepted_by) REFERENCES users (id) ON DELETE SET NULL,
    CONSTRAINT ck_invitations_role CHECK (role IN ('admin', 'member')),
    CONSTRAINT ck_invitations_state CHECK (state IN ('pending', 'accepted', 'revoked'))
) {table}",
    // A presented token is found by its digest.
    "CREATE UNIQUE INDEX uq_invitations_digest ON invitations (digest)",
    // At most one is pending for each address and team; it is looked up by both.
    "CREATE UNIQUE INDEX uq_invitations_team_id_email_pending ON invitations (team_id, email) WHERE state = 'pending'",
    // A team's invitations are paged by id.
    "CREATE INDEX ix_invitations_team_id_id ON invitations (team_id, id)",
    // Those of an address are removed when its account is erased.
    "CREATE INDEX ix_invitations_email ON invitations (email)",
    // An account that goes leaves its invitations without inviter or acceptor.
    "CREATE INDEX ix_invitations_invited_by ON invitations (invited_by)",
    "CREATE INDEX ix_invitations_accepted_by ON invitations (accepted_by)",
    // Those past their time are purged.
    "CREATE INDEX ix_invitations_expires_at ON invitations (expires_at)",
];
