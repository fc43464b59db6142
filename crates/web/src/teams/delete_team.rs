//! `DELETE /teams/{team_id}`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::delete_team::DeleteTeamCommand;

use crate::extract::{RequestOrigin, TeamAdmin};
use crate::problem::Problem;

/// Delete the team with its memberships and invitations.
#[utoipa::path(delete, path = "/teams/{team_id}", tag = "teams", params(("team_id" = Uuid, Path)),
    responses((status = 204, description = "Deleted.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
) -> Result<HttpResponse, Problem> {
    let command = DeleteTeamCommand { team_id: member.team_id() };
    application.teams.delete_team.execute(&member.actor, &origin, command).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::team;
    use countersign_domain::team::role::Role;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn a_member_may_not() {
        let request = signed_in(TestRequest::delete().uri(&format!("/teams/{}", team(1).id)));
        let answer = call(sign_in_to_team(Role::Member), request).await;
        assert_eq!(answer.problem(), (403, "team_admin_required".to_owned()));
    }
}
