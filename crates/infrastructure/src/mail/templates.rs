//! The templates: those in the binary, each of which an operator may replace by a file of the same name.

use std::path::Path;
use std::{fs, io};

use minijinja::{Environment, UndefinedBehavior};

use crate::mail::error::MailSettingsError;

macro_rules! embedded {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("templates/", $file)))),*]
    };
}

/// Every template by its file name.
const EMBEDDED: &[(&str, &str)] = embedded![
    "added_to_team.html",
    "added_to_team.txt",
    "address_changed.html",
    "address_changed.txt",
    "address_taken.html",
    "address_taken.txt",
    "confirm_new_address.html",
    "confirm_new_address.txt",
    "invitation.html",
    "invitation.txt",
    "layout.html",
    "password_changed.html",
    "password_changed.txt",
    "reset_password.html",
    "reset_password.txt",
    "suspicious_activity.html",
    "suspicious_activity.txt",
    "token.html",
    "token.txt",
    "verify_address.html",
    "verify_address.txt",
];

/// All templates, parsed; those in `folder` in place of the embedded ones, where they can be used.
pub(crate) fn load(folder: Option<&Path>, problems: &mut Vec<MailSettingsError>) -> Environment<'static> {
    let mut environment = Environment::new();
    // A misspelt variable is an error when the service starts, not a gap in somebody's mail.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_lstrip_blocks(true);
    for (file, text) in EMBEDDED {
        problems.extend(add(&mut environment, file, text).err());
    }
    if let Some(folder) = folder {
        for (file, text) in read(folder, problems) {
            problems.extend(add(&mut environment, &file, &text).err());
        }
    }
    environment
}

fn add(environment: &mut Environment<'static>, file: &str, text: &str) -> Result<(), MailSettingsError> {
    let wrong = |source| MailSettingsError::Template { file: file.to_owned(), source };
    environment.add_template_owned(file.to_owned(), text.replace('\r', "")).map_err(wrong)
}

/// The templates in the operator's folder. Other files may lie there, but none that only looks like a template.
fn read(folder: &Path, problems: &mut Vec<MailSettingsError>) -> Vec<(String, String)> {
    let unusable = |source: io::Error| MailSettingsError::Folder { what: "mail templates", source };
    let paths = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
    let mut paths: Vec<_> = match paths {
        Ok(paths) => paths,
        Err(error) => {
            problems.push(unusable(error));
            return Vec::new();
        }
    };
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let looks_like_one = path.extension().is_some_and(|extension| extension == "txt" || extension == "html");
        if EMBEDDED.iter().any(|(name, _)| *name == file) {
            match fs::read_to_string(&path) {
                Ok(text) => found.push((file, text)),
                Err(source) => problems.push(MailSettingsError::UnreadableTemplate { file, source }),
            }
        } else if looks_like_one {
            let known: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
            problems.push(MailSettingsError::UnknownTemplate { file, known: known.join(", ") });
        }
    }
    found
}
