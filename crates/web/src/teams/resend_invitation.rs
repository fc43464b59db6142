//! `POST /teams/{team_id}/invitations/{id}/resend`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::resend_invitation::ResendInvitationCommand;

use crate::extract::{InvitationPath, RequestOrigin, TeamAdmin};
use crate::present::MessageBody;
use crate::problem::Problem;

/// Mail a pending invitation again, with a new token and expiry.
#[utoipa::path(post, path = "/teams/{team_id}/invitations/{id}/resend", tag = "teams",
    params(("team_id" = Uuid, Path), ("id" = Uuid, Path)),
    responses((status = 200, description = "Sent again.", body = MessageBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    InvitationPath(invitation_id): InvitationPath,
) -> Result<web::Json<MessageBody>, Problem> {
    let command = ResendInvitationCommand { team_id: member.team_id(), invitation_id };
    application.teams.resend_invitation.execute(&member.actor, &origin, command).await?;
    Ok(web::Json(MessageBody::new("The invitation is on its way.")))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{StagedUnitOfWork, invitation, membership, team};
    use countersign_domain::team::role::Role;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn an_invitation_of_another_team_is_not_there() {
        let mut mocks = sign_in_to_team(Role::Admin);
        mocks.invitations.expect_find_by_id().returning(|_, _| Ok(None));
        let mut unit = StagedUnitOfWork::default();
        unit.hold_team(&[membership(1, Role::Admin)]);
        unit.invitations.expect_find_by_id().returning(|_, _| Ok(None));
        mocks.stage(unit);
        let id = invitation("a@example.com", Role::Member).id;
        let uri = format!("/teams/{}/invitations/{id}/resend", team(1).id);
        let answer = call(mocks, signed_in(TestRequest::post().uri(&uri))).await;
        assert_eq!(answer.problem(), (404, "invitation_not_found".to_owned()));
    }
}
