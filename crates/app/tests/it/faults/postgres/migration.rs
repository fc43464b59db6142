//! A migration that is killed in its midst.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::faults::ledger::say;
use crate::support::{FreshDatabase, PASSWORD, PostgresServer, Rows, SECRET_KEY, Setup, command, run, said};

const TABLES: &str = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
/// Those of the service that wait for somebody else in a transaction that has written.
const WAITING: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                       AND application_name = 'countersign' AND wait_event_type = 'Lock' AND backend_xid IS NOT NULL";
const OPEN: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND application_name = 'countersign'";

async fn until(rows: &Rows, count: &str, what: &str, is_so: impl Fn(i64) -> bool) {
    let start = Instant::now();
    while !is_so(rows.one::<i64>(count).await) {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_killed_leaves_nothing_and_is_done_by_the_next_start() {
    let Some(postgres) = PostgresServer::start() else { return };
    // One of the first tables, one in the middle, one of the last: what came before was made by then.
    for table in ["sessions", "mails", "erasures"] {
        let database = FreshDatabase::empty(&postgres.url()).await;
        let rows = Rows::of_postgres(&database.url()).await;
        let held = rows.hold_by(&format!("CREATE TABLE {table} (id int)")).await;
        let folder = tempfile::tempdir().unwrap();
        let url = database.url();
        let variables = [("DATABASE_URL", url.as_str()), ("COUNTERSIGN__SECRET_KEY", SECRET_KEY)];
        let mut migrating = command(folder.path());
        migrating.args(["migrate", "up"]).envs(variables).stdout(Stdio::null()).stderr(Stdio::null());
        let mut migrating = migrating.spawn().unwrap();
        let watching = Rows::of_postgres(&url).await;
        until(&watching, WAITING, "nothing waits in the midst of a migration", |waiting| waiting > 0).await;
        migrating.kill().unwrap();
        migrating.wait().unwrap();
        drop(held);
        until(&watching, OPEN, "the server keeps a connection whose process was killed", |open| open == 0).await;
        let left = watching.column::<String>(TABLES).await;
        assert!(left.is_empty(), "something is left by half: {left:?}");
        say(&format!("killed where it was about to make {table}: nothing was left"));
        let (code, output, errors) = said(&run(folder.path(), &["migrate", "up"], &variables));
        assert_eq!(code, Some(0), "{output}{errors}");
        let (_, pending, _) = said(&run(folder.path(), &["migrate", "status"], &variables));
        assert!(pending.lines().count() > 10 && !pending.contains("pending"), "{pending}");
    }
    let server = Setup::default().start_on(&postgres.url()).await;
    server.registration("after@example.org", PASSWORD).send().await.expect(201);
    drop(server);
}
