//! Networks that an account signed in from; they go with it.

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
        run(manager, &["DROP TABLE sign_in_networks"]).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE sign_in_networks (
    user_id {uuid} NOT NULL,
    network TEXT NOT NULL,
    last_seen_at {time} NOT NULL,
    CONSTRAINT pk_sign_in_networks PRIMARY KEY (user_id, network),
    CONSTRAINT fk_sign_in_networks_user_id FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
) {join_table}",
    // Those not seen for long are purged.
    "CREATE INDEX ix_sign_in_networks_last_seen_at ON sign_in_networks (last_seen_at)",
];
