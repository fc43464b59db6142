//! Several nodes on one database. On the production profile only: the embedded default keeps a second process away.

mod clock;
mod counts;
mod kills;
mod limits;
mod pages;
mod request;
mod revocation;
mod rolling;
mod stopped_worker;

use serde_json::json;

use crate::faults::ledger::say;
use crate::support::{Account, Call, PASSWORD, Schema, Setup, TestServer, Tokens, assert_problem, at_once};

#[tokio::test]
async fn ten_nodes_that_start_together_on_an_empty_database_migrate_it_once_and_all_serve() {
    let setup = Setup::default().set("SERVER__WORKERS", "1").set("DATABASE__MAX_CONNECTIONS", "4");
    let Some(nodes) = setup.start_nodes(10, Schema::Absent).await else { return };
    let rows = nodes[0].rows().await;
    let applied = rows.column::<String>("SELECT version FROM seaql_migrations ORDER BY version").await;
    let by_name: std::collections::BTreeSet<&String> = applied.iter().collect();
    assert_eq!((applied.len() >= 12, by_name.len()), (true, applied.len()), "{applied:?}");
    assert_eq!(rows.count("signing_keys").await, 1, "one of them made a key");
    // What one of them was told, the next one knows.
    for (n, node) in nodes.iter().enumerate() {
        let account: Account = node.register(&format!("user{n}@example.org")).await;
        let next = &nodes[(n + 1) % nodes.len()];
        let tokens = next.login(&account).await;
        next.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        node.sign_in(&account.email, PASSWORD).send().await.expect(200);
    }
    assert_eq!(rows.count("users").await, 10);
    say(&format!("10 nodes, {} migrations, each applied once; 1 signing key", applied.len()));
}

#[tokio::test]
async fn what_one_node_has_ended_no_other_takes() {
    nothing_ended_is_taken(Setup::default()).await;
}

#[tokio::test]
async fn what_one_node_has_ended_no_other_takes_without_redis() {
    let Some(nodes) = nothing_ended_is_taken(Setup::default().variable("REDIS_URL", "")).await else { return };
    for node in &nodes {
        assert_eq!(node.log().matches("without redis.url, nothing is cached").count(), 1, "it is not said");
    }
}

#[tokio::test]
async fn nodes_that_name_themselves_as_issuers_refuse_each_others_tokens_and_say_what_to_set() {
    let told = |node: &TestServer| node.log().matches("set server.public_url (or tokens.issuer)").count();
    for (key, value, taken) in [
        ("SERVER__PUBLIC_URL", "", false),
        ("SERVER__PUBLIC_URL", "http://localhost:8080", true),
        ("TOKENS__ISSUER", "http://localhost", true),
    ] {
        let Some(nodes) = Setup::default().set(key, value).start_nodes(2, Schema::Migrated).await else { return };
        let (_, tokens) = nodes[0].signed_in("owner@example.org").await;
        let answer = nodes[1].get("/auth/me").bearer(&tokens.access).send().await;
        assert_eq!(answer.status, if taken { 200 } else { 401 }, "{key}: {}", answer.text);
        for node in &nodes {
            assert_eq!(told(node), usize::from(!taken), "{key}: {}", node.log());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refresh_token_that_two_nodes_are_shown_at_once_has_one_successor() {
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost");
    let Some(nodes) = setup.start_nodes(2, Schema::Migrated).await else { return };
    let account = nodes[0].register("fifty@example.org").await;
    let mut tokens = nodes[0].login(&account).await;
    for _ in 0..5 {
        let body = json!({"refresh_token": tokens.refresh});
        let answers = at_once((0..50).map(|n| nodes[n % 2].post("/auth/refresh").json(&body))).await;
        let got: Vec<Tokens> = answers.into_iter().map(|answer| Tokens::of(&answer.expect(200))).collect();
        assert!(got.iter().all(|one| one.refresh == got[0].refresh), "there are several successors");
        assert_ne!(got[0].refresh, tokens.refresh);
        for (n, one) in got.iter().enumerate().step_by(7) {
            nodes[(n + 1) % 2].get("/auth/me").bearer(&one.access).send().await.expect(200);
        }
        tokens = got.into_iter().next().unwrap();
    }
    let rows = nodes[0].rows().await;
    assert_eq!(rows.count("sessions").await, 1);
    let thefts = "SELECT COUNT(*) FROM audit_events WHERE kind = 'refresh_token_reused'";
    assert_eq!(rows.one::<i64>(thefts).await, 0, "it was taken for a theft");
    say("5 tokens, each shown 50 times to two nodes: 5 successors");
}

fn refreshed(node: &TestServer, tokens: &Tokens) -> Call {
    node.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}))
}

async fn nothing_ended_is_taken(setup: Setup) -> Option<Vec<TestServer>> {
    // One issuer: by default it is the address of the node.
    let nodes = setup.set("TOKENS__ISSUER", "http://localhost").start_nodes(2, Schema::Migrated).await?;
    let [here, there] = &nodes[..] else { panic!("two nodes") };
    for n in 0..20 {
        let account = here.register(&format!("user{n}@example.org")).await;
        let (kept, ended) = (there.login(&account).await, here.login(&account).await);
        let me = |tokens: &Tokens| there.get("/auth/me").bearer(&tokens.access);
        me(&ended).send().await.expect(200);
        here.post("/auth/logout").bearer(&ended.access).send().await.expect(204);
        assert_problem(&me(&ended).send().await, 401, "invalid_token");
        assert_problem(&refreshed(there, &ended).send().await, 401, "invalid_refresh_token");
        me(&kept).send().await.expect(200);
        let change = json!({"current_password": PASSWORD, "new_password": "eight green bottles"});
        here.post("/auth/change-password")
            .bearer(&here.login(&account).await.access)
            .json(&change)
            .send()
            .await
            .expect(200);
        assert_problem(&me(&kept).send().await, 401, "invalid_token");
        assert_problem(&refreshed(there, &kept).send().await, 401, "invalid_refresh_token");
        assert_problem(&there.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
    }
    say("20 accounts: 40 ended sessions shown to the other node, accepted 0");
    Some(nodes)
}
