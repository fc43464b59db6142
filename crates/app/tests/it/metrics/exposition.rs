//! Prometheus' text form, read strictly.

use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// What was told at one time.
#[derive(Debug)]
pub(crate) struct Exposition {
    text: String,
    types: BTreeMap<String, String>,
    helps: BTreeSet<String>,
    samples: Vec<(String, Labels, String)>,
}

impl Exposition {
    pub(crate) fn parse(text: &str) -> Self {
        let mut told = Self { text: text.to_owned(), types: BTreeMap::new(), helps: BTreeSet::new(), samples: vec![] };
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(told.types.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} stands twice");
            } else if let Some(rest) = line.strip_prefix("# HELP ") {
                told.helps.insert(rest.split_once(' ').unwrap().0.to_owned());
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
                let labels = labels.strip_suffix('}').unwrap();
                told.samples.push((name.to_owned(), parse_labels(labels), value.to_owned()));
            }
        }
        told
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Metrics by name, with their type and the names of their labels.
    pub(crate) fn families(&self) -> BTreeMap<String, (String, BTreeSet<String>)> {
        let labels_of = |family: &str, kind: &str| {
            let samples = self.samples.iter().filter(|(name, ..)| {
                let suffix = name.strip_prefix(family);
                suffix == Some("")
                    || (kind == "histogram" && suffix.is_some_and(|s| ["_bucket", "_sum", "_count"].contains(&s)))
            });
            let names = samples.flat_map(|(_, labels, _)| labels.keys().filter(|name| *name != "le").cloned());
            names.collect::<BTreeSet<_>>()
        };
        self.types.iter().map(|(name, kind)| (name.clone(), (kind.clone(), labels_of(name, kind)))).collect()
    }

    /// Whether it says what the metric means.
    pub(crate) fn explains(&self, family: &str) -> bool {
        self.helps.contains(family)
    }

    pub(crate) fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        self.find(name, labels).is_some()
    }

    /// A measure.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.told(name, labels).parse().unwrap()
    }

    /// A whole number.
    pub(crate) fn count(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.told(name, labels).parse().unwrap()
    }

    /// The values of a label.
    pub(crate) fn values_of(&self, name: &str, label: &str) -> BTreeSet<String> {
        let samples = self.samples.iter().filter(|(of, ..)| of == name);
        samples.filter_map(|(_, labels, _)| labels.get(label).cloned()).collect()
    }

    fn told(&self, name: &str, labels: &[(&str, &str)]) -> &str {
        self.find(name, labels).unwrap_or_else(|| panic!("{name} {labels:?} is not told:\n{}", self.text))
    }

    fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<&str> {
        let labels: Labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.samples.iter().find(|(of, with, _)| of == name && *with == labels).map(|(.., value)| value.as_str())
    }
}

fn parse_labels(text: &str) -> Labels {
    let pairs = text.split("\",").filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once("=\"").unwrap();
            (name.to_owned(), value.trim_end_matches('"').to_owned())
        })
        .collect()
}
