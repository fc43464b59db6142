//! The teams of an account are listed by when it joined them.

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
        run(manager, &["DROP INDEX ix_user_teams_user_id_joined_at_team_id"]).await
    }
}

const UP: &[&str] = &[
    // The teams of an account are paged, and those of an access token are the first of them.
    "CREATE INDEX IF NOT EXISTS ix_user_teams_user_id_joined_at_team_id ON user_teams (user_id, joined_at, team_id)",
];
