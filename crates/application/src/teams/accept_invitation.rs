//! Accepts an invitation, signed in or not.

mod claim;

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::UserId;
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::secret::Secret;
use countersign_domain::team::Team;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::ports::user_repository::UserRepository;
use crate::snapshots::Snapshots;
use crate::teams::accept_invitation::claim::{Claim, Claimed};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct AcceptInvitationCommand {
    /// The mailed token.
    pub token: Secret,
    /// The account that accepts, when signed in.
    pub actor: Option<Actor>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AcceptInvitationError {
    /// The token is invalid, expired or used.
    #[error("the invitation is invalid, expired or used; ask for a new one")]
    InvalidToken,
    /// This invitation is for another e-mail address.
    #[error("this invitation is for another e-mail address")]
    InvitationForAnotherAccount,
    /// No account has the invited e-mail address; register with this invitation.
    #[error("no account has the invited e-mail address; register with this invitation")]
    AccountRequired,
    /// The session that accepts was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { AcceptInvitationError {
    InvalidToken => BadRequest "invalid_token",
    InvitationForAnotherAccount => Forbidden "invitation_for_another_account",
    AccountRequired => Conflict "account_required",
} via { Revoked, Limited, Internal } }

/// The use case.
#[derive(Clone)]
pub struct AcceptInvitation {
    clock: Arc<dyn Clock>,
    invitations: Arc<dyn InvitationRepository>,
    users: Arc<dyn UserRepository>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    limits: Limits,
    snapshots: Snapshots,
    trail: Trail,
}

impl AcceptInvitation {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            invitations: Arc::clone(&dependencies.invitations),
            users: Arc::clone(&dependencies.users),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            limits: Limits::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Accepts an invitation. Signed in, the account must have the invited address, which is proven by that: the
    /// token came by its mail, and the session by its password. Not signed in, the account that has the address is
    /// added, and nothing about it is verified or revealed: until it is verified the membership waits, and the
    /// invitation stays open. Once more by the same account is a success.
    pub async fn execute(
        &self,
        origin: &Origin,
        command: AcceptInvitationCommand,
    ) -> Result<Team, AcceptInvitationError> {
        let now = self.clock.now();
        self.limits.check(Limit::TokenFailures, Subject::Network(origin.ip), now).await?;
        let digest = command.token.digest();
        let Some(invitation) = self.invitations.find_by_digest(&digest).await? else {
            return Err(self.refuse(origin, now).await);
        };
        let account = match self.claimant(&invitation, command.actor.as_ref(), now).await {
            Ok(account) => account,
            Err(AcceptInvitationError::InvalidToken) => return Err(self.refuse(origin, now).await),
            Err(error) => return Err(self.audit_denial(error, &invitation, command.actor.as_ref(), origin, now).await),
        };
        let claim = Claim { digest, team_id: invitation.team_id, account, actor: command.actor, now };
        let uow = self.units_of_work.begin().await?;
        let joined = match claim.settle(&*uow, &self.trail, origin).await? {
            Claimed::Joined(joined) => joined,
            Claimed::Repeated(team) => return Ok(team),
            Claimed::Refused => {
                drop(uow);
                return Err(self.refuse(origin, now).await);
            }
        };
        let granted = self.snapshots.refreshed(joined.stale);
        finish(uow, [granted], &self.trail, joined.events).await?;
        Ok(joined.team)
    }

    /// The account that the token may bring into the team.
    async fn claimant(
        &self,
        invitation: &Invitation,
        actor: Option<&Actor>,
        now: OffsetDateTime,
    ) -> Result<UserId, AcceptInvitationError> {
        if invitation.state == InvitationState::Accepted {
            let used_by = invitation.accepted_by.filter(|user| actor.is_none_or(|actor| actor.id() == *user));
            return used_by.ok_or(AcceptInvitationError::InvalidToken);
        }
        if !invitation.is_open(now) {
            return Err(AcceptInvitationError::InvalidToken);
        }
        match actor {
            Some(actor) if actor.user.email == invitation.email => Ok(actor.id()),
            Some(_) => Err(AcceptInvitationError::InvitationForAnotherAccount),
            None => match self.users.find_by_email(&invitation.email).await? {
                Some(user) => Ok(user.id),
                None => Err(AcceptInvitationError::AccountRequired),
            },
        }
    }

    /// Counts and audits a token that is refused; gives the error for it.
    async fn refuse(&self, origin: &Origin, now: OffsetDateTime) -> AcceptInvitationError {
        if let Err(exceeded) = self.limits.acquire(Limit::TokenFailures, Subject::Network(origin.ip), now).await {
            return exceeded.into();
        }
        let event = self.trail.event(AuditKind::TokenRefused, origin, now).detail("invitation");
        match self.trail.record(event).await {
            Ok(()) => AcceptInvitationError::InvalidToken,
            Err(fault) => fault.into(),
        }
    }

    /// Audits that somebody signed in came with the invitation of another (ASVS 16.3.2); passes the error on.
    async fn audit_denial(
        &self,
        error: AcceptInvitationError,
        invitation: &Invitation,
        actor: Option<&Actor>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> AcceptInvitationError {
        let (AcceptInvitationError::InvitationForAnotherAccount, Some(actor)) = (&error, actor) else { return error };
        let event = self.trail.event(AuditKind::AccessDenied, origin, now).by(actor.id());
        let event = event.in_team(invitation.team_id).detail("invitation_for_another_account");
        match self.trail.record_refusal(event).await {
            Ok(()) => error,
            Err(fault) => fault.into(),
        }
    }
}

#[cfg(test)]
mod tests;
