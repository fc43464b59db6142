//! A one-time token and the mail that carries it, or a decoy of both that costs the same.

#[cfg(test)]
pub(crate) mod staged_request;

use std::sync::Arc;

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{MailId, OneTimeTokenId, SessionId, UserId};
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::secret::one_time_secret;
use countersign_domain::user::User;
use time::{Duration, OffsetDateTime};

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::id_generator::IdGenerator;
use crate::ports::sealer::Sealer;
use crate::ports::secret_generator::SecretGenerator;
use crate::ports::unit_of_work::UnitOfWork;

/// Makes [`OneTimeMail`]s.
#[derive(Clone)]
pub(crate) struct OneTimeMails {
    ids: Arc<dyn IdGenerator>,
    secrets: Arc<dyn SecretGenerator>,
    sealer: Arc<dyn Sealer>,
}

/// A token, only a digest of which is kept, and the mail with the token itself, sealed.
#[derive(Debug)]
pub(crate) struct OneTimeMail {
    token: OneTimeToken,
    mail: QueuedMail,
}

impl OneTimeMails {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            ids: Arc::clone(&dependencies.ids),
            secrets: Arc::clone(&dependencies.secrets),
            sealer: Arc::clone(&dependencies.sealer),
        }
    }

    /// Locks the account that had this address a moment ago, by one statement also where there was none. `None` if
    /// it has the address no longer.
    pub(crate) async fn lock_addressee(
        &self,
        uow: &dyn UnitOfWork,
        found: Option<User>,
        email: &EmailAddress,
    ) -> Result<Option<User>, Fault> {
        let nobody = UserId::new(self.ids.next_id());
        let locked = uow.users().lock(found.map_or(nobody, |user| user.id)).await?;
        Ok(locked.filter(|user| user.email == *email))
    }

    /// To this address; a decoy until it is given an account.
    pub(crate) fn decoy(
        &self,
        purpose: Purpose,
        recipient: EmailAddress,
        lifetime: Duration,
        now: OffsetDateTime,
    ) -> Result<OneTimeMail, Fault> {
        let secret = one_time_secret(self.secrets.octets());
        let mail_id = MailId::new(self.ids.next_id());
        let expires_at = now + lifetime;
        let token = OneTimeToken {
            id: OneTimeTokenId::new(self.ids.next_id()),
            user_id: None,
            purpose,
            digest: secret.digest(),
            new_email: None,
            requested_by: None,
            created_at: now,
            expires_at,
        };
        let sealed = self.sealer.seal_mail_token(mail_id, &secret)?;
        let mail = QueuedMail::new(mail_id, kind(purpose), recipient, now).with_token(sealed, expires_at).as_decoy();
        Ok(OneTimeMail { token, mail })
    }

    /// To the address of this account.
    pub(crate) fn to_account(
        &self,
        purpose: Purpose,
        user: &User,
        lifetime: Duration,
        now: OffsetDateTime,
    ) -> Result<OneTimeMail, Fault> {
        Ok(self.decoy(purpose, user.email.clone(), lifetime, now)?.of_account(user))
    }

    /// To the address that this account would have, asked for by that session.
    pub(crate) fn to_new_address(
        &self,
        new_email: EmailAddress,
        user: &User,
        requested_by: SessionId,
        lifetime: Duration,
        now: OffsetDateTime,
    ) -> Result<OneTimeMail, Fault> {
        let mut made = self.decoy(Purpose::EmailChange, new_email.clone(), lifetime, now)?.of_account(user);
        made.token.new_email = Some(new_email);
        made.token.requested_by = Some(requested_by);
        Ok(made)
    }
}

impl OneTimeMail {
    fn of_account(mut self, user: &User) -> Self {
        self.token.user_id = Some(user.id);
        self.mail = self.mail.to_account(user);
        self.mail.decoy = false;
        self
    }

    /// The same rows in place of the same former ones, and no mail: nobody ever sees this token.
    pub(crate) fn unsent(mut self) -> Self {
        self.mail = self.mail.as_decoy();
        self
    }

    /// The same work with another mail in place of its own, whose token stays a decoy.
    pub(crate) fn replaced_by(mut self, mail: QueuedMail) -> Self {
        self.mail = mail;
        self
    }

    /// Stores both in place of former ones: two statements, decoy or not.
    pub(crate) async fn store(&self, uow: &dyn UnitOfWork) -> Result<(), Fault> {
        uow.one_time_tokens().replace(&self.token).await?;
        uow.outbox().replace(&self.mail).await
    }
}

const fn kind(purpose: Purpose) -> MailKind {
    match purpose {
        Purpose::PasswordReset => MailKind::ResetPassword,
        Purpose::EmailVerification => MailKind::VerifyAddress,
        Purpose::EmailChange => MailKind::ConfirmNewAddress,
    }
}
