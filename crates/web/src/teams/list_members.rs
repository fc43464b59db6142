//! `GET /teams/{team_id}/members`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::list_members::ListMembersCommand;
use countersign_domain::page::PageRequest;

use crate::extract::query::PageParameters;
use crate::extract::{QueryFields, RequestOrigin, TeamMember};
use crate::present::{MemberBody, PageBody};
use crate::problem::Problem;

/// List who is in the team.
#[utoipa::path(get, path = "/teams/{team_id}/members", tag = "teams",
    params(("team_id" = Uuid, Path), PageParameters),
    responses((status = 200, description = "A page of members.", body = PageBody<MemberBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    member: TeamMember,
    QueryFields(page): QueryFields<PageRequest>,
) -> Result<web::Json<PageBody<MemberBody>>, Problem> {
    let command = ListMembersCommand { team_id: member.team_id(), page };
    let members = application.teams.list_members.execute(&member.actor, &origin, command).await?;
    Ok(web::Json(PageBody::of(members)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::team;
    use countersign_domain::team::role::Role;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn a_bad_limit_or_cursor_is_a_422() {
        for (query, field) in
            [("limit=201", "limit"), ("limit=-1", "limit"), ("cursor=x", "cursor"), ("limit=", "limit")]
        {
            let uri = format!("/teams/{}/members?{query}", team(1).id);
            let answer = call(sign_in_to_team(Role::Member), signed_in(TestRequest::get().uri(&uri))).await;
            assert_eq!(answer.violations()[0].0, field, "{query}");
        }
    }
}
