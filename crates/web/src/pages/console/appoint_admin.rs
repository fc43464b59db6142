//! `/console/teams/{team_id}/admin`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::admin::appoint_team_admin::{AppointTeamAdminCommand, AppointTeamAdminError};
use countersign_application::admin::find_user::{FindUserCommand, FindUserError};
use countersign_application::admin::show_team::ShowTeamCommand;
use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{TeamId, UserId};
use minijinja::context;

use crate::extract::{Fields, FromFields, RequestOrigin, Superuser, TeamPath};
use crate::pages::console::team;
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page, Surrounded};
use crate::pages::submitted::Submitted;
use crate::present::TeamBody;
use crate::problem::{FieldError, Problem};

const PAGE: Page = Page { name: "appoint_admin", fields: &[Field::text("member", "off")] };

/// A member, by what a superuser knows of it.
enum Member {
    Id(UserId),
    Address(EmailAddress),
}

impl FromFields for Member {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        fields.required("member", |text| match UserId::parse(text.trim()) {
            Some(id) => Ok(Self::Id(id)),
            None => EmailAddress::parse(text).map(Self::Address),
        })
    }
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    TeamPath(team_id): TeamPath,
) -> Result<HttpResponse, Problem> {
    Ok(page(&application, &actor, &origin, team_id).await?.form(&frame, &crate::extract::form::Form(vec![]), None))
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    TeamPath(team_id): TeamPath,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    let page = page(&application, &actor, &origin, team_id).await?;
    let appoint = async |member| {
        let user_id = match member {
            Member::Id(id) => Some(id),
            Member::Address(email) => by_address(&application, &actor, &origin, email).await?,
        };
        let user_id = user_id.ok_or_else(no_member)?;
        let command = AppointTeamAdminCommand { team_id, user_id };
        match application.admin.appoint_team_admin.execute(&actor, &origin, command).await {
            Ok(_) => Ok(Done::Led(frame.go_saying(&team::path_of(team_id), "admin_appointed"))),
            Err(AppointTeamAdminError::MemberNotFound) => Err(no_member()),
            Err(error) => Err(error.into()),
        }
    };
    Ok(page.submit(&frame, &form, appoint).await)
}

fn no_member() -> Problem {
    let message = "no active member of this team has this address or id";
    Problem::validation(vec![FieldError::new("member", "malformed", message)])
}

/// The form, on a page with the name of the team.
async fn page(
    application: &Application,
    actor: &Actor,
    origin: &Origin,
    team_id: TeamId,
) -> Result<Surrounded, Problem> {
    let shown = application.admin.show_team.execute(actor, origin, ShowTeamCommand { team_id }).await?;
    Ok(PAGE.within("console_appoint.html", context! { team => TeamBody::from(shown.team) }))
}

/// The account with exactly this address.
async fn by_address(
    application: &Application,
    actor: &Actor,
    origin: &Origin,
    email: EmailAddress,
) -> Result<Option<UserId>, Problem> {
    match application.admin.find_user.execute(actor, origin, FindUserCommand { email }).await {
        Ok(user) => Ok(Some(user.id)),
        Err(FindUserError::UserNotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
