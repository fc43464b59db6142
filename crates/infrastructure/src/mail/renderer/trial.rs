//! Every template is tried when the service starts.

use std::collections::BTreeSet;
use std::error::Error as _;

use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::MailId;
use countersign_domain::team::role::Role;
use minijinja::{ErrorKind, Value};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::mail::error::MailSettingsError;
use crate::mail::renderer::{Form, TemplateRenderer, with_subject};

const TOKEN: Option<&str> = Some("token");

/// Notes what keeps the templates of this mail from being used, each problem once: what several include is tried with all
/// of them.
pub(crate) fn problems(renderer: &TemplateRenderer, mail: &QueuedMail, problems: &mut Vec<MailSettingsError>) {
    for form in [Form::Text, Form::Html] {
        let found = match (renderer.fill(mail, TOKEN, form), form) {
            (Ok(text), Form::Text) => with_subject(&text, mail).err().into_iter().collect(),
            (Ok(_), Form::Html) => vec![],
            (Err(error), _) => explain(renderer, error, &renderer.values(mail, TOKEN, form)),
        };
        for problem in found {
            if problems.iter().all(|before| before.to_string() != problem.to_string()) {
                problems.push(problem);
            }
        }
    }
}

/// The engine says that a value is missing, and not which: all that the template asks for in vain.
fn explain(renderer: &TemplateRenderer, error: MailSettingsError, values: &Value) -> Vec<MailSettingsError> {
    let MailSettingsError::Template { source, .. } = &error else { return vec![error] };
    let source = innermost(source);
    let template = source.name().and_then(|name| renderer.environment.get_template(name).ok());
    let Some(template) = template.filter(|_| source.kind() == ErrorKind::UndefinedError) else { return vec![error] };
    let globals: BTreeSet<_> = renderer.environment.globals().map(|(name, _)| name).collect();
    let names: BTreeSet<_> = template.undeclared_variables(true).into_iter().collect();
    let in_vain = names.into_iter().filter(|name| !globals.contains(name.as_str()) && !has(values, name));
    // A file may ask whether there is a value before it asks for it.
    let in_vain = in_vain.filter(|name| !template.source().contains(&format!("{name} is ")));
    let told: Vec<_> = in_vain
        .map(|name| MailSettingsError::UnknownValue {
            file: template.name().to_owned(),
            line: template.source().lines().position(|line| line.contains(&name)).map_or(1, |at| at + 1),
            name,
        })
        .collect();
    if told.is_empty() { vec![error] } else { told }
}

/// What went wrong in a template that others include is told by it, and that by theirs.
fn innermost(error: &minijinja::Error) -> &minijinja::Error {
    error.source().and_then(|source| source.downcast_ref()).map_or(error, innermost)
}

fn has(values: &Value, path: &str) -> bool {
    let value = path.split('.').try_fold(values.clone(), |value, name| value.get_attr(name).ok());
    value.is_some_and(|value| !value.is_undefined())
}

/// A mail of every kind, to try the templates with.
pub(crate) fn samples() -> Vec<QueuedMail> {
    let Ok(recipient) = EmailAddress::parse("somebody@example.com") else { return vec![] };
    let (team_name, inviter_name) = ("Team".to_owned(), "Somebody".to_owned());
    let kinds = [
        MailKind::VerifyAddress,
        MailKind::ResetPassword,
        MailKind::PasswordChanged,
        MailKind::ConfirmNewAddress,
        MailKind::AddressChanged,
        MailKind::AddressTaken,
        MailKind::Invitation { team_name: team_name.clone(), inviter_name: inviter_name.clone(), role: Role::Member },
        MailKind::AddedToTeam { team_name, inviter_name, role: Role::Member },
        MailKind::SuspiciousActivity,
    ];
    let now = OffsetDateTime::UNIX_EPOCH;
    let mail = |kind| {
        let mail = QueuedMail::new(MailId::new(Uuid::nil()), kind, recipient.clone(), now);
        mail.with_token(vec![], now + Duration::hours(1))
    };
    kinds.into_iter().map(mail).collect()
}
