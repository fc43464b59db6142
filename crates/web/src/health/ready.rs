//! `GET /health/ready`

use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::middleware::answer::OwnBody;
use crate::present::words::one_of;

/// Whether every dependency answers.
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
    #[schema(schema_with = readiness)]
    status: &'static str,
}

const READY: &str = "ready";
const NOT_READY: &str = "not_ready";

fn readiness() -> Object {
    one_of([READY, NOT_READY]).build()
}

/// Tell whether the service can do its work.
#[utoipa::path(get, path = "/health/ready", tag = "service", responses(
    (status = 200, description = "Every dependency answers.", body = ReadinessBody),
    (status = 503, description = "At least one does not.", body = ReadinessBody)))]
pub(crate) async fn handle(application: web::Data<Application>) -> HttpResponse {
    let states = application.check_readiness.execute().await;
    let word = |ready: bool| if ready { READY } else { NOT_READY };
    let ready = states.iter().all(|state| state.ready);
    let dependencies =
        states.into_iter().map(|state| DependencyBody { name: state.name, status: word(state.ready) }).collect();
    let body = ReadinessBody { status: word(ready), dependencies };
    if ready {
        return HttpResponse::Ok().json(body);
    }
    let mut response = HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "5")).json(body);
    response.extensions_mut().insert(OwnBody);
    response
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
}
