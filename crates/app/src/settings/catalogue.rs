//! The list of all settings: names, defaults and meanings. Code, documentation and example file are held to it by tests.

use crate::settings::{log, mail, pages, policy, security, server, storage, telemetry};

/// A setting as people see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Name in the file, sections joined by dots.
    pub key: &'static str,
    /// A second name in the environment, without the prefix.
    pub alias: Option<&'static str>,
    /// Default as it would be written; empty for none.
    pub default: &'static str,
    /// Whether its value is hidden, and may be read from a file named by `…_FILE`.
    pub secret: bool,
    /// What it means, in one line.
    #[cfg_attr(not(test), expect(dead_code, reason = "documentation and example file are held to it by tests"))]
    pub meaning: &'static str,
}

impl Setting {
    /// A setting that everybody may see.
    pub(crate) const fn new(key: &'static str, default: &'static str, meaning: &'static str) -> Self {
        Self { key, alias: None, default, secret: false, meaning }
    }

    /// A setting that nobody may see. It has no default.
    pub(crate) const fn secret(key: &'static str, meaning: &'static str) -> Self {
        Self { key, alias: None, default: "", secret: true, meaning }
    }

    /// The same, with a second name in the environment.
    pub(crate) const fn also(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// Its name in the environment.
    pub(crate) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.replace('.', "__").to_ascii_uppercase())
    }

    /// Every name in the environment.
    pub(crate) fn variables(&self) -> impl Iterator<Item = String> {
        self.alias.map(str::to_owned).into_iter().chain([self.variable()])
    }
}

/// What variables of the environment start with.
pub(crate) const PREFIX: &str = "COUNTERSIGN__";

/// Every setting, in the order of the documentation.
pub(crate) fn catalogue() -> impl Iterator<Item = &'static Setting> {
    [
        storage::SETTINGS,
        server::SETTINGS,
        mail::SETTINGS,
        pages::SETTINGS,
        security::SETTINGS,
        policy::SETTINGS,
        log::SETTINGS,
        telemetry::SETTINGS,
    ]
    .into_iter()
    .flatten()
}

/// The setting of this name.
pub(crate) fn find(key: &str) -> Option<&'static Setting> {
    catalogue().find(|setting| setting.key == key)
}
