//! What rules and dashboard look for in labels is what the service says there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FILES: [(&str, &str); 3] = [
    ("alerts.yml", include_str!("../../../../../docs/operations/alerts.yml")),
    ("alerts.test.yml", include_str!("../../../../../docs/operations/alerts.test.yml")),
    ("dashboard.json", include_str!("../../../../../docs/operations/dashboard.json")),
];
/// Labels whose values are words of the service, and where it has them.
const WORDS: [&str; 6] = ["outcome", "reason", "limit", "state", "cache", "event"];
const SPOKEN_IN: [&str; 4] = ["app/src/metrics", "application/src", "infrastructure/src", "web/src/middleware"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
}

/// All text between quotes.
fn literals(folders: &[&str]) -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in folders {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder), &mut files);
    }
    files.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metrics.rs"));
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts.flat_map(|text| text.split('"').map(ToOwned::to_owned).collect::<Vec<_>>()).collect()
}

/// Every value that a file looks for in this label, each of those that an expression has.
fn looked_for(text: &str, label: &str) -> BTreeSet<String> {
    let text = text.replace("\\\"", "\"");
    let mut values = BTreeSet::new();
    for operator in ["=\"", "!=\"", "=~\"", "!~\""] {
        let start = format!("{label}{operator}");
        for (at, _) in text.match_indices(&start) {
            let is_whole = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let (value, _) = text[at + start.len()..].split_once('"').unwrap();
            if is_whole {
                values.extend(alternatives(value));
            }
        }
    }
    values
}

/// `/a/(b|c)|/d` is `/a/b`, `/a/c` and `/d`.
fn alternatives(expression: &str) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), expression);
    while !rest.is_empty() {
        let end = rest.find('|').unwrap_or(rest.len());
        if let Some(open) = rest.find('(').filter(|open| *open < end) {
            let close = rest.find(')').unwrap();
            found.extend(rest[open + 1..close].split('|').map(|inner| format!("{}{inner}", &rest[..open])));
            rest = &rest[close + 1..];
        } else {
            found.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        rest = rest.strip_prefix('|').unwrap_or(rest);
    }
    found
}

#[test]
fn rules_and_dashboard_look_for_words_that_the_service_says() {
    let said = literals(&SPOKEN_IN);
    let mut count = 0;
    for (file, text) in FILES {
        for label in WORDS {
            for value in looked_for(text, label) {
                assert!(said.contains(&value), "{file} looks for {label}=\"{value}\", which nobody says");
                count += 1;
            }
        }
    }
    assert!(count >= 15, "{count} values alone");
}

#[test]
fn rules_and_dashboard_look_for_routes_that_there_are() {
    let patterns = literals(&["web/src"]);
    let routes: Vec<_> = FILES.into_iter().flat_map(|(_, text)| looked_for(text, "route")).collect();
    assert!(routes.len() >= 14, "{routes:?}");
    for route in routes {
        assert!(patterns.contains(&route), "{route} is no route");
    }
}

#[test]
fn alternatives_are_told_apart() {
    assert_eq!(alternatives("/a/(b|c)|/d|e"), ["/a/b", "/a/c", "/d", "e"]);
}
