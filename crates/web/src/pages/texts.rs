//! The texts of the pages, all in one catalogue.

use countersign_domain::password::NewPassword;
use serde_json::{Map, Value as Json};

use crate::pages::look::error::LookError;
use crate::pages::look::folder::TEXTS;
use crate::pages::wording;

/// Stands in texts for the fewest characters of a password.
const LEAST: &str = "{least}";

/// The catalogue, with an adopter's words in place of ours, as far as they fit.
pub(crate) fn texts(of_adopter: Option<&str>, faults: &mut Vec<LookError>) -> Json {
    let mut texts = read(include_str!("texts.json"), faults);
    if let Some(source) = of_adopter {
        let mut misfits = Vec::new();
        replace(&mut texts, read(source, faults), &mut vec![], &mut misfits);
        faults.extend(misfits.into_iter().map(|Misfit { place, what }| LookError::Wrong {
            file: TEXTS.to_owned(),
            line: line_of(source, &place),
            what: format!("{} {what}", place.join(".")),
        }));
    }
    fill_in(&mut texts, &NewPassword::MIN.to_string());
    texts
}

/// A place in an adopter's catalogue, and what is wrong there.
struct Misfit {
    place: Vec<String>,
    what: &'static str,
}

fn read(source: &str, faults: &mut Vec<LookError>) -> Json {
    serde_json::from_str(source).unwrap_or_else(|error| {
        let what = error.to_string();
        faults.push(LookError::Wrong { file: TEXTS.to_owned(), line: error.line(), what });
        Json::Object(Map::new())
    })
}

/// What a text says of the rules is what the rules say.
fn fill_in(texts: &mut Json, least: &str) {
    match texts {
        Json::Object(members) => members.values_mut().for_each(|member| fill_in(member, least)),
        Json::Array(entries) => entries.iter_mut().for_each(|entry| fill_in(entry, least)),
        Json::String(text) if text.contains(LEAST) => *text = text.replace(LEAST, least),
        _ => {}
    }
}

