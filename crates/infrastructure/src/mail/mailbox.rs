//! A folder as the way out: one `.eml` file a message.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::mail_renderer::RenderedMail;
use countersign_application::ports::mailer::{MailError, Mailer};
use countersign_domain::ids::MailId;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::mail::error::MailSettingsError;
use crate::mail::message::{MessageFormat, MessageSettings};

/// Puts mails into a folder that only its owner can read. File names sort by time, and a mail that is sent again
/// replaces itself.
pub struct Mailbox {
    folder: PathBuf,
    format: MessageFormat,
}

impl Mailbox {
    /// Makes the folder if there is none, and takes it from everybody else.
    pub fn open(
        folder: impl Into<PathBuf>,
        settings: &MessageSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, MailSettingsError> {
        let folder = folder.into();
        let unusable = |source| MailSettingsError::Folder { what: "the mailbox", source };
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(unusable)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).map_err(unusable)?;
        Ok(Self { folder, format: MessageFormat::new(settings, clock)? })
    }

    /// Where the mails are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &RenderedMail) -> Result<(), MailError> {
        let octets = self.format.message(mail)?.formatted();
        let (folder, name) = (self.folder.clone(), file_name(mail.id));
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &octets)).await;
        let written = written.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        // The kind alone: the whole error may name the folder.
        written.map_err(|error| MailError::Transient {
            reason: format!("the mailbox cannot be written: {}", error.kind()),
        })
    }
}

/// When the mail was queued, which its id tells, then the id.
fn file_name(id: MailId) -> String {
    let (seconds, nanos) = id.as_uuid().get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let queued = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let format = format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    format!("{}-{id}.eml", queued.format(&format).unwrap_or_default())
}

/// Whole or not at all, and there to stay: also after a power cut.
fn write(folder: &Path, name: &str, octets: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    File::open(folder)?.sync_all()
}
