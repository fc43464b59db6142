//! The part of an invitation in a registration: it proves the address and opens the team.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::secret::Secret;
use countersign_domain::team::membership::Membership;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::auth::refused_tokens::RefusedTokens;
use crate::auth::register::RegisterError;
use crate::dependencies::Dependencies;
use crate::error::WriteError;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::team_repository::TeamRepository;
use crate::ports::unit_of_work::UnitOfWork;
use crate::trail::Trail;

#[derive(Clone)]
pub(in crate::auth::register) struct Invited {
    refused: RefusedTokens,
    invitations: Arc<dyn InvitationRepository>,
    teams: Arc<dyn TeamRepository>,
    trail: Trail,
}

impl Invited {
    pub(in crate::auth::register) fn new(dependencies: &Dependencies) -> Self {
        Self {
            refused: RefusedTokens::new(dependencies),
            invitations: Arc::clone(&dependencies.invitations),
            teams: Arc::clone(&dependencies.teams),
            trail: Trail::new(dependencies),
        }
    }

    /// The open invitation of this address with this token, into a team that is there. Judged before hashing.
    pub(in crate::auth::register) async fn invitation(
        &self,
        token: &Secret,
        email: &EmailAddress,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Invitation, RegisterError> {
        self.refused.check(origin, now).await?;
        let found = self.invitations.find_by_digest(&token.digest()).await?;
        let Some(invitation) = found.filter(|invitation| invitation.is_open(now)) else {
            return Err(self.refused.refuse("invitation", origin, now, RegisterError::InvalidInvitation).await);
        };
        if invitation.email != *email {
            let event = self.trail.event(AuditKind::AccessDenied, origin, now).in_team(invitation.team_id);
            self.trail.record_refusal(event.detail("invitation_for_another_account")).await?;
            return Err(RegisterError::InvitationForAnotherAccount);
        }
        if self.teams.find_by_id(invitation.team_id).await?.is_none() {
            return Err(self.refused.refuse("invitation", origin, now, RegisterError::InvalidInvitation).await);
        }
        Ok(invitation)
    }

    /// Makes the new account a member. The invitation is read again under the team's lock: it may have been used,
    /// revoked or given another role since it was judged.
    pub(in crate::auth::register) async fn join(
        &self,
        uow: &dyn UnitOfWork,
        user: &User,
        judged: &Invitation,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<AuditEvent, RegisterError> {
        uow.teams().lock(judged.team_id).await?.ok_or(RegisterError::InvalidInvitation)?;
        let invitation = uow.invitations().find_by_digest(&judged.digest).await?;
        let invitation = invitation.filter(|i| i.is_open(now)).ok_or(RegisterError::InvalidInvitation)?;
        if !uow.invitations().settle(invitation.id, InvitationState::Accepted, Some(user.id)).await? {
            return Err(RegisterError::InvalidInvitation);
        }
        let membership = Membership::by_address(user.id, invitation.team_id, invitation.role, user.email_verified, now);
        uow.memberships().insert(&membership).await.map_err(WriteError::into_fault)?;
        let event = self.trail.event(AuditKind::InvitationAccepted, origin, now);
        Ok(event.by(user.id).about(user.id).in_team(invitation.team_id))
    }
}
