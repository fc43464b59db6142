//! Sending mail.

use async_trait::async_trait;

use crate::ports::mail_renderer::RenderedMail;

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It will not get better by waiting: the server refused the recipient or the message for good.
    #[error("refused for good: {reason}")]
    Permanent {
        /// What the server said, without any address.
        reason: String,
    },
    /// Worth another try: no connection, no answer, a passing refusal.
    #[error("not sent yet: {reason}")]
    Transient {
        /// What happened, without any address.
        reason: String,
    },
}

/// Hands mails to whoever delivers them.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Returns once the mail is durably somebody else's business.
    async fn send(&self, mail: &RenderedMail) -> Result<(), MailError>;
}
