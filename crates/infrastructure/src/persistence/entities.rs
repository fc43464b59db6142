//! One file a table. Rows are turned into entities of the domain in the file of their port.

#![expect(unreachable_pub, reason = "the derive makes an entity public, and a model cannot be less so")]

pub(crate) mod audit_events;
pub(crate) mod erasures;
pub(crate) mod invitations;
pub(crate) mod mails;
pub(crate) mod one_time_tokens;
pub(crate) mod sessions;
pub(crate) mod sign_in_networks;
pub(crate) mod signing_keys;
pub(crate) mod teams;
pub(crate) mod user_teams;
pub(crate) mod users;
