//! Clocks of two nodes that are some seconds apart, as clocks are: both serve, and of those who race over both one wins.

use serde_json::json;

use crate::faults::ledger::say;
use crate::nodes::clock::shifted::ShiftedClock;
use crate::support::{PASSWORD, Schema, Setup, TestServer, Tokens, at_once, count};

const AT_ONCE: usize = 12;

async fn race(nodes: [&TestServer; 2], name: &str) {
    let email = format!("{name}@example.org");
    let registered = at_once((0..AT_ONCE).map(|n| nodes[n % 2].registration(&email, PASSWORD))).await;
    assert_eq!((count(&registered, 201), count(&registered, 409)), (1, AT_ONCE - 1), "{name}");
    let account = nodes[0].register(&format!("owner-{name}@example.org")).await;
    // What one of them issues the other takes at once, in either direction.
    for (issuer, other) in [(nodes[0], nodes[1]), (nodes[1], nodes[0])] {
        let tokens = issuer.login(&account).await;
        other.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        let body = json!({"refresh_token": tokens.refresh});
        let refreshed = at_once((0..AT_ONCE).map(|n| nodes[n % 2].post("/auth/refresh").json(&body))).await;
        let successors: Vec<Tokens> = refreshed.into_iter().map(|answer| Tokens::of(&answer.expect(200))).collect();
        assert!(successors.iter().all(|one| one.refresh == successors[0].refresh), "{name}: several successors");
    }
    let owner = nodes[0].login(&account).await;
    let team = nodes[1].team(&owner, "Teamname").await;
    let guest = format!("guest-{name}@example.org");
    let invitation = nodes[1].invited(&owner, &team, &guest, "member").await;
    let (guest, tokens) = nodes[0].signed_in(&guest).await;
    let accepted = at_once((0..AT_ONCE).map(|n| nodes[n % 2].accept(&invitation, Some(&tokens)))).await;
    assert!(accepted.iter().all(|answer| answer.status < 500), "{name}");
    assert!(count(&accepted, 200) >= 1, "{name}: nobody came in");
    let rows = nodes[0].rows().await;
    let memberships = format!("SELECT COUNT(*) FROM user_teams WHERE user_id = '{}'", guest.id);
    assert_eq!(rows.one::<i64>(&memberships).await, 1, "{name}");
    // Signed out on one, on both.
    nodes[1].post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
    nodes[0].get("/auth/me").bearer(&tokens.access).send().await.expect(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_are_seconds_apart_take_each_others_tokens_and_one_wins_each_race() {
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost");
    let Some(nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let clock = ShiftedClock::build();
    let skewed = nodes[0].beside_as(|setup| clock.worn_by(setup)).await;
    for seconds in [5, -5] {
        clock.shift(seconds);
        skewed.get("/health/ready").send().await.expect(200);
        race([&nodes[0], &skewed], &format!("by{seconds}")).await;
        say(&format!("{seconds} s apart: 4 races of {AT_ONCE} over two nodes, each won once"));
    }
}
