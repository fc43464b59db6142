//! `Caller` as an argument of handlers of axum and actix-web.

use std::sync::Arc;

use axum::body::Body;
use axum::routing::get;
use countersign_verifier::{Caller, Verifier};
use tower::ServiceExt as _;

use crate::staged_issuer::{SigningKey, StagedIssuer, USER};

/// Status, `WWW-Authenticate`, `Retry-After`, body.
type Answer = (u16, Option<String>, Option<String>, String);

async fn ask_axum(verifier: &Arc<Verifier>, authorization: Option<&str>) -> Answer {
    let app = axum::Router::new()
        .route("/", get(async |caller: Caller| caller.user_id.to_string()))
        .with_state(verifier.clone());
    let mut request = axum::http::Request::get("/");
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, challenge, retry) = (response.status().as_u16(), header("www-authenticate"), header("retry-after"));
    let body = axum::body::to_bytes(response.into_body(), 4096).await.unwrap();
    (status, challenge, retry, String::from_utf8(body.to_vec()).unwrap())
}

async fn ask_actix(verifier: &Arc<Verifier>, authorization: Option<&str>) -> Answer {
    use actix_web::{App, test, web};
    let handler = async |caller: Caller| caller.user_id.to_string();
    let data = web::Data::from(verifier.clone());
    let app = test::init_service(App::new().app_data(data).route("/", web::get().to(handler))).await;
    let mut request = test::TestRequest::get().uri("/");
    if let Some(value) = authorization {
        request = request.insert_header(("authorization", value));
    }
    let response = test::call_service(&app, request.to_request()).await;
    let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, challenge, retry) = (response.status().as_u16(), header("www-authenticate"), header("retry-after"));
    (status, challenge, retry, String::from_utf8(test::read_body(response).await.to_vec()).unwrap())
}

#[actix_web::test]
async fn a_handler_gets_who_calls_or_the_client_the_reason() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = Arc::new(staged.verifier());
    let invalid = r#"Bearer error="invalid_token""#;
    let cases = [
        (Some(format!("Bearer {}", key.token())), 200, None),
        (Some(format!("bearer {}", key.token())), 200, None),
        (None, 401, Some("Bearer")),
        (Some("Basic dTpw".to_owned()), 401, Some("Bearer")),
        (Some("Bearer".to_owned()), 401, Some(invalid)),
        (Some(format!("Bearer {}", SigningKey::named("one").token())), 401, Some(invalid)),
        (Some("Bearer x".to_owned()), 401, Some(invalid)),
    ];
    for (authorization, status, challenge) in cases {
        let answers =
            [ask_axum(&verifier, authorization.as_deref()).await, ask_actix(&verifier, authorization.as_deref()).await];
        for answer in &answers {
            assert_eq!(
                (answer.0, answer.1.as_deref(), answer.2.as_deref()),
                (status, challenge, None),
                "{authorization:?}: {answer:?}"
            );
            if status == 200 {
                assert_eq!(answer.3, USER.to_string());
            } else {
                let code = if challenge == Some(invalid) { "invalid_token" } else { "authentication_required" };
                let problem: serde_json::Value = serde_json::from_str(&answer.3).unwrap();
                assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(401), Some(code)));
            }
        }
        assert_eq!(answers[0], answers[1]);
    }
}

#[actix_web::test]
async fn an_outage_is_a_503_that_says_when_to_come_again() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    staged.go_away(true);
    let verifier = Arc::new(staged.verifier());
    let authorization = format!("Bearer {}", key.token());
    for answer in [ask_axum(&verifier, Some(&authorization)).await, ask_actix(&verifier, Some(&authorization)).await] {
        assert_eq!((answer.0, answer.1, answer.2.as_deref()), (503, None, Some("2")));
        assert!(answer.3.contains(r#""code":"service_unavailable""#), "{}", answer.3);
        assert!(!answer.3.contains("away"), "the cause is for the log: {}", answer.3);
    }
}
