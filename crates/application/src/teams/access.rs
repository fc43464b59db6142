//! Whether the actor may do something in a team, judged by what is stored, never by the token.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;
use countersign_domain::team::permissions::{Denial, Permission, authorize};
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::snapshots::Snapshots;
use crate::trail::Trail;

/// Why the actor may not.
#[derive(Debug, thiserror::Error)]
pub enum TeamAccessError {
    /// There is no such team, or the actor is not in it: the two look the same.
    #[error("no such team")]
    TeamNotFound,
    /// It takes an admin.
    #[error("this takes an admin of the team")]
    AdminRequired,
    /// The session that asks was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// It could not be told.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { TeamAccessError {
    TeamNotFound => Missing "team_not_found",
    AdminRequired => Forbidden "team_admin_required",
} via { Revoked, Internal } }

impl From<Denial> for TeamAccessError {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::NotAMember => Self::TeamNotFound,
            Denial::AdminRequired => Self::AdminRequired,
        }
    }
}

/// Asks the permissions, and audits refusals.
#[derive(Clone)]
pub struct TeamAccess {
    clock: Arc<dyn Clock>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl TeamAccess {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// For reads, and as the gate before writes: from the caches.
    ///
    /// The team is looked up for its members alone. To whoever is not in it, one that exists would else answer sooner
    /// than one that does not, and one in use sooner still.
    pub async fn require(
        &self,
        actor: &Actor,
        origin: &Origin,
        team_id: TeamId,
        permission: Permission,
    ) -> Result<(Team, Membership), TeamAccessError> {
        let membership = self.snapshots.membership(actor.id(), team_id).await?;
        let team = match &membership {
            Some(_) => self.snapshots.team(team_id).await?,
            None => None,
        };
        let membership = membership.filter(|_| team.is_some());
        match (authorize(membership.as_ref(), permission), team, membership) {
            (Ok(()), Some(team), Some(membership)) => Ok((team, membership)),
            (Err(denial), ..) => Err(self.deny(actor, origin, team_id, denial).await?),
            (Ok(()), ..) => Err(TeamAccessError::TeamNotFound),
        }
    }

    /// For writes about another account: takes the locks of actor, account and team and judges by the rows under them, so
    /// that a session or a right that was taken away a moment ago is gone. The account is `None` if there is none. On a
    /// denial drop the unit of work, then call [`Self::deny`].
    pub async fn lock_with(
        &self,
        about: UserId,
        uow: &dyn UnitOfWork,
        actor: &Actor,
        team_id: TeamId,
        permission: Permission,
    ) -> Result<Result<(Team, Option<User>), Denial>, AuthenticateError> {
        let (_, account) = actor.lock_with(about, uow, self.clock.now()).await?;
        Ok(judge(uow, actor, team_id, permission).await?.map(|team| (team, account)))
    }

    /// For other writes: begins a unit of work that holds the locks of actor and team, judged as by [`Self::lock_with`].
    pub async fn begin(
        &self,
        actor: &Actor,
        origin: &Origin,
        team_id: TeamId,
        permission: Permission,
    ) -> Result<(Box<dyn UnitOfWork>, Team), TeamAccessError> {
        let uow = self.units_of_work.begin().await?;
        actor.lock(&*uow, self.clock.now()).await?;
        match judge(&*uow, actor, team_id, permission).await? {
            Ok(team) => Ok((uow, team)),
            Err(denial) => {
                drop(uow);
                Err(self.deny(actor, origin, team_id, denial).await?)
            }
        }
    }

    /// Audits a refusal (ASVS 16.3.2) and gives the error for it.
    pub async fn deny(
        &self,
        actor: &Actor,
        origin: &Origin,
        team_id: TeamId,
        denial: Denial,
    ) -> Result<TeamAccessError, Fault> {
        let detail = match denial {
            Denial::NotAMember => "not_a_member",
            Denial::AdminRequired => "team_admin_required",
        };
        let event = self.trail.event(AuditKind::AccessDenied, origin, self.clock.now());
        self.trail.record_refusal(event.by(actor.id()).in_team(team_id).detail(detail)).await?;
        Ok(denial.into())
    }
}

/// Under the lock of the team. Accounts and sessions are locked before it: whoever ends those may wait for teams.
async fn judge(
    uow: &dyn UnitOfWork,
    actor: &Actor,
    team_id: TeamId,
    permission: Permission,
) -> Result<Result<Team, Denial>, Fault> {
    let Some((team, membership)) = uow.teams().lock_with_membership(team_id, actor.id()).await? else {
        return Ok(Err(Denial::NotAMember));
    };
    Ok(authorize(Some(&membership), permission).map(|()| team))
}

#[cfg(test)]
mod tests;
