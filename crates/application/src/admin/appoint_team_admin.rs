//! Makes a member admin of its team, for superusers: the way out for a team that lost its last admin.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::ids::UserId;
use countersign_domain::team::membership::Member;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

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
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct AppointTeamAdmin {}

impl AppointTeamAdmin {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Makes a member admin of its team, for superusers: the way out for a team that lost its last admin.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: AppointTeamAdminCommand,
    ) -> Result<Member, AppointTeamAdminError> {
        Err(Fault::internal("appoint_team_admin", "not built yet").into())
    }
}
