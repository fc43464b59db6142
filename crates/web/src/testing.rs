//! The service on doubles of every port, for tests of endpoints.
//!
//! [`call`] also holds every answer against the table of routes and the OpenAPI document: a status or code that is
//! not documented fails the test that met it.

mod recorded_log;

use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::{TestRequest, init_service};
use actix_web::web;
use countersign_application::Application;
use countersign_application::ports::access_tokens::{AccessTokenError, MockAccessTokens, VerifiedAccess};
use countersign_application::testing::{Mocks, NOW, SequentialIds, membership, session, team, user};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use serde_json::Value;

use crate::middleware::flood_guard::FloodGuard;
use crate::openapi::problems_of;
use crate::routes::{Endpoint, table};
use crate::server::app;
use crate::settings::WebSettings;
pub(crate) use crate::testing::recorded_log::RecordedLog;

/// The access token that [`sign_in`] makes good.
pub(crate) const TOKEN: &str = "good-token";

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and code, of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        (self.status.as_u16(), self.json()["code"].as_str().unwrap().to_owned())
    }

    /// Fields and codes of a 422, in order.
    pub(crate) fn violations(&self) -> Vec<(String, String)> {
        assert_eq!(self.problem(), (422, "validation_failed".to_owned()));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.json()["errors"].as_array().unwrap().iter().map(|e| (text(&e["field"]), text(&e["code"]))).collect()
    }
}

pub(crate) fn settings() -> WebSettings {
    let settings =
        WebSettings::new(([127, 0, 0, 1], 0).into(), "https://id.example/", Arc::new(SequentialIds::default()));
    WebSettings { flood_per_second_per_ip: 0, ..settings }
}

/// Sends one request to the service on these doubles.
pub(crate) async fn call(mocks: Mocks, request: TestRequest) -> Answer {
    call_with(mocks, settings(), request).await
}

pub(crate) async fn call_with(mocks: Mocks, settings: WebSettings, request: TestRequest) -> Answer {
    Box::pin(serve(mocks, settings, &table(), vec![request])).await.remove(0)
}

/// Sends requests one after the other to one service with these routes.
pub(crate) async fn serve(
    mocks: Mocks,
    settings: WebSettings,
    table: &[Endpoint],
    requests: Vec<TestRequest>,
) -> Vec<Answer> {
    let application = web::Data::new(Application::new(&mocks.into_dependencies()));
    let flood_guard = FloodGuard::new(&settings);
    let service = init_service(app(application, web::Data::new(settings), &flood_guard, table)).await;
    let mut answers = vec![];
    for request in requests {
        let response = actix_web::test::call_service(&service, request.to_request()).await;
        let (method, pattern) = (response.request().method().clone(), response.request().match_pattern());
        let (status, headers) = (response.status(), response.headers().clone());
        let octets = to_bytes(response.into_body()).await.map_err(|_broken| "a broken body").unwrap();
        let answer = Answer { status, headers, text: String::from_utf8_lossy(&octets).into_owned() };
        let endpoint = table.iter().find(|e| e.method == method && Some(&e.pattern) == pattern.as_ref());
        if let Some(endpoint) = endpoint {
            assert_documented(endpoint, &answer);
        }
        answers.push(answer);
    }
    answers
}

fn assert_documented(endpoint: &Endpoint, answer: &Answer) {
    let Some((operation, _)) = endpoint.document() else { return };
    let status = answer.status.as_u16();
    if answer.header("content-type") == Some("application/problem+json") {
        let code = answer.json()["code"].as_str().unwrap().to_owned();
        let documented = problems_of(endpoint).iter().any(|(s, c)| (*s, *c) == (status, &*code));
        assert!(documented, "{} does not document {status} {code}", endpoint.name);
    } else {
        assert!(operation.responses.responses.contains_key(&status.to_string()), "{}: {status}", endpoint.name);
    }
}

/// Makes [`TOKEN`] the access token of this account.
pub(crate) fn sign_in(mocks: &mut Mocks, user: &User) {
    let mut tokens = MockAccessTokens::new();
    let verified = VerifiedAccess { user_id: user.id, session_id: session(1).id };
    tokens.expect_issue().returning(|_| Ok(countersign_domain::secret::Secret::new("access-token")));
    tokens.expect_verify().returning(
        move |token, _| {
            if token == TOKEN { Ok(verified) } else { Err(AccessTokenError::Invalid) }
        },
    );
    mocks.access_tokens = tokens;
    let user = user.clone();
    let mut live = session(1);
    live.user_id = user.id;
    mocks.sessions.expect_find_by_id().returning(move |id| Ok(Some(live.clone()).filter(|session| session.id == id)));
    mocks.users.expect_find_by_id().returning(move |id| Ok(Some(user.clone()).filter(|user| user.id == id)));
}

/// Signs the first account in, a member of the first team and of no other.
pub(crate) fn sign_in_to_team(role: Role) -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    let joined = membership(1, role);
    mocks.memberships.expect_find().returning(move |user_id, team_id| {
        Ok(Some(joined).filter(|joined| (joined.user_id, joined.team_id) == (user_id, team_id)))
    });
    mocks.teams.expect_find_by_id().returning(|id| Ok(Some(team(1)).filter(|team| team.id == id)));
    mocks
}

/// With the good token.
pub(crate) fn signed_in(request: TestRequest) -> TestRequest {
    request.insert_header(("authorization", format!("Bearer {TOKEN}")))
}

/// The token of the forms of [`in_browser`]'s session.
pub(crate) const FORM_TOKEN: &str = "form-token";

/// What the forms of this account carry on another page than one of [`in_browser`]'s session.
pub(crate) fn former_form_token(user: &User) -> String {
    format!("former-token.{:A>43}", user.id.to_string())
}

/// With the cookie of a browser that is signed in.
pub(crate) fn in_browser(request: TestRequest) -> TestRequest {
    let (user, session, until) = (user(1).id, session(1).id, NOW.unix_timestamp() + 60);
    let sealed = format!("sealed-{user}.{session}.{until}.{FORM_TOKEN}.refresh-token");
    let request = request.insert_header(("accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
    let request = request.insert_header(("sec-fetch-site", "same-origin"));
    request.insert_header(("cookie", format!("__Host-countersign={sealed}")))
}
