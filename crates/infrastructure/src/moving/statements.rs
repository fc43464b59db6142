//! The statements of an import: a batch goes in as one parameter of JSON, which both databases take apart.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::moving::ended::Ends;
use crate::moving::page::{Row, projection};
use crate::moving::table::{Column, Table, Type};

/// Stores the rows that are in nobody's way; the keys of those.
pub(crate) async fn insert(
    connection: &impl ConnectionTrait,
    table: &Table,
    rows: &[&Row],
) -> Result<Vec<Vec<Value>>, DbErr> {
    let backend = connection.get_database_backend();
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = table.columns.iter().map(|column| taken_out(backend, column)).collect();
    let given = table.columns.iter().map(|column| format!("\"{}\" {}", column.name, type_of(column)));
    let from = match backend {
        DbBackend::Postgres => {
            format!("json_to_recordset($1::json) AS r({})", given.collect::<Vec<_>>().join(", "))
        }
        _ => "json_each(?1) AS r".to_owned(),
    };
    let key = table.key.join(", ");
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM {from} WHERE TRUE ON CONFLICT DO NOTHING RETURNING {key}",
        table.name,
        columns.join(", "),
        values.join(", "),
    );
    let batch: Vec<Value> = rows.iter().map(|row| object(table, row)).collect();
    let returned = ask(connection, sql, &Value::Array(batch)).await?;
    returned.iter().map(|row| key_in(table, row)).collect()
}

fn object(table: &Table, row: &Row) -> Value {
    let members = table.columns.iter().zip(row).filter(|(_, value)| !value.is_null());
    Value::Object(members.map(|(column, value)| (column.name.to_owned(), value.clone())).collect::<Map<_, _>>())
}

/// Rows that have these keys.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    table: &'static Table,
    keys: Vec<Vec<Value>>,
) -> Result<Vec<QueryResult>, DbErr> {
    let backend = connection.get_database_backend();
    let columns: Vec<String> = table.key.iter().map(|name| format!("t.{name}")).collect();
    let values: Vec<String> = (0..table.key.len()).map(|nth| element(backend, table, nth)).collect();
    let from = if backend == DbBackend::Postgres { "json_array_elements($1::json)" } else { "json_each(?1)" };
    let sql = format!(
        "SELECT {} FROM {} AS t WHERE ({}) IN (SELECT {} FROM {from} AS r)",
        projection(backend, table),
        table.name,
        columns.join(", "),
        values.join(", "),
    );
    ask(connection, sql, &Value::Array(keys.into_iter().map(Value::Array).collect())).await
}

/// Which of these ids the table has, and of accounts whether the address is verified.
pub(crate) async fn find_ids(
    connection: &impl ConnectionTrait,
    table: &Table,
    ids: Vec<Value>,
) -> Result<Vec<(String, bool)>, DbErr> {
    let backend = connection.get_database_backend();
    let verified = if table.name == "users" { "t.email_verified" } else { "TRUE" };
    let listed = listed(backend);
    let sql = format!("SELECT t.id AS id, {verified} AS verified FROM {} AS t WHERE t.id IN ({listed})", table.name);
    let rows = ask(connection, sql, &Value::Array(ids)).await?;
    rows.iter().map(|row| Ok((row.try_get::<Uuid>("", "id")?.to_string(), row.try_get("", "verified")?))).collect()
}

/// The last event of the trail about something.
pub(crate) struct LastEvent {
    pub(crate) about: Value,
    pub(crate) team: Value,
    pub(crate) at: OffsetDateTime,
}

/// The last events about these accounts or teams, for each team that they name.
pub(crate) async fn last_events(
    connection: &impl ConnectionTrait,
    ends: &Ends,
    ids: Vec<Value>,
) -> Result<Vec<LastEvent>, DbErr> {
    let backend = connection.get_database_backend();
    let about = ends.about;
    let kinds: Vec<String> = ends.kinds.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
    let of_kind = if kinds.is_empty() { String::new() } else { format!(" AND e.kind IN ({})", kinds.join(", ")) };
    let listed = listed(backend);
    let sql = format!(
        "SELECT e.{about} AS about, e.team_id AS team, MAX(e.at) AS at FROM audit_events AS e \
         WHERE e.{about} IN ({listed}){of_kind} GROUP BY e.{about}, e.team_id"
    );
    let rows = ask(connection, sql, &Value::Array(ids)).await?;
    let id = |row: &QueryResult, name: &str| -> Result<Value, DbErr> {
        Ok(row.try_get::<Option<Uuid>>("", name)?.map(|id| id.to_string()).into())
    };
    let read = |row: &QueryResult| {
        Ok(LastEvent { about: id(row, "about")?, team: id(row, "team")?, at: row.try_get("", "at")? })
    };
    rows.iter().map(read).collect()
}

/// Ids out of the parameter.
const fn listed(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "SELECT value::uuid FROM json_array_elements_text($1::json)",
        _ => "SELECT unhex(value, '-') FROM json_each(?1)",
    }
}

/// Teams with members of whom none can act as an admin.
pub(crate) async fn teams_without_admin(connection: &impl ConnectionTrait) -> Result<Vec<Uuid>, DbErr> {
    let sql = "SELECT t.id FROM teams AS t \
               WHERE EXISTS (SELECT 1 FROM user_teams AS m WHERE m.team_id = t.id) \
               AND NOT EXISTS (SELECT 1 FROM user_teams AS m JOIN users AS u ON u.id = m.user_id \
               WHERE m.team_id = t.id AND m.role = 'admin' AND m.status = 'active' AND u.is_active) ORDER BY t.id";
    let backend = connection.get_database_backend();
    let rows = connection.query_all_raw(Statement::from_string(backend, sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn ask(connection: &impl ConnectionTrait, sql: String, json: &Value) -> Result<Vec<QueryResult>, DbErr> {
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, [json.to_string().into()]);
    connection.query_all_raw(statement).await
}

fn key_in(table: &Table, row: &QueryResult) -> Result<Vec<Value>, DbErr> {
    let read = |name: &&str| match table.position(name).map(|at| table.columns[at].of) {
        Some(Type::Id) => row.try_get::<Uuid>("", name).map(|id| Value::String(id.to_string())),
        _ => row.try_get::<String>("", name).map(Value::String),
    };
    table.key.iter().map(read).collect()
}

/// A member of an object of the batch, as what the column holds.
fn taken_out(backend: DbBackend, column: &Column) -> String {
    let name = column.name;
    match (backend, column.of) {
        (DbBackend::Postgres, Type::Octets) => format!("decode(r.\"{name}\", 'hex')"),
        (DbBackend::Postgres, _) => format!("r.\"{name}\""),
        (_, Type::Id) => format!("unhex(r.value ->> '{name}', '-')"),
        (_, Type::Octets) => format!("unhex(r.value ->> '{name}')"),
        _ => format!("r.value ->> '{name}'"),
    }
}

fn type_of(column: &Column) -> &'static str {
    match column.of {
        Type::Id => "uuid",
        Type::Text | Type::Octets => "text",
        Type::Flag => "boolean",
        Type::Number => "bigint",
        Type::Time => "timestamptz",
    }
}

/// The n-th value of a key in the list.
fn element(backend: DbBackend, table: &Table, nth: usize) -> String {
    let is_id = table.position(table.key[nth]).is_some_and(|at| table.columns[at].of == Type::Id);
    match (backend, is_id) {
        (DbBackend::Postgres, true) => format!("(r.value ->> {nth})::uuid"),
        (_, true) => format!("unhex(r.value ->> {nth}, '-')"),
        (_, false) => format!("r.value ->> {nth}"),
    }
}
