//! Which Redis it is.

use deadpool_redis::redis::Value;

/// What `INFO server` says of the version: text, or of a cluster a text by node.
pub(crate) fn of(answer: &Value) -> Option<String> {
    match answer {
        Value::BulkString(text) => in_text(std::str::from_utf8(text).ok()?),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => in_text(text),
        Value::Map(nodes) => nodes.iter().find_map(|(_, answer)| of(answer)),
        _ => None,
    }
}

fn in_text(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix("redis_version:")).map(|version| version.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_and_a_cluster_tell_it_and_nothing_else_does() {
        let text = Value::BulkString(b"# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n".to_vec());
        assert_eq!(of(&text).as_deref(), Some("7.0.15"));
        let nodes = Value::Map(vec![(Value::SimpleString("10.0.0.1:6379".into()), text)]);
        assert_eq!(of(&nodes).as_deref(), Some("7.0.15"));
        assert_eq!(of(&Value::SimpleString("PONG".into())), None);
        assert_eq!(of(&Value::Nil), None);
    }
}
