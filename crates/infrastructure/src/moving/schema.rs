//! The JSON Schema of a line of an export.

use serde_json::{Map, Value, json};

use crate::moving::table::{Column, TABLES, Table, Type};
use crate::moving::{FORMAT, FORMAT_VERSION};

/// As it is committed at `docs/export.schema.json`.
pub fn schema() -> Value {
    let mut lines = vec![header()];
    lines.extend(TABLES.iter().map(line));
    lines.push(trailer());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A line of an export of Countersign",
        "description": "The first line is the header, the last the trailer; between them are the records, kinds in this order and each kind by its key. Members that are not required are there in an export with secrets.",
        "oneOf": lines,
    })
}

fn object(record: &str, title: &str, properties: Map<String, Value>, required: &[&str]) -> Value {
    let mut all = Map::new();
    all.insert("record".to_owned(), json!({"const": record}));
    all.extend(properties);
    let required: Vec<&str> = ["record"].into_iter().chain(required.iter().copied()).collect();
    json!({"title": title, "type": "object", "properties": all, "required": required, "additionalProperties": false})
}

fn line(table: &Table) -> Value {
    let properties = table.columns.iter().map(|column| (column.name.to_owned(), property(column))).collect();
    let required: Vec<&str> = table.columns(false).map(|column| column.name).collect();
    object(table.kind, table.plural, properties, &required)
}

fn property(column: &Column) -> Value {
    let (name, more) = match column.of {
        Type::Id => ("string", Some(("format", "uuid"))),
        Type::Text => ("string", None),
        Type::Flag => ("boolean", None),
        Type::Number => ("integer", None),
        Type::Time => ("string", Some(("pattern", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"))),
        Type::Octets => ("string", Some(("pattern", "^([0-9a-f]{2})*$"))),
    };
    let mut property = Map::new();
    property.insert("type".to_owned(), if column.optional { json!([name, "null"]) } else { json!(name) });
    property.extend(more.map(|(key, value)| (key.to_owned(), json!(value))));
    Value::Object(property)
}

fn header() -> Value {
    let Value::Object(properties) = json!({
        "format": {"const": FORMAT},
        "version": {"const": FORMAT_VERSION},
        "schema": {"type": "string", "description": "The last change of the schema of the database it was made from."},
        "made_by": {"type": "string"},
        "made_at": {"type": "string", "format": "date-time"},
        "secrets": {"type": "boolean"},
    }) else {
        unreachable!("it is an object")
    };
    let required = ["format", "version", "schema", "made_by", "made_at", "secrets"];
    object("header", "what the lines are", properties, &required)
}

fn trailer() -> Value {
    let digest = json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    let kind = json!({
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 0}, "sha256": digest},
        "required": ["count", "sha256"],
        "additionalProperties": false,
    });
    let kinds: Map<String, Value> = TABLES.iter().map(|table| (table.kind.to_owned(), kind.clone())).collect();
    let Value::Object(properties) = json!({
        "kinds": {
            "type": "object",
            "description": "How many lines there are of each kind, and the SHA-256 of their octets, line ends included.",
            "properties": kinds,
            "required": TABLES.iter().map(|table| table.kind).collect::<Vec<_>>(),
            "additionalProperties": false,
        },
        "sha256": digest_of_all(),
    }) else {
        unreachable!("it is an object")
    };
    object("trailer", "that all of them are there", properties, &["kinds", "sha256"])
}

fn digest_of_all() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9a-f]{64}$",
        "description": "The SHA-256 of all octets before this line.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schema_is_that_of_the_code() {
        let committed = include_str!("../../../../docs/export.schema.json");
        let current = serde_json::to_string_pretty(&schema()).unwrap();
        assert!(committed.trim_end() == current, "run: cargo run -- export --schema > docs/export.schema.json");
    }
}
