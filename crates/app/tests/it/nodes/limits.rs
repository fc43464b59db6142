//! Limits that nodes share: N is N, and what holds of it without Redis.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::faults::HEALING;
use crate::faults::ledger::say;
use crate::support::{Answer, Call, PASSWORD, Redis, Schema, Setup, TestServer, assert_problem, at_once, count};

/// Calls of each volley; every limit is far below.
const CALLS: usize = 45;

async fn nodes(redis: &Redis, setup: Setup) -> Option<Vec<TestServer>> {
    let setup = setup.set("TOKENS__ISSUER", "http://localhost").variable("REDIS_URL", &redis.url());
    setup.set("REDIS__TIMEOUT", "1s").start_nodes(3, Schema::Migrated).await
}

/// All at once, in turn on all nodes.
async fn volley(nodes: &[TestServer], call: impl Fn(&TestServer, usize) -> Call) -> Vec<Answer> {
    at_once((0..CALLS).map(|n| call(&nodes[n % nodes.len()], n))).await
}

#[track_caller]
fn assert_passed(answers: &[Answer], passed: (u16, usize)) {
    assert_eq!(count(answers, passed.0), passed.1, "{:?}", crate::support::tally(answers));
    assert_eq!(count(answers, 429), CALLS - passed.1, "{:?}", crate::support::tally(answers));
}

async fn becomes(node: &TestServer, condition: &str) {
    let (start, wanted) = (Instant::now(), format!(r#""redis","status":"{condition}""#));
    while !node.get("/health/ready").send().await.expect(200).text.contains(&wanted) {
        assert!(start.elapsed() < HEALING, "Redis does not become {condition}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn guess(node: &TestServer, email: &str) -> Call {
    node.sign_in(email, "a wrong guess")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_lets_as_many_pass_as_it_says_through_all_nodes_together() {
    let Some(redis) = Redis::start() else { return };
    let setup = Setup::default()
        .set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "7")
        .set("LIMITS__INVITE_PER_HOUR_PER_TEAM", "8")
        .set("LIMITS__CHANGES_PER_HOUR_PER_USER", "9")
        .set("LIMITS__TOKEN_FAILURES_PER_MINUTE_PER_IP", "10")
        .set("LIMITS__REGISTER_PER_HOUR_PER_IP", "11");
    let Some(nodes) = nodes(&redis, setup).await else { return };
    let (_, owner) = nodes[0].signed_in("owner@example.org").await;
    let team = nodes[0].team(&owner, "Teamname").await;
    for round in 0..10 {
        let email = format!("nobody{round}@example.org");
        assert_passed(&volley(&nodes, |node, _| guess(node, &email)).await, (401, 7));
    }
    let invited =
        volley(&nodes, |node, n| node.invite(&owner, &team, &format!("guest{n}@example.org"), "member")).await;
    assert_passed(&invited, (200, 8));
    // Making the team was none of them.
    let path = format!("/teams/{team}");
    let changed =
        volley(&nodes, |node, n| node.patch(&path).bearer(&owner.access).json(&json!({"name": format!("Team {n}")})));
    assert_passed(&changed.await, (200, 9));
    let guess = json!({"refresh_token": "guess"});
    assert_passed(&volley(&nodes, |node, _| node.post("/auth/refresh").json(&guess)).await, (401, 10));
    // One address was registered above.
    let registered = volley(&nodes, |node, n| node.registration(&format!("late{n}@example.org"), PASSWORD)).await;
    assert_passed(&registered, (201, 10));
    for limit in ["login", "invite", "register"] {
        assert!(redis.dump().contains(&format!("countersign:limit:{limit}")), "{limit} is not shared");
    }
    say(&format!(
        "of {CALLS} calls at once through 3 nodes passed: 7 of 7 guesses (each of 10 times), 8 of 8 invitations, \
         9 of 9 changes, 10 of 10 refused tokens, 10 of the 10 registrations that were left"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_each_node_lets_pass_what_is_left_of_the_limit_and_no_more_when_it_is_back() {
    let Some(mut redis) = Redis::start() else { return };
    let Some(nodes) = nodes(&redis, Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "6")).await else {
        return;
    };
    let victim = "nobody@example.org";
    for _ in 0..2 {
        assert_problem(&guess(&nodes[0], victim).send().await, 401, "invalid_credentials");
    }
    redis.signal("STOP");
    for (node, left) in nodes.iter().zip([4, 6, 6]) {
        let answers = volley(std::slice::from_ref(node), |node, _| guess(node, victim)).await;
        assert_passed(&answers, (401, left));
    }
    redis.kill();
    for node in &nodes {
        becomes(node, "degraded").await;
        assert_problem(&guess(node, victim).send().await, 429, "rate_limited");
    }
    // Empty, as after a loss.
    redis.run();
    for node in &nodes {
        becomes(node, "ready").await;
        assert_problem(&guess(node, victim).send().await, 429, "rate_limited");
    }
    let other = volley(&nodes, |node, _| guess(node, "other@example.org")).await;
    assert_passed(&other, (401, 6));
    say(&format!(
        "guesses of {CALLS} at once that passed: 4, 6, 6 on each node without Redis (2 before), none with it back, empty; \
         6 of 6 for another account"
    ));
}
