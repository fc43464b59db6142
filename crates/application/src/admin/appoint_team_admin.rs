//! Makes a member admin of its team, for superusers: the way out for a team that lost its last admin.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::membership::Member;
use countersign_domain::team::role::Role;

use crate::actor::Actor;
use crate::admin::guard::{SuperuserError, SuperuserGuard};
use crate::admin::views::AdminViews;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::snapshots::{Entry, Snapshots};
use crate::teams::listed_member::listed_member;
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct AppointTeamAdminCommand {
    /// In which team.
    pub team_id: TeamId,
    /// Whom.
    pub user_id: UserId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AppointTeamAdminError {
    /// No such team.
    #[error("no such team")]
    TeamNotFound,
    /// No such member in this team.
    #[error("no such member in this team")]
    MemberNotFound,
    /// The team has an active admin, whose business this is.
    #[error("the team has an admin")]
    TeamHasAdmin,
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { AppointTeamAdminError {
    TeamNotFound => Missing "team_not_found",
    MemberNotFound => Missing "member_not_found",
    TeamHasAdmin => Conflict "team_has_admin",
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct AppointTeamAdmin {
    clock: Arc<dyn Clock>,
    guard: SuperuserGuard,
    views: AdminViews,
    snapshots: Snapshots,
    trail: Trail,
}

impl AppointTeamAdmin {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            guard: SuperuserGuard::new(dependencies),
            views: AdminViews::new(dependencies),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Makes a member admin of its team, for superusers: the way out for a team that lost its last admin, and for
    /// no other. Only an active membership of an active account will do; another would not count as an admin.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: AppointTeamAdminCommand,
    ) -> Result<Member, AppointTeamAdminError> {
        let AppointTeamAdminCommand { team_id, user_id } = command;
        self.guard.require(actor, origin).await?;
        let now = self.clock.now();
        let (uow, user) = self.guard.begin(actor, origin, user_id).await?;
        uow.teams().lock(team_id).await?.ok_or(AppointTeamAdminError::TeamNotFound)?;
        let user = user.filter(|user| user.is_active).ok_or(AppointTeamAdminError::MemberNotFound)?;
        let membership = uow.memberships().find(user_id, team_id).await?;
        let mut membership = membership
            .filter(|membership| membership.effective_role().is_some())
            .ok_or(AppointTeamAdminError::MemberNotFound)?;
        if membership.role == Role::Admin {
            drop(uow);
            // The answer shows the member: where nothing was done, it is a look at it.
            self.views.record(actor, origin, "member", Some(user_id)).await?;
            return Ok(listed_member(membership, user));
        }
        // Under the team's lock: who administers it must not change meanwhile.
        if uow.roster().has_admin_besides(team_id, user_id).await? {
            return Err(AppointTeamAdminError::TeamHasAdmin);
        }
        membership.role = Role::Admin;
        uow.memberships().update(&membership).await?;
        let event = self.trail.event(AuditKind::AdminAppointed, origin, now).by(actor.id());
        let event = event.about(user_id).in_team(team_id);
        uow.audit().append(&event).await?;
        let granted = self.snapshots.refreshed([Entry::Membership(user_id, team_id)]);
        finish(uow, [granted], &self.trail, [event]).await?;
        Ok(listed_member(membership, user))
    }
}

#[cfg(test)]
mod tests;
