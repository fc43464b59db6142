//! The rows that one invitation writes, under the locks of account and team.

use countersign_domain::audit::AuditKind;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, MailId, UserId};
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::team::Team;
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::error::{Conflict, Fault, WriteError};
use crate::mail::message::{MailKind, QueuedMail};
use crate::ports::id_generator::IdGenerator;
use crate::ports::unit_of_work::UnitOfWork;
use crate::teams::invitation_letter::InvitationLetters;
use crate::teams::invite_member::InviteMemberError;

pub(crate) struct Invite<'a> {
    pub(crate) ids: &'a dyn IdGenerator,
    pub(crate) letters: &'a InvitationLetters,
    pub(crate) uow: &'a dyn UnitOfWork,
    pub(crate) team: Team,
    pub(crate) actor: &'a Actor,
    pub(crate) email: EmailAddress,
    pub(crate) role: Role,
    pub(crate) now: OffsetDateTime,
}

impl Invite<'_> {
    /// An address that an account has. Says what happened.
    pub(crate) async fn account(&self, user: &User, add_existing: bool) -> Result<AuditKind, InviteMemberError> {
        let membership = self.uow.memberships().find(user.id, self.team.id).await?;
        if membership.is_some_and(|membership| membership.status == MembershipStatus::Active) {
            return Err(InviteMemberError::AlreadyMember);
        }
        if add_existing && user.email_verified {
            self.store(user, membership).await?;
            self.settle_pending(user).await?;
            self.tell(user).await?;
            return Ok(AuditKind::MemberAdded);
        }
        // Also where everybody has to accept: the role of a membership that awaits already is that of its invitation.
        if add_existing || membership.is_some() {
            self.store(user, membership).await?;
        }
        self.address().await
    }

    /// An address that no account has. Looks for a membership all the same: where nobody is added, the time that an
    /// invitation takes must not tell who has an account.
    pub(crate) async fn stranger(&self, nobody: UserId) -> Result<AuditKind, InviteMemberError> {
        self.uow.memberships().find(nobody, self.team.id).await?;
        self.address().await
    }

    /// An address by itself: a new invitation, or a new role, token and expiry for the one that is pending.
    async fn address(&self) -> Result<AuditKind, InviteMemberError> {
        let token = self.letters.token(self.now);
        let digest = token.secret.digest();
        let pending = self.uow.invitations().lock_pending(self.team.id, &self.email).await?;
        let invitation = if let Some(mut pending) = pending {
            pending.renew(self.role, digest, self.actor.id(), token.expires_at);
            self.uow.invitations().renew(&pending).await?;
            pending
        } else {
            let invitation = Invitation {
                id: InvitationId::new(self.ids.next_id()),
                team_id: self.team.id,
                email: self.email.clone(),
                role: self.role,
                digest,
                state: InvitationState::Pending,
                invited_by: Some(self.actor.id()),
                accepted_by: None,
                created_at: self.now,
                expires_at: token.expires_at,
            };
            self.uow.invitations().insert(&invitation).await.map_err(overtaken)?;
            invitation
        };
        let letter = self.letters.write(&invitation, &token, &self.team, &self.actor.user, self.now)?;
        self.uow.outbox().replace(&letter).await?;
        Ok(AuditKind::MemberInvited)
    }

    /// Adds the membership, or gives the one that awaits its new role and status.
    async fn store(&self, user: &User, found: Option<Membership>) -> Result<(), InviteMemberError> {
        let mut membership = Membership::by_address(user.id, self.team.id, self.role, user.email_verified, self.now);
        let Some(found) = found else {
            return self.uow.memberships().insert(&membership).await.map_err(overtaken);
        };
        membership.joined_at = found.joined_at;
        self.uow.memberships().update(&membership).await?;
        Ok(())
    }

    /// What the account was invited to before, it has now.
    async fn settle_pending(&self, user: &User) -> Result<(), Fault> {
        if let Some(pending) = self.uow.invitations().lock_pending(self.team.id, &self.email).await? {
            self.uow.invitations().settle(pending.id, InvitationState::Accepted, Some(user.id)).await?;
            self.uow.outbox().withdraw(pending.id).await?;
        }
        Ok(())
    }

    async fn tell(&self, user: &User) -> Result<(), Fault> {
        let kind = MailKind::AddedToTeam {
            team_name: self.team.name.as_str().to_owned(),
            inviter_name: self.actor.user.full_name(),
            role: self.role,
        };
        let id = MailId::new(self.ids.next_id());
        let mail = QueuedMail::new(id, kind, self.email.clone(), self.now).to_account(user);
        self.uow.outbox().enqueue(&mail).await
    }
}

/// The team's lock keeps others out; whoever came between in spite of it was first.
fn overtaken(error: WriteError) -> InviteMemberError {
    match error {
        WriteError::Conflict(Conflict::MembershipExists) => InviteMemberError::AlreadyMember,
        WriteError::Conflict(Conflict::InvitationPending) => {
            Fault::unavailable("database", "another invitation of the address was made at the same time").into()
        }
        error => error.into_fault().into(),
    }
}
