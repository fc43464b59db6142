//! `GET /health/ready`

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::health::Condition;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::middleware::answer::OwnBody;
use crate::present::words::one_of;

/// Whether the service can do its work.
#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
pub(crate) struct ReadinessBody {
    #[schema(schema_with = readiness)]
    status: &'static str,
    /// One entry for each dependency.
    dependencies: Vec<DependencyBody>,
}

/// A dependency.
#[derive(Serialize, ToSchema)]
#[schema(as = Dependency)]
struct DependencyBody {
    name: &'static str,
    #[schema(schema_with = condition)]
    status: &'static str,
}

const READY: &str = "ready";
const DEGRADED: &str = "degraded";
const NOT_READY: &str = "not_ready";

fn readiness() -> Object {
    one_of([READY, NOT_READY]).build()
}

fn condition() -> Object {
    let condition = one_of([READY, DEGRADED, NOT_READY]);
    condition.description(Some("`degraded` is one that the service does without.")).build()
}

/// Tell whether the service can do its work.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses(
    (status = 200, description = "Every dependency that is needed answers.", body = ReadinessBody),
    (status = 503, description = "At least one does not.", body = ReadinessBody)))]
pub(crate) async fn handle(application: web::Data<Application>) -> HttpResponse {
    let states = application.check_readiness.execute().await;
    let ready = states.iter().all(|state| state.condition != Condition::NotReady);
    let dependencies =
        states.into_iter().map(|state| DependencyBody { name: state.name, status: word(state.condition) }).collect();
    let overall = word(if ready { Condition::Ready } else { Condition::NotReady });
    let body = ReadinessBody { status: overall, dependencies };
    if ready {
        return HttpResponse::Ok().json(body);
    }
    let mut response = HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).json(body);
    response.extensions_mut().insert(OwnBody);
    response
}

const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Ready => READY,
        Condition::Degraded => DEGRADED,
        Condition::NotReady => NOT_READY,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use actix_web::test::TestRequest;
    use countersign_application::error::Fault;
    use countersign_application::ports::dependency_probe::MockDependencyProbe;
    use countersign_application::testing::Mocks;
    use serde_json::json;

    use crate::testing::call;

    fn with_probe(name: &'static str, fails: bool) -> Mocks {
        let mut probe = MockDependencyProbe::new();
        probe.expect_name().returning(move || name);
        probe.expect_is_required().returning(move || name == "database");
        probe
            .expect_check()
            .returning(move || if fails { Err(Fault::unavailable("database", "password=hunter2")) } else { Ok(()) });
        let mut mocks = Mocks::default();
        mocks.probes.push(Arc::new(probe));
        mocks
    }

    #[actix_web::test]
    async fn it_is_ready_when_every_dependency_answers() {
        let answer = call(with_probe("database", false), TestRequest::get().uri("/health/ready")).await;
        assert_eq!(answer.status, 200);
        let dependencies = json!([{"name": "database", "status": "ready"}]);
        assert_eq!(answer.json(), json!({"status": "ready", "dependencies": dependencies}));
    }

    #[actix_web::test]
    async fn it_is_not_ready_when_one_does_not_and_keeps_the_reason_to_itself() {
        let answer = call(with_probe("database", true), TestRequest::get().uri("/health/ready")).await;
        assert_eq!(answer.status, 503);
        assert_eq!(answer.json()["dependencies"][0]["status"], "not_ready");
        assert!(answer.header("retry-after").is_some());
        assert!(!answer.text.contains("hunter2"));
    }

    #[actix_web::test]
    async fn it_is_ready_without_what_it_can_do_without() {
        let answer = call(with_probe("redis", true), TestRequest::get().uri("/health/ready")).await;
        assert_eq!(answer.status, 200);
        let dependencies = json!([{"name": "redis", "status": "degraded"}]);
        assert_eq!(answer.json(), json!({"status": "ready", "dependencies": dependencies}));
    }
}
