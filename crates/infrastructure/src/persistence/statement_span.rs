//! Statements in a trace, by OpenTelemetry's conventions for databases: what is done to which table. The text is left out.

use countersign_application::spans;
use sea_orm::{DbBackend, Statement};
use tracing::Span;

/// The span of a statement.
pub(crate) fn statement_span(statement: &Statement) -> Span {
    let sql = statement.sql.as_str();
    tracing::info_span!(
        target: spans::TARGET,
        "statement",
        otel.name = summary(sql),
        otel.kind = "client",
        db.system.name = system(statement.db_backend),
        db.operation.name = operation(sql),
        db.collection.name = table(sql),
    )
}

/// The span of the begin or the end of a transaction. To begin is also to wait for a connection, or for the turn to write.
pub(crate) fn transaction_span(operation: &'static str, backend: DbBackend) -> Span {
    tracing::info_span!(
        target: spans::TARGET,
        "transaction",
        otel.name = operation,
        otel.kind = "client",
        db.system.name = system(backend),
        db.operation.name = operation,
    )
}

fn system(backend: DbBackend) -> &'static str {
    if backend == DbBackend::Sqlite { "sqlite" } else { "postgresql" }
}

fn summary(sql: &str) -> String {
    let operation = operation(sql);
    table(sql).map_or_else(|| operation.to_owned(), |table| format!("{operation} {table}"))
}

fn operation(sql: &str) -> &'static str {
    let first = sql.split_ascii_whitespace().next().unwrap_or_default();
    ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].into_iter().find(|verb| *verb == first).unwrap_or("other")
}

/// The first table that is named.
fn table(sql: &str) -> Option<&str> {
    let mut words = sql.split_ascii_whitespace();
    words.find(|word| matches!(*word, "FROM" | "INTO" | "UPDATE"))?;
    let name = words.next()?.trim_matches('"');
    let is_name = !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_what_is_done_to_which_table() {
        for (sql, told) in [
            (r#"SELECT "users"."id" FROM "users" WHERE "users"."email" = 'a@example.org'"#, "SELECT users"),
            (r#"INSERT INTO "one_time_tokens" ("id") VALUES ('secret')"#, "INSERT one_time_tokens"),
            (r#"UPDATE "sessions" SET "ended_at" = 1"#, "UPDATE sessions"),
            ("DELETE FROM mails WHERE id = 1", "DELETE mails"),
            ("SELECT 1", "SELECT"),
            ("SELECT 'x' FROM (SELECT 1)", "SELECT"),
            ("'a@example.org'", "other"),
        ] {
            assert_eq!(summary(sql), told);
        }
    }
}
