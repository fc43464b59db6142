//! One suite for each port, over `&dyn Port`, run on every adapter.

mod audit_log;
mod credentials;
mod erasures;
mod housekeeping;
mod invitations;
mod memberships;
mod networks;
mod one_time_tokens;
mod outbox;
mod rate_limiter;
mod roster;
mod search;
mod sessions;
mod signing_keys;
mod snapshot_cache;
mod teams;
mod unit_of_work;
mod users;
