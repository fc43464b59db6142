//! A database that is there, but does not take what it is given.

use std::time::Duration;

use crate::support::{PASSWORD, Setup};

#[tokio::test]
async fn a_short_wait_for_another_process_is_not_noticed() {
    let server = Setup::default().set("DATABASE__ACQUIRE_TIMEOUT", "10s").start().await;
    let rows = server.rows().await;
    let held = rows.hold().await;
    let call = server.registration("patient@example.org", PASSWORD);
    let write = tokio::spawn(async move { call.send().await.status });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!write.is_finished());
    held.release().await;
    assert_eq!(write.await.unwrap(), 201);
}
