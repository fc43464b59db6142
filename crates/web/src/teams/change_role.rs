//! `PATCH /teams/{team_id}/members/{user_id}`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::change_role::ChangeRoleCommand;
use countersign_domain::team::role::Role;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, MemberPath, RequestOrigin, TeamAdmin};
use crate::present::{MemberBody, words};
use crate::problem::Problem;

/// The new role.
#[derive(ToSchema)]
#[schema(as = ChangeRole)]
pub(crate) struct ChangeRoleBody {
    #[schema(schema_with = words::role)]
    role: Role,
}

impl FromFields for ChangeRoleBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { role: fields.required("role", Role::parse)? })
    }
}

/// Give a member another role. It counts at once.
#[utoipa::path(patch, path = "/teams/{team_id}/members/{user_id}", tag = "teams",
    params(("team_id" = Uuid, Path), ("user_id" = Uuid, Path)), request_body = ChangeRoleBody,
    responses((status = 200, description = "Changed.", body = MemberBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    MemberPath(user_id): MemberPath,
    JsonBody(ChangeRoleBody { role }): JsonBody<ChangeRoleBody>,
) -> Result<web::Json<MemberBody>, Problem> {
    let command = ChangeRoleCommand { team_id: member.team_id(), user_id, role };
    let changed = application.teams.change_role.execute(&member.actor, &origin, command).await?;
    Ok(web::Json(changed.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{team, user_id};
    use countersign_domain::team::role::Role;
    use serde_json::json;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn there_are_two_roles() {
        let uri = format!("/teams/{}/members/{}", team(1).id, user_id(2));
        for role in [json!("owner"), json!(null), json!(["admin"]), json!("Admin")] {
            let request = signed_in(TestRequest::patch().uri(&uri)).set_json(json!({"role": role}));
            assert_eq!(call(sign_in_to_team(Role::Admin), request).await.violations()[0].0, "role");
        }
    }

    #[actix_web::test]
    async fn a_malformed_member_is_no_member() {
        let uri = format!("/teams/{}/members/1%27--", team(1).id);
        let request = signed_in(TestRequest::patch().uri(&uri)).set_json(json!({"role": "admin"}));
        let answer = call(sign_in_to_team(Role::Admin), request).await;
        assert_eq!(answer.problem(), (404, "member_not_found".to_owned()));
    }
}
