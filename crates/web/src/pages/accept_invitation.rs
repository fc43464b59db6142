//! `/accept-invitation`: joins with the account of the invited address, or registers one first.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::{RegisterCommand, Registration};
use countersign_application::teams::accept_invitation::{AcceptInvitationCommand, AcceptInvitationError};
use countersign_domain::audit::Origin;

use crate::auth::register::RegisterBody;
use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Linked, Page, TokenOnly};
use crate::pages::submitted::Submitted;

const JOIN: Page = Page { name: "join_team", fields: &[Field::token()] };

const REGISTER: Page = Page {
    name: "register_to_join",
    fields: &[
        Field::token(),
        Field::text("first_name", "given-name"),
        Field::text("last_name", "family-name"),
        Field::email("email", "username").called("invited_email"),
        Field::new_password("password").called("chosen_password"),
    ],
};

struct RegistrationForm(RegisterCommand);

impl FromFields for RegistrationForm {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let registrant = RegisterCommand::from(RegisterBody::from_fields(fields)?);
        Some(Self(RegisterCommand { invitation_token: Some(token?), ..registrant }))
    }
}

pub(crate) async fn show(frame: Frame, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    JOIN.show_linked(&frame, link.token.as_deref())
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    if form.value("email").is_some() {
        return register(&application, &frame, &origin, &form).await;
    }
    let mut account_required = false;
    let answer = JOIN
        .submit(&frame, &form, async |TokenOnly(token)| {
            let actor = frame.session.as_ref().map(|session| session.actor.clone());
            let command = AcceptInvitationCommand { token, actor };
            let accepted = application.teams.accept_invitation.execute(&origin, command).await;
            account_required = matches!(accepted, Err(AcceptInvitationError::AccountRequired));
            accepted?;
            // Whether the address of an account is verified is told to its owner alone.
            Ok(Done::Told(if frame.session.is_some() { "joined" } else { "accepted" }))
        })
        .await;
    if account_required { REGISTER.form(&frame, &form, None) } else { answer }
}

async fn register(application: &Application, frame: &Frame, origin: &Origin, form: &Form) -> HttpResponse {
    REGISTER
        .submit(frame, form, async |RegistrationForm(command)| {
            Ok(Done::Told(match application.auth.register.execute(origin, command).await? {
                Registration::Registered(_) => "registered",
                Registration::Concealed => "concealed",
            }))
        })
        .await
}
