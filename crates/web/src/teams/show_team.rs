//! `GET /teams/{team_id}`

use actix_web::web;

use crate::extract::TeamMember;
use crate::present::TeamBody;
use crate::problem::Problem;

/// Show a team.
#[utoipa::path(get, path = "/teams/{team_id}", tag = "teams", params(("team_id" = Uuid, Path)),
    responses((status = 200, description = "The team.", body = TeamBody)))]
pub(crate) async fn handle(member: TeamMember) -> Result<web::Json<TeamBody>, Problem> {
    Ok(web::Json(member.team.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::team;
    use countersign_domain::team::role::Role;
    use serde_json::json;

    use crate::testing::{call, sign_in_to_team, signed_in};

    #[actix_web::test]
    async fn a_member_sees_exactly_the_documented_fields() {
        let request = signed_in(TestRequest::get().uri(&format!("/teams/{}", team(1).id)));
        let answer = call(sign_in_to_team(Role::Member), request).await;
        let expected = json!({"id": team(1).id.to_string(), "name": "Engines", "description": null,
            "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:04:05.678Z"});
        assert_eq!(answer.json(), expected);
    }
}
