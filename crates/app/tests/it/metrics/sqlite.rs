//! What only the embedded default tells: of the caches in the process.

use crate::metrics::scrape;
use crate::support::Setup;

#[tokio::test]
async fn lookups_in_the_caches_are_counted() {
    let server = Setup::default().embedded().start().await;
    let (_, tokens) = server.signed_in("counted@example.org").await;
    for _ in 0..3 {
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    }
    let told = scrape(&server).await;
    assert!(told.count("countersign_cache_requests_total", &[("cache", "session"), ("outcome", "hit")]) >= 1);
}
