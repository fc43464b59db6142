//! Rows of a table as values of a line, in the words of both databases.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value as Bound};
use serde_json::Value;
use uuid::Uuid;

use crate::moving::table::{Column, Table, Type};

/// A row: a value for each column of the table. What was left out is null.
pub(crate) type Row = Vec<Value>;

/// Which rows, and which columns of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    pub(crate) table: &'static Table,
    pub(crate) secrets: bool,
}

impl Selection {
    /// The rows behind this key, in the order of the key: the same on every database.
    pub(crate) async fn after(
        self,
        connection: &impl ConnectionTrait,
        key: Option<&[Value]>,
        limit: u64,
    ) -> Result<Vec<Row>, DbErr> {
        let backend = connection.get_database_backend();
        let columns = self.key(backend);
        let mut conditions: Vec<String> = self.condition().map(str::to_owned).into_iter().collect();
        let mut bound = Vec::new();
        if let Some(key) = key {
            let places: Vec<String> = (1..=columns.len()).map(|nth| place(backend, nth)).collect();
            conditions.push(format!("({}) > ({})", columns.join(", "), places.join(", ")));
            bound.extend(self.table.key.iter().zip(key).map(|(name, value)| self.bound(name, value)));
        }
        let filter = if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
        let sql = format!(
            "SELECT {} FROM {} AS t{filter} ORDER BY {} LIMIT {limit}",
            projection(backend, self.table),
            self.table.name,
            columns.join(", "),
        );
        let rows = connection.query_all_raw(Statement::from_sql_and_values(backend, sql, bound)).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    /// How many there are.
    pub(crate) async fn count(self, connection: &impl ConnectionTrait) -> Result<u64, DbErr> {
        let filter = self.condition().map(|condition| format!(" WHERE {condition}")).unwrap_or_default();
        let sql = format!("SELECT COUNT(*) FROM {}{filter}", self.table.name);
        let counted = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await?;
        let count: i64 = counted.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(crate) fn read(self, row: &QueryResult) -> Result<Row, DbErr> {
        let left_out = |column: &Column| column.secret && !self.secrets;
        let columns = self.table.columns.iter();
        columns.map(|column| if left_out(column) { Ok(Value::Null) } else { value(row, column) }).collect()
    }

    fn condition(self) -> Option<&'static str> {
        use crate::moving::table::Share;
        match self.table.share {
            Share::Where(condition) if !self.secrets => Some(condition),
            Share::Nothing if !self.secrets => Some("FALSE"),
            _ => None,
        }
    }

    /// What the rows are ordered by. Texts by their octets, as SQLite does it.
    fn key(self, backend: DbBackend) -> Vec<String> {
        let is_text = |name: &str| self.table.position(name).is_some_and(|at| self.table.columns[at].of == Type::Text);
        let collation = if backend == DbBackend::Postgres { " COLLATE \"C\"" } else { "" };
        let names = self.table.key.iter();
        names.map(|name| format!("t.{name}{}", if is_text(name) { collation } else { "" })).collect()
    }

    fn bound(self, name: &str, value: &Value) -> Bound {
        let text = value.as_str().unwrap_or_default();
        match self.table.position(name).map(|at| self.table.columns[at].of) {
            Some(Type::Id) => Bound::from(Uuid::try_parse(text).unwrap_or_default()),
            _ => Bound::from(text),
        }
    }
}

/// The name of a parameter.
pub(crate) fn place(backend: DbBackend, nth: usize) -> String {
    format!("{}{nth}", if backend == DbBackend::Postgres { '$' } else { '?' })
}

/// The columns, each in a form that reads the same from both databases.
pub(crate) fn projection(backend: DbBackend, table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|column| projected(backend, column)).collect();
    columns.join(", ")
}

fn projected(backend: DbBackend, column: &Column) -> String {
    let name = column.name;
    let expression = match (backend, column.of) {
        (DbBackend::Postgres, Type::Time) => {
            format!("to_char(t.{name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')")
        }
        (DbBackend::Postgres, Type::Octets) => format!("encode(t.{name}, 'hex')"),
        (DbBackend::Postgres, Type::Number) => format!("t.{name}::bigint"),
        (_, Type::Octets) => format!("CASE WHEN t.{name} IS NOT NULL THEN lower(hex(t.{name})) END"),
        _ => format!("t.{name}"),
    };
    format!("{expression} AS \"{name}\"")
}

fn value(row: &QueryResult, column: &Column) -> Result<Value, DbErr> {
    Ok(match column.of {
        Type::Id => row.try_get::<Option<Uuid>>("", column.name)?.map(|id| id.hyphenated().to_string()).into(),
        Type::Text | Type::Time | Type::Octets => row.try_get::<Option<String>>("", column.name)?.into(),
        Type::Flag => row.try_get::<Option<bool>>("", column.name)?.into(),
        Type::Number => row.try_get::<Option<i64>>("", column.name)?.into(),
    })
}

/// The values of its key.
pub(crate) fn key_of(table: &Table, row: &Row) -> Vec<Value> {
    table.key.iter().filter_map(|name| table.position(name)).map(|at| row[at].clone()).collect()
}
