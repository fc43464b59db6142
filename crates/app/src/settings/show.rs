//! All settings in writing.

use std::fmt::Write as _;

use crate::settings::catalogue::catalogue;
use crate::settings::layers::{Layers, Source};

/// A line for each setting: name, value, source. Of secrets only whether they are set.
pub(crate) fn show(layers: &Layers) -> String {
    let width = catalogue().map(|setting| setting.key.len()).max().unwrap_or_default();
    catalogue().fold(String::new(), |mut lines, setting| {
        let (text, source) = layers.get(setting);
        let value = match source {
            Source::Default if text.is_empty() => "(none)".to_owned(),
            _ if setting.secret => "(hidden)".to_owned(),
            _ => format!("{text:?}"),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{:width$} = {value}  # {source}", setting.key);
        lines
    })
}
