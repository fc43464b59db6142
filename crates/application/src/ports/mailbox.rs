//! Reading mails that were put into a folder instead of being sent.

use async_trait::async_trait;
use countersign_domain::ids::MailId;
use countersign_domain::page::{Page, PageRequest};
use time::OffsetDateTime;

use crate::error::Fault;

/// What a mail says. Bodies and addresses are personal, and a body may hold a token: it has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct MailContent {
    /// Subject, decoded.
    pub subject: String,
    /// Who it comes from.
    pub sender: String,
    /// Who it goes to.
    pub recipient: String,
    /// The head as it stands in the message.
    pub head: String,
    /// The part in plain text.
    pub text: Option<String>,
    /// The part in HTML, as it came: whoever shows it keeps it from doing anything.
    pub html: Option<String>,
}

/// A mail in the folder. Hidden in `Debug` but for its id.
#[derive(Clone, PartialEq, Eq)]
pub struct FiledMail {
    /// Its id.
    pub id: MailId,
    /// When it was queued.
    pub queued_at: OffsetDateTime,
    /// What it says; `None` when the file is there and is no mail.
    pub content: Option<MailContent>,
}

impl std::fmt::Debug for FiledMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FiledMail({:?})", self.id)
    }
}

/// The mailbox of a developer: what the service would have sent. Only for whoever may read the folder itself.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait MailboxReader: Send + Sync {
    /// Mails, the latest queued first.
    async fn list(&self, page: &PageRequest) -> Result<Page<FiledMail>, Fault>;

    /// One mail; `None` if there is none of this id, or no longer.
    async fn find_by_id(&self, id: MailId) -> Result<Option<FiledMail>, Fault>;
}
