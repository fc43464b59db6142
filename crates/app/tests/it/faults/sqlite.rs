//! What only a database in a file can meet. It runs once, on the embedded default.

mod disk;

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{PASSWORD, Setup, TestServer, assert_problem};

#[tokio::test]
async fn while_another_process_holds_the_database_writes_are_an_outage_and_reads_go_on() {
    let server = Setup::default().embedded().set("DATABASE__ACQUIRE_TIMEOUT", "1s").start().await;
    let (account, tokens) = server.signed_in("reader@example.org").await;
    let rows = server.rows().await;
    let held = rows.hold().await;
    let mut writes = JoinSet::new();
    let start = Instant::now();
    for n in 0..40 {
        let call = server.registration(&format!("late{n}@example.org"), PASSWORD);
        writes.spawn(async move { (call.send().await, start.elapsed()) });
    }
    while start.elapsed() < Duration::from_secs(1) {
        let asked = Instant::now();
        server.get("/health/live").send().await.expect(200);
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        assert!(asked.elapsed() < Duration::from_secs(1), "reads wait for writes: {:?}", asked.elapsed());
    }
    for (answer, elapsed) in writes.join_all().await {
        assert_problem(&answer, 503, "service_unavailable");
        assert!(elapsed < Duration::from_secs(8), "answered after {elapsed:?}");
    }
    let refresh = json!({"refresh_token": tokens.refresh});
    assert_problem(&server.post("/auth/refresh").json(&refresh).send().await, 503, "service_unavailable");
    // A fault is not the user's: nobody is logged out for it.
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    held.release().await;
    server.registration("late0@example.org", PASSWORD).send().await.expect(201);
    server.post("/auth/refresh").json(&refresh).send().await.expect(200);
    server.login(&account).await;
    assert_eq!(rows.count("users").await, 2, "what was refused left nothing");
}

#[tokio::test]
async fn a_database_that_may_only_be_read_is_read() {
    let mut server = Setup::default().embedded().start().await;
    let (_, tokens) = server.signed_in("reader@example.org").await;
    let team = server.team(&tokens, "Team").await;
    server.terminate().await;
    let url = format!("sqlite://{}?mode=ro", server.data_dir().join("countersign.db").display());
    let read_only =
        Setup::default().embedded().variable("DATABASE_URL", &url).set("DATABASE__MIGRATE_ON_START", "false");
    // The issuer is the address of before, whose port is another now.
    let server = server.restart_with(read_only.set("TOKENS__ISSUER", "http://localhost")).await;
    server.get("/health/live").send().await.expect(200);
    server.get("/.well-known/jwks.json").send().await.expect(200);
    assert_problem(&server.sign_in("reader@example.org", PASSWORD).send().await, 503, "service_unavailable");
    assert_problem(&server.registration("new@example.org", PASSWORD).send().await, 503, "service_unavailable");
    let refresh = json!({"refresh_token": tokens.refresh});
    assert_problem(&server.post("/auth/refresh").json(&refresh).send().await, 503, "service_unavailable");
    assert_eq!(server.rows().await.one::<i64>("SELECT COUNT(*) FROM teams").await, 1, "{team}");
}

#[tokio::test]
async fn nodes_that_start_while_another_process_holds_the_database_wait_for_it() {
    let mut server = Setup::default().embedded().start().await;
    server.terminate().await;
    let rows = server.rows().await;
    let held = rows.hold().await;
    let release = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        held.release().await;
    });
    let server = server.restart().await;
    release.await.unwrap();
    server.registration("after@example.org", PASSWORD).send().await.expect(201);
}

#[tokio::test]
async fn a_migration_that_was_cut_off_is_finished_by_the_next_start() {
    let url_of = |server: &TestServer| format!("sqlite://{}", server.data_dir().join("countersign.db").display());
    let mut server = Setup::default().embedded().start().await;
    let complete =
        server.rows().await.column::<String>("SELECT sql FROM sqlite_master WHERE sql > '' ORDER BY name").await;
    server.terminate().await;
    for delay in 0..10 {
        let database = server.data_dir().join("countersign.db");
        for name in ["countersign.db", "countersign.db-wal", "countersign.db-shm"] {
            let _absent = std::fs::remove_file(database.with_file_name(name));
        }
        let mut migrate = crate::support::command(&server.data_dir());
        migrate.args(["migrate", "up"]).env("DATABASE_URL", url_of(&server));
        migrate.env("COUNTERSIGN__DATA_DIR", server.data_dir());
        let mut child =
            migrate.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(delay * 8)).await;
        let _ended_before = child.kill();
        child.wait().unwrap();
    }
    let _absent = std::fs::remove_file(server.data_dir().join("secret.key"));
    let server = server.restart().await;
    let schema =
        server.rows().await.column::<String>("SELECT sql FROM sqlite_master WHERE sql > '' ORDER BY name").await;
    assert_eq!(schema, complete);
    server.registration("after@example.org", PASSWORD).send().await.expect(201);
}
