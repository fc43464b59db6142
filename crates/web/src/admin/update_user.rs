//! `PATCH /admin/users/{id}`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::update_user::UpdateUserCommand;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin, Superuser, UserPath};
use crate::present::UserBody;
use crate::problem::Problem;

/// What to change: absent keeps.
#[derive(ToSchema)]
#[schema(as = UpdateUser)]
pub(crate) struct UpdateUserBody {
    #[schema(nullable = false)]
    is_active: Option<bool>,
    #[schema(nullable = false)]
    is_superuser: Option<bool>,
}

impl FromFields for UpdateUserBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let is_active = fields.change_flag("is_active");
        let is_superuser = fields.change_flag("is_superuser");
        Some(Self { is_active, is_superuser })
    }
}

/// Activate, deactivate, appoint or dismiss an account. A deactivation ends its sessions at once.
#[utoipa::path(patch, path = "/admin/users/{id}", tag = "admin", params(("id" = Uuid, Path)), request_body = UpdateUserBody,
    responses((status = 200, description = "Changed.", body = UserBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    JsonBody(UpdateUserBody { is_active, is_superuser }): JsonBody<UpdateUserBody>,
) -> Result<web::Json<UserBody>, Problem> {
    let command = UpdateUserCommand { user_id, is_active, is_superuser };
    let user = application.admin.update_user.execute(&actor, &origin, command).await?;
    Ok(web::Json(user.into()))
}
