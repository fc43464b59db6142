//! The few words in which the two databases differ. Everything else is the same text for both.
//!
//! Schema text is written out, for SeaORM's builder leaves foreign keys without a name on SQLite.

use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_orm::{ConnectionTrait as _, DbBackend, DbErr};

/// Runs the statements in order, each in the words of the database at hand.
pub(crate) async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    for statement in statements {
        let text = render(statement, manager.get_database_backend());
        manager.get_connection().execute_unprepared(&text).await?;
    }
    Ok(())
}

/// Puts the words of this database in place of `{uuid}`, `{time}`, `{bool}`, `{blob}`, `{bigint}`, `{now}`, and what a table
/// ends with.
///
/// On SQLite times are text of one fixed width in UTC, so that comparing text compares times; PostgreSQL keeps
/// milliseconds too, so that a time read back equals the one written.
fn render(statement: &str, backend: DbBackend) -> String {
    let words: [(&str, &str); 8] = if backend == DbBackend::Sqlite {
        [
            ("{uuid}", "BLOB"),
            ("{time}", "TEXT"),
            ("{bool}", "INTEGER"),
            ("{blob}", "BLOB"),
            ("{bigint}", "INTEGER"),
            ("{now}", "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))"),
            // Without STRICT a column takes any type; of a join table WITHOUT ROWID its key is the table.
            ("{table}", "STRICT"),
            ("{join_table}", "STRICT, WITHOUT ROWID"),
        ]
    } else {
        [
            ("{uuid}", "UUID"),
            ("{time}", "TIMESTAMPTZ(3)"),
            ("{bool}", "BOOLEAN"),
            ("{blob}", "BYTEA"),
            ("{bigint}", "BIGINT"),
            ("{now}", "CURRENT_TIMESTAMP"),
            ("{table}", ""),
            ("{join_table}", ""),
        ]
    };
    words.iter().fold(statement.to_owned(), |text, (word, meaning)| text.replace(word, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_time_is_a_function_that_the_database_calls() {
        assert_eq!(
            render("at {time} DEFAULT {now}", DbBackend::Postgres),
            "at TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP"
        );
        assert_eq!(
            render("at {time} DEFAULT {now}", DbBackend::Sqlite),
            "at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
        );
    }
}
