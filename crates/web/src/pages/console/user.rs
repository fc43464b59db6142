//! `/console/users/{id}`: an account, and what a superuser does with it.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::admin::end_user_sessions::EndUserSessionsCommand;
use countersign_application::admin::show_user::ShowUserCommand;
use countersign_application::admin::update_user::UpdateUserCommand;
use countersign_application::auth::request_email_verification::RequestEmailVerificationCommand;
use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;
use countersign_domain::user::User;
use minijinja::{Value, context};

use crate::extract::{RequestOrigin, Superuser, UserPath};
use crate::pages::frame::{Frame, mark};
use crate::pages::submitted::Submitted;
use crate::present::UserBody;
use crate::problem::{FieldError, Problem};

/// The account as the pages about it show it.
pub(crate) fn values(actor: &Actor, user: User) -> Value {
    context! { own => user.id == actor.id(), user => UserBody::from(user) }
}

async fn find(application: &Application, actor: &Actor, origin: &Origin, user_id: UserId) -> Result<User, Problem> {
    Ok(application.admin.show_user.execute(actor, origin, ShowUserCommand { user_id }).await?)
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
) -> Result<HttpResponse, Problem> {
    let user = find(&application, &actor, &origin, user_id).await?;
    Ok(frame.page("console_user.html", values(&actor, user)))
}

/// Activates, deactivates, appoints or dismisses.
pub(crate) async fn update(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    Submitted(form): Submitted,
) -> Result<HttpResponse, Problem> {
    let flag = |name: &'static str| match form.value(name) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Problem::validation(vec![FieldError::invalid_type(name, "true or false")])),
    };
    let (is_active, is_superuser) = (flag("is_active")?, flag("is_superuser")?);
    let command = UpdateUserCommand { user_id, is_active, is_superuser };
    match application.admin.update_user.execute(&actor, &origin, command).await.map_err(Problem::from) {
        Ok(_) => Ok(frame.go_saying(&format!("console/users/{user_id}"), "user_updated")),
        // A rule that took the account to judge: it is told where the account is shown.
        Err(problem) if !problem.errors.is_empty() => {
            let user = find(&application, &actor, &origin, user_id).await?;
            let alert = problem.errors.first().map(|error| error.message.as_str());
            let shown = context! { alert, ..values(&actor, user) };
            let mut response = frame.answer("console_user.html", problem.status, shown);
            mark(&mut response, &problem);
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
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
    Ok(frame.go_saying(&format!("console/users/{user_id}"), "user_sessions_ended"))
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
    let command = RequestEmailVerificationCommand { email };
    application.auth.request_email_verification.execute(&origin, command).await?;
    Ok(frame.go_saying(&format!("console/users/{user_id}"), "user_verification_requested"))
}
