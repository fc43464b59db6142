//! Both ways out for mail.

mod fixtures;
mod mailbox;
mod mailer;
mod sink;
mod smtp;
