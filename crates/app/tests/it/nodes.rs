//! Several nodes on one database. On the production profile only: the embedded default keeps a second process away.

mod clock;
mod counts;
mod kills;
mod limits;
mod request;
mod revocation;
mod rolling;

use serde_json::json;

use crate::faults::ledger::say;
use crate::support::{Account, PASSWORD, Schema, Setup, Tokens, assert_problem};

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
    say("20 accounts: 40 ended sessions shown to the other node, accepted 0");
}
