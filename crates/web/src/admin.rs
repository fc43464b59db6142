//! What superusers do.

mod appoint_team_admin;
mod delete_user;
mod end_user_sessions;
pub(crate) mod list_audit_events;
pub(crate) mod list_teams;
mod list_users;
pub(crate) mod search;
mod show_user;
#[cfg(test)]
mod tests;
mod update_user;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!(Superuser list_users []),
        endpoint!(Superuser show_user [404 "user_not_found"]),
        endpoint!(Superuser update_user [404 "user_not_found"]),
        endpoint!(Superuser delete_user [404 "user_not_found"]),
        endpoint!(Superuser end_user_sessions [404 "user_not_found"]),
        endpoint!(Superuser list_teams []),
        endpoint!(Superuser appoint_team_admin [404 "team_not_found", 404 "member_not_found", 409 "team_has_admin"]),
        endpoint!(Superuser list_audit_events []),
    ]
}
