//! Teams, their members and invitations.

mod invite_member;
mod list_members;

use crate::routes::{Endpoint, endpoint};

/// The calls of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint!(TeamAdmin invite_member [409 "already_member", 429 "rate_limited"]),
        endpoint!(TeamMember list_members []),
    ]
}
