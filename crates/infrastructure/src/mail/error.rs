//! Settings that mail cannot be sent with.

use std::io;

/// Why an adapter of this module was not made. Tells the setting, never a secret in it.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    /// The public URL is not one.
    #[error("the public URL must be an http or https URL with a host, without query and fragment")]
    PublicUrl,
    /// A link target is not a URL to send people to.
    #[error("the link target {target} must be an http or https URL with {{token}} once, behind the host")]
    LinkTarget {
        /// Which.
        target: &'static str,
    },
    /// The sender is not an address with or without a name.
    #[error("the sender must be an address, such as no-reply@example.com or Example <no-reply@example.com>")]
    Sender,
    /// The sender of the envelope is not an address.
    #[error("the envelope sender must be an address, such as bounces@example.com")]
    EnvelopeSender,
    /// The SMTP URL is not one.
    #[error("SMTP_URL must be smtp://host, smtp://host?tls=required or smtps://host, with user:password@ if needed")]
    SmtpUrl,
    /// A password would go over the network in the clear.
    #[error("SMTP_URL has a password and would send it unencrypted: make it smtps://… or add ?tls=required")]
    SmtpPassword,
    /// A template does not parse, or cannot be filled in.
    #[error("the mail template {file} cannot be used")]
    Template {
        /// Its file.
        file: String,
        /// What is wrong.
        #[source]
        source: minijinja::Error,
    },
    /// A template asks for what mails of its kind do not have.
    #[error("the mail template {file}, line {line}: no mail of its kind has {name}")]
    UnknownValue {
        /// Its file.
        file: String,
        /// The first line that asks for it.
        line: usize,
        /// What it asks for.
        name: String,
    },
    /// The text template of a kind does not begin with a subject.
    #[error("the mail template {file} must begin with a line «Subject: …»")]
    Subject {
        /// Its file.
        file: String,
    },
    /// A template cannot be read.
    #[error("the mail template {file} cannot be read")]
    UnreadableTemplate {
        /// Its file.
        file: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file among the operator's templates that no mail is made from: a typing error.
    #[error("{file} is no mail template; there are {known}")]
    UnknownTemplate {
        /// Its file.
        file: String,
        /// The names that there are.
        known: String,
    },
    /// A folder cannot be read or written.
    #[error("the folder of {what} cannot be used")]
    Folder {
        /// What it is for.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}
