//! Bodies of every size and kind, on every call that takes one.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::{PASSWORD, TestServer, Tokens, assert_problem};

const LIMIT: usize = 64 * 1024;

/// A server, a superuser with a team of its own, and every call of the API that takes a body.
async fn server_with_calls() -> (TestServer, Tokens, Vec<(Method, String)>) {
    let server = TestServer::start().await;
    server.create_superuser("root@example.org", PASSWORD);
    let tokens = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).text_at("/id");
    let team = server.team(&tokens, "Teamname").await;
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let mut calls = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path.replace("{team_id}", &team).replace("{user_id}", &me).replace("{id}", &me);
        for (method, operation) in operations.as_object().unwrap() {
            if operation.get("requestBody").is_some() {
                calls.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    assert!(calls.len() > 15, "{calls:?}");
    (server, tokens, calls)
}

#[tokio::test]
async fn every_call_with_a_body_refuses_one_that_is_too_large() {
    let (server, tokens, calls) = server_with_calls().await;
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    let sent = calls.iter().flat_map(|(method, path)| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            tokens.access
        );
        // Of what is announced, not an octet is waited for.
        let declared = server.exchange(format!("{head}Content-Length: {}\r\n\r\n", LIMIT + 1));
        let chunked = server.exchange(format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(5)));
        let declared: std::pin::Pin<Box<dyn Future<Output = _>>> = Box::pin(declared);
        [(format!("{method} {path} declared"), declared), (format!("{method} {path} chunked"), Box::pin(chunked))]
    });
    for (call, exchange) in sent.collect::<Vec<_>>() {
        let exchange = exchange.await;
        assert_eq!(exchange.statuses(), [413], "{call}: {exchange:?}");
        let told = ["payload_too_large", "connection: close"].iter().all(|told| exchange.text.contains(told));
        assert!(told, "{call}: {exchange:?}");
    }
}

#[tokio::test]
async fn every_call_with_a_body_takes_json_in_utf8_and_nothing_else() {
    let (server, tokens, calls) = server_with_calls().await;
    for (method, path) in calls {
        let with = |content_type: &str, body: &[u8]| {
            let call = server.call(method.clone(), &path).bearer(&tokens.access);
            call.header("content-type", content_type).body(body)
        };
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=application/json",
            "application/json; charset=utf-16",
            "application/jsonp",
            "application/problem+json",
            "application/xml",
        ] {
            assert_problem(&with(other, b"{}").send().await, 415, "unsupported_media_type");
        }
        let compressed = with("application/json", b"\x1f\x8b").header("content-encoding", "gzip");
        assert_problem(&compressed.send().await, 415, "unsupported_media_type");
        assert_problem(&with("application/json; charset=utf-8", b"[]").send().await, 400, "malformed_body");
        assert_problem(
            &with("application/json", b"{\"email\":\"a\",\"email\":\"b\"}").send().await,
            400,
            "malformed_body",
        );
    }
    let untyped = server.post("/auth/login").body("{}");
    assert_problem(&untyped.send().await, 415, "unsupported_media_type");
}

#[tokio::test]
async fn odd_json_is_refused_at_once() {
    let server = TestServer::start().await;
    let deep = |open: &str, close: &str, times: usize| open.repeat(times) + &close.repeat(times);
    for body in [
        deep("[", "]", 10_000).into_bytes(),
        "[".repeat(60_000).into_bytes(),
        format!("{{\"email\":{}}}", deep("{\"a\":[", "]}", 5_000)).into_bytes(),
        b"{\"email\":1e400}".to_vec(),
        b"{\"email\":\"a@example.org\",\"email\":\"b@example.org\"}".to_vec(),
        b"{\"email\":\"a@example.org\",\"\\u0065mail\":\"b@example.org\"}".to_vec(),
        b"{\"email\":\"\\ud800\"}".to_vec(),
        b"{\"email\":\"\xff\xfe\"}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{} {}".to_vec(),
        b"{\"a\":NaN}".to_vec(),
        b"{a:1}".to_vec(),
        b"".to_vec(),
        b"null".to_vec(),
    ] {
        let told = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let start = Instant::now();
        let answer = server.post("/auth/login").header("content-type", "application/json").body(body).send().await;
        assert_problem(&answer, 400, "malformed_body");
        assert!(start.elapsed() < Duration::from_secs(2), "{told}: {:?}", start.elapsed());
    }
    let keys: String = (0..1_000_000).map(|n| format!("\"{n}\":0,")).collect();
    for large in [format!("{{{keys}\"a\":0}}"), format!("{{\"unknown\":\"{}\"}}", "x".repeat(10 << 20))] {
        let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
        let exchange = server.exchange(format!("{head}Content-Length: {}\r\n\r\n{large}", large.len())).await;
        // The refusal may be lost with the connection, which closes while the client still sends.
        assert!(matches!(exchange.statuses()[..], [] | [413]) && exchange.closed, "{exchange:?}");
    }
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn the_query_is_no_place_for_the_fields_of_a_body() {
    let server = TestServer::start().await;
    server.verified("known@example.org").await;
    let query = format!("/auth/login?email=known@example.org&password={}", PASSWORD.replace(' ', "+"));
    assert_problem(&server.post(&query).json(&json!({})).send().await, 422, "validation_failed");
    let wrong = json!({"email": "known@example.org", "password": "another password"});
    assert_problem(&server.post(&query).json(&wrong).send().await, 401, "invalid_credentials");
}

#[tokio::test]
async fn a_parameter_twice_is_refused() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("pager@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let members = server.get(&format!("/teams/{team}/members?limit=1&limit=2")).bearer(&tokens.access);
    assert_eq!(members.send().await.status / 100, 4);
}

#[tokio::test]
async fn a_refusal_never_echoes_a_secret() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("careful@example.org").await;
    for (path, body) in [
        ("/auth/register", json!({"email": "no address", "password": "marker1", "first_name": "", "last_name": "x"})),
        ("/auth/register", json!({"email": 7, "password": ["marker1"], "first_name": {}, "last_name": null})),
        ("/auth/login", json!({"email": "@", "password": {"value": "marker1"}})),
        ("/auth/login", json!({"email": "a@example.org", "password": "marker1".repeat(200)})),
        ("/auth/refresh", json!({"refresh_token": "marker1"})),
        ("/auth/refresh", json!({"refresh_token": "marker1".repeat(1_000)})),
        ("/auth/password-reset", json!({"token": "marker1", "new_password": "marker2"})),
        ("/auth/verify-email", json!({"token": "marker1", "password": "marker2"})),
        ("/teams/accept-invitation", json!({"invitation_token": "marker1"})),
        ("/auth/change-password", json!({"current_password": "marker1", "new_password": "marker2"})),
    ] {
        let mut call = server.post(path).json(&body);
        if path == "/auth/change-password" {
            call = call.bearer(&tokens.access);
        }
        let answer = call.send().await;
        assert_eq!(answer.status / 100, 4, "{path} {answer:?}");
        assert!(!answer.text.contains("marker"), "{path}: {}", answer.text);
    }
    let answer = server.get("/auth/me").bearer("marker1.marker2.marker3").send().await;
    assert_problem(&answer, 401, "invalid_token");
    assert!(!answer.text.contains("marker"), "{}", answer.text);
}
