//! Mail: templates that make text of what is queued, and two ways out, a folder and SMTP.

mod accents;
mod error;
mod inert;
mod links;
mod mailbox;
mod mailbox_housekeeping;
mod message;
mod renderer;
mod smtp;
mod templates;

pub use crate::mail::error::MailSettingsError;
pub use crate::mail::links::LinkTargets;
pub use crate::mail::mailbox::Mailbox;
pub use crate::mail::mailbox_housekeeping::MailboxHousekeeping;
pub use crate::mail::message::{MessageSettings, default_sender};
pub use crate::mail::renderer::{RendererSettings, TemplateRenderer};
pub use crate::mail::smtp::{SmtpMailer, SmtpSettings, Unreached};
