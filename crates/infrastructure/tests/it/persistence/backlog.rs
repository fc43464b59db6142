//! What waits in the outbox is counted on every node every few seconds, so it costs the same however much it is.

use std::sync::{Arc, Mutex};

use countersign_application::ports::outbox::{Backlog, Outbox as _};
use countersign_infrastructure::persistence::Store;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use crate::persistence::fresh::{Fresh, on_each};
use crate::persistence::plans::Recorder;
use crate::persistence::plans_at_size::Cost;

/// As far as it is counted.
const MOST: u64 = 1_000;

/// Five times that of each sort, those given up withdrawn but for the newest three.
async fn load(raw: &DatabaseConnection) {
    let id = if raw.get_database_backend() == DbBackend::Sqlite { "randomblob(16)" } else { "gen_random_uuid()" };
    for (status, year, last_error, count) in
        [("queued", 2026, "NULL", 5_000), ("dead", 2026, "'withdrawn'", 5_000), ("dead", 2027, "'550'", 3)]
    {
        let time = format!("'{year}-01-01T00:00:00.000000Z'");
        let load = format!(
            "WITH RECURSIVE many (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {count}) \
             INSERT INTO mails (id, kind, recipient, params, status, next_attempt_at, created_at, last_error) \
             SELECT {id}, 'reset_password', 'a@example.com', '{{}}', '{status}', {time}, {time}, {last_error} FROM many"
        );
        raw.execute_unprepared(&load).await.unwrap();
    }
    raw.execute_unprepared("ANALYZE").await.unwrap();
}

/// The statements that count it, as the store makes them, and what they find.
async fn counted(fresh: &Fresh) -> (Backlog, Vec<Statement>) {
    let statements = Arc::<Mutex<Vec<Statement>>>::default();
    let store = Store::over(Recorder::new(fresh.raw().await, Arc::clone(&statements)));
    let backlog = store.backlog().await.unwrap();
    let statements = statements.lock().unwrap().clone();
    (backlog, statements)
}

async fn plan(raw: &DatabaseConnection, statement: &Statement) -> Vec<String> {
    let is_sqlite = raw.get_database_backend() == DbBackend::Sqlite;
    let (explain, column) = if is_sqlite { ("EXPLAIN QUERY PLAN", 3) } else { ("EXPLAIN (ANALYZE, BUFFERS)", 0) };
    let mut explained = statement.clone();
    explained.sql = format!("{explain} {}", statement.sql);
    let rows = raw.query_all_raw(explained).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap()).collect()
}

#[tokio::test]
async fn however_much_waits_a_thousand_of_each_sort_are_looked_at_by_an_index() {
    on_each(|fresh| async move {
        let raw = fresh.raw().await;
        load(&raw).await;
        let (backlog, statements) = counted(&fresh).await;
        assert_eq!((backlog.queued, backlog.dead), (MOST, 3));
        assert_eq!(backlog.oldest.map(time::OffsetDateTime::year), Some(2026));
        for statement in statements {
            let steps = plan(&raw, &statement).await;
            let plan = steps.join("\n");
            assert!(plan.contains("ix_mails_status_created_at"), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");
            let cost = Cost::of(&steps);
            assert!(cost.rows <= MOST, "{cost:?}\n{plan}");
        }
    })
    .await;
}
