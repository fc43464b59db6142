//! Teams, their members and invitations.

pub(crate) mod accept_invitation;
mod change_role;
mod create_team;
mod delete_team;
mod invite_member;
mod list_invitations;
mod list_members;
mod remove_member;
mod resend_invitation;
mod revoke_invitation;
mod show_team;
mod update_team;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!(Open accept_invitation [
            400 "invalid_token", 401 "authentication_required", 401 "invalid_token",
            403 "invitation_for_another_account", 409 "account_required", 429 "rate_limited"
        ]),
        endpoint!(SignedIn create_team [409 "team_limit_reached", 429 "rate_limited"]),
        endpoint!(TeamMember show_team []),
        endpoint!(TeamAdmin update_team [429 "rate_limited"]),
        endpoint!(TeamAdmin delete_team []),
        endpoint!(TeamMember list_members []),
        endpoint!(TeamAdmin change_role [404 "member_not_found", 409 "last_admin", 429 "rate_limited"]),
        endpoint!(MemberRemoval remove_member [404 "member_not_found", 409 "last_admin"]),
        endpoint!(TeamAdmin invite_member [409 "already_member", 429 "rate_limited"]),
        endpoint!(TeamAdmin list_invitations []),
        endpoint!(TeamAdmin resend_invitation [
            404 "invitation_not_found", 409 "invitation_not_pending", 429 "rate_limited"
        ]),
        endpoint!(TeamAdmin revoke_invitation [404 "invitation_not_found", 409 "invitation_not_pending"]),
    ]
}
