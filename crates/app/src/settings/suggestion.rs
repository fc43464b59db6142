//! «Did you mean …»

/// The name most like `unknown`, if one is alike at all.
pub(crate) fn nearest(unknown: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|name| (strsim::normalized_damerau_levenshtein(unknown, &name), name))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The sentence for people.
pub(crate) fn did_you_mean(unknown: &str, known: impl Iterator<Item = String>) -> String {
    match nearest(unknown, known) {
        Some(name) => format!("there is no such setting; did you mean {name}?"),
        None => "there is no such setting; `countersign config show` lists them all".to_owned(),
    }
}
