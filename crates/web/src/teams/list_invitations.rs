//! `GET /teams/{team_id}/invitations`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::list_invitations::ListInvitationsCommand;
use countersign_domain::page::PageRequest;

use crate::extract::query::PageParameters;
use crate::extract::{QueryFields, RequestOrigin, TeamAdmin};
use crate::present::{InvitationBody, PageBody};
use crate::problem::Problem;

/// List the invitations of the team with the state of their mail.
#[utoipa::path(get, path = "/teams/{team_id}/invitations", tag = "teams",
    params(("team_id" = Uuid, Path), PageParameters),
    responses((status = 200, description = "A page of invitations.", body = PageBody<InvitationBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    QueryFields(page): QueryFields<PageRequest>,
) -> Result<web::Json<PageBody<InvitationBody>>, Problem> {
    let command = ListInvitationsCommand { team_id: member.team_id(), page };
    let invitations = application.teams.list_invitations.execute(&member.actor, &origin, command).await?;
    Ok(web::Json(PageBody::of(invitations)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{invitation, team, user_id};
    use countersign_domain::invitation::{Delivery, InvitationListing};
    use countersign_domain::page::Page;
    use countersign_domain::team::role::Role;
    use serde_json::json;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn admins_see_state_delivery_and_its_reason_and_no_token() {
        let mut mocks = sign_in_to_team(Role::Admin);
        mocks.invitations.expect_list_by_team().returning(|_, _| {
            let listing = InvitationListing {
                invitation: invitation("a@example.com", Role::Member),
                delivery: Delivery::Failed,
                delivery_reason: Some("the mail server answered 550".to_owned()),
            };
            Ok(Page { items: vec![listing], next: None })
        });
        let request = signed_in(TestRequest::get().uri(&format!("/teams/{}/invitations", team(1).id)));
        let expected = json!({"items": [{
            "id": invitation("a@example.com", Role::Member).id.to_string(), "email": "a@example.com",
            "role": "member", "state": "pending", "delivery": "failed",
            "delivery_reason": "the mail server answered 550", "invited_by": user_id(1).to_string(),
            "created_at": "2026-01-02T03:04:05.678Z", "expires_at": "2026-01-09T03:04:05.678Z",
        }], "next_cursor": null});
        assert_eq!(call(mocks, request).await.json(), expected);
    }
}
