//! Roles in a team.

use crate::violation::Violation;

/// What a member is in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Manages the team, its members and invitations.
    Admin,
    /// Sees the team and its members.
    Member,
}

impl Role {
    /// Name in the API, in tokens and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// Reads the exact name.
    pub fn parse(text: &str) -> Result<Self, RoleError> {
        match text {
            "admin" => Ok(Self::Admin),
            "member" => Ok(Self::Member),
            _ => Err(RoleError),
        }
    }
}

/// Not a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is \"admin\" or \"member\"")]
pub struct RoleError;

impl Violation for RoleError {
    fn code(&self) -> &'static str {
        "invalid_role"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_names_are_roles() {
        for role in [Role::Admin, Role::Member] {
            assert_eq!(Role::parse(role.as_str()), Ok(role));
        }
        for bad in ["owner", "Admin", "ADMIN", "", "admin "] {
            assert_eq!(Role::parse(bad), Err(RoleError));
        }
    }
}
