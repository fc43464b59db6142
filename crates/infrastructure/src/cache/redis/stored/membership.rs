//! Memberships.

use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cache::redis::stored::{Stored, read, write};

#[derive(Serialize, Deserialize)]
pub(crate) struct Fields {
    user_id: Uuid,
    team_id: Uuid,
    role: String,
    status: String,
    #[serde(with = "time::serde::rfc3339")]
    joined_at: OffsetDateTime,
}

impl From<&Membership> for Fields {
    fn from(membership: &Membership) -> Self {
        Self {
            user_id: membership.user_id.as_uuid(),
            team_id: membership.team_id.as_uuid(),
            role: membership.role.as_str().to_owned(),
            status: membership.status.as_str().to_owned(),
            joined_at: membership.joined_at,
        }
    }
}

impl Fields {
    pub(crate) fn read(self) -> Option<Membership> {
        Some(Membership {
            user_id: UserId::new(self.user_id),
            team_id: TeamId::new(self.team_id),
            role: Role::parse(&self.role).ok()?,
            status: MembershipStatus::parse(&self.status)?,
            joined_at: self.joined_at,
        })
    }
}

impl Stored for Membership {
    fn to_octets(&self) -> Option<Vec<u8>> {
        write(&Fields::from(self))
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        read::<Fields>(octets)?.read()
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::membership;

    use super::*;

    #[test]
    fn a_membership_survives_the_round_trip() {
        for role in [Role::Admin, Role::Member] {
            for status in [MembershipStatus::Active, MembershipStatus::AwaitingVerification] {
                let membership = Membership { status, ..membership(1, role) };
                assert_eq!(Membership::from_octets(&membership.to_octets().unwrap()), Some(membership));
            }
        }
    }

    #[test]
    fn a_role_that_is_not_known_is_no_membership() {
        let text = String::from_utf8(membership(1, Role::Admin).to_octets().unwrap()).unwrap();
        assert!(Membership::from_octets(text.replace("admin", "owner").as_bytes()).is_none());
        assert!(Membership::from_octets(text.replace("active", "paused").as_bytes()).is_none());
    }
}
