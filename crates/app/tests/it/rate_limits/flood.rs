//! The coarse guard of a node on what is open.

use serde_json::json;

use crate::support::{Setup, assert_problem, at_once};

#[tokio::test]
async fn a_flood_is_held_off_the_open_routes_of_auth_only() {
    let server = Setup::default().set("LIMITS__FLOOD_PER_SECOND_PER_IP", "5").start().await;
    let account = server.register("a@example.org").await;
    let tokens = server.login(&account).await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let begun = std::time::Instant::now();
    let answers = at_once((0..60).map(|n| match n % 2 {
        0 => server.sign_in("b@example.org", "wrong guess"),
        _ => server.post("/auth/refresh").json(&json!({"refresh_token": "guess"})),
    }))
    .await;
    // A burst of five, and five more each second that it took.
    let most = 5 + 5 * (usize::try_from(begun.elapsed().as_secs()).unwrap() + 1);
    let passed = answers.iter().filter(|answer| answer.status == 401).count();
    assert!((5..=most).contains(&passed), "{passed} of 60 passed, {most} at most");
    for refused in answers.iter().filter(|answer| answer.status != 401) {
        assert_problem(refused, 429, "rate_limited");
    }
    let others = at_once((0..60).map(|n| match n % 3 {
        0 => server.get("/health/live"),
        1 => server.get("/.well-known/jwks.json"),
        _ => server.get("/auth/me").bearer(&tokens.access),
    }))
    .await;
    assert!(others.iter().all(|answer| answer.status == 200), "{others:?}");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    server.login(&account).await;
}

#[tokio::test]
async fn a_flood_from_one_network_leaves_others_room() {
    let setup = Setup::default().set("LIMITS__FLOOD_PER_SECOND_PER_IP", "2");
    let server = setup.set("SERVER__TRUSTED_PROXIES", "127.0.0.1/32").start().await;
    let from = |place: &str| server.sign_in("b@example.org", "wrong guess").header("x-forwarded-for", place);
    let flood = at_once((0..40).map(|_| from("203.0.113.5"))).await;
    assert!(flood.iter().any(|answer| answer.status == 429));
    assert_problem(&from("198.51.100.1").send().await, 401, "invalid_credentials");
}
