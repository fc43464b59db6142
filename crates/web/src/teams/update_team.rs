//! `PATCH /teams/{team_id}`

use actix_web::web;
use countersign_application::Application;
use countersign_application::teams::update_team::UpdateTeamCommand;
use countersign_domain::name::{Description, TeamName};
use countersign_domain::team::TeamChange;
use utoipa::ToSchema;

use crate::extract::{Fields, FromFields, JsonBody, RequestOrigin, TeamAdmin};
use crate::present::TeamBody;
use crate::problem::Problem;

/// What to change: absent keeps, null clears the description.
#[derive(ToSchema)]
#[schema(as = UpdateTeam)]
pub(crate) struct UpdateTeamBody {
    #[schema(value_type = Option<String>, nullable = false)]
    name: Option<TeamName>,
    #[schema(value_type = Option<String>)]
    #[expect(clippy::option_option, reason = "absent, null and a text are three things")]
    description: Option<Option<Description>>,
}

impl FromFields for UpdateTeamBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.change("name", TeamName::parse);
        let description = fields.clearable("description", Description::parse);
        Some(Self { name, description })
    }
}

/// Change name and description of the team.
#[utoipa::path(patch, path = "/teams/{team_id}", tag = "teams", params(("team_id" = Uuid, Path)),
    request_body = UpdateTeamBody,
    responses((status = 200, description = "Changed.", body = TeamBody)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    JsonBody(UpdateTeamBody { name, description }): JsonBody<UpdateTeamBody>,
) -> Result<web::Json<TeamBody>, Problem> {
    let command = UpdateTeamCommand { team_id: member.team_id(), change: TeamChange { name, description } };
    let team = application.teams.update_team.execute(&member.actor, &origin, command).await?;
    Ok(web::Json(team.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{StagedUnitOfWork, membership, team};
    use countersign_domain::name::Description;
    use countersign_domain::team::Team;
    use countersign_domain::team::role::Role;
    use serde_json::{Value, json};

    use crate::testing::{Answer, call, sign_in_to_team, signed_in};

    async fn patch(body: Value) -> Answer {
        let mut mocks = sign_in_to_team(Role::Admin);
        let mut unit = StagedUnitOfWork::default();
        let described = Team { description: Description::parse("of analysis").unwrap(), ..team(1) };
        unit.hold_sessions();
        unit.hold_team_as(described, &[membership(1, Role::Admin)]);
        unit.teams.expect_update().returning(|_| Ok(true));
        mocks.stage(unit);
        call(mocks, signed_in(TestRequest::patch().uri(&format!("/teams/{}", team(1).id))).set_json(body)).await
    }

    #[actix_web::test]
    async fn absent_keeps_and_null_clears_the_description_only() {
        let renamed = patch(json!({"name": "Looms"})).await.json();
        assert_eq!((&renamed["name"], &renamed["description"]), (&json!("Looms"), &json!("of analysis")));
        let cleared = patch(json!({"description": null})).await.json();
        assert_eq!((&cleared["name"], &cleared["description"]), (&json!("Engines"), &json!(null)));
        assert_eq!(patch(json!({"name": null})).await.violations()[0].0, "name");
    }
}