/// Puts texts in the place of those that are there already, each of its kind.
fn replace(ours: &mut Json, theirs: Json, place: &mut Vec<String>, misfits: &mut Vec<Misfit>) {
    let mut misfit = |place: &[String], what| misfits.push(Misfit { place: place.to_vec(), what });
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            for (name, theirs) in theirs {
                place.push(name);
                match place.last().and_then(|name| ours.get_mut(name)) {
                    Some(ours) => replace(ours, theirs, place, misfits),
                    None if theirs.is_string() && wording::is_of_the_service(place) => {
                        ours.extend(place.last().map(|name| (name.clone(), theirs)));
                    }
                    None => misfits.push(Misfit { place: place.clone(), what: "is no text of the pages" }),
                }
                place.pop();
            }
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            if theirs.iter().all(|theirs| ours.iter().any(|ours| is_alike(ours, theirs))) {
                *ours = theirs;
            } else {
                misfit(place, "has an entry that is not like those of the original");
            }
        }
        (Json::String(ours), Json::String(theirs)) => *ours = theirs,
        (Json::Bool(ours), Json::Bool(theirs)) => *ours = theirs,
        _ => misfit(place, "is of another kind than the original"),
    }
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
    use crate::pages::look::templates::TEMPLATES;

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
                "waits" | "field_errors" => sources.contains(&format!("\"{name}\"")),
                "events" => AuditKind::parse(name).is_some(),
                "problems" | "problem_details" => name == "other" || crate::problem::catalogue::find(name).is_some(),
                _ => sources.contains(&format!("t.{place}")),
            };
            assert!(used, "{place} is used nowhere");
        }
    }

    /// With these words of an adopter.
    fn with(words: &str) -> (Json, Vec<String>) {
        let mut faults = vec![];
        let texts = texts(Some(words), &mut faults);
        (texts, faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn an_adopters_words_take_the_place_of_ours_one_by_one() {
        let (texts, faults) = with(r#"{"account": {"title": "Profile"}, "console": {"what_goes": ["all of it"]}}"#);
        assert_eq!((&texts["account"]["title"], faults.len()), (&Json::from("Profile"), 0));
        assert_eq!(texts["account"]["name"], "Name");
        assert_eq!(texts["console"]["what_goes"], serde_json::json!(["all of it"]));
    }

    #[test]
    fn what_texts_say_of_a_password_is_its_rule() {
        let (texts, _) = with(r#"{"fields": {"chosen_password": {"hint": "{least} or more"}}}"#);
        assert_eq!(texts["fields"]["chosen_password"]["hint"], format!("{} or more", NewPassword::MIN));
        assert_eq!(texts["fields"]["new_password"]["hint"], format!("At least {} characters.", NewPassword::MIN));
    }

    #[test]
    fn texts_that_no_page_has_are_told_with_their_lines_all_at_once() {
        for (source, expected) in [
            (
                "{\n \"account\": {\n  \"titel\": \"x\",\n  \"nmae\": \"y\"}}",
                &[
                    "texts.json, line 4: account.nmae is no text of the pages",
                    "texts.json, line 3: account.titel is no text of the pages",
                ][..],
            ),
            ("{\"account\": \"x\"}", &["texts.json, line 1: account is of another kind than the original"]),
            (
                "{\"front\": {\"title\":\n {}}}",
                &["texts.json, line 1: front.title is of another kind than the original"],
            ),
            (
                "{\"frame\": {\"links\": [{\"to\": \"x\"}]}}",
                &["texts.json, line 1: frame.links has an entry that is not like those of the original"],
            ),
        ] {
            assert_eq!(with(source).1, expected);
        }
        let broken = with("{\n\"account\": }").1;
        assert!(broken.len() == 1 && broken[0].starts_with("texts.json, line 2: expected value"), "{broken:?}");
    }

    /// Words of people: two in a row.
    fn is_english(text: &str) -> bool {
        let words: Vec<_> = text.split(' ').collect();
        let is_word = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase());
        words
            .windows(2)
            .any(|pair| pair[0].chars().all(|c| c.is_ascii_alphabetic()) && pair[0].len() > 1 && is_word(pair[1]))
    }

    /// What stands in quotes in code.
    fn quoted(line: &str) -> impl Iterator<Item = &str> {
        line.split('"').skip(1).step_by(2)
    }

    #[test]
    fn no_template_and_no_handler_says_anything_in_words_of_its_own() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
        for (name, source) in TEMPLATES {
            let source = source.replace("{%- block width %}wide{% endblock %}", "");
            let source = source.replace("{% block width %}narrow{% endblock %}", "");
            let mut shown = String::new();
            let mut rest = source.as_str();
            // Code is left out, with the tags of the language: what is left is what is shown.
            while let Some(at) = rest.find('{') {
                shown += &rest[..at];
                let closes = match &rest[at..at + 2] {
                    "{{" => "}}",
                    "{%" => "%}",
                    "{#" => "#}",
                    _ => "{",
                };
                let end = rest[at..].find(closes).unwrap() + closes.len();
                let code = &rest[at..at + end];
                assert!(closes == "#}" || !quoted(code).any(is_english), "{name}: {code}");
                rest = &rest[at + end..];
            }
            shown += rest;
            for attribute in ["aria-label=\"", "title=\"", "alt=\"", "placeholder=\""] {
                for said in shown.split(attribute).skip(1) {
                    let said = said.split('"').next().unwrap();
                    assert!(!said.contains(char::is_alphabetic), "{name}: {attribute}{said}");
                }
            }
            let words = shown.split('<').map(|part| part.split_once('>').map_or(part, |(_tag, text)| text));
            for words in words {
                assert!(!words.contains(char::is_alphabetic), "{name}: {words}");
            }
        }
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                // What is wrong with the files of an operator is told to that one, not on pages.
                let of_operator = ["look", "look.rs", "texts.rs"].iter().any(|name| path.ends_with(name));
                if path.is_dir() && !of_operator {
                    folders.push(path);
                } else if !of_operator && path.extension().is_some_and(|extension| extension == "rs") {
                    let source = fs::read_to_string(&path).unwrap();
                    let is_test =
                        path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests");
                    let code = source.split("#[cfg(test)]").next().unwrap();
                    for line in code.lines().filter(|line| !is_test && !line.trim_start().starts_with("//")) {
                        // Faults and lints are for whoever runs or writes it.
                        let is_told = !["Problem::internal", "tracing::", "reason = "]
                            .iter()
                            .any(|for_log| line.contains(for_log));
                        let is_policy = line.contains("default-src");
                        // An adopter may have words for it.
                        assert!(
                            path.ends_with("frame.rs") || !line.contains("error.message"),
                            "{}: {line}",
                            path.display()
                        );
                        assert!(is_policy || !is_told || !quoted(line).any(is_english), "{}: {line}", path.display());
                    }
                }
            }
        }
    }
}
