//! The mail that carries an invitation and its token.

use std::sync::Arc;

use countersign_domain::ids::MailId;
use countersign_domain::invitation::Invitation;
use countersign_domain::secret::{Secret, one_time_secret};
use countersign_domain::team::Team;
use countersign_domain::user::User;
use time::{Duration, OffsetDateTime};

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::id_generator::IdGenerator;
use crate::ports::sealer::Sealer;
use crate::ports::secret_generator::SecretGenerator;

/// Draws tokens of invitations, and writes the mails that carry them.
#[derive(Clone)]
pub(crate) struct InvitationLetters {
    ids: Arc<dyn IdGenerator>,
    secrets: Arc<dyn SecretGenerator>,
    sealer: Arc<dyn Sealer>,
    ttl: Duration,
}

/// A token that nobody has yet.
pub(crate) struct FreshToken {
    pub(crate) secret: Secret,
    pub(crate) expires_at: OffsetDateTime,
}

impl InvitationLetters {
    /// Takes the ports it calls.
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            ids: Arc::clone(&dependencies.ids),
            secrets: Arc::clone(&dependencies.secrets),
            sealer: Arc::clone(&dependencies.sealer),
            ttl: dependencies.policy.invitation_ttl,
        }
    }

    /// A new token that lives from now.
    pub(crate) fn token(&self, now: OffsetDateTime) -> FreshToken {
        FreshToken { secret: one_time_secret(self.secrets.octets()), expires_at: now + self.ttl }
    }

    /// The mail with this token. It names no account, also when one has the address: whoever registered that
    /// address may not be the one who reads its mail.
    pub(crate) fn write(
        &self,
        invitation: &Invitation,
        token: &FreshToken,
        team: &Team,
        inviter: &User,
        now: OffsetDateTime,
    ) -> Result<QueuedMail, Fault> {
        let id = MailId::new(self.ids.next_id());
        let kind = MailKind::Invitation {
            team_name: team.name.as_str().to_owned(),
            inviter_name: inviter.full_name(),
            role: invitation.role,
        };
        let sealed = self.sealer.seal_mail_token(id, &token.secret)?;
        Ok(QueuedMail::new(id, kind, invitation.email.clone(), now)
            .with_token(sealed, token.expires_at)
            .for_invitation(invitation.id))
    }
}
