//! Whether Redis is up, and what it is asked.

use crate::metrics::{scrape, scrape_until};
use crate::support::{PASSWORD, Redis, Setup};

#[tokio::test]
async fn an_outage_of_redis_is_told_and_its_end() {
    let Some(mut redis) = Redis::start() else { return };
    let server = Setup::default().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", "1s").start().await;
    let up = "countersign_redis_up";
    let told = scrape(&server).await;
    assert_eq!((told.count(up, &[]), told.count("countersign_redis_failures_total", &[])), (1, 0));
    redis.kill();
    for _ in 0..5 {
        server.get("/health/ready").send().await.expect(200);
    }
    let told = scrape(&server).await;
    assert_eq!(told.count(up, &[]), 0);
    assert!(told.count("countersign_redis_failures_total", &[]) >= 5, "{told:?}");
    redis.run();
    while scrape_until(&server, |told| told.has(up, &[])).await.count(up, &[]) == 0 {
        server.get("/health/ready").send().await.expect(200);
    }
}

#[tokio::test]
async fn lookups_and_refusals_are_counted_where_redis_has_them() {
    let Some(redis) = Redis::start() else { return };
    let setup = Setup::default().variable("REDIS_URL", &redis.url()).set("REDIS__TIMEOUT", "2s");
    let server = setup.set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "2").start().await;
    let (account, tokens) = server.signed_in("counted@example.org").await;
    for _ in 0..4 {
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    }
    for expected in [401, 401, 429] {
        server.sign_in("nobody@example.org", PASSWORD).send().await.expect(expected);
    }
    server.login(&account).await;
    let told = scrape(&server).await;
    for cache in ["account", "session", "team_list"] {
        let lookups =
            |outcome| told.count("countersign_cache_requests_total", &[("cache", cache), ("outcome", outcome)]);
        assert!(lookups("hit") >= 3 && lookups("miss") >= 1, "{cache}: {told:?}");
    }
    let refused = [("limit", "login_account")];
    assert_eq!(told.count("countersign_rate_limit_refusals_total", &refused), 1, "{told:?}");
}
