//! Every index is there under its name, on each database.

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::persistence::fresh::on_each;

/// What follows `ix_<table>_` or `uq_<table>_`, as each says what it is.
const INDEXES: &[(&str, &str)] = &[
    ("audit_events", "ix:actor_id_id ix:at ix:kind_id ix:team_id_id ix:user_id_id"),
    ("erasures", "ix:due_at"),
    (
        "invitations",
        "ix:accepted_by ix:email ix:expires_at ix:invited_by ix:team_id_id uq:digest uq:team_id_email_pending",
    ),
    (
        "mails",
        "ix:decoy ix:invitation_id_id ix:recipient ix:status_created_at ix:status_next_attempt_at ix:token_expires_at \
         ix:user_id",
    ),
    ("one_time_tokens", "ix:expires_at uq:digest uq:user_id_purpose"),
    ("sessions", "ix:ended_at ix:expires_at ix:idle_expires_at ix:rotated_at ix:user_id_created_at uq:family_digest"),
    ("sign_in_networks", "ix:last_seen_at"),
    ("teams", "ix:created_by"),
    (
        "user_teams",
        "ix:team_id_role_status ix:team_id_status_joined_at ix:team_id_user_id ix:user_id_joined_at_team_id",
    ),
    ("users", "ix:email_verified_created_at_id uq:email"),
];

/// On PostgreSQL alone.
const OF_SEARCH: [&str; 4] =
    ["ix_teams_search", "ix_teams_search_beginnings", "ix_users_search", "ix_users_search_beginnings"];

const OF_SQLITE: &str = "SELECT m.name, l.\"unique\" = 1 FROM sqlite_master m, pragma_index_list(m.tbl_name) l \
                         WHERE m.type = 'index' AND m.sql IS NOT NULL AND l.name = m.name";
/// But for those of primary keys, which are constraints.
const OF_POSTGRES: &str = "SELECT c.relname::text, i.indisunique FROM pg_index i \
                           JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid \
                           WHERE c.relnamespace = current_schema()::regnamespace AND t.relname <> 'seaql_migrations' \
                           AND NOT i.indisprimary AND i.indisvalid";

/// Name of each, and whether it is unique.
async fn indexes(raw: &DatabaseConnection) -> Vec<(String, bool)> {
    let backend = raw.get_database_backend();
    let sql = if backend == DbBackend::Sqlite { OF_SQLITE } else { OF_POSTGRES };
    let rows = raw.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
    let mut indexes: Vec<_> =
        rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect();
    indexes.sort();
    indexes
}

#[tokio::test]
async fn every_index_is_there_under_its_name_and_no_other_is() {
    on_each(|fresh| async move {
        let raw = fresh.raw().await;
        let named = INDEXES.iter().flat_map(|(table, names)| names.split_whitespace().map(move |name| (*table, name)));
        let mut expected: Vec<_> = named
            .map(|(table, name)| {
                let (kind, what) = name.split_once(':').unwrap();
                (format!("{kind}_{table}_{what}"), kind == "uq")
            })
            .collect();
        if raw.get_database_backend() == DbBackend::Postgres {
            expected.extend(OF_SEARCH.map(|name| (name.to_owned(), false)));
        }
        expected.sort();
        assert_eq!(indexes(&raw).await, expected);
    })
    .await;
}
