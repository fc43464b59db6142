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
    pub(crate) fn read(folder: &Path, known: &[&str], faults: &mut Vec<LookError>) -> Self {
        let mut found = Self::default();
        let paths = fs::read_dir(folder).and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect());
        let mut paths: Vec<_> = match paths {
            Ok(paths) => paths,
            Err(source) => {
                faults.push(LookError::Unreadable { file: folder.display().to_string(), source });
                return found;
            }
        };
        paths.sort();
        for path in paths {
            let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let is_ours = [TEXTS, STYLESHEET].contains(&&*file) || known.contains(&&*file);
            if !is_ours {
                if path.extension().is_some_and(|kind| ["html", "json", "css"].iter().any(|known| kind == *known)) {
                    let mut known = known.to_vec();
                    known.sort_unstable();
                    faults.push(LookError::Unknown { file, known: known.join(", ") });
                }
                continue;
            }
            match fs::read_to_string(&path).map(|text| text.replace('\r', "")) {
                Ok(text) if file == TEXTS => found.texts = Some(text),
                Ok(text) if file == STYLESHEET => found.stylesheet = Some(text),
                Ok(text) => found.templates.push((file, text)),
                Err(source) => faults.push(LookError::Unreadable { file, source }),
            }
        }
        found
    }
}
