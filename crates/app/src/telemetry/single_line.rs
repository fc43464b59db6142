//! One event, one line, one write: whatever a value holds, it cannot start a line of its own or command a terminal (ASVS 16.4.1).

use std::fmt::Write as _;
use std::io::{self, Stderr, Write, stderr};

/// Escapes what could be taken for the end of a line. Each write is one event, as the subscriber makes them.
pub(crate) struct SingleLine {
    out: Stderr,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Colours are ours, those in values are escaped by the subscriber already.
    Text,
    /// Control characters below U+0020 are escaped by the serializer already.
    Json,
}

impl SingleLine {
    /// For people.
    pub(crate) fn text() -> Self {
        Self { out: stderr(), form: Form::Text }
    }

    /// For machines.
    pub(crate) fn json() -> Self {
        Self { out: stderr(), form: Form::Json }
    }
}

impl Write for SingleLine {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if is_plain_line(event) {
            self.out.lock().write_all(event)?;
        } else {
            let text = String::from_utf8_lossy(event);
            let mut line = escape(text.strip_suffix('\n').unwrap_or(&text), self.form);
            line.push('\n');
            self.out.lock().write_all(line.as_bytes())?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Nothing but printable ASCII before its end, as nearly every line: there is nothing to escape.
fn is_plain_line(event: &[u8]) -> bool {
    event.split_last().is_some_and(|(end, line)| *end == b'\n' && line.iter().all(|octet| matches!(octet, b' '..=b'~')))
}

fn escape(text: &str, form: Form) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        let ours = form == Form::Text && c == '\u{1b}';
        let separator = matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}');
        if (c.is_control() && !ours) || separator {
            // The form that is valid within a JSON string; all of these lie in the first plane.
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_start_a_line_of_its_own() {
        for form in [Form::Text, Form::Json] {
            let line = escape("name=a\r\nb\u{2028}c\u{85}d\u{7f}e\0f", form);
            assert_eq!(line, "name=a\\u000d\\u000ab\\u2028c\\u0085d\\u007fe\\u0000f");
        }
    }

    #[test]
    fn what_was_escaped_is_still_json_and_reads_back() {
        let line = escape("{\"name\":\"a\u{2028}b\u{9b}c\"}", Form::Json);
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["name"], "a\u{2028}b\u{9b}c");
    }

    #[test]
    fn only_what_needs_no_escape_is_plain() {
        assert!(is_plain_line(b"{\"name\":\"~a b\"}\n") && is_plain_line(b"\n"));
        for event in
            [&b"no end"[..], b"", b"a\rb\n", b"a\nb\n", b"a\x7fb\n", b"a\x1b[31m\n", "a\u{85}b\n".as_bytes(), b"\xff\n"]
        {
            assert!(!is_plain_line(event), "{event:?}");
        }
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        assert_eq!(escape("Zoë said «hello»", Form::Json), "Zoë said «hello»");
    }
}
