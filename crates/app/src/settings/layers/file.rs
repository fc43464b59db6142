//! The settings file: TOML with a table for each section.

use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use crate::settings::catalogue::{self, catalogue};
use crate::settings::problem::Problem;
use crate::settings::suggestion;

/// Every setting of the file as text.
pub(crate) fn read(path: &Path, problems: &mut Vec<Problem>) -> Vec<(&'static str, String)> {
    let table = std::fs::read_to_string(path)
        .map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                "there is no such file; name one that is there with --config, or leave it out".to_owned()
            }
            _ => format!("cannot be read: {error}; see that it is a file, in UTF-8, that this user may read"),
        })
        .and_then(|text| text.parse::<Table>().map_err(|error| describe(&error, &text)));
    match table {
        Ok(table) => Flattening { path, problems, found: Vec::new() }.run(&table),
        Err(what) => {
            problems.push(Problem { at: path.display().to_string(), what });
            Vec::new()
        }
    }
}

/// The message and the line; not the text of the line, for it may hold a secret.
fn describe(error: &toml::de::Error, text: &str) -> String {
    let line =
        error.span().map_or(1, |span| text.as_bytes()[..span.start.min(text.len())].split(|b| *b == b'\n').count());
    format!("line {line} is not valid TOML: {}; docs/countersign.example.toml has every setting", error.message())
}

struct Flattening<'a> {
    path: &'a Path,
    problems: &'a mut Vec<Problem>,
    found: Vec<(&'static str, String)>,
}

impl Flattening<'_> {
    fn run(mut self, table: &Table) -> Vec<(&'static str, String)> {
        self.descend("", table);
        self.found
    }

    fn descend(&mut self, prefix: &str, table: &Table) {
        for (name, value) in table {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match (catalogue::find(&key), value) {
                (Some(setting), value) => match as_text(value) {
                    Some(text) => self.found.push((setting.key, text)),
                    None => self.report(&key, "takes a text, a number, true or false, or a list of texts".to_owned()),
                },
                (None, Value::Table(inner)) if is_section(&key) => self.descend(&key, inner),
                (None, Value::Table(_)) => self.report(&key, suggestion::did_you_mean_section(&key, sections())),
                (None, _) => {
                    let what = suggestion::did_you_mean(&key, catalogue().map(|setting| setting.key.to_owned()));
                    self.report(&key, what);
                }
            }
        }
    }

    fn report(&mut self, key: &str, what: String) {
        self.problems.push(Problem { at: format!("{key} (file {})", self.path.display()), what });
    }
}

fn is_section(key: &str) -> bool {
    catalogue().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn sections() -> impl Iterator<Item = String> {
    catalogue().filter_map(|setting| setting.key.rsplit_once('.').map(|(section, _)| section.to_owned()))
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}
