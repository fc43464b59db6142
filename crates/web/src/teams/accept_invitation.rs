//! `POST /teams/accept-invitation`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::accept_invitation::AcceptInvitationCommand;
use countersign_domain::secret::Secret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, MaybeAuthenticated, RequestOrigin};
use crate::present::TeamBody;
use crate::problem::Problem;

/// True of every account: without an access token the answer must not tell whether its address is verified.
const ACCEPTED: &str =
    "The invitation is accepted. The membership counts once the e-mail address of the account is verified.";

/// The token of the mail.
#[derive(ToSchema)]
#[schema(as = AcceptInvitation)]
pub(crate) struct AcceptInvitationBody {
    #[schema(value_type = String)]
    invitation_token: Secret,
}

impl FromFields for AcceptInvitationBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self { invitation_token: fields.secret("invitation_token")? })
    }
}

/// The team that was joined.
#[derive(Serialize, ToSchema)]
#[schema(as = AcceptedInvitation)]
pub(crate) struct AcceptedBody {
    message: &'static str,
    team: TeamBody,
}

/// Accept an invitation: as the account of the access token, whose address must be the invited one; or without one,
/// for the account that has the invited address.
#[utoipa::path(post, path = "/teams/accept-invitation", tag = "teams", request_body = AcceptInvitationBody,
    security((), ("bearer" = [])),
    responses((status = 200, description = "Accepted, now or before by the same account.", body = AcceptedBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    MaybeAuthenticated(actor): MaybeAuthenticated,
    JsonBody(AcceptInvitationBody { invitation_token }): JsonBody<AcceptInvitationBody>,
) -> Result<web::Json<AcceptedBody>, Problem> {
    let command = AcceptInvitationCommand { token: invitation_token, actor };
    let team = application.teams.accept_invitation.execute(&origin, command).await?;
    Ok(web::Json(AcceptedBody { message: ACCEPTED, team: team.into() }))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::Mocks;
    use serde_json::json;

    use crate::testing::call;

    #[actix_web::test]
    async fn an_unknown_token_is_a_400() {
        let mut mocks = Mocks::default();
        mocks.invitations.expect_find_by_digest().returning(|_| Ok(None));
        let request = TestRequest::post().uri("/teams/accept-invitation").set_json(json!({"invitation_token": "x"}));
        assert_eq!(call(mocks, request).await.problem(), (400, "invalid_token".to_owned()));
    }

    #[actix_web::test]
    async fn the_token_is_required() {
        for body in [json!({}), json!({"invitation_token": ""}), json!({"invitation_token": 7})] {
            let request = TestRequest::post().uri("/teams/accept-invitation").set_json(body);
            assert_eq!(call(Mocks::default(), request).await.violations()[0].0, "invitation_token");
        }
    }
}
