//! What the start prints.

use crate::support::{Schema, Setup, TestServer, told};

/// What it prints at this name.
fn printed(server: &TestServer, name: &str) -> String {
    let output = server.output();
    let line = output.lines().find_map(|line| line.strip_prefix(&format!("  {name:9}")));
    line.unwrap_or_else(|| panic!("{output}")).to_owned()
}

#[tokio::test]
async fn it_tells_where_the_data_of_the_embedded_default_are() {
    let server = Setup::default().embedded().start().await;
    assert_eq!(printed(&server, "data"), format!("SQLite {}", server.data_dir().join("countersign.db").display()));
    assert_eq!(printed(&server, "redis"), "none");
}

#[tokio::test]
async fn it_tells_where_redis_is_and_no_credentials() {
    for (url, place) in [
        ("redis://somebody:hidden-word@127.0.0.1:1/5", "127.0.0.1:1"),
        ("redis://:hidden-word@127.0.0.1:1,redis://:hidden-word@127.0.0.1:2", "127.0.0.1:1, 127.0.0.1:2"),
    ] {
        let server = Setup::default().embedded().variable("REDIS_URL", url).start().await;
        assert_eq!(printed(&server, "redis"), place);
        let told = server.output() + &server.log();
        assert!(!told.contains("hidden-word") && !told.contains("somebody"), "{told}");
    }
}

#[tokio::test]
async fn it_tells_where_postgresql_is_and_no_credentials() {
    if told("TEST_PROFILE").as_deref() != Some("production") {
        return;
    }
    let given = told("TEST_DATABASE_URL").unwrap();
    let host = given.split(['@', '/']).nth(3).unwrap();
    let url = format!("postgres://postgres:hidden-word@{host}/postgres");
    let server = Setup::default().start_nodes_through(1, Schema::Migrated, &url).await.remove(0);
    let data = printed(&server, "data");
    assert!(data.starts_with(&format!("PostgreSQL {host}/countersign_it_")), "{data}");
    let told = server.output() + &server.log();
    assert!(!told.contains("hidden-word"), "{told}");
}
