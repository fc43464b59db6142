//! The way mail goes out: by SMTP, or into the mailbox of the data folder.

use std::path::absolute;
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::mail_renderer::MailRenderer;
use countersign_application::ports::mailer::Mailer;
use countersign_domain::secret::Secret;
use countersign_infrastructure::mail::{
    LinkTargets, Mailbox, MessageSettings, RendererSettings, SmtpMailer, SmtpSettings, TemplateRenderer, default_sender,
};
use countersign_infrastructure::security::SecretKeyRing;
use countersign_infrastructure::system::SystemClock;

use crate::settings::{PublicUrl, Settings, SettingsError};

/// Both ends of sending a mail.
pub(crate) struct Mail {
    /// Makes text of it.
    pub renderer: Arc<dyn MailRenderer>,
    /// Hands it over.
    pub mailer: Arc<dyn Mailer>,
    /// The same, where it is a folder.
    pub mailbox: Option<Arc<Mailbox>>,
}

/// Wires what is set.
pub(crate) fn wire(settings: &Settings, public_url: &PublicUrl, clock: &Arc<dyn Clock>) -> anyhow::Result<Mail> {
    let renderer = Arc::new(renderer(settings, public_url)?);
    let (mailer, mailbox) = mailer(settings, public_url, clock)?;
    Ok(Mail { renderer, mailer, mailbox })
}

/// What the link to the mailbox carries. The same at every start on the same data, so that whoever starts it over and over
/// again finds it in what the browser remembers; 128 bits, so that a terminal still shows it on one line.
pub(crate) fn mailbox_key(keys: &SecretKeyRing) -> anyhow::Result<Secret> {
    let key = keys.derive("link to the mailbox").context("the key of the mailbox")?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(&key[..16])))
}

/// Whether every template can be used.
pub(crate) fn check_templates(settings: &Settings) -> Result<(), SettingsError> {
    renderer(settings, &settings.server.public_url_at(settings.server.listen)).map(drop)
}

fn renderer(settings: &Settings, public_url: &PublicUrl) -> Result<TemplateRenderer, SettingsError> {
    let mail = &settings.mail;
    let links = &mail.links;
    TemplateRenderer::new(&RendererSettings {
        public_url: public_url.to_string(),
        product: mail.product_name.clone(),
        color: settings.pages.color,
        targets: LinkTargets {
            verify_email: links.verify_email.clone(),
            disown_account: links.disown_account.clone(),
            reset_password: links.reset_password.clone(),
            accept_invitation: links.accept_invitation.clone(),
            confirm_email_change: links.confirm_email_change.clone(),
        },
        templates: mail.templates_dir.clone(),
    })
    .map_err(|errors| {
        let folder = mail.templates_dir.as_deref().map(|folder| absolute(folder).unwrap_or_else(|_gone| folder.into()));
        let folder = folder.map_or_else(String::new, |folder| format!("{}: ", folder.display()));
        let told = errors.into_iter().map(|error| format!("{folder}{:#}", anyhow::Error::from(error)));
        SettingsError::of("mail.templates_dir", told)
    })
}

/// The mail server, where one is set; not asked yet.
pub(crate) fn mail_server(settings: &Settings) -> anyhow::Result<Option<SmtpMailer>> {
    let message = message(settings, &settings.server.public_url_at(settings.server.listen));
    settings.mail.smtp_url.as_ref().map(|url| smtp(settings, url, &message, Arc::new(SystemClock))).transpose()
}

fn smtp(
    settings: &Settings,
    url: &Secret,
    message: &MessageSettings,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<SmtpMailer> {
    let smtp = SmtpSettings { url: url.clone(), timeout: settings.mail.timeout.unsigned_abs() };
    SmtpMailer::new(&smtp, message, clock).context("mail.smtp_url")
}

fn message(settings: &Settings, public_url: &PublicUrl) -> MessageSettings {
    let mail = &settings.mail;
    let public_url = public_url.to_string();
    let sender = mail.sender.clone().unwrap_or_else(|| default_sender(&mail.product_name, &public_url));
    MessageSettings { public_url, sender, envelope_sender: mail.envelope_sender.clone() }
}

type Way = (Arc<dyn Mailer>, Option<Arc<Mailbox>>);

fn mailer(settings: &Settings, public_url: &PublicUrl, clock: &Arc<dyn Clock>) -> anyhow::Result<Way> {
    let message = message(settings, public_url);
    let clock = Arc::clone(clock);
    match &settings.mail.smtp_url {
        None => {
            let mailbox = Mailbox::open(settings.storage.mailbox(), &message, clock).context("mailbox")?;
            let mailbox = Arc::new(mailbox);
            Ok((Arc::clone(&mailbox) as Arc<dyn Mailer>, Some(mailbox)))
        }
        Some(url) => Ok((Arc::new(smtp(settings, url, &message, clock)?), None)),
    }
}
