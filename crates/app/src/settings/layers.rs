//! Layering: the environment over the file over the defaults, each value with its source.

mod file;
pub(crate) mod misnamed;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::settings::catalogue::{Setting, catalogue};
use crate::settings::environment::Environment;
use crate::settings::problem::Problem;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Nobody set it.
    Default,
    /// The settings file.
    File(PathBuf),
    /// A variable.
    Environment(String),
    /// A file that a `…_FILE` variable names.
    SecretFile(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::SecretFile(name) => write!(f, "file named by {name}"),
        }
    }
}

/// Every setting that somebody set.
pub(crate) struct Layers(BTreeMap<&'static str, (String, Source)>);

impl Layers {
    /// Reads both layers; what cannot be read or is not known becomes a problem.
    pub(crate) fn read(file: Option<&Path>, environment: &Environment, problems: &mut Vec<Problem>) -> Self {
        let mut layers = Self(BTreeMap::new());
        if let Some(path) = file {
            for (key, text) in file::read(path, problems) {
                layers.0.insert(key, (text, Source::File(path.to_owned())));
            }
        }
        for setting in catalogue() {
            layers.read_variables(setting, environment, problems);
        }
        problems.extend(misnamed::refused(environment));
        layers
    }

    /// The text of a setting and where it came from.
    pub(crate) fn get(&self, setting: &Setting) -> (&str, Source) {
        match self.0.get(setting.key) {
            Some((text, source)) => (text, source.clone()),
            None => (setting.default, Source::Default),
        }
    }

    fn read_variables(&mut self, setting: &'static Setting, environment: &Environment, problems: &mut Vec<Problem>) {
        let mut given = Vec::new();
        for name in setting.variables() {
            match environment.get(&name) {
                Some(Ok(text)) => given.push((text.to_owned(), Source::Environment(name.clone()))),
                Some(Err(_)) => problems.push(Problem { at: name.clone(), what: "its value is not UTF-8".to_owned() }),
                None => {}
            }
            let pointer = format!("{name}_FILE");
            if let (true, Some(Ok(path))) = (setting.secret, environment.get(&pointer)) {
                match std::fs::read_to_string(path) {
                    // Editors and `echo` end a file with a newline that is no part of the secret.
                    Ok(text) => {
                        given.push((text.trim_end_matches(['\r', '\n']).to_owned(), Source::SecretFile(pointer)));
                    }
                    Err(error) => problems.push(Problem {
                        at: pointer,
                        what: format!("cannot read {path}: {error}; correct the path, or put the file there"),
                    }),
                }
            }
        }
        if let [(_, first), .., (_, last)] = given.as_slice() {
            let what = "is set twice; keep one of them".to_owned();
            problems.push(Problem { at: format!("{} ({first} and {last})", setting.key), what });
        }
        if let Some(value) = given.into_iter().next() {
            self.0.insert(setting.key, value);
        }
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
