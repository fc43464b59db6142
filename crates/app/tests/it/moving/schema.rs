//! As much of JSON Schema as docs/export.schema.json has; a word that is not known here fails.

use serde_json::Value;

/// Why the value is not of this schema; nothing if it is.
pub(super) fn complaints(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$schema" | "title" | "description" => {}
            "oneOf" => {
                let fitting = rule.as_array().unwrap().iter().filter(|each| complaints(each, value).is_empty());
                if fitting.count() != 1 {
                    let record = &value["record"];
                    let meant = rule
                        .as_array()
                        .unwrap()
                        .iter()
                        .find(|each| each.pointer("/properties/record/const").is_some_and(|meant| meant == record));
                    found.extend(meant.map_or(vec![format!("what is {record}?")], |meant| complaints(meant, value)));
                }
            }
            "const" => found.extend((rule != value).then(|| format!("{value} is not {rule}"))),
            "type" => found.extend((!is_of_type(rule, value)).then(|| format!("{value} is no {rule}"))),
            "required" => {
                let missing =
                    rule.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                found.extend(missing.map(|name| format!("{name} is missing")));
            }
            "properties" => {
                let members = value.as_object().into_iter().flatten();
                let known = members.filter_map(|(name, member)| Some((rule.get(name)?, member)));
                found.extend(known.flat_map(|(rule, member)| complaints(rule, member)));
            }
            "additionalProperties" => {
                let members = value.as_object().into_iter().flatten();
                let unknown = members.filter(|(name, _)| schema["properties"].get(name).is_none());
                found.extend(unknown.map(|(name, _)| format!("nobody knows {name}")));
            }
            "pattern" | "format" => {
                let fits = value.as_str().is_none_or(|text| has_form(rule.as_str().unwrap(), text));
                found.extend((!fits).then(|| format!("{value} is not like {rule}")));
            }
            "minimum" => found.extend((value.as_i64() < rule.as_i64()).then(|| format!("{value} is too small"))),
            other => panic!("this test does not know {other}"),
        }
    }
    found
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    match rule.as_str() {
        Some("object") => value.is_object(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64(),
        Some("null") => value.is_null(),
        Some(other) => panic!("this test does not know {other}"),
        None => rule.as_array().unwrap().iter().any(|rule| is_of_type(rule, value)),
    }
}

fn has_form(form: &str, text: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
    match form {
        "uuid" => text.len() == 36 && is_hex(&text.replace('-', "")),
        "date-time" => text.contains('T') && text.ends_with('Z'),
        r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$" => {
            let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
            shape == "0000-00-00T00:00:00.000Z"
        }
        "^([0-9a-f]{2})*$" => text.len().is_multiple_of(2) && is_hex(text),
        "^[0-9a-f]{64}$" => text.len() == 64 && is_hex(text),
        other => panic!("this test does not know the form {other}"),
    }
}
