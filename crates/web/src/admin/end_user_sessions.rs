//! `DELETE /admin/users/{id}/sessions`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::admin::end_user_sessions::EndUserSessionsCommand;

use crate::extract::{RequestOrigin, Superuser, UserPath};
use crate::problem::Problem;

/// End every session of an account.
#[utoipa::path(delete, path = "/admin/users/{id}/sessions", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Ended.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
) -> Result<HttpResponse, Problem> {
    let command = EndUserSessionsCommand { user_id };
    application.admin.end_user_sessions.execute(&actor, &origin, command).await?;
    Ok(HttpResponse::NoContent().finish())
}
