//! Security events. No foreign keys: an event outlives account and team.

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
        run(manager, &["DROP TABLE audit_events"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE audit_events (
    id {uuid} NOT NULL,
    at {time} NOT NULL,
    kind TEXT NOT NULL,
    actor_id {uuid},
    user_id {uuid},
    team_id {uuid},
    network TEXT,
    user_agent TEXT,
    request_id TEXT,
    detail TEXT,
    CONSTRAINT pk_audit_events PRIMARY KEY (id)
) {table}",
    // Events are paged by id, newest first, and narrowed to an account, a team or a kind.
    "CREATE INDEX ix_audit_events_user_id_id ON audit_events (user_id, id)",
    "CREATE INDEX ix_audit_events_actor_id_id ON audit_events (actor_id, id)",
    "CREATE INDEX ix_audit_events_team_id_id ON audit_events (team_id, id)",
    "CREATE INDEX ix_audit_events_kind_id ON audit_events (kind, id)",
    // Those past their retention are purged.
    "CREATE INDEX ix_audit_events_at ON audit_events (at)",
];
