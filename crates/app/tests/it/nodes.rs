//! Several nodes on one database. On the production profile only: the embedded default keeps a second process away.

mod limits;
mod revocation;

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::faults::ledger::{Chance, Fate, Story, Writers, check_all, check_retries, check_rows, report};
use crate::support::{Account, PASSWORD, Schema, Setup, Tokens, assert_problem, number};

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
}

#[tokio::test]
async fn what_one_node_has_ended_no_other_takes() {
    // One issuer: by default it is the address of the node.
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost");
    let Some(nodes) = setup.start_nodes(2, Schema::Migrated).await else { return };
    let [here, there] = &nodes[..] else { panic!("two nodes") };
    for n in 0..20 {
        let account = here.register(&format!("user{n}@example.org")).await;
        let (kept, ended) = (there.login(&account).await, here.login(&account).await);
        let me = |tokens: &Tokens| there.get("/auth/me").bearer(&tokens.access);
        me(&ended).send().await.expect(200);
        here.post("/auth/logout").bearer(&ended.access).send().await.expect(204);
        assert_problem(&me(&ended).send().await, 401, "invalid_token");
        me(&kept).send().await.expect(200);
        let change = json!({"current_password": PASSWORD, "new_password": "eight green bottles"});
        here.post("/auth/change-password")
            .bearer(&here.login(&account).await.access)
            .json(&change)
            .send()
            .await
            .expect(200);
        assert_problem(&me(&kept).send().await, 401, "invalid_token");
        assert_problem(&there.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_under_load_takes_nothing_along() {
    let rounds = number("NODE_KILL_ROUNDS").unwrap_or(6);
    let seed = number("FAULT_SEED").unwrap_or(u64::from(std::process::id()));
    println!("NODE_KILL_ROUNDS={rounds} FAULT_SEED={seed}");
    let mut chance = Chance(seed);
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost");
    let Some(mut nodes) = setup.start_nodes(3, Schema::Migrated).await else { return };
    let mut stories: Vec<Story> = Vec::new();
    for round in 0..rounds {
        let writers = Writers::start(&nodes.iter().collect::<Vec<_>>(), 6, &format!("r{round}"));
        sleep(Duration::from_millis(50 + chance.below(250))).await;
        let mut victim = nodes.remove(0);
        victim.kill();
        sleep(Duration::from_millis(150)).await;
        // The two others have answered every call.
        let told = writers.stop().await;
        check_rows(&nodes[0], round).await;
        for story in told.iter().filter(|story| story.logged_out != Fate::Done) {
            check_retries(&nodes[1], story).await;
        }
        let cut = told.iter().filter(|story| story.logged_out != Fate::Done).count();
        assert!(cut <= 2, "a node that lives has not answered: {told:?}");
        stories.extend(told);
        nodes.push(victim.restart().await);
    }
    assert!(report(&stories) > 20, "too little happened");
    check_all(&nodes[0], &stories).await;
}
