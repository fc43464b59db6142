//! `/accept-invitation`: joins with the account of the invited address, or registers one first.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::{RegisterCommand, Registration};
use countersign_application::teams::accept_invitation::{AcceptInvitationCommand, AcceptInvitationError};
use countersign_application::teams::show_invitation::{ShowInvitationCommand, ShownInvitation};
use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::secret::Secret;
use minijinja::context;
use serde::Serialize;

use crate::auth::register::RegisterBody;
use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::{Frame, encoded};
use crate::pages::page::{Done, Field, Linked, Page, Surrounded, TokenOnly, is_whole};
use crate::pages::submitted::Submitted;
use crate::pages::teams::path_of;
use crate::problem::Problem;

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

/// Into which team, by whom and as what: what the mail told too.
#[derive(Serialize)]
struct Invited {
    team: String,
    by: Option<String>,
    role: &'static str,
}

/// What the token of a link or form tells, where it is whole.
async fn look_at(
    application: &Application,
    frame: &Frame,
    origin: &Origin,
    token: Option<&str>,
) -> Result<ShownInvitation, Problem> {
    let Some(token) = token.filter(|token| is_whole(token)) else { return Ok(ShownInvitation::Untold) };
    let actor = frame.session.as_ref().map(|session| session.actor.clone());
    let command = ShowInvitationCommand { token: Secret::new(token), actor };
    Ok(application.teams.show_invitation.execute(origin, command).await?)
}

/// The form, with what it is about and the way to another account and back to this invitation.
fn with_ways(page: Page, token: Option<&str>, shown: &ShownInvitation) -> Surrounded {
    let link = token.filter(|token| is_whole(token)).map(|token| format!("/accept-invitation?token={token}"));
    let sign_in = link.as_deref().map(|link| format!("sign-in?next={}", encoded(link)));
    let invited = match shown {
        ShownInvitation::Open { team_name, inviter_name, role } => {
            Some(Invited { team: team_name.as_str().to_owned(), by: inviter_name.clone(), role: role.as_str() })
        }
        ShownInvitation::Joined(_) | ShownInvitation::Untold => None,
    };
    page.within("join_team.html", context! { link, sign_in, invited })
}

fn welcome(frame: &Frame, team_id: TeamId) -> HttpResponse {
    frame.go_saying(&path_of(team_id), "joined")
}

/// Whoever has joined already, such as by registering, and signs in and comes back, is led to the team.
pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    QueryFields(link): QueryFields<Linked>,
) -> Result<HttpResponse, Problem> {
    let token = link.token.as_deref();
    let shown = look_at(&application, &frame, &origin, token).await?;
    if let ShownInvitation::Joined(team_id) = shown {
        return Ok(welcome(&frame, team_id));
    }
    Ok(with_ways(JOIN, token, &shown).show_linked(&frame, token))
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    let token = form.value("token");
    let shown = look_at(&application, &frame, &origin, token).await?;
    if form.value("email").is_some() {
        return Ok(register(&application, &frame, &origin, &form, &shown).await);
    }
    let mut account_required = false;
    let answer = with_ways(JOIN, token, &shown)
        .submit(&frame, &form, async |TokenOnly(token)| {
            let actor = frame.session.as_ref().map(|session| session.actor.clone());
            let command = AcceptInvitationCommand { token, actor };
            let accepted = application.teams.accept_invitation.execute(&origin, command).await;
            account_required = matches!(accepted, Err(AcceptInvitationError::AccountRequired));
            let team = accepted?;
            // Whether the address of an account is verified is told to its owner alone.
            Ok(if frame.session.is_some() { Done::Led(welcome(&frame, team.id)) } else { Done::Told("accepted") })
        })
        .await;
    Ok(if account_required { with_ways(REGISTER, token, &shown).form(&frame, &form, None) } else { answer })
}

async fn register(
    application: &Application,
    frame: &Frame,
    origin: &Origin,
    form: &Form,
    shown: &ShownInvitation,
) -> HttpResponse {
    with_ways(REGISTER, form.value("token"), shown)
        .submit(frame, form, async |RegistrationForm(command)| {
            Ok(Done::Told(match application.auth.register.execute(origin, command).await? {
                Registration::Registered(_) => "registered",
                Registration::Concealed => "concealed",
            }))
        })
        .await
}

#[cfg(test)]
mod tests;
