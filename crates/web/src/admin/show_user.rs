//! `GET /admin/users/{id}`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::show_user::ShowUserCommand;

use crate::extract::{RequestOrigin, Superuser, UserPath};
use crate::present::UserBody;
use crate::problem::Problem;

/// Show an account.
#[utoipa::path(get, path = "/admin/users/{id}", tag = "admin", params(("id" = Uuid, Path)),
    responses((status = 200, description = "The account.", body = UserBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
) -> Result<web::Json<UserBody>, Problem> {
    let command = ShowUserCommand::Id(user_id);
    let user = application.admin.show_user.execute(&actor, &origin, command).await?;
    Ok(web::Json(user.into()))
}
