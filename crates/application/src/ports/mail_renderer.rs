//! Turning a queued mail into text.

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::MailId;
use countersign_domain::secret::Secret;

use crate::error::Fault;
use crate::mail::message::QueuedMail;

/// A mail ready to be sent. Hidden in `Debug`: body and recipient are personal, and the body may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// The Message-ID is made from it, so that a repeat is recognised as one.
    pub id: MailId,
    /// To whom.
    pub recipient: EmailAddress,
    /// Subject, one line.
    pub subject: String,
    /// Body as plain text.
    pub text: String,
    /// Body as HTML.
    pub html: String,
}

impl std::fmt::Debug for RenderedMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RenderedMail({:?})", self.id)
    }
}

/// Renders mails from templates. Links start with the configured public URL, or with the adopter's own targets.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait MailRenderer: Send + Sync {
    /// Renders the mail; `token` is the opened token of the kinds that carry one.
    fn render(&self, mail: &QueuedMail, token: Option<Secret>) -> Result<RenderedMail, Fault>;
}
