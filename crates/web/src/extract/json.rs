//! A JSON object as it was sent: serde's own maps would let the last of two equal keys win, and which one counts
//! must never depend on who reads (ASVS 1.5.3).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// A JSON value. Numbers and the insides of lists are of no interest to any call, so only their kind is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number,
    String(String),
    List,
    Object(Vec<(String, Self)>),
}

/// Why a body is not an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MalformedJson {
    /// Not JSON, nested too deeply, or a key twice.
    Syntax { line: usize, column: usize },
    /// JSON, but no object.
    NotAnObject,
}

/// Reads one object; serde_json bounds the depth at 128.
pub(crate) fn parse_object(octets: &[u8]) -> Result<Vec<(String, Json)>, MalformedJson> {
    match serde_json::from_slice(octets) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_other) => Err(MalformedJson::NotAnObject),
        Err(error) => Err(MalformedJson::Syntax { line: error.line(), column: error.column() }),
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        while items.next_element::<Json>()?.is_some() {}
        Ok(Json::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry::<String, Json>()? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("a key twice"));
            }
            members.push((key, value));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_twice_is_refused_at_any_depth() {
        for bad in [r#"{"a":1,"a":2}"#, r#"{"x":{"a":1,"a":1}}"#, r#"{"x":[{"a":1,"a":1}]}"#, r#"{"a":1,"\u0061":2}"#] {
            assert!(matches!(parse_object(bad.as_bytes()), Err(MalformedJson::Syntax { .. })), "{bad}");
        }
        assert!(parse_object(br#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn only_one_whole_object_is_a_body() {
        for bad in
            ["", "{", "{}x", "{}{}", "{'a':1}", "{\"a\":}", "{\"a\":1,}", "nul", "{\"a\":1e999}", "{\"a\":\"\u{1}\"}"]
        {
            assert!(matches!(parse_object(bad.as_bytes()), Err(MalformedJson::Syntax { .. })), "{bad}");
        }
        assert!(matches!(parse_object(b"{\"a\":\"\xff\"}"), Err(MalformedJson::Syntax { .. })));
        for other in ["[]", "null", "1", "\"x\"", "true"] {
            assert_eq!(parse_object(other.as_bytes()), Err(MalformedJson::NotAnObject), "{other}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(parse_object(deep.as_bytes()).is_err());
    }
}
