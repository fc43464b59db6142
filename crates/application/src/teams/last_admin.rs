//! A team with members always has an admin.

use countersign_domain::team::membership::Membership;

use crate::error::Fault;
use crate::ports::roster_repository::RosterRepository;

/// Whether the team would have no admin if this membership ended or lost its role. Ask under the team's lock to decide by it.
/// Only active memberships of active accounts count; one that does not count itself is never the last.
pub(crate) async fn is_last_admin(roster: &dyn RosterRepository, membership: &Membership) -> Result<bool, Fault> {
    Ok(membership.is_active_admin() && !roster.has_admin_besides(membership.team_id, membership.user_id).await?)
}
