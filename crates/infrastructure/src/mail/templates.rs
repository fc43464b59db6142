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

/// All templates, parsed; those in `folder` in place of the embedded ones.
pub(crate) fn load(folder: Option<&Path>) -> Result<Environment<'static>, MailSettingsError> {
    let mut environment = Environment::new();
    // A misspelt variable is an error when the service starts, not a gap in somebody's mail.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_lstrip_blocks(true);
    for (file, text) in EMBEDDED {
        add(&mut environment, file, text)?;
    }
    if let Some(folder) = folder {
        for (file, text) in read(folder)? {
            add(&mut environment, &file, &text)?;
        }
    }
    Ok(environment)
}

fn add(environment: &mut Environment<'static>, file: &str, text: &str) -> Result<(), MailSettingsError> {
    let wrong = |source| MailSettingsError::Template { file: file.to_owned(), source };
    environment.add_template_owned(file.to_owned(), text.replace('\r', "")).map_err(wrong)
}

/// The templates in the operator's folder. Other files may lie there, but none that only looks like a template.
fn read(folder: &Path) -> Result<Vec<(String, String)>, MailSettingsError> {
    let unusable = |source: io::Error| MailSettingsError::Folder { what: "mail templates", source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let looks_like_one = path.extension().is_some_and(|extension| extension == "txt" || extension == "html");
        if EMBEDDED.iter().any(|(name, _)| *name == file) {
            found.push((file, fs::read_to_string(&path).map_err(unusable)?));
        } else if looks_like_one {
            let known: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
            return Err(MailSettingsError::UnknownTemplate { file, known: known.join(", ") });
        }
    }
    Ok(found)
}
