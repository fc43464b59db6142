//! Mails: what is told, and how it gets out.

pub mod deliver_outbox;
pub mod delivery_reason;
pub mod housekeeping;
pub mod message;
