//! What superusers search for is found by an index, where PostgreSQL has its extension for that.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite has no such index: it is for as many accounts as can be read.
        if manager.get_database_backend() == DbBackend::Sqlite { Ok(()) } else { run(manager, UP).await }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Sqlite { Ok(()) } else { run(manager, DOWN).await }
    }
}

const UP: &[&str] = &[
    // The server may not have it, or this role may not create it (and a provider may refuse in words of its own): then
    // searches read all rows, as they did.
    "DO $$ BEGIN
         CREATE EXTENSION IF NOT EXISTS pg_trgm;
     EXCEPTION WHEN OTHERS THEN
         RAISE WARNING 'searches of superusers go without an index, since the extension pg_trgm cannot be created (%); '
             'have whoever may create it, and then the indexes as docs/operations.md says (PostgreSQL, Search)', SQLERRM;
     END $$",
    // The lists of accounts and teams, searched, and searched for a beginning of one or two characters: exactly the
    // expressions of `persistence/search.rs`. Without statistics, which tell what is rare, the planner does not know when to
    // use them. A search_path may not lead to the extension.
    // Without `fastupdate` a search has no list of recent rows to read through, and a write costs some tenths of a millisecond.
    "DO $$ BEGIN
         IF EXISTS (SELECT FROM pg_opclass WHERE opcname = 'gin_trgm_ops' AND pg_opclass_is_visible(oid)) THEN
             CREATE INDEX IF NOT EXISTS ix_users_search ON users
                 USING gin (lower((' ' || email || ' ' || first_name || ' ' || last_name) COLLATE \"C\") gin_trgm_ops) WITH (fastupdate = off);
             CREATE INDEX IF NOT EXISTS ix_users_search_beginnings ON users
                 USING gin (lower((' ' || substr(email, 1, 2) || ' ' || substr(first_name, 1, 2) || ' '
                     || substr(last_name, 1, 2)) COLLATE \"C\") gin_trgm_ops) WITH (fastupdate = off);
             CREATE INDEX IF NOT EXISTS ix_teams_search ON teams
                 USING gin (lower((' ' || name) COLLATE \"C\") gin_trgm_ops) WITH (fastupdate = off);
             CREATE INDEX IF NOT EXISTS ix_teams_search_beginnings ON teams
                 USING gin (lower((' ' || substr(name, 1, 2)) COLLATE \"C\") gin_trgm_ops) WITH (fastupdate = off);
             ANALYZE users;
             ANALYZE teams;
         END IF;
     END $$",
];

// The extension stays: it may be used by others.
const DOWN: &[&str] = &[
    "DROP INDEX IF EXISTS ix_teams_search_beginnings",
    "DROP INDEX IF EXISTS ix_teams_search",
    "DROP INDEX IF EXISTS ix_users_search_beginnings",
    "DROP INDEX IF EXISTS ix_users_search",
];
