//! The figures of the service, on a listener of their own.

mod documents;
mod exposition;
mod labels;
mod listener;
mod redis;
mod sqlite;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

pub(crate) use crate::metrics::documents::{assert_told_of_replica, assert_told_of_tls};
pub(crate) use crate::metrics::exposition::Exposition;
use crate::support::{HASHING_COST, PASSWORD, Setup, TestServer};

/// What the listener tells now.
pub(crate) async fn scrape(server: &TestServer) -> Exposition {
    let answer = server.call_metrics(Method::GET, "/metrics").send().await.expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    server.confidences().assert_untold(&answer.text);
    Exposition::parse(&answer.text)
}

/// Waits for what a worker tells.
async fn scrape_until(server: &TestServer, holds: impl Fn(&Exposition) -> bool) -> Exposition {
    let start = Instant::now();
    loop {
        let told = scrape(server).await;
        if holds(&told) {
            return told;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{told:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn requests_logins_and_endings_are_counted() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("counted@example.org").await;
    server.sign_in("counted@example.org", "wrong").send().await.expect(401);
    server.sign_in("nobody@example.org", "wrong").send().await.expect(401);
    for _ in 0..3 {
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    }
    server.post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
    server.login(&account).await;

    let told = scrape(&server).await;
    let me = [("method", "GET"), ("route", "/auth/me"), ("status", "200")];
    assert_eq!(told.count("countersign_http_requests_total", &me), 3);
    assert_eq!(told.count("countersign_http_request_duration_seconds_count", &[("route", "/auth/me")]), 3);
    for (outcome, logins) in [("succeeded", 2), ("wrong_password", 1), ("unknown_account", 1), ("inactive", 0)] {
        assert_eq!(told.count("countersign_logins_total", &[("outcome", outcome)]), logins, "{outcome}");
    }
    assert_eq!(told.count("countersign_sessions_ended_total", &[("reason", "session_ended")]), 1);
    assert_eq!(told.count("countersign_audit_events_total", &[("event", "registered")]), 1);
    // Registration, four logins, verification.
    assert!(told.count("countersign_hashing_duration_seconds_count", &[]) >= 5);
}

#[tokio::test]
async fn connections_that_wait_for_the_database_are_busy() {
    let server = TestServer::start().await;
    let busy = |told: &Exposition| told.count("countersign_database_connections", &[("state", "busy")]);
    scrape_until(&server, |told| busy(told) == 0).await;
    let held = server.rows().await.hold().await;
    let call = server.registration("waiting@example.org", PASSWORD);
    let write = tokio::spawn(async move { call.send().await.status });
    for _ in 0..3 {
        let told = scrape_until(&server, |told| busy(told) >= 1).await;
        assert!(busy(&told) <= told.count("countersign_database_connections_max", &[]));
    }
    held.release().await;
    assert_eq!(write.await.unwrap(), 201);
    let told = scrape_until(&server, |told| busy(told) == 0).await;
    assert!(told.count("countersign_database_connections", &[("state", "idle")]) >= 1);
}

#[tokio::test]
async fn passwords_that_are_hashed_and_that_wait_are_told() {
    let setup = Setup::default().set("PASSWORD__HASHING_THREADS", "1").set("PASSWORD__BCRYPT_COST", HASHING_COST);
    let server = setup.start().await;
    let hashing = |told: &Exposition| {
        [told.count("countersign_hashing_running", &[]), told.count("countersign_hashing_queue_depth", &[])]
    };
    assert_eq!(hashing(&scrape(&server).await), [0, 0]);
    let mut logins = JoinSet::new();
    for n in 0..20 {
        let call = server.sign_in(&format!("nobody{n}@example.org"), "wrong");
        logins.spawn(async move { call.send().await.status });
    }
    let told = scrape_until(&server, |told| hashing(told)[0] == 1 && hashing(told)[1] > 1).await;
    assert!(hashing(&told)[1] < 20, "one of them does not wait: {told:?}");
    assert!(logins.join_all().await.iter().all(|status| *status == 401));
    assert_eq!(hashing(&scrape(&server).await), [0, 0]);
}

#[tokio::test]
async fn mail_that_waits_is_told_with_its_age() {
    // Nobody listens there.
    let mut server = Setup::default().variable("SMTP_URL", "smtp://127.0.0.1:1").start().await;
    server.registration("waiting@example.org", PASSWORD).send().await.expect(201);
    scrape_until(&server, |told| told.count("countersign_mails_total", &[("outcome", "retried")]) >= 1).await;
    server.terminate().await;
    let server = server.restart().await;
    let queued = [("state", "queued")];
    let told = scrape_until(&server, |told| told.has("countersign_outbox_messages", &queued)).await;
    assert_eq!(told.count("countersign_outbox_messages", &queued), 1);
    assert!(told.value("countersign_outbox_oldest_seconds", &[]) > 0.0);
}

#[tokio::test]
async fn whatever_clients_send_the_labels_are_few_and_tell_nothing_of_anybody() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("private@example.org").await;
    let team = server.team(&tokens, "Secretteam").await;
    for n in 0..100 {
        server.get(&format!("/odd/{n}/private@example.org")).send().await.expect(404);
        server.get(&format!("/teams/{team}/members?q=private{n}")).bearer(&tokens.access).send().await;
        server.get(&format!("/teams/odd{n}")).bearer(&tokens.access).send().await.expect(404);
        let method = Method::from_bytes(format!("ODD{n}").as_bytes()).unwrap();
        server.call(method, "/auth/login").send().await.expect(405);
        let login = server.sign_in(&format!("odd{n}@example.org"), "wrong").header("x-request-id", &format!("odd-{n}"));
        login.send().await.expect(401);
    }
    server.post("/auth/logout").json(&json!({"refresh_token": "odd"})).send().await.expect(204);

    let told = scrape(&server).await;
    let known = documented_routes(&server).await;
    for route in told.values_of("countersign_http_requests_total", "route") {
        assert!(route == "unmatched" || known.contains(&route), "{route} is no route of the service");
    }
    let methods = told.values_of("countersign_http_requests_total", "method");
    assert!(methods.iter().all(|method| ["GET", "POST", "other"].contains(&method.as_str())), "{methods:?}");
    assert_eq!(
        told.count(
            "countersign_http_requests_total",
            &[("method", "other"), ("route", "/auth/login"), ("status", "405")]
        ),
        100
    );
    assert_eq!(
        told.count("countersign_http_requests_total", &[("method", "GET"), ("route", "unmatched"), ("status", "404")]),
        100
    );
    for hidden in ["odd", "@", "private", "Secretteam", "127.0.0", &team, &account.id] {
        assert!(!told.text().contains(hidden), "{hidden} is told");
    }
}

/// Patterns of the OpenAPI document and of the pages.
async fn documented_routes(server: &TestServer) -> Vec<String> {
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let calls = document["paths"].as_object().unwrap().keys().cloned();
    calls.chain(["/openapi.json", "/docs"].map(str::to_owned)).collect()
}
