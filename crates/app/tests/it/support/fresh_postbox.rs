//! A postbox of a test's own, on the mail server of the run.

use std::path::Path;

use tempfile::TempDir;

use crate::support::environment::told;

/// A folder into which the mail server of `TEST_SMTP_URL` puts what the user of this name hands over, one `.eml` file a
/// message. It goes with its test.
#[derive(Debug)]
pub(crate) struct FreshPostbox {
    server: String,
    folder: TempDir,
}

impl FreshPostbox {
    /// A new one, where there is such a server: `mail_server.py --postboxes`, for which `scripts/test` cares.
    pub(crate) fn next() -> Option<Self> {
        let (server, parent) = (told("TEST_SMTP_URL")?, told("TEST_SMTP_FOLDER")?);
        let folder = tempfile::Builder::new().prefix("postbox").rand_bytes(12).tempdir_in(parent).unwrap();
        Some(Self { server, folder })
    }

    /// With its user, whose name is that of the folder.
    pub(crate) fn url(&self) -> String {
        let (scheme, host) = self.server.split_once("://").unwrap();
        let user = self.folder().file_name().and_then(|name| name.to_str()).unwrap();
        format!("{scheme}://{user}:word@{host}")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
