//! A team as its member sees it.

use countersign_domain::team::membership::TeamMembership;
use serde::Serialize;
use utoipa::ToSchema;

use crate::present::{TeamBody, Timestamp, words};

/// A team and the account's place in it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TeamMembership)]
pub(crate) struct TeamMembershipBody {
    #[serde(flatten)]
    pub(crate) team: TeamBody,
    #[schema(schema_with = words::role)]
    pub(crate) role: &'static str,
    #[schema(schema_with = words::membership_status)]
    pub(crate) status: &'static str,
    pub(crate) joined_at: Timestamp,
}

impl From<TeamMembership> for TeamMembershipBody {
    fn from(TeamMembership { team, membership }: TeamMembership) -> Self {
        Self {
            team: team.into(),
            role: membership.role.as_str(),
            status: membership.status.as_str(),
            joined_at: membership.joined_at.into(),
        }
    }
}
