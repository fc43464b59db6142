//! Templates in minijinja behind the port `MailRenderer`.

mod trial;

use std::path::PathBuf;

use countersign_application::error::Fault;
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::mail_renderer::{MailRenderer, RenderedMail};
use countersign_domain::color::Color;
use countersign_domain::secret::Secret;
use countersign_domain::team::role::Role;
use minijinja::{Environment, Value};
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::mail::accents::Accents;
use crate::mail::error::MailSettingsError;
use crate::mail::inert::{inert, quoted};
use crate::mail::links::{Link, LinkTargets, Links, public_url};
use crate::mail::templates;

/// What mails say besides what they are about.
#[derive(Clone, Debug)]
pub struct RendererSettings {
    /// What links start with.
    pub public_url: String,
    /// How the service calls itself.
    pub product: String,
    /// Where links lead instead.
    pub targets: LinkTargets,
    /// Of links and buttons, as far as it can be read; blue without it.
    pub color: Option<Color>,
    /// A folder of templates that replace the embedded ones of the same file names.
    pub templates: Option<PathBuf>,
}

/// Renders mails from templates. HTML is escaped; names cannot become links, lines or template code.
pub struct TemplateRenderer {
    environment: Environment<'static>,
    links: Links,
    public_url: String,
    product: String,
    accents: Accents,
}

impl TemplateRenderer {
    /// Checks the settings, and every template by rendering it once; with everything that is wrong with the templates.
    pub fn new(settings: &RendererSettings) -> Result<Self, Vec<MailSettingsError>> {
        let public_url = public_url(&settings.public_url).map_err(|error| vec![error])?;
        let links = Links::parse(&settings.targets, &public_url).map_err(|error| vec![error])?;
        let mut problems = Vec::new();
        let renderer = Self {
            environment: templates::load(settings.templates.as_deref(), &mut problems),
            links,
            public_url,
            product: settings.product.clone(),
            accents: settings.color.map(Accents::of).unwrap_or_default(),
        };
        for mail in trial::samples() {
            trial::problems(&renderer, &mail, &mut problems);
        }
        if problems.is_empty() { Ok(renderer) } else { Err(problems) }
    }

    fn compose(&self, mail: &QueuedMail, token: Option<&str>) -> Result<RenderedMail, MailSettingsError> {
        let text = self.fill(mail, token, Form::Text)?;
        let (subject, text) = with_subject(&text, mail)?;
        Ok(RenderedMail {
            id: mail.id,
            recipient: mail.recipient.clone(),
            subject: subject.trim().to_owned(),
            text: format!("{}\n", text.trim()),
            html: self.fill(mail, token, Form::Html)?,
        })
    }

    fn fill(&self, mail: &QueuedMail, token: Option<&str>, form: Form) -> Result<String, MailSettingsError> {
        let file = form.file(&mail.kind);
        let values = self.values(mail, token, form);
        let rendered = self.environment.get_template(&file).and_then(|template| template.render(values));
        rendered.map_err(|source| MailSettingsError::Template { file, source })
    }

    /// What the template of this mail may ask for. A kind without a token knows of none, so that a template which
    /// asks all the same is found when the service starts.
    fn values(&self, mail: &QueuedMail, token: Option<&str>, form: Form) -> Value {
        let (link, disown_link) = self.links_of(&mail.kind);
        let fill = |link: Option<&Link>| link.zip(token).map(|(link, token)| form.link(&link.with(token)));
        let mut values = vec![
            ("product", Value::from(self.product.as_str())),
            ("public_url", form.link(&self.public_url)),
            ("name", mail.recipient_name.as_deref().map(inert).into()),
        ];
        if matches!(form, Form::Html) {
            values.extend(self.accents.values());
        }
        if let Some(link) = fill(link) {
            values.extend([("link", link), ("token", token.into())]);
            values.extend(validity(mail));
        }
        values.extend(fill(disown_link).map(|link| ("disown_link", link)));
        if let MailKind::Invitation { team_name, inviter_name, role }
        | MailKind::AddedToTeam { team_name, inviter_name, role } = &mail.kind
        {
            let role = match role {
                Role::Admin => "an admin",
                Role::Member => "a member",
            };
            values.extend([("team", quoted(team_name).into()), ("inviter", quoted(inviter_name).into())]);
            values.push(("role", role.into()));
        }
        values.into_iter().collect()
    }

    fn links_of(&self, kind: &MailKind) -> (Option<&Link>, Option<&Link>) {
        let links = &self.links;
        match kind {
            MailKind::VerifyAddress => (Some(&links.verify_email), Some(&links.disown_account)),
            MailKind::ResetPassword => (Some(&links.reset_password), None),
            MailKind::ConfirmNewAddress => (Some(&links.confirm_email_change), None),
            MailKind::Invitation { .. } => (Some(&links.accept_invitation), None),
            MailKind::PasswordChanged
            | MailKind::AddressChanged
            | MailKind::AddressTaken
            | MailKind::AddedToTeam { .. }
            | MailKind::SuspiciousActivity => (None, None),
        }
    }
}

/// The first line without its mark, and the rest.
fn with_subject<'a>(text: &'a str, mail: &QueuedMail) -> Result<(&'a str, &'a str), MailSettingsError> {
    let parts = text.strip_prefix("Subject:").and_then(|rest| rest.split_once('\n'));
    parts.ok_or_else(|| MailSettingsError::Subject { file: Form::Text.file(&mail.kind) })
}

impl MailRenderer for TemplateRenderer {
    fn render(&self, mail: &QueuedMail, token: Option<Secret>) -> Result<RenderedMail, Fault> {
        self.compose(mail, token.as_ref().map(Secret::expose)).map_err(|error| Fault::internal("mail template", error))
    }
}

/// The two bodies of a mail.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Html,
}

impl Form {
    fn file(self, kind: &MailKind) -> String {
        match self {
            Self::Text => format!("{}.txt", kind.as_str()),
            Self::Html => format!("{}.html", kind.as_str()),
        }
    }

    /// The engine would write the slashes of a URL as references, which some mail programs show in the status line;
    /// what can end an attribute is escaped here.
    fn link(self, url: &str) -> Value {
        match self {
            Self::Text => url.into(),
            Self::Html => {
                let escaped = url.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                Value::from_safe_string(escaped.replace('"', "&quot;").replace('\'', "&#x27;"))
            }
        }
    }
}

fn validity(mail: &QueuedMail) -> Vec<(&'static str, Value)> {
    let Some(until) = mail.token_expires_at else { return vec![] };
    vec![("valid_for", in_words(until - mail.created_at).into()), ("valid_until", in_figures(until).into())]
}

/// The lifetime of a token as people say it, in its largest whole unit.
fn in_words(duration: Duration) -> String {
    let minutes = duration.whole_minutes().max(1);
    let (count, unit) = match minutes {
        m if m % (24 * 60) == 0 && m > 48 * 60 => (m / (24 * 60), "day"),
        m if m % 60 == 0 => (m / 60, "hour"),
        m => (m, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn in_figures(time: OffsetDateTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    time.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default()
}

#[cfg(test)]
mod tests;
