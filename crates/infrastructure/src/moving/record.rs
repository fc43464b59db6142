//! One record on its way in, and where it was read.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::moving::page::Row;
use crate::moving::table::{Column, Table, Type};

/// A file and a line of it, counted from one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As it was named.
    pub file: Arc<str>,
    /// Which line; of a record over several lines the first.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a line says, or why it cannot be taken.
#[derive(Clone, Debug)]
pub struct Record {
    /// Where.
    pub place: Place,
    /// What it is about.
    pub table: &'static Table,
    /// A value for each column of the table; one that is not said is null.
    pub row: Result<Vec<Value>, String>,
}

/// The row of a line of an export.
pub(crate) fn row(table: &Table, mut members: Map<String, Value>, secrets: bool) -> Result<Row, String> {
    members.remove("record");
    let row = table.columns.iter().map(|column| {
        let value = members.remove(column.name);
        if column.secret && !secrets {
            return if value.is_none() { Ok(Value::Null) } else { Err(format!("has {}, a secret", column.name)) };
        }
        let value = value.unwrap_or(Value::Null);
        check(column, &value)?;
        Ok(value)
    });
    let row = row.collect::<Result<Row, String>>()?;
    match members.keys().next() {
        Some(name) => Err(format!("nobody knows {name:?}: it was made by a newer version")),
        None => Ok(row),
    }
}

fn check(column: &Column, value: &Value) -> Result<(), String> {
    let fits = match (column.of, value) {
        (_, Value::Null) => column.optional,
        (Type::Id, Value::String(text)) => text.len() == 36 && Uuid::try_parse(text).is_ok(),
        (Type::Text, Value::String(text)) => !text.contains('\0'),
        (Type::Flag, Value::Bool(_)) => true,
        (Type::Number, Value::Number(number)) => number.is_i64(),
        (Type::Time, Value::String(text)) => is_time(text),
        (Type::Octets, Value::String(text)) => is_hex(text),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{} is missing or of a wrong form", column.name)) }
}

/// Of one width, so that comparing text compares times. PostgreSQL has no year 0.
fn is_time(text: &str) -> bool {
    text.len() == 24
        && text.ends_with('Z')
        && text.get(10..11) == Some("T")
        && OffsetDateTime::parse(text, &Rfc3339).is_ok_and(|at| at.year() >= 1)
}

fn is_hex(text: &str) -> bool {
    text.len().is_multiple_of(2) && text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'))
}
