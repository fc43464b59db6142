//! The log.

use time::Duration;
use tracing_subscriber::EnvFilter;

use crate::settings::catalogue::Setting;
use crate::settings::reader::Reader;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("log.format", "", "`pretty` or `json`; without it, pretty on a terminal and JSON elsewhere."),
    Setting::new(
        "log.level",
        "info",
        "`error`, `warn`, `info`, `debug`, `trace`, or directives by module such as `info,sqlx=warn`.",
    ),
    Setting::new("retention.logs", "30d", "How long logs are kept: the key of the pseudonyms in them changes with it."),
];

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    /// Without one, it depends on whether the log goes to a terminal.
    pub format: Option<LogFormat>,
    /// Directives, checked.
    pub level: String,
    /// How long whoever collects the log keeps it.
    pub retention: Duration,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Pretty,
    /// For machines.
    Json,
}

impl LogSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            format: reader.optional("log.format", format),
            level: reader.get("log.level", level),
            retention: reader.duration("retention.logs", "1d"..="3650d"),
        }
    }
}

fn format(text: &str) -> Result<LogFormat, String> {
    match text {
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("is pretty or json".to_owned()),
    }
}

fn level(text: &str) -> Result<String, String> {
    let complaint = || "is error, warn, info, debug or trace, or directives such as info,sqlx=warn".to_owned();
    // A lone word that is no level would be taken for the name of a module.
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let sound = |directive: &str| match directive.split_once('=') {
        None => levels.contains(&directive),
        Some((_, level)) => levels.contains(&level),
    };
    if !text.split(',').map(str::trim).all(sound) {
        return Err(complaint());
    }
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_malformed| complaint())
}
