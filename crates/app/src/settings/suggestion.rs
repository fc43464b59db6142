//! «Did you mean …»

/// The name most like `unknown`, if one is alike at all: one that ends in the same word before all others, for the
/// section is what is forgotten most.
pub(crate) fn nearest(unknown: &str, known: impl Iterator<Item = String>) -> Option<String> {
    known
        .map(|name| (last_word(&name) == last_word(unknown), likeness(unknown, &name), name))
        .filter(|(ends_alike, likeness, _)| *ends_alike || *likeness > 0.6)
        .max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(_, _, name)| name)
}

/// The sentence for people.
pub(crate) fn did_you_mean(unknown: &str, known: impl Iterator<Item = String>) -> String {
    match nearest(unknown, known) {
        Some(name) => format!("there is no such setting; did you mean {name}?"),
        None => "there is no such setting; `countersign config show` lists them all".to_owned(),
    }
}

/// The same of a section of the file.
pub(crate) fn did_you_mean_section(unknown: &str, known: impl Iterator<Item = String>) -> String {
    match known
        .map(|name| (likeness(unknown, &name), name))
        .filter(|(likeness, _)| *likeness > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
    {
        Some((_, name)) => format!("there is no such section; did you mean [{name}]?"),
        None => "there is no such section; docs/countersign.example.toml has every one".to_owned(),
    }
}

/// 1 for the same, 0 for nothing in common.
fn likeness(unknown: &str, name: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(unknown, name)
}

/// Behind the section, in the file or in a variable.
fn last_word(name: &str) -> &str {
    let name = name.rsplit_once('.').map_or(name, |(_, word)| word);
    name.rsplit_once("__").map_or(name, |(_, word)| word)
}
