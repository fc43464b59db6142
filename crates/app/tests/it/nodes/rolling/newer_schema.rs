//! A newer version has changed the schema while nodes of this one serve.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::faults::ledger::say;
use crate::nodes::rolling::compromise::Compromises;
use crate::nodes::rolling::traffic::Traffic;
use crate::nodes::rolling::{seed, setup};
use crate::support::{Rows, said};

const LATER: &str = "m99991231_000001_later";
const TABLES: &str = "SELECT tablename::text FROM pg_tables \
                      WHERE schemaname = current_schema() AND tablename <> 'seaql_migrations' ORDER BY tablename";

/// As a change may: every table has a column more, and there is another table and another index.
async fn migrate_further(rows: &Rows) -> usize {
    let tables = rows.column::<String>(TABLES).await;
    for table in &tables {
        rows.execute(&format!("ALTER TABLE {table} ADD COLUMN later TEXT")).await;
    }
    rows.execute("CREATE TABLE later_things (user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE)").await;
    rows.execute("CREATE INDEX ix_users_later ON users (later)").await;
    rows.execute(&format!("INSERT INTO seaql_migrations (version, applied_at) VALUES ('{LATER}', 0)")).await;
    tables.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_go_on_with_a_schema_that_a_newer_version_has_changed_and_are_not_started_on_it() {
    let Some(mut nodes) = setup().start_lasting_nodes(3).await else { return };
    let traffic = Traffic::of(&nodes, seed(), &Arc::<Compromises>::default());
    // Long enough for each connection to have prepared what it asks for.
    sleep(Duration::from_secs(2)).await;
    let tables = migrate_further(&nodes[0].rows().await).await;
    assert!(tables > 10, "{tables}");
    sleep(Duration::from_secs(2)).await;
    // Its mail goes out, too.
    let (account, tokens) = nodes[0].signed_in("later@example.org").await;
    nodes[1].team(&tokens, "Teamname").await;
    for node in &nodes {
        node.get("/health/ready").send().await.expect(200);
    }

    let mut stopped = nodes.pop().unwrap();
    assert!(stopped.terminate().await.success());
    for arguments in
        [&["serve"][..], &["doctor"], &["migrate", "status"], &["migrate", "up"], &["migrate", "down", "--yes"]]
    {
        let (code, output, errors) = said(&stopped.run(arguments, ""));
        assert_eq!(code, Some(1), "{arguments:?}: {output}{errors}");
        let told = output + &errors;
        assert!(told.contains("if a newer version has migrated it, run that one"), "{arguments:?}: {told}");
        assert!(told.contains(LATER), "{arguments:?}: {told}");
    }
    let (balancer, _) = traffic.end().await;
    say(&format!("{tables} tables changed under load"));
    balancer.report();
    nodes[0].login(&account).await;
    assert_eq!(nodes[0].rows().await.count("later_things").await, 0);
}
