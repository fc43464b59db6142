//! `/accept-invitation`: joins with the account of the invited address, or registers one first.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::{RegisterCommand, Registration};
use countersign_application::teams::accept_invitation::{AcceptInvitationCommand, AcceptInvitationError};
use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::name::PersonName;
use countersign_domain::password::NewPassword;

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::page::{Field, Linked, Page, TokenOnly};
use crate::problem::Problem;
use crate::settings::WebSettings;
use crate::teams::accept_invitation::ACCEPTED;

const JOIN: Page = Page {
    action: "accept-invitation",
    title: "Join the team",
    intro: "You are invited into a team.",
    fields: &[],
    button: "Join",
};

const REGISTER: Page = Page {
    action: "accept-invitation",
    title: "Register and join the team",
    intro: "There is no account with the invited e-mail address yet. Register to join.",
    fields: &[
        text("first_name", "First name", "given-name"),
        text("last_name", "Last name", "family-name"),
        Field {
            name: "email",
            label: "E-mail address",
            kind: "email",
            autocomplete: "username",
            hint: "The one that the invitation was sent to.",
        },
        Field {
            name: "password",
            label: "Password",
            kind: "password",
            autocomplete: "new-password",
            hint: "At least 8 characters.",
        },
    ],
    button: "Register and join",
};

const fn text(name: &'static str, label: &'static str, autocomplete: &'static str) -> Field {
    Field { name, label, kind: "text", autocomplete, hint: "" }
}

struct RegistrationForm(RegisterCommand);

impl FromFields for RegistrationForm {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let first_name = fields.required("first_name", PersonName::parse);
        let last_name = fields.required("last_name", PersonName::parse);
        let email = fields.required("email", EmailAddress::parse);
        let password = fields.required("password", NewPassword::parse);
        Some(Self(RegisterCommand {
            email: email?,
            password: password?,
            first_name: first_name?,
            last_name: last_name?,
            invitation_token: Some(token?),
        }))
    }
}

pub(crate) async fn show(settings: web::Data<WebSettings>, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    JOIN.show(&settings, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    settings: web::Data<WebSettings>,
    RequestOrigin(origin): RequestOrigin,
    form: Form,
) -> HttpResponse {
    if form.value("email").is_some() {
        return register(&application, &settings, &origin, &form).await;
    }
    let mut account_required = false;
    let answer = JOIN
        .submit(&settings, &form, async |TokenOnly(token)| {
            let command = AcceptInvitationCommand { token, actor: None };
            let accepted = application.teams.accept_invitation.execute(&origin, command).await;
            account_required = matches!(accepted, Err(AcceptInvitationError::AccountRequired));
            accepted?;
            Ok(ACCEPTED)
        })
        .await;
    if account_required { REGISTER.form(&settings, &form, None) } else { answer }
}

async fn register(application: &Application, settings: &WebSettings, origin: &Origin, form: &Form) -> HttpResponse {
    REGISTER
        .submit(settings, form, async |RegistrationForm(command)| -> Result<_, Problem> {
            Ok(match application.auth.register.execute(origin, command).await? {
                Registration::Registered(_) => {
                    "You are registered and a member of the team. Sign in with your e-mail address and password."
                }
                Registration::Concealed => "Look into your mailbox for what comes next.",
            })
        })
        .await
}
