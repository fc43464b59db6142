//! `POST /teams`

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::create_team::CreateTeamCommand;
use countersign_domain::name::{Description, TeamName};
use utoipa::ToSchema;

use crate::extract::{Authenticated, Fields, FromFields, JsonBody, RequestOrigin};
use crate::present::TeamBody;
use crate::problem::Problem;

/// A new team.
#[derive(ToSchema)]
#[schema(as = CreateTeam)]
pub(crate) struct CreateTeamBody {
    #[schema(value_type = String)]
    name: TeamName,
    #[schema(value_type = Option<String>)]
    description: Option<Description>,
}

impl FromFields for CreateTeamBody {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let name = fields.required("name", TeamName::parse);
        let description = fields.optional("description", Description::parse).flatten();
        Some(Self { name: name?, description })
    }
}

/// Create a team; the caller is its admin.
#[utoipa::path(post, path = "/teams", tag = "teams", request_body = CreateTeamBody,
    responses((status = 201, description = "Created.", body = TeamBody,
        headers(("Location" = String, description = "Path of the team.")))))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    JsonBody(CreateTeamBody { name, description }): JsonBody<CreateTeamBody>,
) -> Result<HttpResponse, Problem> {
    let command = CreateTeamCommand { name, description };
    let team = application.teams.create_team.execute(&actor, &origin, command).await?;
    let location = format!("/teams/{}", team.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(TeamBody::from(team)))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use actix_web::test::TestRequest;
    use countersign_application::error::Fault;
    use countersign_application::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
    use countersign_application::testing::{Mocks, StagedUnitOfWork, user};
    use serde_json::json;
    use uuid::Uuid;

    use crate::testing::{call, sign_in, signed_in};

    fn mocks(created: u64) -> Mocks {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let mut unit = StagedUnitOfWork::default();
        unit.hold_sessions();
        unit.teams.expect_count_created_by().returning(move |_| Ok(created));
        unit.teams.expect_insert().returning(|_| Ok(()));
        unit.memberships.expect_insert().returning(|_| Ok(()));
        mocks.stage(unit);
        mocks
    }

    #[actix_web::test]
    async fn the_team_and_its_path_come_back_and_foreign_fields_do_not_count() {
        let body = json!({"name": " Engines ", "owner_id": "x", "created_at": "1970-01-01T00:00:00Z"});
        let answer = call(mocks(0), signed_in(TestRequest::post().uri("/teams")).set_json(body)).await;
        assert_eq!(answer.status, 201);
        let team = answer.json();
        assert_eq!(answer.header("location"), Some(format!("/teams/{}", team["id"].as_str().unwrap()).as_str()));
        assert_eq!((&team["name"], &team["description"]), (&json!("Engines"), &json!(null)));
        assert_eq!(team["created_at"], "2026-01-02T03:04:05.678Z");
    }

    #[actix_web::test]
    async fn a_request_that_others_were_in_the_way_of_is_handled_again_with_its_body_but_not_for_ever() {
        for (deadlocks, expected) in [(1, 201), (3, 201), (4, 503)] {
            let mut mocks = Mocks::default();
            sign_in(&mut mocks, &user(1));
            for _ in 0..deadlocks {
                let mut unit = StagedUnitOfWork::default();
                unit.sessions.expect_lock().returning(|_, _| Err(Fault::contended("database", "deadlock detected")));
                mocks.stage(unit);
            }
            let mut unit = StagedUnitOfWork::default();
            unit.hold_sessions();
            unit.teams.expect_count_created_by().returning(|_| Ok(0));
            unit.teams.expect_insert().returning(|_| Ok(()));
            unit.memberships.expect_insert().returning(|_| Ok(()));
            mocks.stage(unit);
            let counted = Arc::<Mutex<Vec<Uuid>>>::default();
            let (log, refunds) = (Arc::clone(&counted), Arc::clone(&counted));
            mocks.rate_limiter = MockRateLimiter::new();
            mocks.rate_limiter.expect_acquire().returning(move |hit| {
                log.lock().unwrap().push(hit.id);
                LimitVerdict::Allowed
            });
            mocks.rate_limiter.expect_refund().returning(move |hit| refunds.lock().unwrap().retain(|id| *id != hit.id));
            let request = signed_in(TestRequest::post().uri("/teams")).set_json(json!({"name": "Engines"}));
            let answer = call(mocks, request).await;
            assert_eq!(counted.lock().unwrap().len(), 1, "it counts once");
            assert_eq!(answer.status, expected, "{deadlocks}: {}", answer.text);
            if expected == 201 {
                assert_eq!(answer.json()["name"], "Engines");
            } else {
                assert_eq!(answer.problem().1, "service_unavailable");
            }
        }
    }

    #[actix_web::test]
    async fn too_many_teams_are_a_conflict() {
        let request = signed_in(TestRequest::post().uri("/teams")).set_json(json!({"name": "Engines"}));
        assert_eq!(call(mocks(100), request).await.problem(), (409, "team_limit_reached".to_owned()));
    }

    #[actix_web::test]
    async fn bad_names_are_named() {
        let body = json!({"name": " ", "description": 5});
        let answer = call(mocks(0), signed_in(TestRequest::post().uri("/teams")).set_json(body)).await;
        let fields: Vec<_> = answer.violations().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "description"]);
    }
}
