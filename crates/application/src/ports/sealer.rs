//! Secrets that must be read again, sealed (AEAD) until then, and marks that nobody else can make.

use countersign_domain::ids::{MailId, UserId};
use countersign_domain::secret::{RefreshToken, Secret};

use crate::error::Fault;

/// Seals with authenticated encryption.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Sealer: Send + Sync {
    /// Seals the token of a mail under a key of the service, bound to the mail's id.
    fn seal_mail_token(&self, mail: MailId, token: &Secret) -> Result<Vec<u8>, Fault>;

    /// Opens it again, for the worker that sends the mail.
    fn open_mail_token(&self, mail: MailId, sealed: &[u8]) -> Result<Secret, Fault>;

    /// Seals the successor of a refresh token under a key that only the presented token yields (HKDF-SHA256).
    fn seal_successor(&self, presented: &RefreshToken, successor: &RefreshToken) -> Result<Vec<u8>, Fault>;

    /// Opens it again, for whoever presents the same token.
    fn open_successor(&self, presented: &RefreshToken, sealed: &[u8]) -> Result<RefreshToken, Fault>;

    /// Seals what a browser keeps in a cookie under a key of the service; the outcome fits a cookie.
    fn seal_cookie(&self, contents: &Secret) -> Result<Secret, Fault>;

    /// Opens it again; `None` for what this service did not seal.
    fn open_cookie(&self, sealed: &Secret) -> Option<Secret>;

    /// What the forms of this account carry (a MAC, 32 octets in base64url): the same on every node, another for each
    /// account, and not to be told from its id without a key of the service.
    fn mark_forms_of(&self, account: UserId) -> Result<Secret, Fault>;
}
