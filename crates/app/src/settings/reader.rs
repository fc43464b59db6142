//! Reading typed values out of the layers, collecting what is wrong instead of stopping at it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::settings::catalogue::{self, Setting};
use crate::settings::duration;
use crate::settings::layers::{Layers, Source};
use crate::settings::problem::Problem;

/// Reads settings by their keys.
pub(crate) struct Reader<'a> {
    layers: &'a Layers,
    problems: &'a mut Vec<Problem>,
    read: BTreeMap<&'static str, String>,
}

impl<'a> Reader<'a> {
    /// Reads from these layers.
    pub(crate) fn new(layers: &'a Layers, problems: &'a mut Vec<Problem>) -> Self {
        Self { layers, problems, read: BTreeMap::new() }
    }

    /// The keys that were asked for, and the range that each was held to; empty for none.
    #[cfg(test)]
    pub(crate) fn ranges_read(&self) -> &BTreeMap<&'static str, String> {
        &self.read
    }

    /// A value with a default. A value that cannot be read is a problem, and the default stands in for it meanwhile.
    #[expect(clippy::expect_used, reason = "a test reads every default")]
    pub(crate) fn get<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> T {
        self.try_get(key, &parse)
            .unwrap_or_else(|| parse(setting(key).default).expect("the default of a setting can be read"))
    }

    /// A value without a default: none if it is not set or empty.
    pub(crate) fn optional<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.layers.get(self.touch(key)).0.is_empty() { None } else { self.try_get(key, &parse) }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, key: &str) -> bool {
        self.get(key, |text| text.parse().map_err(|_malformed| "is true or false".to_owned()))
    }

    /// A whole number of this range.
    pub(crate) fn number<T: FromStr + PartialOrd + Display>(&mut self, key: &str, range: RangeInclusive<T>) -> T {
        self.hold_to(key, &range);
        self.get(key, |text| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.ok_or_else(|| format!("is a whole number from {} to {}", range.start(), range.end()))
        })
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self, key: &str) -> f64 {
        self.hold_to(key, &(0..=1));
        self.get(key, |text| {
            let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
            share.ok_or_else(|| "is a number from 0 to 1, such as 0.05".to_owned())
        })
    }

    /// A duration of this range.
    pub(crate) fn duration(&mut self, key: &str, range: RangeInclusive<&str>) -> time::Duration {
        self.hold_to(key, &range);
        self.get(key, |text| duration::parse_within(text, &range))
    }

    /// A comma-separated list.
    pub(crate) fn list<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        self.get(key, |text| text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(&parse).collect())
    }

    /// Whether anybody set it.
    pub(crate) fn is_set(&mut self, key: &str) -> bool {
        self.layers.get(self.touch(key)).1 != Source::Default
    }

    /// Whether a file was named for it that cannot be read, which is told already.
    pub(crate) fn has_unreadable_file(&self, key: &str) -> bool {
        let mut files = setting(key).variables().map(|name| format!("{name}_FILE"));
        files.any(|file| self.problems.iter().any(|problem| problem.at == file))
    }

    /// Reports what is wrong with a setting.
    pub(crate) fn report(&mut self, key: &str, what: impl Into<String>) {
        let at = match self.layers.get(setting(key)).1 {
            Source::Default => setting(key).variable(),
            source => format!("{key} ({source})"),
        };
        self.problems.push(Problem { at, what: what.into() });
    }

    fn try_get<T>(&mut self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let setting = self.touch(key);
        let (text, _) = self.layers.get(setting);
        match parse(text.trim()) {
            Ok(value) => Some(value),
            Err(what) if setting.secret => {
                self.report(key, what);
                None
            }
            Err(what) => {
                let text: String = text.chars().take(80).collect();
                self.report(key, format!("{what}; it says {text:?}"));
                None
            }
        }
    }

    fn hold_to<T: Display>(&mut self, key: &str, range: &RangeInclusive<T>) {
        self.read.insert(setting(key).key, format!("{} to {}", range.start(), range.end()));
    }

    fn touch(&mut self, key: &str) -> &'static Setting {
        let setting = setting(key);
        self.read.entry(setting.key).or_default();
        setting
    }
}

#[expect(clippy::expect_used, reason = "keys are literals; a test reads every one")]
fn setting(key: &str) -> &'static Setting {
    catalogue::find(key).expect("only settings of the catalogue are read")
}
