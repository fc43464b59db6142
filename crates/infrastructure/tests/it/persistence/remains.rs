//! What is deleted on SQLite is gone from the bytes of its files, not only from its tables.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use countersign_application::ports::remains::{Depth, Remains as _};
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{NOW, email, name, user};
use countersign_domain::password::PasswordHash;
use countersign_domain::user::User;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use crate::persistence::fresh::{Fresh, on_postgres, sqlite};

fn files(fresh: &Fresh) -> Vec<PathBuf> {
    let file = fresh.url().strip_prefix("sqlite://").unwrap();
    ["", "-wal"].iter().map(|suffix| PathBuf::from(format!("{file}{suffix}"))).collect()
}

/// How often the text is in the files.
fn found(fresh: &Fresh, text: &str) -> usize {
    let in_file = |file: PathBuf| {
        let bytes = std::fs::read(file).unwrap();
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    };
    files(fresh).into_iter().map(in_file).sum()
}

/// An account whose address, names and hash all say so.
async fn insert(fresh: &Fresh, n: u64, mark: &str) {
    let account = User { email: email(&format!("{mark}{n}@example.org")), first_name: name(mark), ..user(n) };
    fresh.store().insert(&account, &PasswordHash::new(format!("hash-of-{mark}"))).await.unwrap();
}

async fn clear(fresh: &Fresh, depth: Depth) {
    fresh.database().clear(depth, NOW).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_deleted_account_is_left_in_the_database_and_its_log() {
    let fresh = sqlite().await;
    for n in 0..30 {
        insert(&fresh, n, "kept").await;
        insert(&fresh, 100 + n, "vanished").await;
    }
    for n in 0..30 {
        assert!(fresh.store().remove(user(100 + n).id).await.unwrap());
    }
    assert!(found(&fresh, "vanished") > 0, "the log has it until it is cleared");
    clear(&fresh, Depth::Log).await;
    assert_eq!(found(&fresh, "vanished"), 0);
    assert!(found(&fresh, "kept") >= 30);
    assert_eq!(std::fs::metadata(&files(&fresh)[1]).unwrap().len(), 0);
}

/// A table of which deleted rows are left in the free space of pages that they were moved from.
async fn move_and_delete(fresh: &Fresh, table: &str) {
    let sql = "PRAGMA secure_delete = ON;
         CREATE TABLE moved (id INTEGER PRIMARY KEY, mark TEXT, filling TEXT);
         CREATE UNIQUE INDEX moved_mark ON moved (mark);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 6000)
         INSERT INTO moved
         SELECT n, iif(n % 2, 'kept-', 'vanished-') || (n * 7919 % 6007), printf('%.*c', n * 31 % 300, 'x') FROM n;
         UPDATE moved SET filling = printf('%.*c', id * 17 % 900, 'y') WHERE id % 3 = 0;
         DELETE FROM moved WHERE id % 2 = 0;";
    fresh.raw().await.execute_unprepared(&sql.replace("moved", table)).await.unwrap();
    clear(fresh, Depth::Log).await;
    assert!(found(fresh, "vanished-") > 0, "what SQLite moves it overwrites now: nothing needs to be written anew");
}

#[tokio::test]
async fn what_was_moved_within_the_database_before_it_was_deleted_is_gone_when_that_is_written_anew() {
    let fresh = sqlite().await;
    move_and_delete(&fresh, "moved").await;
    clear(&fresh, Depth::Database).await;
    assert_eq!(found(&fresh, "vanished-"), 0);
    assert!(found(&fresh, "kept-") >= 3_000);
}

#[tokio::test]
async fn the_database_is_written_anew_once_an_hour_and_what_is_owed_meanwhile_is_done_then() {
    let fresh = sqlite().await;
    clear(&fresh, Depth::Database).await;
    move_and_delete(&fresh, "moved").await;
    clear(&fresh, Depth::Database).await;
    let soon = NOW + time::Duration::minutes(59);
    fresh.database().clear(Depth::Database, soon).await.unwrap();
    assert!(found(&fresh, "vanished-") > 0, "the hour is not over");
    fresh.database().clear(Depth::Log, NOW + time::Duration::HOUR).await.unwrap();
    assert_eq!(found(&fresh, "vanished-"), 0);
}

#[tokio::test]
async fn a_reader_keeps_nobody_from_writing_and_what_it_reads_is_cleared_the_next_time() {
    let fresh = sqlite().await;
    insert(&fresh, 1, "vanished").await;
    let other = fresh.raw().await;
    let reading = other.begin().await.unwrap();
    reading.execute_unprepared("SELECT * FROM users").await.unwrap();
    fresh.store().remove(user(1).id).await.unwrap();
    let clearing = tokio::spawn({
        let database = fresh.database().clone();
        async move { database.clear(Depth::Database, NOW).await }
    });
    let mut longest = Duration::ZERO;
    let mut n = 10;
    while !clearing.is_finished() {
        let asked = Instant::now();
        insert(&fresh, n, "kept").await;
        longest = longest.max(asked.elapsed());
        n += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    clearing.await.unwrap().unwrap();
    assert!(n > 12 && longest < Duration::from_secs(2), "{n} {longest:?}");
    assert!(found(&fresh, "vanished") > 0);
    reading.rollback().await.unwrap();
    clear(&fresh, Depth::Log).await;
    assert_eq!(found(&fresh, "vanished"), 0);
}

#[tokio::test]
async fn another_process_that_writes_is_not_waited_for() {
    let fresh = sqlite().await;
    insert(&fresh, 1, "vanished").await;
    fresh.store().remove(user(1).id).await.unwrap();
    let other = fresh.raw().await;
    let writing = other.begin().await.unwrap();
    writing.execute_unprepared("UPDATE users SET epoch = 1").await.unwrap();
    let asked = Instant::now();
    clear(&fresh, Depth::Database).await;
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    writing.rollback().await.unwrap();
    clear(&fresh, Depth::Log).await;
    assert_eq!(found(&fresh, "vanished"), 0);
}

#[tokio::test]
async fn where_there_is_no_file_there_is_nothing_to_do() {
    on_postgres(|fresh| async move { clear(&fresh, Depth::Database).await }).await;
    let options = countersign_infrastructure::persistence::DatabaseOptions::default();
    let in_memory = countersign_infrastructure::persistence::Database::connect("sqlite::memory:", &options).await;
    in_memory.unwrap().clear(Depth::Database, NOW).await.unwrap();
}
