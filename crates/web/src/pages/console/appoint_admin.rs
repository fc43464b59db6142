//! `/console/teams/{team_id}/admin`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::admin::appoint_team_admin::{AppointTeamAdminCommand, AppointTeamAdminError};
use countersign_application::admin::show_team::ShowTeamCommand;
use countersign_application::admin::show_user::{ShowUserCommand, ShowUserError};
use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{TeamId, UserId};
use minijinja::context;

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin, Superuser, TeamPath};
use crate::pages::console::team;
use crate::pages::frame::Frame;
use crate::pages::page::{Field, Page};
use crate::pages::submitted::Submitted;
use crate::present::{TeamBody, UserBody};
use crate::problem::{FieldError, Problem};

const TEMPLATE: &str = "console_appoint.html";

/// Whom?
pub(crate) const ASKING: Page = Page { name: "appoint_admin", fields: &[Field::text("member", "off")] };

/// This one?
const CHOSEN: Page = Page { name: "appoint_admin", fields: &[Field::hidden("member")] };

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

/// Whom the page before has named, if it did.
pub(crate) struct Chosen(Option<UserId>);

impl FromFields for Chosen {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self(fields.optional_text("member").and_then(|id| UserId::parse(&id))))
    }
}

/// Asks whom to appoint, or whether to appoint the one that was chosen.
pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    TeamPath(team_id): TeamPath,
    QueryFields(Chosen(chosen)): QueryFields<Chosen>,
) -> Result<HttpResponse, Problem> {
    let team = name(&application, &actor, &origin, team_id).await?;
    let Some(user_id) = chosen else {
        return Ok(ASKING.within(TEMPLATE, context! { team }).form(&frame, &Form(vec![]), None));
    };
    let found = application.admin.show_user.execute(&actor, &origin, ShowUserCommand::Id(user_id)).await?;
    let chosen = Form(vec![("member".to_owned(), user_id.to_string())]);
    let values = context! { team, chosen => UserBody::from(found) };
    Ok(CHOSEN.within(TEMPLATE, values).form(&frame, &chosen, None))
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    TeamPath(team_id): TeamPath,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    let appointed = match Fields::of_pairs(form.0.clone()).read() {
        Ok(member) => appoint(&application, &actor, &origin, team_id, member).await,
        Err(problem) => Err(problem),
    };
    match appointed {
        Ok(()) => Ok(frame.go_saying(&team::path_of(team_id), "admin_appointed")),
        Err(problem) => {
            let team = name(&application, &actor, &origin, team_id).await?;
            Ok(ASKING.within(TEMPLATE, context! { team }).form(&frame, &form, Some(&problem)))
        }
    }
}

async fn appoint(
    application: &Application,
    actor: &Actor,
    origin: &Origin,
    team_id: TeamId,
    member: Member,
) -> Result<(), Problem> {
    let user_id = match member {
        Member::Id(id) => id,
        Member::Address(email) => {
            match application.admin.show_user.execute(actor, origin, ShowUserCommand::Address(email)).await {
                Ok(user) => user.id,
                Err(ShowUserError::UserNotFound) => return Err(no_member()),
                Err(error) => return Err(error.into()),
            }
        }
    };
    let command = AppointTeamAdminCommand { team_id, user_id };
    match application.admin.appoint_team_admin.execute(actor, origin, command).await {
        Ok(_) => Ok(()),
        Err(AppointTeamAdminError::MemberNotFound) => Err(no_member()),
        Err(error) => Err(error.into()),
    }
}

fn no_member() -> Problem {
    Problem::validation(vec![FieldError::of_page("member", "no_member")])
}

/// The team, for the heading.
async fn name(application: &Application, actor: &Actor, origin: &Origin, team_id: TeamId) -> Result<TeamBody, Problem> {
    let shown = application.admin.show_team.execute(actor, origin, ShowTeamCommand { team_id }).await?;
    Ok(TeamBody::from(shown.team))
}
