//! Redis, which the service is faster with and never wrong without.

mod bad_line;
mod writes;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::faults::HEALING;
use crate::faults::footprint::Footprint;
use crate::faults::ledger::say;
use crate::faults::pace::Pace;
use crate::support::{Redis, Setup, TestServer, Tokens, assert_problem};

/// How long an entry lives, and an answer waits where an invalidation was not confirmed.
const LIFETIME: Duration = Duration::from_secs(5);
/// While Redis is out somebody who asks who they are may wait for each of three entries: for a connection 250 ms, for an
/// answer 100 ms. And a machine has much else to do.
const BOUND: Duration = Duration::from_secs(2);

fn with(redis: &Redis) -> Setup {
    // A shared machine stalls for longer than the service would wait.
    Setup::default().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", "1s")
}

async fn condition(server: &TestServer) -> String {
    let answer = server.get("/health/ready").send().await;
    answer.expect(200).json()["dependencies"].as_array().unwrap().iter().find(|d| d["name"] == "redis").unwrap()
        ["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn becomes(server: &TestServer, wanted: &str) {
    becomes_since(Instant::now(), server, wanted).await;
}

/// The same where it was so before.
async fn becomes_since(start: Instant, server: &TestServer, wanted: &str) {
    while condition(server).await != wanted {
        assert!(start.elapsed() < HEALING, "Redis does not become {wanted}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    say(&format!("{wanted} after {:?}", start.elapsed()));
}

async fn sign_out(server: &TestServer, tokens: &Tokens) -> Duration {
    let begun = Instant::now();
    server.post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
    begun.elapsed()
}

async fn is_accepted(server: &TestServer, tokens: &Tokens) -> bool {
    server.get("/auth/me").bearer(&tokens.access).send().await.status == 200
}

fn lines(server: &TestServer, message: &str) -> usize {
    server.log().lines().filter(|line| line.contains(message)).count()
}

#[tokio::test]
async fn entries_are_shared_for_seconds_and_hold_no_secret() {
    let Some(redis) = Redis::start() else { return };
    let server = with(&redis).set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    let (account, tokens) = server.signed_in("shared@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    server.get(&format!("/teams/{team}")).bearer(&tokens.access).send().await.expect(200);
    server.get("/auth/teams").bearer(&tokens.access).send().await.expect(200);
    assert!(is_accepted(&server, &tokens).await);
    assert_problem(&server.sign_in(&account.email, "wrong").send().await, 401, "invalid_credentials");
    let dump = redis.dump();
    for kind in ["account", "session", "membership", "team", "team_list", "limit"] {
        assert!(dump.contains(&format!("countersign:{kind}:")), "{kind} is missing: {dump}");
    }
    let held: String = server.rows().await.one("SELECT password_hash FROM users").await;
    for secret in [&held, &account.password, &tokens.access, &tokens.refresh] {
        assert!(!dump.contains(secret.as_str()), "{dump}");
    }
    for key in redis.ask(&["KEYS", "*"]).lines() {
        let (left, limit) = (redis.ask(&["PTTL", key]).parse::<i64>().unwrap(), key.starts_with("countersign:limit:"));
        assert!(left != -1 && (limit || left <= 5_000), "{key} stays for {left} ms");
    }
    assert_eq!(condition(&server).await, "ready");
    assert!(sign_out(&server, &tokens).await < LIFETIME);
    assert!(!is_accepted(&server, &tokens).await);
    say("6 kinds of entries, in them 0 of 4 secrets");
}

#[tokio::test]
async fn a_node_that_starts_without_redis_says_so_once_and_finds_it_later() {
    let Some(mut redis) = Redis::reserve() else { return };
    let mut server = with(&redis).start().await;
    assert_eq!(condition(&server).await, "degraded");
    let (account, tokens) = server.signed_in("early@example.org").await;
    assert!(is_accepted(&server, &tokens).await);
    let other = server.login(&account).await;
    let took = sign_out(&server, &other).await;
    assert!(took >= LIFETIME, "another node could have had it: {took:?}");
    assert!(!is_accepted(&server, &other).await);
    redis.run();
    becomes(&server, "ready").await;
    assert!(is_accepted(&server, &tokens).await);
    assert!(redis.dump().contains("countersign:session:"), "it is used");
    assert!(sign_out(&server, &tokens).await < LIFETIME);
    server.terminate().await;
    assert_eq!((lines(&server, "Redis does not answer"), lines(&server, "Redis answers again")), (1, 1));
    assert!(!server.log().contains(&redis.url()), "the URL may hold a password");
    say(&format!("without Redis a sign-out took {took:?}; accepted afterwards 0"));
}

#[tokio::test]
async fn while_redis_hangs_nothing_waits_long_nobody_guesses_more_and_what_was_revoked_stays_so() {
    let Some(redis) = Redis::start() else { return };
    let server =
        with(&redis).set("REDIS__TIMEOUT", "100ms").set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "6").start().await;
    let (account, tokens) = server.signed_in("patient@example.org").await;
    let (victim, _) = server.signed_in("victim@example.org").await;
    let kept = server.login(&account).await;
    assert!(is_accepted(&server, &tokens).await && is_accepted(&server, &kept).await);
    for _ in 0..3 {
        assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 401, "invalid_credentials");
    }
    redis.signal("STOP");
    Pace::of(&server, &tokens).await.assert_within(BOUND, "while Redis hangs");
    for _ in 0..3 {
        assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 401, "invalid_credentials");
    }
    assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 429, "rate_limited");
    assert!(sign_out(&server, &tokens).await >= LIFETIME);
    assert!(!is_accepted(&server, &tokens).await);
    redis.signal("CONT");
    let back = Instant::now();
    let mut shown = 0;
    while back.elapsed() < Duration::from_secs(3) {
        assert!(!is_accepted(&server, &tokens).await, "what Redis held comes back");
        shown += 1;
    }
    becomes_since(back, &server, "ready").await;
    assert!(is_accepted(&server, &kept).await);
    assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 429, "rate_limited");
    say(&format!("an old token was shown {shown} times after Redis hung, accepted 0; guesses 6 of 6"));
}

#[tokio::test]
async fn a_redis_that_is_killed_emptied_and_back_costs_nobody_the_session_and_opens_no_limit() {
    let Some(mut redis) = Redis::start() else { return };
    let server = with(&redis).set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "3").start().await;
    let (account, tokens) = server.signed_in("steady@example.org").await;
    for _ in 0..3 {
        assert_problem(&server.sign_in(&account.email, "wrong").send().await, 401, "invalid_credentials");
    }
    assert_eq!(redis.ask(&["FLUSHALL"]), "OK");
    assert!(is_accepted(&server, &tokens).await);
    assert_problem(&server.sign_in(&account.email, "wrong").send().await, 429, "rate_limited");
    let before = Footprint::of(&server).await;
    redis.kill();
    becomes(&server, "degraded").await;
    Pace::of(&server, &tokens).await.assert_within(BOUND, "while Redis is away");
    assert_problem(&server.sign_in(&account.email, "wrong").send().await, 429, "rate_limited");
    let refreshed = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
    let tokens = Tokens::of(&refreshed.expect(200));
    redis.run();
    becomes(&server, "ready").await;
    assert!(is_accepted(&server, &tokens).await);
    assert_problem(&server.sign_in(&account.email, "wrong").send().await, 429, "rate_limited");
    before.assert_returned(&server).await;
    say("Redis emptied, killed, back empty: sessions lost 0, guesses beyond the limit 0");
}
