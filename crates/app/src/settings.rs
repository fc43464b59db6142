//! The settings: one typed value, from defaults, `countersign.toml` and the environment, checked whole at the start.

pub(crate) mod advice;
mod catalogue;
mod check;
mod duration;
mod environment;
mod layers;
mod log;
mod mail;
mod pages;
mod path;
mod policy;
mod problem;
mod public_url;
mod reader;
pub(crate) mod secret_key;
mod security;
mod server;
mod show;
mod storage;
mod suggestion;
mod telemetry;
mod trusted_network;

use std::path::{Path, PathBuf};

use countersign_application::policy::Policy;

use crate::settings::environment::Environment;
use crate::settings::layers::{Layers, misnamed};
pub(crate) use crate::settings::log::{LogFormat, LogSettings};
pub(crate) use crate::settings::mail::MailSettings;
use crate::settings::pages::PagesSettings;
pub(crate) use crate::settings::problem::SettingsError;
pub(crate) use crate::settings::public_url::PublicUrl;
use crate::settings::reader::Reader;
pub(crate) use crate::settings::security::{HashingSettings, TokenSettings};
pub(crate) use crate::settings::server::{MetricsListen, ServerSettings, TlsFiles};
pub(crate) use crate::settings::show::show;
pub(crate) use crate::settings::storage::{DatabaseKind, StorageSettings};
pub(crate) use crate::settings::telemetry::TelemetrySettings;
pub(crate) use crate::settings::trusted_network::TrustedNetwork;

/// Where the settings are read from when `--config` does not say.
pub(crate) const DEFAULT_FILE: &str = "countersign.toml";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Whether this is a test or development server.
    pub dev: bool,
    /// Listener, public URL, TLS, proxies.
    pub server: ServerSettings,
    /// Data folder, database, Redis, secret keys.
    pub storage: StorageSettings,
    /// How mail goes out and what it looks like.
    pub mail: MailSettings,
    /// The pages in a browser.
    pub pages: PagesSettings,
    /// Password hashing.
    pub hashing: HashingSettings,
    /// Access tokens.
    pub tokens: TokenSettings,
    /// What the use cases go by.
    pub policy: Policy,
    /// The log.
    pub log: LogSettings,
    /// Traces.
    pub telemetry: TelemetrySettings,
}

/// Settings and where each came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The typed settings.
    pub settings: Settings,
    /// What may be a mistake and stops nobody.
    pub warnings: Vec<String>,
    layers: Layers,
}

impl Loaded {
    /// All settings with their sources, secrets hidden: a line each.
    pub(crate) fn show(&self) -> String {
        show(&self.layers)
    }
}

/// Reads the settings of this process. Without a path, `countersign.toml` of the working directory counts if it is there.
pub(crate) fn load(file: Option<&Path>) -> Result<Loaded, SettingsError> {
    load_from(file, &Environment::of_process())
}

fn load_from(file: Option<&Path>, environment: &Environment) -> Result<Loaded, SettingsError> {
    let default = PathBuf::from(DEFAULT_FILE);
    let file = file.or_else(|| default.is_file().then_some(default.as_path()));
    let mut problems = Vec::new();
    let layers = Layers::read(file, environment, &mut problems);
    let mut reader = Reader::new(&layers, &mut problems);
    let settings = Settings::read(&mut reader);
    check::check(&settings, &mut reader);
    if !problems.is_empty() {
        return Err(SettingsError::new(problems));
    }
    let warnings = misnamed::unprefixed(environment).iter().map(ToString::to_string).collect();
    Ok(Loaded { settings, warnings, layers })
}

impl Settings {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            dev: reader.flag("dev"),
            server: ServerSettings::read(reader),
            storage: StorageSettings::read(reader),
            mail: MailSettings::read(reader),
            pages: PagesSettings::read(reader),
            hashing: HashingSettings::read(reader),
            tokens: TokenSettings::read(reader),
            policy: policy::read(reader),
            log: LogSettings::read(reader),
            telemetry: TelemetrySettings::read(reader),
        }
    }
}

#[cfg(test)]
mod tests;
