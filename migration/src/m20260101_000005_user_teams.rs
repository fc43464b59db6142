//! Who is in which team; goes with the account and with the team.

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
        run(manager, &["DROP TABLE user_teams"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE user_teams (
    user_id {uuid} NOT NULL,
    team_id {uuid} NOT NULL,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    joined_at {time} NOT NULL DEFAULT {now},
    CONSTRAINT pk_user_teams PRIMARY KEY (user_id, team_id),
    CONSTRAINT fk_user_teams_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_user_teams_team_id FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE,
    CONSTRAINT ck_user_teams_role CHECK (role IN ('admin', 'member')),
    CONSTRAINT ck_user_teams_status CHECK (status IN ('active', 'awaiting_verification'))
) {join_table}",
    // Members of a team are paged by account; the key serves the teams of an account.
    "CREATE INDEX ix_user_teams_team_id_user_id ON user_teams (team_id, user_id)",
    // The admins of a team are counted, however large it is.
    "CREATE INDEX ix_user_teams_team_id_role_status ON user_teams (team_id, role, status)",
    // The longest-standing member takes over when a team has lost its last admin.
    "CREATE INDEX ix_user_teams_team_id_status_joined_at ON user_teams (team_id, status, joined_at)",
];
