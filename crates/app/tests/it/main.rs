//! Black-box tests: the real binary, over real sockets, on a folder of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so at once")]

mod access_tokens;
mod account;
mod admin;
mod architecture;
mod audit;
mod change_email;
mod commands;
mod documents;
mod email_verification;
mod export;
mod faults;
mod housekeeping;
mod http;
mod invitations;
mod key_rotation;
mod lifecycle;
mod login;
mod logs;
mod mail_pages;
mod metrics;
mod password_reset;
mod passwords;
mod rate_limits;
mod readme;
mod refresh_tokens;
mod registration;
mod sessions;
mod settings;
mod shapes;
mod start_errors;
mod support;
mod teams;
mod tls;
mod walk_through;
