//! Rows and tokens are judged by the node's clock, so it has to be that of the database.

use std::error::Error as _;
use std::sync::Arc;

use countersign_application::error::Fault;
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_application::testing::{FixedClock, NOW};
use time::{Duration, OffsetDateTime};

use crate::persistence::fresh::{Fresh, on_postgres, sqlite};

/// A clock that stands so far off the database's.
async fn clock(fresh: &Fresh, off: Duration) -> Arc<FixedClock> {
    let seconds = fresh.text("SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp())) AS TEXT)").await.unwrap();
    let theirs = OffsetDateTime::from_unix_timestamp(seconds.parse().unwrap()).unwrap();
    Arc::new(FixedClock::at(theirs + off))
}

/// What a node with this clock says of the database.
async fn check(fresh: &Fresh, off: Duration) -> Result<(), Fault> {
    fresh.database().probe(clock(fresh, off).await).check().await
}

/// What it says of its clock.
async fn check_clock(fresh: &Fresh, off: Duration) -> Result<(), Fault> {
    fresh.database().clock_probe(clock(fresh, off).await).check().await
}

#[tokio::test]
async fn a_node_more_than_30_s_off_the_databases_time_is_not_ready_and_says_why() {
    on_postgres(|fresh| async move {
        // Between the two looks at the database's clock it moves on by itself.
        for tolerated in [Duration::ZERO, Duration::seconds(28), Duration::seconds(-20)] {
            check(&fresh, tolerated).await.unwrap();
        }
        for off in [Duration::seconds(45), Duration::seconds(-31), Duration::hours(1), Duration::days(-400)] {
            let refused = check(&fresh, off).await.unwrap_err();
            assert!(matches!(refused, Fault::Unavailable { what: "database", .. }), "{off}: {refused:?}");
            let why = refused.source().unwrap().to_string();
            assert!(why.starts_with("its clock and this node's differ by "), "{why}");
            let refused = check_clock(&fresh, off).await.unwrap_err();
            assert!(matches!(refused, Fault::Unavailable { what: "clock", .. }), "{off}: {refused:?}");
            let why = refused.source().unwrap().to_string();
            assert!(why.starts_with("that of the database and this node's differ by "), "{why}");
        }
        check_clock(&fresh, Duration::seconds(28)).await.unwrap();
        fresh.database().close().await.unwrap();
        let out = check_clock(&fresh, Duration::hours(1)).await.unwrap_err();
        assert!(matches!(out, Fault::Unavailable { what: "database", .. }), "nobody can tell the time: {out:?}");
    })
    .await;
}

#[tokio::test]
async fn sqlite_has_the_clock_of_its_node_whatever_that_says() {
    let fresh = sqlite().await;
    let off = Arc::new(FixedClock::at(NOW - Duration::days(4_000)));
    fresh.database().probe(off.clone()).check().await.unwrap();
    // It asks nobody.
    fresh.database().close().await.unwrap();
    fresh.database().clock_probe(off).check().await.unwrap();
}
