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

#[cfg(test)]
mod tests {
    use countersign_domain::team::role::Role;

    use super::*;
    use crate::ports::sealer::MockSealer;
    use crate::testing::{Mocks, NOW, invitation, team, user};

    #[test]
    fn the_mail_carries_the_token_sealed_for_itself_and_says_who_invites_to_what() {
        let mut mocks = Mocks { sealer: MockSealer::new(), ..Mocks::default() };
        mocks
            .sealer
            .expect_seal_mail_token()
            .returning(|mail, token| Ok(format!("{mail} {}", token.expose()).into_bytes()));
        let letters = InvitationLetters::new(&mocks.into_dependencies());
        let invitation = invitation("new@example.com", Role::Admin);
        let token = letters.token(NOW);
        let mail = letters.write(&invitation, &token, &team(1), &user(1), NOW).unwrap();
        assert_eq!(mail.sealed_token, Some(format!("{} {}", mail.id, token.secret.expose()).into_bytes()));
        assert_eq!(mail.token_expires_at, Some(NOW + Duration::days(7)));
        assert_eq!(
            mail.kind,
            MailKind::Invitation {
                team_name: "Engines".to_owned(),
                inviter_name: "Firstname Surname".to_owned(),
                role: Role::Admin
            }
        );
        assert_eq!((mail.recipient, mail.invitation_id), (invitation.email, Some(invitation.id)));
    }

    #[test]
    fn no_two_invitations_share_a_token() {
        let letters = InvitationLetters::new(&Mocks::default().into_dependencies());
        assert_ne!(letters.token(NOW).secret, letters.token(NOW).secret);
    }
}
