//! Settings that name files.

use std::path::PathBuf;

/// Reads a path; relative ones count from the working directory.
pub(crate) fn parse(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() || text.contains('\0') { Err("is a path".to_owned()) } else { Ok(PathBuf::from(text)) }
}

/// Reads the path of a file that must be there.
pub(crate) fn parse_existing_file(text: &str) -> Result<PathBuf, String> {
    parse(text).and_then(|path| {
        if path.is_file() { Ok(path) } else { Err("is the path of a file, and there is none".to_owned()) }
    })
}

/// Reads the path of a folder that must be there.
pub(crate) fn parse_existing_folder(text: &str) -> Result<PathBuf, String> {
    parse(text).and_then(|path| {
        if path.is_dir() { Ok(path) } else { Err("is the path of a folder, and there is none".to_owned()) }
    })
}
