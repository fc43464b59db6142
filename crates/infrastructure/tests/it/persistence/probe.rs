//! Rows and tokens are judged by the node's clock, so it has to be that of the database.

use std::error::Error as _;
use std::sync::Arc;

use countersign_application::error::Fault;
use countersign_application::ports::dependency_probe::DependencyProbe as _;
use countersign_application::testing::{FixedClock, NOW};
use time::{Duration, OffsetDateTime};

use crate::persistence::fresh::{Fresh, on_postgres, sqlite};

/// What a node says of the database whose clock stands so far off the database's.
async fn check(fresh: &Fresh, off: Duration) -> Result<(), Fault> {
    let seconds = fresh.text("SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp())) AS TEXT)").await.unwrap();
    let theirs = OffsetDateTime::from_unix_timestamp(seconds.parse().unwrap()).unwrap();
    fresh.database().probe(Arc::new(FixedClock::at(theirs + off))).check().await
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
        }
    })
    .await;
}

#[tokio::test]
async fn sqlite_has_the_clock_of_its_node_whatever_that_says() {
    let fresh = sqlite().await;
    fresh.database().probe(Arc::new(FixedClock::at(NOW - Duration::days(4_000)))).check().await.unwrap();
}
