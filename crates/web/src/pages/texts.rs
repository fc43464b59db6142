//! The texts of the pages, all in one catalogue.

use serde_json::Value as Json;

use crate::pages::look::error::LookError;
use crate::pages::look::folder::TEXTS;

/// The catalogue, with an adopter's words in place of ours.
pub(crate) fn texts(of_adopter: Option<&str>) -> Result<Json, LookError> {
    let mut texts = read(include_str!("texts.json"))?;
    if let Some(source) = of_adopter {
        replace(&mut texts, read(source)?, &mut vec![]).map_err(|Misfit { place, what }| LookError::Wrong {
            file: TEXTS.to_owned(),
            line: line_of(source, &place),
            what: format!("{} {what}", place.join(".")),
        })?;
    }
    Ok(texts)
}

/// A place in an adopter's catalogue, and what is wrong there.
struct Misfit {
    place: Vec<String>,
    what: &'static str,
}

fn read(source: &str) -> Result<Json, LookError> {
    serde_json::from_str(source).map_err(|error| {
        let what = error.to_string();
        LookError::Wrong { file: TEXTS.to_owned(), line: error.line(), what }
    })
}

/// Puts texts in the place of those that are there already, each of its kind.
fn replace(ours: &mut Json, theirs: Json, place: &mut Vec<String>) -> Result<(), Misfit> {
    let misfit = |place: &[String], what| Err(Misfit { place: place.to_vec(), what });
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            for (name, theirs) in theirs {
                place.push(name);
                match place.last().and_then(|name| ours.get_mut(name)) {
                    Some(ours) => replace(ours, theirs, place)?,
                    None => return misfit(place, "is no text of the pages"),
                }
                place.pop();
            }
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            if !theirs.iter().all(|theirs| ours.iter().any(|ours| is_alike(ours, theirs))) {
                return misfit(place, "has an entry that is not like those of the original");
            }
            *ours = theirs;
        }
        (Json::String(ours), Json::String(theirs)) => *ours = theirs,
        (Json::Bool(ours), Json::Bool(theirs)) => *ours = theirs,
        _ => return misfit(place, "is of another kind than the original"),
    }
    Ok(())
}

/// Whether a template finds the same in it.
fn is_alike(ours: &Json, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(name, ours)| theirs.get(name).is_some_and(|theirs| is_alike(ours, theirs)))
        }
        (Json::String(_), Json::String(_)) | (Json::Bool(_), Json::Bool(_)) => true,
        _ => false,
    }
}

/// The line on which the last name of a place stands, below the names before it.
fn line_of(source: &str, place: &[String]) -> usize {
    let found = place.iter().try_fold(0, |from, name| source[from..].find(&format!("\"{name}\"")).map(|at| from + at));
    source[..found.unwrap_or_default()].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use countersign_domain::audit::AuditKind;

    use super::*;

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
                if entry.ends_with("look") {
                    // Names places that are none, in order to find them.
                } else if entry.is_dir() {
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
                        && (["title", "intro", "button", "links", "again.to", "again.text", "destroys"].contains(&leaf)
                            || sources.contains(&format!("\"{leaf}\"")))
                }
                "done" | "fields" => sources.contains(&format!("\"{}\"", if page.is_empty() { leaf } else { page })),
                "events" => AuditKind::parse(name).is_some(),
                "problems" | "problem_details" => name == "other" || crate::problem::catalogue::find(name).is_some(),
                _ => sources.contains(&format!("t.{place}")),
            };
            assert!(used, "{place} is used nowhere");
        }
    }

    #[test]
    fn an_adopters_words_take_the_place_of_ours_one_by_one() {
        let texts =
            texts(Some(r#"{"account": {"title": "Profile"}, "console": {"what_goes": ["all of it"]}}"#)).unwrap();
        assert_eq!(texts["account"]["title"], "Profile");
        assert_eq!(texts["account"]["name"], "Name");
        assert_eq!(texts["console"]["what_goes"], serde_json::json!(["all of it"]));
    }

    #[test]
    fn a_text_that_no_page_has_is_told_with_its_line() {
        for (source, expected) in [
            ("{\n \"account\": {\n  \"titel\": \"x\"}}", "texts.json, line 3: account.titel is no text of the pages"),
            ("{\"account\": \"x\"}", "texts.json, line 1: account is of another kind than the original"),
            ("{\"front\": {\"title\":\n {}}}", "texts.json, line 1: front.title is of another kind than the original"),
            (
                "{\"frame\": {\"links\": [{\"to\": \"x\"}]}}",
                "texts.json, line 1: frame.links has an entry that is not like those of the original",
            ),
        ] {
            assert_eq!(texts(Some(source)).unwrap_err().to_string(), expected);
        }
        let broken = texts(Some("{\n\"account\": }")).unwrap_err().to_string();
        assert!(broken.starts_with("texts.json, line 2: expected value"), "{broken}");
    }
}
