use std::collections::BTreeSet;
use std::path::Path;

use crate::documents::{documents, root};

/// The text without what stands in code, where brackets mean something else.
fn prose(text: &str) -> String {
    let blocks = text.split("```").step_by(2).collect::<String>();
    blocks.split('`').step_by(2).collect()
}

/// The targets of `[text](target)`.
fn targets(text: &str) -> Vec<String> {
    prose(text).split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors that headings of a document get: lower case, spaces as dashes, punctuation dropped.
fn anchors(text: &str) -> BTreeSet<String> {
    let outside_blocks: String = text.split("```").step_by(2).collect();
    let headings = outside_blocks.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    headings
        .map(|heading| {
            let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().to_lowercase().replace(' ', "-")
        })
        .collect()
}

fn broken(folder: &Path, text: &str) -> Vec<String> {
    let leads_nowhere = |target: &String| {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = folder.join(file);
        let text =
            || if file.is_empty() { text.to_owned() } else { std::fs::read_to_string(&path).unwrap_or_default() };
        !path.exists() || !anchor.is_empty() && !anchors(&text()).contains(anchor)
    };
    targets(text).into_iter().filter(|target| !target.contains("://")).filter(leads_nowhere).collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    for (file, text) in documents() {
        let broken = broken(file.parent().unwrap(), &text);
        assert!(broken.is_empty(), "{}: {broken:?}", file.strip_prefix(root()).unwrap().display());
    }
}

#[test]
fn the_readme_leads_to_every_document() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let targets = targets(&readme);
    for entry in std::fs::read_dir(root().join("docs")).unwrap() {
        let path = entry.unwrap().path();
        let target = path.strip_prefix(root()).unwrap().to_str().unwrap();
        let is_document = path.is_dir() || path.extension().is_some_and(|extension| extension == "md");
        // What runs the service is found from docs/operations.md.
        let is_told_elsewhere = target == "docs/operations";
        assert!(!is_document || is_told_elsewhere || targets.iter().any(|named| named == target), "{target}");
    }
}

#[test]
fn a_broken_link_would_be_found() {
    let text = "# Some `code`, here\n[a](#some-code-here) [b](#elsewhere) [c](README.md#licence) [d](README.md#no) \
                [e](nowhere.md) [f](https://example.org/) `[g](no-link)`\n```\n[h](no-link)\n```\n";
    assert_eq!(broken(&root(), text), ["#elsewhere", "README.md#no", "nowhere.md"]);
}
