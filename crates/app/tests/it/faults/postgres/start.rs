//! Starts while PostgreSQL is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::faults::postgres::setup;
use crate::support::PostgresServer;

#[tokio::test]
async fn a_start_waits_for_a_database_that_is_about_to_come() {
    let Some(postgres) = PostgresServer::start().map(Arc::new) else { return };
    let mut server = setup().start_on(&postgres.url()).await;
    let account = server.register("before@example.org").await;
    assert!(server.terminate().await.success());
    postgres.stop("fast");
    let later = Arc::clone(&postgres);
    let begun = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_millis(2_500));
        later.begin();
    });
    let server = server.restart().await;
    begun.await.unwrap();
    server.login(&account).await;
    assert!(server.log().contains("the database is not there yet"), "{}", server.log());
    drop(server);
}

#[tokio::test]
async fn a_start_without_the_database_ends_and_says_so() {
    let Some(postgres) = PostgresServer::start() else { return };
    let mut server = setup().start_on(&postgres.url()).await;
    assert!(server.terminate().await.success());
    postgres.stop("fast");
    let start = Instant::now();
    let output = server.run(&["serve"], "");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("cannot reach the database; see that the server which database.url names runs"),
        "{errors}"
    );
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    postgres.begin();
}
