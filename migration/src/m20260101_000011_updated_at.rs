//! `updated_at` moves at every update, also of a writer that does not set it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_UP).await
        } else {
            run(manager, POSTGRES_UP).await
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite {
            run(manager, SQLITE_DOWN).await
        } else {
            run(manager, POSTGRES_DOWN).await
        }
    }
}

// A team that merely loses its creator was not changed. The second update changes the column, so the condition stops a trigger that were recursive.
const SQLITE_UP: &[&str] = &[
    "CREATE TRIGGER tr_users_updated_at AFTER UPDATE ON users FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN UPDATE users SET updated_at = {now} WHERE id = NEW.id; END",
    "CREATE TRIGGER tr_teams_updated_at AFTER UPDATE OF name, description ON teams FOR EACH ROW WHEN NEW.updated_at = OLD.updated_at
BEGIN UPDATE teams SET updated_at = {now} WHERE id = NEW.id; END",
];

const SQLITE_DOWN: &[&str] = &["DROP TRIGGER tr_teams_updated_at", "DROP TRIGGER tr_users_updated_at"];

// CURRENT_TIMESTAMP stands still in a transaction; an update of a row inserted in the same one is an update too.
const POSTGRES_UP: &[&str] = &[
    "CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$",
    "CREATE TRIGGER tr_users_updated_at BEFORE UPDATE ON users FOR EACH ROW
WHEN (NEW.updated_at = OLD.updated_at) EXECUTE FUNCTION set_updated_at()",
    "CREATE TRIGGER tr_teams_updated_at BEFORE UPDATE OF name, description ON teams FOR EACH ROW
WHEN (NEW.updated_at = OLD.updated_at) EXECUTE FUNCTION set_updated_at()",
];

const POSTGRES_DOWN: &[&str] = &[
    "DROP TRIGGER tr_teams_updated_at ON teams",
    "DROP TRIGGER tr_users_updated_at ON users",
    "DROP FUNCTION set_updated_at()",
];
