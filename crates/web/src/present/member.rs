//! A member as the others of the team see it.

use countersign_domain::team::membership::Member;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::present::{Timestamp, words};

/// A member of a team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(crate) struct MemberBody {
    pub(crate) user_id: Uuid,
    #[schema(format = Email)]
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    #[schema(schema_with = words::role)]
    pub(crate) role: &'static str,
    #[schema(schema_with = words::membership_status)]
    pub(crate) status: &'static str,
    pub(crate) joined_at: Timestamp,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.membership.user_id.as_uuid(),
            email: member.email.as_str().to_owned(),
            first_name: member.first_name.as_str().to_owned(),
            last_name: member.last_name.as_str().to_owned(),
            role: member.membership.role.as_str(),
            status: member.membership.status.as_str(),
            joined_at: member.membership.joined_at.into(),
        }
    }
}
