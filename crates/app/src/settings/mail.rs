//! How mail goes out and what it looks like.

use std::path::PathBuf;

use countersign_domain::secret::Secret;
use countersign_infrastructure::mail::{MailSettingsError, SmtpMailer};
use time::Duration;

use crate::settings::catalogue::Setting;
use crate::settings::path;
use crate::settings::public_url::PublicUrl;
use crate::settings::reader::Reader;
use crate::settings::storage::ESCAPED;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::secret(
        "mail.smtp_url",
        "smtp://, smtps:// or smtp://…?tls=required; without it, one .eml file a message in the mailbox of the data folder.",
    )
    .also("SMTP_URL"),
    Setting::new("mail.sender", "", "Who mails come from: `Name <address>` or an address. Without it, the product name at `no-reply@` the public host."),
    Setting::new("mail.envelope_sender", "", "Address of the envelope, where mail servers send what they could not deliver. Without it, that of the sender."),
    Setting::new("mail.product_name", "Countersign", "What the service calls itself in mails and on its pages."),
    Setting::new("mail.templates_dir", "", "Folder with templates that replace the built-in ones of the same name."),
    Setting::new("mail.timeout", "20s", "How long the mail server may take for a message, at most 60s: the lease of a worker must outlast it."),
    Setting::new("mail.links.verify_email", "", "Page of your own for verifying an address, with {token} and, if wanted, {public_url} in it."),
    Setting::new("mail.links.reset_password", "", "Page of your own for a password reset, with {token} in it."),
    Setting::new("mail.links.accept_invitation", "", "Page of your own for accepting an invitation, with {token} in it."),
    Setting::new("mail.links.confirm_email_change", "", "Page of your own for confirming a new address, with {token} in it."),
    Setting::new("mail.links.disown_account", "", "Page of your own for «this was not me», with {token} in it."),
];

/// What the worker grants one attempt; a mail is only begun while its lease lasts that long.
const LONGEST_TIMEOUT: &str = "60s";

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct MailSettings {
    /// The mail server; without one, the mailbox.
    pub smtp_url: Option<Secret>,
    /// `From` of every mail; without one, made of product name and public URL.
    pub sender: Option<String>,
    /// `MAIL FROM` of every mail; without one, the address of the sender.
    pub envelope_sender: Option<String>,
    /// Name in texts.
    pub product_name: String,
    /// Templates of the operator.
    pub templates_dir: Option<PathBuf>,
    /// Bound of one message.
    pub timeout: Duration,
    /// Where links lead; without one, to the page of this service.
    pub links: LinkTargets,
}

/// An adopter's own pages, each with `{token}` in it.
#[derive(Clone, Debug)]
pub(crate) struct LinkTargets {
    /// Verifying an address.
    pub verify_email: Option<String>,
    /// A password reset.
    pub reset_password: Option<String>,
    /// Accepting an invitation.
    pub accept_invitation: Option<String>,
    /// Confirming a new address.
    pub confirm_email_change: Option<String>,
    /// «This was not me».
    pub disown_account: Option<String>,
}

impl MailSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            smtp_url: reader.optional("mail.smtp_url", smtp_url),
            sender: reader.optional("mail.sender", one_line),
            envelope_sender: reader.optional("mail.envelope_sender", one_line),
            product_name: reader.get("mail.product_name", one_line),
            templates_dir: reader.optional("mail.templates_dir", path::parse_existing_folder),
            timeout: reader.duration("mail.timeout", "1s"..=LONGEST_TIMEOUT),
            links: LinkTargets {
                verify_email: reader.optional("mail.links.verify_email", link),
                reset_password: reader.optional("mail.links.reset_password", link),
                accept_invitation: reader.optional("mail.links.accept_invitation", link),
                confirm_email_change: reader.optional("mail.links.confirm_email_change", link),
                disown_account: reader.optional("mail.links.disown_account", link),
            },
        }
    }
}

fn smtp_url(text: &str) -> Result<Secret, String> {
    match SmtpMailer::check_url(text) {
        Ok(()) => Ok(Secret::new(text)),
        Err(MailSettingsError::SmtpPassword) => {
            Err("has a password that would be sent unencrypted: make it smtps://… or add ?tls=required".to_owned())
        }
        Err(_unreadable) => Err(format!(
            "is smtp://host, smtp://host?tls=required or smtps://host, with user:password@ if needed; {ESCAPED}"
        )),
    }
}

fn one_line(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control) {
        Err("is one line of at most 200 characters".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A link may have a path and a query; what matters is that a token in it stays between the reader and that page.
fn link(text: &str) -> Result<String, String> {
    let absolute = text.replacen("{public_url}", "https://localhost", 1);
    check_link(&absolute).map(|()| text.to_owned())
}

fn check_link(text: &str) -> Result<(), String> {
    let origin_end = text.find("://").map_or(0, |at| at + 3);
    let origin = text[origin_end..].find(['/', '?', '#']).map_or(text, |at| &text[..origin_end + at]);
    let origin = PublicUrl::parse(origin).map_err(|what| format!("has an origin that is none: it {what}"))?;
    if !origin.is_secure() && !origin.is_loopback() {
        return Err("would send tokens over http; write https".to_owned());
    }
    if text.matches("{token}").count() != 1 || text[..origin_end].contains("{token}") {
        return Err("needs {token} in it, once, such as https://app.example.org/reset?token={token}".to_owned());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>')) {
        return Err("has a character that a URL cannot have".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_application::mail::deliver_outbox::{ATTEMPT, LEASE};

    use super::*;
    use crate::settings::duration;

    #[test]
    fn the_longest_timeout_is_what_the_worker_grants_an_attempt_within_its_lease() {
        assert_eq!(duration::parse(LONGEST_TIMEOUT), Some(ATTEMPT));
        const { assert!(ATTEMPT.whole_seconds() < LEASE.whole_seconds()) };
    }

    #[test]
    fn a_link_of_ones_own_carries_the_token_once_over_https() {
        assert!(link("https://app.example.org/reset?token={token}").is_ok());
        assert!(link("http://localhost:3000/#/reset/{token}").is_ok());
        assert!(link("{public_url}/app/reset?token={token}").is_ok());
        for text in [
            "https://app.example.org/reset",
            "https://app.example.org/{token}/{token}",
            "https://{token}.example.org/",
            "http://app.example.org/?t={token}",
            "javascript:alert({token})",
            "https://app.example.org/\"{token}",
            "https://user@app.example.org/{token}",
            "{token}",
        ] {
            assert!(link(text).is_err(), "{text}");
        }
    }
}
