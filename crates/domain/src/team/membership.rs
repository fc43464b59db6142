//! Who is in a team, as what, and whether it counts yet.

use time::OffsetDateTime;

use crate::email_address::EmailAddress;
use crate::ids::{TeamId, UserId};
use crate::name::PersonName;
use crate::team::Team;
use crate::team::role::Role;

/// Whether a membership gives rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MembershipStatus {
    /// It counts.
    Active,
    /// It came by way of an address that nobody has proven yet: listed, but with no rights and in no token.
    AwaitingVerification,
}

impl MembershipStatus {
    /// Name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::AwaitingVerification => "awaiting_verification",
        }
    }

    /// Reads the stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::AwaitingVerification].into_iter().find(|s| s.as_str() == text)
    }
}

/// One account in one team. There is at most one for each pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub user_id: UserId,
    /// The team.
    pub team_id: TeamId,
    /// As what.
    pub role: Role,
    /// Whether it counts.
    pub status: MembershipStatus,
    /// Since when.
    pub joined_at: OffsetDateTime,
}

impl Membership {
    /// The membership of a team's creator: an active admin at once, for it came by way of no address.
    pub const fn of_creator(user_id: UserId, team_id: TeamId, now: OffsetDateTime) -> Self {
        Self { user_id, team_id, role: Role::Admin, status: MembershipStatus::Active, joined_at: now }
    }

    /// A membership gained through an address: it counts once that address is verified.
    pub const fn by_address(
        user_id: UserId,
        team_id: TeamId,
        role: Role,
        address_verified: bool,
        now: OffsetDateTime,
    ) -> Self {
        let status = if address_verified { MembershipStatus::Active } else { MembershipStatus::AwaitingVerification };
        Self { user_id, team_id, role, status, joined_at: now }
    }

    /// The role that counts now, if any.
    pub fn effective_role(&self) -> Option<Role> {
        (self.status == MembershipStatus::Active).then_some(self.role)
    }

    /// Whether it is an admin's and counts.
    pub fn is_active_admin(&self) -> bool {
        self.effective_role() == Some(Role::Admin)
    }
}

/// A team as one of its members sees it in the list of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamMembership {
    /// The team.
    pub team: Team,
    /// The account's place in it.
    pub membership: Membership,
}

/// A member as the others of the team see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its place in the team.
    pub membership: Membership,
    /// Its address.
    pub email: EmailAddress,
    /// Its first name.
    pub first_name: PersonName,
    /// Its last name.
    pub last_name: PersonName,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn states_read_back_by_their_exact_names() {
        for (name, status) in [
            ("active", Some(MembershipStatus::Active)),
            ("awaiting_verification", Some(MembershipStatus::AwaitingVerification)),
            ("Active", None),
            ("", None),
        ] {
            assert_eq!(MembershipStatus::parse(name), status, "{name}");
        }
    }

    #[test]
    fn an_unproven_address_gives_no_role() {
        let user = UserId::new(Uuid::from_u128(1));
        let team = TeamId::new(Uuid::from_u128(2));
        let awaiting = Membership::by_address(user, team, Role::Admin, false, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(awaiting.effective_role(), None);
        assert!(!awaiting.is_active_admin());
        let proven = Membership::by_address(user, team, Role::Admin, true, OffsetDateTime::UNIX_EPOCH);
        assert!(proven.is_active_admin());
        assert!(Membership::of_creator(user, team, OffsetDateTime::UNIX_EPOCH).is_active_admin());
    }
}
