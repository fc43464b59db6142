//! Traces.

use crate::settings::catalogue::Setting;
use crate::settings::reader::Reader;
use crate::telemetry::CollectorUrl;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::secret(
        "telemetry.otlp_endpoint",
        "http:// or https:// URL of a collector that takes OTLP over HTTP: a trace of each request is sent to v1/traces below it, with user and password of the URL, if it has them. Without it, nothing is traced.",
    ),
    Setting::new("telemetry.service_name", "countersign", "What the service is called in traces."),
    Setting::new(
        "telemetry.sample_ratio",
        "1",
        "Share of the requests that are traced; of those that come with a trace of a trusted proxy, that decides.",
    ),
];

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct TelemetrySettings {
    /// Where traces go; without one, there are none.
    pub collector: Option<CollectorUrl>,
    /// Name of the service in them.
    pub service_name: String,
    /// Share of the requests, 0 to 1.
    pub sample_ratio: f64,
}

impl TelemetrySettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            collector: reader.optional("telemetry.otlp_endpoint", CollectorUrl::parse),
            service_name: reader.get("telemetry.service_name", service_name),
            sample_ratio: reader.share("telemetry.sample_ratio"),
        }
    }
}

fn service_name(text: &str) -> Result<String, String> {
    let sound = (1..=100).contains(&text.len()) && !text.contains(char::is_control);
    sound.then(|| text.to_owned()).ok_or_else(|| "is a name of 1 to 100 octets".to_owned())
}
