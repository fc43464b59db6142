//! docker-compose.yml, read.

use std::collections::{BTreeMap, BTreeSet};

use saphyr::{LoadableYamlNode as _, Yaml};

use crate::documents::running::{NODES, text};

/// The set-up of docker-compose.yml.
pub(in crate::documents::running) struct Compose(String);

impl Compose {
    pub(in crate::documents::running) fn read() -> Self {
        Self(text("docker-compose.yml"))
    }

    pub(in crate::documents::running) fn document(&self) -> Yaml<'_> {
        Yaml::load_from_str(&self.0).unwrap().remove(0)
    }

    pub(in crate::documents::running) fn services(&self) -> BTreeMap<String, Service<'_>> {
        let document = self.document();
        let services = document.as_mapping_get("services").unwrap().as_mapping().unwrap();
        services.iter().map(|(name, service)| (name.as_str().unwrap().to_owned(), Service(service.clone()))).collect()
    }

    pub(in crate::documents::running) fn nodes(&self) -> Vec<Service<'_>> {
        let mut services = self.services();
        NODES.map(|node| services.remove(node).unwrap()).into()
    }
}

/// A service of it.
pub(in crate::documents::running) struct Service<'a>(Yaml<'a>);

impl Service<'_> {
    /// A value of its own, or of what it begins with (`<<`).
    pub(in crate::documents::running) fn get(&self, key: &str) -> Option<&Yaml<'_>> {
        let mut at = &self.0;
        loop {
            if let Some(found) = at.as_mapping_get(key) {
                return Some(found);
            }
            at = at.as_mapping_get("<<")?;
        }
    }

    pub(in crate::documents::running) fn list(&self, key: &str) -> Vec<String> {
        let items = self.get(key).map(|value| value.as_sequence().unwrap().clone()).unwrap_or_default();
        items.iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    }

    /// The services that it waits for.
    pub(in crate::documents::running) fn depends_on(&self) -> BTreeSet<String> {
        let Some(others) = self.get("depends_on") else { return BTreeSet::new() };
        others.as_mapping().unwrap().keys().map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    pub(in crate::documents::running) fn text(&self, key: &str) -> &str {
        self.get(key).and_then(Yaml::as_str).unwrap_or_else(|| panic!("no {key}"))
    }

    pub(in crate::documents::running) fn environment(&self) -> BTreeMap<String, String> {
        let Some(variables) = self.get("environment") else { return BTreeMap::new() };
        let text = |value: &Yaml<'_>| value.as_str().unwrap().to_owned();
        variables.as_mapping().unwrap().iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    pub(in crate::documents::running) fn variable(&self, name: &str) -> String {
        self.environment().remove(name).unwrap_or_else(|| panic!("no {name}"))
    }
}
