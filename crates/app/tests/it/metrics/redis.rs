//! Whether Redis is up.

use crate::metrics::{scrape, scrape_until};
use crate::support::{Redis, Setup};

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
