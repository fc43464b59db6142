//! Both ways out for mail.

mod fixtures;
mod mailbox;
mod mailbox_reader;
mod mailer;
mod sink;
mod smtp;
