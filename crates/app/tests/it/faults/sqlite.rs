//! What only a database in a file can meet. It runs once, on the embedded default.

mod disk;
mod read_only;

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{PASSWORD, Setup, assert_problem};

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

/// What a migration that is under way does to the files of its database, as the moment at which it is cut off.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So soon after the write-ahead log is there, which is before the transaction.
    Opened(Duration),
    /// Once so many octets are in the write-ahead log: something is being committed.
    Grown(u64),
}

impl Moment {
    /// Waits for it, or for the end of the process. Does not sleep: a migration takes milliseconds.
    fn wait_for(self, log: &Path, child: &mut Child) {
        let octets = || std::fs::metadata(log).map(|found| found.len());
        while child.try_wait().unwrap().is_none() {
            match self {
                Self::Opened(delay) if octets().is_ok() => {
                    let start = Instant::now();
                    while start.elapsed() < delay {
                        std::hint::spin_loop();
                    }
                    return;
                }
                Self::Grown(enough) if octets().is_ok_and(|octets| octets >= enough) => return,
                Self::Opened(_) | Self::Grown(_) => {}
            }
        }
    }
}

/// Migrates an empty database in this data folder, and kills the process at this moment.
fn cut_off_migration(data_dir: &Path, moment: Moment) {
    for name in ["countersign.db", "countersign.db-wal", "countersign.db-shm", "secret.key"] {
        let _absent = std::fs::remove_file(data_dir.join(name));
    }
    let mut migrate = crate::support::command(data_dir);
    migrate.args(["migrate", "up"]).env("COUNTERSIGN__DATA_DIR", data_dir);
    let mut child = migrate.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    moment.wait_for(&data_dir.join("countersign.db-wal"), &mut child);
    let _ended_before = child.kill();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_migration_that_was_cut_off_left_all_or_nothing_and_is_finished_by_the_next_start() {
    const SCHEMA: &str = "SELECT sql FROM sqlite_master WHERE sql > '' ORDER BY name";
    let mut server = Setup::default().embedded().start().await;
    let complete = server.rows().await.column::<String>(SCHEMA).await;
    let opened = [0, 1, 2, 4, 8, 16].map(|milliseconds| Moment::Opened(Duration::from_millis(milliseconds)));
    let grown = [1, 10_000, 50_000, 100_000].map(Moment::Grown);
    let mut cut_short = 0;
    for moment in opened.into_iter().chain(grown) {
        server.terminate().await;
        cut_off_migration(&server.data_dir(), moment);
        let left = server.rows().await.column::<String>(SCHEMA).await;
        assert!(left.is_empty() || left == complete, "{moment:?} left something by half: {left:#?}");
        eprintln!("{moment:?} {}", left.len());
        cut_short += usize::from(left.is_empty());
        server = server.restart().await;
        assert_eq!(server.rows().await.column::<String>(SCHEMA).await, complete, "{moment:?}");
        server.registration("after@example.org", PASSWORD).send().await.expect(201);
    }
    assert!(cut_short > 0, "every migration was through before it was killed");
}
