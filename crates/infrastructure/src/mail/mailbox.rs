//! A folder as the way out: one `.eml` file a message.

mod reader;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_application::error::Fault;
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

    /// Removes the mails that were queued before then, which their names tell, and says how many. Anything else in the
    /// folder is left alone.
    pub async fn purge(&self, before: OffsetDateTime) -> Result<u64, Fault> {
        let (folder, before) = (self.folder.clone(), queued_at(before));
        let purged = tokio::task::spawn_blocking(move || remove_older(&folder, &before)).await;
        let purged = purged.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        purged.map_err(|error| Fault::unavailable("mailbox", error))
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

/// When the mail was queued, then the id.
fn file_name(id: MailId) -> String {
    format!("{}-{id}.eml", queued_at(queue_time(id)))
}

/// When the mail was queued, which its id tells.
fn queue_time(id: MailId) -> OffsetDateTime {
    let (seconds, nanos) = id.as_uuid().get_timestamp().map_or((0, 0), |timestamp| timestamp.to_unix());
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Sorts as time does.
fn queued_at(at: OffsetDateTime) -> String {
    let format = format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    at.format(&format).unwrap_or_default()
}

fn remove_older(folder: &Path, before: &str) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some(at) = name.to_str().and_then(time_of) else { continue };
        if at < before {
            fs::remove_file(folder.join(&name))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// The time in the name of a mail, finished or not; `None` for what is no mail of ours.
fn time_of(name: &str) -> Option<&str> {
    let (at, _) = name.trim_start_matches('.').split_once('-')?;
    let is_ours = name.trim_end_matches(".unfinished").strip_suffix(".eml").is_some();
    let is_time = at.len() == "20260102T030405.678Z".len()
        && at.bytes().all(|octet| octet.is_ascii_digit() || matches!(octet, b'T' | b'.' | b'Z'));
    (is_ours && is_time).then_some(at)
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
