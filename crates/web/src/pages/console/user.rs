//! `/console/users/{id}`: an account, and what a superuser does with it.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::admin::end_user_sessions::EndUserSessionsCommand;
use countersign_application::admin::list_user_teams::ListUserTeamsCommand;
use countersign_application::admin::show_user::ShowUserCommand;
use countersign_application::auth::request_email_verification::RequestEmailVerificationCommand;
use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::page::Cursor;
use countersign_domain::user::User;
use minijinja::{Value, context};

use crate::extract::{QueryFields, RequestOrigin, Superuser, UserPath};
use crate::pages::frame::Frame;
use crate::pages::submitted::Submitted;
use crate::pages::teams::part::Part;
use crate::present::{TeamMembershipBody, UserBody};
use crate::problem::Problem;

/// Where the page of an account is.
pub(crate) fn path_of(user_id: UserId) -> String {
    format!("console/users/{user_id}")
}

/// The account as the pages about it show it.
pub(crate) fn values(actor: &Actor, user: User) -> Value {
    context! { own => user.id == actor.id(), user => UserBody::from(user) }
}

async fn find(application: &Application, actor: &Actor, origin: &Origin, user_id: UserId) -> Result<User, Problem> {
    Ok(application.admin.show_user.execute(actor, origin, ShowUserCommand::Id(user_id)).await?)
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    QueryFields(part): QueryFields<Part>,
) -> Result<HttpResponse, Problem> {
    let user = find(&application, &actor, &origin, user_id).await?;
    let command = ListUserTeamsCommand { user_id, page: part.request() };
    let teams = application.admin.list_user_teams.execute(&actor, &origin, command).await?;
    let next = teams.next.map(Cursor::encode);
    let teams: Vec<_> = teams.items.into_iter().map(TeamMembershipBody::from).collect();
    let shown = context! { teams, cursor => part.cursor(), next, ..values(&actor, user) };
    Ok(frame.page("console_user.html", shown))
}

pub(crate) async fn end_sessions(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    Submitted(_form): Submitted,
) -> Result<HttpResponse, Problem> {
    application.admin.end_user_sessions.execute(&actor, &origin, EndUserSessionsCommand { user_id }).await?;
    Ok(frame.go_saying(&path_of(user_id), "user_sessions_ended"))
}

/// The mail to verify the address once more, as its owner asks for it.
pub(crate) async fn resend(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    Submitted(_form): Submitted,
) -> Result<HttpResponse, Problem> {
    let email = find(&application, &actor, &origin, user_id).await?.email;
    let command = RequestEmailVerificationCommand { email, by: Some(actor.id()) };
    application.auth.request_email_verification.execute(&origin, command).await?;
    Ok(frame.go_saying(&path_of(user_id), "user_verification_requested"))
}
