//! Keys that sign access tokens, their private halves sealed. A handful of rows, always read whole.

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
        run(manager, &["DROP TABLE signing_keys"]).await
    }
}

const UP: &[&str] = &["CREATE TABLE signing_keys (
    kid TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    sealed_private {blob} NOT NULL,
    public_jwk TEXT NOT NULL,
    created_at {time} NOT NULL DEFAULT {now},
    active_from {time} NOT NULL,
    retired_at {time},
    refused_at {time},
    CONSTRAINT pk_signing_keys PRIMARY KEY (kid),
    CONSTRAINT ck_signing_keys_algorithm CHECK (algorithm IN ('ES256', 'EdDSA', 'RS256'))
) {table}"];
