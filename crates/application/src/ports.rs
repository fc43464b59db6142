//! What the use cases need from outside. Adapters implement these; tests mock them.
//!
//! Rules for every port: `None` is the normal "there is none"; a [`Fault`](crate::error::Fault) means that the answer
//! is not known. Repositories are called either on their own, for one statement, or through a
//! [`UnitOfWork`](unit_of_work::UnitOfWork), whose writes count together or not at all.

pub mod access_tokens;
pub mod audit_log;
pub mod clock;
pub mod credential_repository;
pub mod dependency_probe;
pub mod erasures;
pub mod housekeeping;
pub mod id_generator;
pub mod invitation_repository;
pub mod listings;
pub mod mail_renderer;
pub mod mailbox;
pub mod mailer;
pub mod membership_repository;
pub mod one_time_token_repository;
pub mod outbox;
pub mod password_hasher;
pub mod pseudonymizer;
pub mod rate_limiter;
pub mod remains;
pub mod roster_repository;
pub mod sealer;
pub mod secret_generator;
pub mod session_repository;
pub mod sign_in_networks;
pub mod signing_keys;
pub mod snapshot_cache;
pub mod team_repository;
pub mod unit_of_work;
pub mod user_repository;
