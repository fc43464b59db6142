//! `DELETE /teams/{team_id}/members/{user_id}`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::remove_member::RemoveMemberCommand;

use crate::extract::{MemberPath, RequestOrigin, TeamMember};
use crate::problem::Problem;

/// Remove a member; anybody may remove themselves.
#[utoipa::path(delete, path = "/teams/{team_id}/members/{user_id}", tag = "teams",
    params(("team_id" = Uuid, Path), ("user_id" = Uuid, Path)),
    responses((status = 204, description = "Removed.")))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    member: TeamMember,
    MemberPath(user_id): MemberPath,
) -> Result<HttpResponse, Problem> {
    let command = RemoveMemberCommand { team_id: member.team_id(), user_id };
    application.teams.remove_member.execute(&member.actor, &origin, command).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{team, user_id};
    use countersign_domain::team::role::Role;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn a_member_may_not_remove_another() {
        let uri = format!("/teams/{}/members/{}", team(1).id, user_id(2));
        let answer = call(sign_in_to_team(Role::Member), signed_in(TestRequest::delete().uri(&uri))).await;
        assert_eq!(answer.problem(), (403, "team_admin_required".to_owned()));
    }
}
