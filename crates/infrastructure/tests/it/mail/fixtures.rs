//! Mails and settings to start a test from.

use std::sync::Arc;

use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::clock::Clock;
use countersign_application::ports::mail_renderer::{MailRenderer as _, RenderedMail};
use countersign_application::testing::{FixedClock, NOW, email};
use countersign_domain::ids::MailId;
use countersign_domain::secret::Secret;
use countersign_domain::team::role::Role;
use countersign_infrastructure::mail::{LinkTargets, MessageSettings, RendererSettings, TemplateRenderer};
use time::Duration;
use uuid::Uuid;

pub(crate) const TOKEN: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
pub(crate) const PUBLIC_URL: &str = "https://id.example.com";

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock::at(NOW))
}

pub(crate) fn message_settings() -> MessageSettings {
    MessageSettings {
        public_url: PUBLIC_URL.to_owned(),
        sender: "Countersign <no-reply@id.example.com>".to_owned(),
        envelope_sender: None,
    }
}

/// The n-th mail's id: queued n milliseconds after 2026-01-02T03:04:05Z.
pub(crate) fn mail_id(n: u64) -> MailId {
    let milliseconds = u128::from(1_767_323_045_000 + n);
    MailId::new(Uuid::from_u128(milliseconds << 80 | 0x7000_8000_0000_0000_0000))
}

/// The n-th mail: an invitation to this team, rendered.
pub(crate) fn invitation(n: u64, team_name: &str) -> RenderedMail {
    let settings = RendererSettings {
        public_url: PUBLIC_URL.to_owned(),
        product: "Countersign".to_owned(),
        targets: LinkTargets::default(),
        color: None,
        templates: None,
    };
    let kind = MailKind::Invitation {
        team_name: team_name.to_owned(),
        inviter_name: "Firstname Surname".to_owned(),
        role: Role::Member,
    };
    let mail = QueuedMail::new(mail_id(n), kind, email("new@example.com"), NOW);
    let mail = mail.with_token(vec![], NOW + Duration::days(7));
    TemplateRenderer::new(&settings).unwrap().render(&mail, Some(Secret::new(TOKEN))).unwrap()
}

/// A mail whose bodies were never cleaned: what a template with such lines would give.
pub(crate) fn smuggling(n: u64) -> RenderedMail {
    let evil = "one\r\n.\r\nMAIL FROM:<evil@example.com>\n.\nMAIL FROM:<evil@example.com>\r.\r\n..\n.";
    RenderedMail {
        id: mail_id(n),
        recipient: email("new@example.com"),
        subject: "hello\r\nBcc: evil@example.com\r\n\r\n.\r\n".to_owned(),
        text: evil.to_owned(),
        html: format!("<p>{evil}</p>"),
    }
}
