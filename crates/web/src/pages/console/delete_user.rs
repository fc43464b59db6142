//! `/console/users/{id}/delete`: says what goes, and asks once more.

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::admin::delete_user::DeleteUserCommand;
use countersign_application::admin::show_user::ShowUserCommand;

use crate::extract::{RequestOrigin, Superuser, UserPath};
use crate::pages::console::user;
use crate::pages::frame::Frame;
use crate::pages::session;
use crate::pages::submitted::Submitted;
use crate::problem::Problem;

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
) -> Result<HttpResponse, Problem> {
    let found = application.admin.show_user.execute(&actor, &origin, ShowUserCommand::Id(user_id)).await?;
    Ok(frame.page("console_delete_user.html", user::values(&actor, found)))
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    Submitted(_form): Submitted,
    req: HttpRequest,
) -> Result<HttpResponse, Problem> {
    application.admin.delete_user.execute(&actor, &origin, DeleteUserCommand { user_id }).await?;
    if user_id == actor.id() {
        session::forget(&req);
        return Ok(frame.go_saying("sign-in", "deleted"));
    }
    Ok(frame.go_saying("console/users", "user_deleted"))
}
