//! `DELETE /admin/users/{id}`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::admin::delete_user::DeleteUserCommand;

use crate::extract::{RequestOrigin, Superuser, UserPath};
use crate::problem::Problem;

/// Delete an account. Teams that lose their last admin get another, or are frozen.
#[utoipa::path(delete, path = "/admin/users/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 204, description = "Deleted.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
) -> Result<HttpResponse, Problem> {
    let command = DeleteUserCommand { user_id };
    application.admin.delete_user.execute(&actor, &origin, command).await?;
    Ok(HttpResponse::NoContent().finish())
}
