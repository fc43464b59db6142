//! JSON held against a schema of the OpenAPI document: as much of JSON Schema as that document uses.

use std::collections::BTreeMap;

use serde_json::Value;

/// A schema and the document that its references lead into.
#[derive(Clone, Copy)]
pub(crate) struct Schema<'a> {
    document: &'a Value,
    schema: &'a Value,
}

/// Every property that an object may have, and whether it has to.
type Properties<'a> = BTreeMap<&'a str, (&'a Value, bool)>;

impl<'a> Schema<'a> {
    /// A schema of this document.
    pub(crate) fn of(document: &'a Value, schema: &'a Value) -> Self {
        Self { document, schema }.resolved()
    }

    fn resolved(self) -> Self {
        match self.schema["$ref"].as_str() {
            Some(reference) => {
                let schema = self.document.pointer(reference.trim_start_matches('#'));
                Self { schema: schema.unwrap_or_else(|| panic!("{reference} leads nowhere")), ..self }
            }
            None => self,
        }
    }

    fn with(self, schema: &'a Value) -> Self {
        Self::of(self.document, schema)
    }

    /// What is wrong with the value, first of all: a field that no schema names is.
    pub(crate) fn check(self, value: &Value, at: &str) -> Result<(), String> {
        if let Some(ways) = self.schema["oneOf"].as_array() {
            let fitting = ways.iter().filter(|way| self.with(way).check(value, at).is_ok()).count();
            return if fitting == 1 { Ok(()) } else { Err(format!("{at} fits {fitting} of its schemas: {value}")) };
        }
        self.check_type(value, at)?;
        match value {
            Value::Object(members) => self.check_members(members, at),
            Value::Array(items) => {
                let schema = self.with(&self.schema["items"]);
                items.iter().enumerate().try_for_each(|(n, item)| schema.check(item, &format!("{at}/{n}")))
            }
            Value::String(text) if !fits(self.schema["format"].as_str().unwrap_or_default(), text) => {
                Err(format!("{at} is no {}: {text}", self.schema["format"]))
            }
            _ => Ok(()),
        }
    }

    fn check_type(self, value: &Value, at: &str) -> Result<(), String> {
        let types = match &self.schema["type"] {
            Value::Array(types) => types.iter().collect(),
            Value::Null if self.schema["allOf"].is_array() => return Ok(()),
            one => vec![one],
        };
        if !types.iter().any(|name| is_of_type(value, name.as_str().unwrap_or_default())) {
            return Err(format!("{at} is not of type {}: {value}", self.schema["type"]));
        }
        match self.schema["enum"].as_array() {
            Some(values) if !values.contains(value) => Err(format!("{at} is none of {values:?}: {value}")),
            _ => Ok(()),
        }
    }

    fn check_members(self, members: &serde_json::Map<String, Value>, at: &str) -> Result<(), String> {
        let mut properties = Properties::new();
        self.collect(&mut properties);
        // Written down as an object and nothing more: a format of somebody else, such as a key set.
        if properties.is_empty() {
            return Ok(());
        }
        if let Some(unknown) = members.keys().find(|name| !properties.contains_key(name.as_str())) {
            return Err(format!("{at}/{unknown} is in no schema"));
        }
        for (name, (schema, required)) in properties {
            match members.get(name) {
                Some(member) => self.with(schema).check(member, &format!("{at}/{name}"))?,
                None if required => return Err(format!("{at}/{name} is missing")),
                None => {}
            }
        }
        Ok(())
    }

    fn collect(self, properties: &mut Properties<'a>) {
        for part in self.schema["allOf"].as_array().into_iter().flatten() {
            self.with(part).collect(properties);
        }
        let required = self.schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (name, schema) in self.schema["properties"].as_object().into_iter().flatten() {
            let is_required = required.iter().any(|required| required == name);
            properties.insert(name, (schema, is_required));
        }
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => panic!("a type that this checker does not know: {name}"),
    }
}

/// Narrower here than elsewhere: `uuid` is of version 7 (RFC 9562), `date-time` UTC with milliseconds.
fn fits(format: &str, text: &str) -> bool {
    match format {
        "uuid" => has_shape(text, "xxxxxxxx-xxxx-7xxx-vxxx-xxxxxxxxxxxx"),
        "date-time" => has_shape(text, "9999-99-99T99:99:99.999Z"),
        "email" => text.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')),
        _ => true,
    }
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(octet, expected)| match expected {
            b'x' => octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet),
            b'9' => octet.is_ascii_digit(),
            b'v' => b"89ab".contains(&octet),
            other => octet == other,
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn complaint(value: &Value) -> String {
        let document = json!({"components": {"schemas": {
            "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "format": "uuid"}}},
            "Whole": {"allOf": [{"$ref": "#/components/schemas/Base"}, {
                "type": "object", "required": ["role", "at", "gone"], "properties": {
                    "role": {"type": "string", "enum": ["admin", "member"]},
                    "at": {"type": "string", "format": "date-time"},
                    "gone": {"type": ["string", "null"], "format": "date-time"},
                    "base": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Base"}]},
                    "counts": {"type": "array", "items": {"type": "integer"}},
                },
            }]},
        }}});
        let schema = json!({"$ref": "#/components/schemas/Whole"});
        Schema::of(&document, &schema).check(value, "").err().unwrap_or_default()
    }

    #[test]
    fn what_a_schema_does_not_say_is_found() {
        let id = "0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a";
        let at = "2026-01-02T03:04:05.678Z";
        let good = json!({"id": id, "role": "admin", "at": at, "gone": null, "base": {"id": id}, "counts": [1, 2]});
        assert_eq!(complaint(&good), "");
        for (field, value, expected) in [
            ("extra", json!(1), "/extra is in no schema"),
            ("id", json!("7"), "/id is no \"uuid\""),
            ("id", json!("0190a5d0-7c1e-4e7a-9a53-1f2e3d4c5b6a"), "/id is no \"uuid\""),
            ("id", json!("0190a5d0-7c1e-7e7a-ca53-1f2e3d4c5b6a"), "/id is no \"uuid\""),
            ("role", json!("owner"), "/role is none of"),
            ("role", json!(null), "/role is not of type"),
            ("at", json!("2026-01-02T03:04:05Z"), "/at is no \"date-time\""),
            ("gone", json!(false), "/gone is not of type"),
            ("base", json!({"id": id, "hash": ""}), "/base fits 0"),
            ("counts", json!([1, 2.5]), "/counts/1 is not of type"),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert!(complaint(&bad).starts_with(expected), "{field}: {}", complaint(&bad));
        }
        for required in ["id", "role", "at", "gone"] {
            let mut bad = good.clone();
            bad.as_object_mut().unwrap().remove(required);
            assert_eq!(complaint(&bad), format!("/{required} is missing"));
        }
    }
}
