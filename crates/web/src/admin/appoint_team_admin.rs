//! `PATCH /admin/teams/{team_id}/members/{user_id}`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::appoint_team_admin::AppointTeamAdminCommand;
use countersign_domain::team::role::Role;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, MemberPath, RequestOrigin, Superuser, TeamPath};
use crate::present::{MemberBody, words};
use crate::problem::FieldError;
use crate::problem::Problem;

/// The new role.
#[derive(ToSchema)]
#[schema(as = AppointTeamAdmin)]
pub(crate) struct AppointBody {
    #[schema(schema_with = words::admin_role)]
    #[expect(dead_code, reason = "only one value is accepted")]
    role: Role,
}

impl FromFields for AppointBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        match fields.required("role", Role::parse)? {
            Role::Admin => Some(Self { role: Role::Admin }),
            Role::Member => fields.refuse(FieldError::new("role", "invalid_role", "only \"admin\" can be given here")),
        }
    }
}

/// Make an active member admin of its team: the way out for a team without one.
#[utoipa::path(patch, path = "/admin/teams/{team_id}/members/{user_id}", tag = "admin", params(("team_id" = Uuid, Path), ("user_id" = Uuid, Path)), request_body = AppointBody,
    responses((status = 200, description = "Appointed.", body = MemberBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    TeamPath(team_id): TeamPath,
    MemberPath(user_id): MemberPath,
    JsonBody(AppointBody { .. }): JsonBody<AppointBody>,
) -> Result<web::Json<MemberBody>, Problem> {
    let command = AppointTeamAdminCommand { team_id, user_id };
    let member = application.admin.appoint_team_admin.execute(&actor, &origin, command).await?;
    Ok(web::Json(member.into()))
}
