//! Gives a member another role.

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::ids::UserId;
use countersign_domain::team::membership::Member;
use countersign_domain::team::role::Role;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::teams::access::TeamAccessError;

/// What to do.
#[derive(Clone, Debug)]
pub struct ChangeRoleCommand {
    /// In which team.
    pub team_id: TeamId,
    /// Whom.
    pub user_id: UserId,
    /// Which.
    pub role: Role,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ChangeRoleError {
    /// No such member in this team.
    #[error("no such member in this team")]
    MemberNotFound,
    /// A team would be left without an admin; make another member admin first, or delete the team.
    #[error("a team would be left without an admin; make another member admin first, or delete the team")]
    LastAdmin,
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ChangeRoleError {
    MemberNotFound => Missing "member_not_found",
    LastAdmin => Conflict "last_admin",
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ChangeRole {}

impl ChangeRole {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Gives a member another role.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ChangeRoleCommand,
    ) -> Result<Member, ChangeRoleError> {
        Err(Fault::internal("change_role", "not built yet").into())
    }
}
