//! Reads the names of a JSON object's members, and refuses those that come twice: two readers of such an object may
//! see two different things (RFC 8725, ASVS 1.5.3).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// More members than a token of ours ever has.
const MOST: usize = 32;

/// The names of the members; to parse one is to know that each comes once.
pub(crate) struct UniqueKeys(Vec<String>);

impl UniqueKeys {
    /// `None` unless the octets are one JSON object whose members all differ.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|key| key == name)
    }
}

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = UniqueKeys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<UniqueKeys, A::Error> {
                let mut names = UniqueKeys(Vec::new());
                while let Some((name, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    if names.contains(&name) || names.0.len() == MOST {
                        return Err(A::Error::custom("a member comes twice, or there are too many"));
                    }
                    names.0.push(name);
                }
                Ok(names)
            }
        }
        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_come_twice_are_refused_however_they_are_written() {
        assert!(UniqueKeys::parse(br#"{"sub":1,"iss":2}"#).unwrap().contains("iss"));
        assert!(UniqueKeys::parse(br#"{"sub":1,"sub":1}"#).is_none());
        assert!(UniqueKeys::parse(br#"{"sub":1,"s\u0075b":1}"#).is_none());
    }

    #[test]
    fn only_one_object_of_sane_size_is_read() {
        for json in ["", "[]", "null", "{}{}", "{", "{\"a\":}", "\u{feff}{}"] {
            assert!(UniqueKeys::parse(json.as_bytes()).is_none(), "{json}");
        }
        let many = |n: usize| format!("{{{}}}", (0..n).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(","));
        assert!(UniqueKeys::parse(many(MOST).as_bytes()).is_some());
        assert!(UniqueKeys::parse(many(MOST + 1).as_bytes()).is_none());
        let deep = format!("{{\"a\":{}}}", "[".repeat(10_000));
        assert!(UniqueKeys::parse(deep.as_bytes()).is_none());
    }
}
