use std::collections::BTreeSet;

use crate::documents::{documents, root};
use crate::support::run;

/// The name of every setting, as the binary tells it.
pub(in crate::documents) fn known() -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    let shown = String::from_utf8(run(folder.path(), &["config", "show"], &[]).stdout).unwrap();
    let known: BTreeSet<_> = shown.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert!(known.contains("server.listen") && known.len() > 50, "{shown}");
    known
}

/// What stands in backticks and looks like a setting, and every variable, that is none.
pub(in crate::documents) fn unknown(text: &str, known: &BTreeSet<String>) -> Vec<String> {
    let sections: BTreeSet<_> =
        known.iter().filter_map(|key| key.split_once('.')).map(|(section, _)| section).collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut unknown: Vec<String> = text
        .split(|c: char| !is_word(c))
        .filter_map(|word| word.strip_prefix("COUNTERSIGN__"))
        .filter(|rest| !rest.is_empty())
        .filter(|rest| {
            let key = rest.to_lowercase().replace("__", ".");
            !known.contains(&key) && !key.strip_suffix("_file").is_some_and(|secret| known.contains(secret))
        })
        .map(str::to_owned)
        .collect();
    // In a line of prose, every second piece stands between backticks.
    let quoted = text.split("```").step_by(2).flat_map(str::lines).flat_map(|line| line.split('`').skip(1).step_by(2));
    unknown.extend(
        quoted
            .map(|quoted| quoted.split([' ', '=']).next().unwrap_or_default())
            .filter(|name| name.split_once('.').is_some_and(|(section, _)| sections.contains(section)))
            .filter(|name| name.chars().all(|c| is_word(c) || c == '.'))
            // A file of the same name as a section, such as `database.rs`.
            .filter(|name| !matches!(name.rsplit('.').next(), Some("rs" | "css")) && !known.contains(*name))
            .map(str::to_owned),
    );
    unknown
}

#[test]
fn every_setting_that_a_document_names_exists() {
    let known = known();
    for (file, text) in documents() {
        let unknown = unknown(&text, &known);
        assert!(unknown.is_empty(), "{}: {unknown:?}", file.strip_prefix(root()).unwrap().display());
    }
}

#[test]
fn a_setting_that_does_not_exist_would_be_found() {
    let text = "`server.listen` `server.lissten` `server.listen = \"x\"` server.no `server.rs` `other.thing`\n\
                COUNTERSIGN__SECRET_KEY_FILE COUNTERSIGN__DEV=true `COUNTERSIGN__` COUNTERSIGN__LOG__FORMATT";
    assert_eq!(unknown(text, &known()), ["LOG__FORMATT", "server.lissten"]);
}
