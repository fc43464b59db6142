//! Both ways out for mail.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod fixtures;
mod mailbox;
mod mailer;
mod sink;
mod smtp;
