//! The folder of an adopter: templates, texts and styles in place of ours, or beside them.

use std::fs;
use std::path::Path;

use crate::pages::look::error::LookError;

/// What was found in it.
#[derive(Default)]
pub(crate) struct Folder {
    /// Name and source of each template.
    pub(crate) templates: Vec<(String, String)>,
    pub(crate) texts: Option<String>,
    pub(crate) stylesheet: Option<String>,
}

pub(crate) const TEXTS: &str = "texts.json";
pub(crate) const STYLESHEET: &str = "pages.css";

impl Folder {
    /// Reads it whole. Other files may lie there, but none that only looks like one of these.
    pub(crate) fn read(folder: &Path, known: &[&str]) -> Result<Self, LookError> {
        let unreadable = |path: &Path| {
            let file = path.display().to_string();
            move |source| LookError::Unreadable { file, source }
        };
        let mut found = Self::default();
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
            paths.push(entry.map_err(unreadable(folder))?.path());
        }
        paths.sort();
        for path in paths {
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_ours = [TEXTS, STYLESHEET].contains(&&*file) || known.contains(&&*file);
            if !is_ours {
                if path.extension().is_some_and(|kind| ["html", "json", "css"].iter().any(|known| kind == *known)) {
                    return Err(LookError::Unknown { file, known: known.join(", ") });
                }
                continue;
            }
            let text = fs::read_to_string(&path).map_err(unreadable(&path))?.replace('\r', "");
            match &*file {
                TEXTS => found.texts = Some(text),
                STYLESHEET => found.stylesheet = Some(text),
                _ => found.templates.push((file, text)),
            }
        }
        Ok(found)
    }
}
