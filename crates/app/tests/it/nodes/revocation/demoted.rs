//! Another server becomes the primary, and nobody cuts the connections to the former one, which follows it now: it can be
//! read, and what it says is as old as the replication is slow.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::ledger::say;
use crate::nodes::revocation::setup;
use crate::support::{Redis, Relay, Schema, TestServer, Tokens};

async fn look(node: &TestServer, tokens: &Tokens) -> u16 {
    node.get("/auth/me").bearer(&tokens.access).send().await.status
}

/// Connections of nodes.
fn connected(redis: &Redis) -> usize {
    redis.ask(&["CLIENT", "LIST", "TYPE", "normal"]).lines().filter(|line| !line.contains("cmd=client")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_former_primary_is_left_though_it_can_be_read_and_no_old_token_is_let_in_after_that() {
    let Some(former) = Redis::start() else { return };
    let latter = former.start_replica();
    let (relay, replication) = (Relay::to(former.port()).await, Relay::to(latter.port()).await);
    let setup =
        setup().variable("REDIS_URL", &format!("redis://127.0.0.1:{}", relay.port())).set("REDIS__TIMEOUT", "1s");
    let Some(nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let left = &nodes[0];
    let (account, kept) = left.signed_in("kept@example.org").await;
    assert_eq!(look(left, &kept).await, 200);
    assert!(connected(&former) > 0);
    assert_eq!(latter.ask(&["REPLICAOF", "NO", "ONE"]), "OK");
    assert_eq!(former.ask(&["REPLICAOF", "127.0.0.1", &replication.port().to_string()]), "OK");
    relay.lead_new_ones(latter.port());
    // One that starts now is connected to the latter, and fills what the other one reads: that one writes nothing.
    let moved = left.beside("LOG__LEVEL", "info").await;
    let start = Instant::now();
    while connected(&former) > 0 {
        assert!(start.elapsed() < HEALING, "{} connections stay at the former primary", connected(&former));
        assert_eq!([look(&moved, &kept).await, look(left, &kept).await], [200, 200]);
        sleep(Duration::from_millis(50)).await;
    }
    say(&format!("the former primary was left after {:?}", start.elapsed()));
    replication.fall_silent();
    for round in 0..10 {
        let tokens = moved.login(&account).await;
        assert_eq!([look(&moved, &tokens).await, look(left, &tokens).await], [200, 200]);
        moved.post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
        assert_eq!(look(left, &tokens).await, 401, "round {round}");
    }
}
