//! What the owner of an account does with it.

pub(crate) mod change_password;
mod confirm_email_change;
pub(crate) mod delete_account;
mod end_session;
pub(crate) mod export_account;
mod list_my_teams;
pub(crate) mod list_sessions;
mod me_show;
#[cfg(test)]
mod password_holder;
pub(crate) mod request_email_change;
mod update_profile;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!(SignedIn me_show []),
        endpoint!(SignedIn update_profile [429 "rate_limited"]),
        endpoint!(SignedIn export_account [429 "rate_limited"]),
        endpoint!(SignedIn list_my_teams []),
        endpoint!(SignedIn change_password [403 "wrong_password", 429 "rate_limited"]),
        endpoint!(SignedIn request_email_change [403 "wrong_password", 429 "rate_limited"]),
        endpoint!(Open confirm_email_change [400 "invalid_token", 409 "email_taken"]),
        endpoint!(SignedIn delete_account [403 "wrong_password", 409 "last_admin", 429 "rate_limited"]),
        endpoint!(SignedIn list_sessions []),
        endpoint!(SignedIn end_session [404 "session_not_found"]),
    ]
}
