//! What a role may do in a team (ASVS 8.1.1). One table, asked before anything is done.

use crate::ids::UserId;
use crate::team::membership::Membership;
use crate::team::role::Role;

/// Something that can be done in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See the team.
    ViewTeam,
    /// See who is in it.
    ViewMembers,
    /// Change name and description.
    UpdateTeam,
    /// Delete the team.
    DeleteTeam,
    /// Change another member's role, or one's own.
    ChangeRoles,
    /// Remove a member, or leave.
    RemoveMember {
        /// Whom.
        target: UserId,
    },
    /// Invite, see, resend and revoke invitations.
    ManageInvitations,
}

/// Why something is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// To someone without an active membership the team does not exist.
    NotAMember,
    /// It takes an admin.
    AdminRequired,
}

/// Whether this membership allows it. A superuser has no rights in teams; an awaiting member has none yet,
/// but may always leave.
pub fn authorize(membership: Option<&Membership>, permission: Permission) -> Result<(), Denial> {
    let membership = membership.ok_or(Denial::NotAMember)?;
    if permission == (Permission::RemoveMember { target: membership.user_id }) {
        return Ok(());
    }
    match (membership.effective_role(), permission) {
        (None, _) => Err(Denial::NotAMember),
        (Some(Role::Admin), _) | (Some(Role::Member), Permission::ViewTeam | Permission::ViewMembers) => Ok(()),
        (Some(Role::Member), _) => Err(Denial::AdminRequired),
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use uuid::Uuid;

    use super::*;
    use crate::ids::TeamId;

    fn membership(role: Role, verified: bool) -> Membership {
        Membership::by_address(
            UserId::new(Uuid::from_u128(1)),
            TeamId::new(Uuid::from_u128(2)),
            role,
            verified,
            OffsetDateTime::UNIX_EPOCH,
        )
    }

    const OTHER: Permission = Permission::RemoveMember { target: UserId::new(Uuid::from_u128(9)) };
    const SELF: Permission = Permission::RemoveMember { target: UserId::new(Uuid::from_u128(1)) };
    const ADMIN_ONLY: [Permission; 5] =
        [Permission::UpdateTeam, Permission::DeleteTeam, Permission::ChangeRoles, Permission::ManageInvitations, OTHER];

    #[test]
    fn an_admin_may_everything() {
        let admin = membership(Role::Admin, true);
        for permission in ADMIN_ONLY.into_iter().chain([Permission::ViewTeam, Permission::ViewMembers, SELF]) {
            assert_eq!(authorize(Some(&admin), permission), Ok(()));
        }
    }

    #[test]
    fn a_member_may_look_and_leave() {
        let member = membership(Role::Member, true);
        for permission in [Permission::ViewTeam, Permission::ViewMembers, SELF] {
            assert_eq!(authorize(Some(&member), permission), Ok(()));
        }
        for permission in ADMIN_ONLY {
            assert_eq!(authorize(Some(&member), permission), Err(Denial::AdminRequired));
        }
    }

    #[test]
    fn an_awaiting_admin_may_only_leave() {
        let awaiting = membership(Role::Admin, false);
        assert_eq!(authorize(Some(&awaiting), SELF), Ok(()));
        for permission in ADMIN_ONLY.into_iter().chain([Permission::ViewTeam, Permission::ViewMembers]) {
            assert_eq!(authorize(Some(&awaiting), permission), Err(Denial::NotAMember));
        }
    }

    #[test]
    fn to_a_stranger_the_team_does_not_exist() {
        for permission in ADMIN_ONLY.into_iter().chain([Permission::ViewTeam, Permission::ViewMembers, SELF]) {
            assert_eq!(authorize(None, permission), Err(Denial::NotAMember));
        }
    }
}
