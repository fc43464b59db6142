//! Why pages cannot look as they are told to.

use std::io;

/// What is wrong with the folder of an adopter's templates.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The folder or a file in it cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No page is made from it: a typing error.
    #[error("{file} is no template of the pages; there are {known}")]
    Unknown {
        /// The file.
        file: String,
        /// The names that there are.
        known: String,
    },
    /// Something in a file cannot be used.
    #[error("{file}, line {line}: {what}")]
    Wrong {
        /// The file.
        file: String,
        /// The line of it.
        line: usize,
        /// What, in words.
        what: String,
    },
}

impl From<minijinja::Error> for LookError {
    fn from(error: minijinja::Error) -> Self {
        let what =
            error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
        Self::Wrong { file: error.name().unwrap_or("?").to_owned(), line: error.line().unwrap_or(1), what }
    }
}
