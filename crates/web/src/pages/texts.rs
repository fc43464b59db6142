//! The texts of the pages, all in one catalogue.

use std::sync::LazyLock;

use minijinja::Value;

static TEXTS: LazyLock<Result<Value, String>> = LazyLock::new(|| {
    let texts: serde_json::Value =
        serde_json::from_str(include_str!("texts.json")).map_err(|error| error.to_string())?;
    Ok(Value::from_serialize(texts))
});

/// The catalogue, for templates.
pub(crate) fn texts() -> Result<Value, String> {
    TEXTS.clone()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use countersign_domain::audit::AuditKind;
    use serde_json::Value as Json;

    /// Every place in the catalogue: `account.title`.
    fn places(value: &Json, path: &str, found: &mut BTreeSet<String>) {
        match value.as_object() {
            Some(members) => members.iter().for_each(|(name, value)| {
                places(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
            }),
            None => drop(found.insert(path.to_owned())),
        }
    }

    fn sources() -> String {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
        let mut folders = vec![folder];
        let mut text = String::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.ends_with("texts.rs") {
                    // Names places only in order to look for them.
                } else if entry.extension().is_some_and(|extension| extension == "rs" || extension == "html") {
                    text += &fs::read_to_string(entry).unwrap();
                }
            }
        }
        text
    }

    #[test]
    fn every_text_that_a_page_names_is_there_and_every_text_is_used() {
        let catalogue: Json = serde_json::from_str(include_str!("texts.json")).unwrap();
        let mut known = BTreeSet::new();
        places(&catalogue, "", &mut known);
        let sources = sources();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        for (at, _) in sources.match_indices("t.") {
            let before = sources[..at].chars().next_back().unwrap();
            let named: String = sources[at + 2..].chars().take_while(|c| is_name(*c)).collect();
            // `{{ t.a.b }}`, `in t.a.b`, `or t.a.b`, `(t.a.b`; not the end of another word.
            if before == ' ' && named.contains('.') {
                assert!(
                    known.contains(named.trim_end_matches('.')) || named == "frame.links",
                    "t.{named} is not in the catalogue"
                );
            }
        }
        for kind in AuditKind::ALL {
            assert!(known.contains(&format!("events.{}", kind.as_str())), "{kind:?} has no text");
        }
        for place in &known {
            let (section, name) = place.split_once('.').unwrap_or(("", place));
            let (page, leaf) = name.split_once('.').unwrap_or(("", name));
            let used = match section {
                "pages" => {
                    sources.contains(&format!("\"{page}\""))
                        && (["title", "intro", "button", "links", "destroys"].contains(&leaf)
                            || sources.contains(&format!("\"{leaf}\"")))
                }
                "done" | "fields" => sources.contains(&format!("\"{}\"", if page.is_empty() { leaf } else { page })),
                "events" => AuditKind::parse(name).is_some(),
                "problems" => name == "other" || crate::problem::catalogue::find(name).is_some(),
                _ => sources.contains(&format!("t.{place}")),
            };
            assert!(used, "{place} is used nowhere");
        }
    }
}
