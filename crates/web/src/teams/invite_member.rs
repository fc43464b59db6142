//! `POST /teams/{team_id}/invite`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::invite_member::InviteMemberCommand;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::team::role::Role;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin, TeamAdmin};
use crate::present::{MessageBody, words};
use crate::problem::Problem;

/// Whom to invite, and as what.
#[derive(ToSchema)]
#[schema(as = InviteMember)]
pub(crate) struct InviteMemberBody {
    #[schema(value_type = String, format = Email)]
    email: EmailAddress,
    #[schema(schema_with = words::role)]
    role: Role,
}

impl FromFields for InviteMemberBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let email = fields.required("email", EmailAddress::parse);
        let role = fields.required("role", Role::parse);
        Some(Self { email: email?, role: role? })
    }
}

/// Invite an address into the team. The answer is the same whether or not the address has an account.
#[utoipa::path(post, path = "/teams/{team_id}/invite", tag = "teams", params(("team_id" = Uuid, Path)),
    request_body = InviteMemberBody,
    responses((status = 200, description = "Invited.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    JsonBody(InviteMemberBody { email, role }): JsonBody<InviteMemberBody>,
) -> Result<web::Json<MessageBody>, Problem> {
    let command = InviteMemberCommand { team_id: member.team_id(), email, role };
    application.teams.invite_member.execute(&member.actor, &origin, command).await?;
    Ok(web::Json(MessageBody::new("The invitation is on its way.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::team;
    use countersign_domain::team::role::Role;
    use serde_json::json;

    use crate::testing::{call, sign_in_to_team, signed_in};

    fn request() -> TestRequest {
        signed_in(TestRequest::post().uri(&format!("/teams/{}/invite", team(1).id)))
    }

    #[actix_web::test]
    async fn there_are_two_roles_and_one_address() {
        let body = json!({"email": ["a@example.com", "b@example.com"], "role": "owner"});
        let answer = call(sign_in_to_team(Role::Admin), request().set_json(body)).await;
        let expected = [("email", "invalid_type"), ("role", "invalid_role")];
        assert_eq!(answer.violations(), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    }

    #[actix_web::test]
    async fn a_member_is_refused_before_the_body_is_read() {
        let answer = call(sign_in_to_team(Role::Member), request().set_payload("{")).await;
        assert_eq!(answer.problem(), (403, "team_admin_required".to_owned()));
    }
}
