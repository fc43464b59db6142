//! What the statements of the service read in the large database that scripts/plans loads; nothing without one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use countersign_application::mail::housekeeping::BATCH;
use countersign_application::ports::erasures::Erasures;
use countersign_application::ports::listings::Listings;
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::roster_repository::RosterRepository as _;
use countersign_application::ports::user_repository::UserRepository as _;
use countersign_application::testing::{NOW, user_id};
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Cursor, PageRequest};
use countersign_infrastructure::persistence::{Database, DatabaseOptions, SearchBounds, SearchWindow, Store};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, Statement, TransactionTrait as _,
};
use uuid::Uuid;

use crate::persistence::fresh::on_postgres;
use crate::persistence::plans::{Recorder, call_everything, with_an_account};

/// Pages of 8 KiB that one statement may read, of which many are upper levels of indexes, read again for each row.
const MOST_BUFFERS: u64 = 4_000;
/// Rows that one step of a plan may give or pass over.
const MOST_ROWS: u64 = 2_500;
/// What housekeeping does with a batch of a thousand rows, each of them looked up by its key, and by those of what goes with it.
const MOST_BUFFERS_OF_A_BATCH: u64 = 30_000;
/// What follows from foreign keys is timed only: a table that is read whole takes longer.
const MOST_MILLISECONDS_OF_A_TRIGGER: f64 = 100.0;
const SHOWN: usize = 14;
/// Rows that a search looks through along the key in one statement, and one to tell where it ends.
const MOST_ROWS_OF_A_WINDOW: u64 = 10_001;
/// A page of the audit trail with several filters looks through 5,000 events along one index, each in a page of its own;
/// of an account that has a good part of all events, along the key, past those of others.
const MOST_ROWS_OF_A_WALK: u64 = 10_000;
const MOST_BUFFERS_OF_A_WALK: u64 = 11_000;
/// What a page of a search may take however busy the machine: two attempts and ten windows, of which each may take as long
/// as any statement.
const MOST_TIME_OF_A_SEARCH: std::time::Duration = std::time::Duration::from_secs(15);

/// What a statement cost.
#[derive(Debug, Default)]
pub(crate) struct Cost {
    buffers: u64,
    pub(crate) rows: u64,
    trigger: f64,
}

impl Cost {
    /// From the text form: the first step has the buffers of all.
    pub(crate) fn of(plan: &[String]) -> Self {
        let mut cost = Self::default();
        let buffers = plan.iter().find(|line| line.trim_start().starts_with("Buffers:"));
        if let Some(line) = buffers {
            cost.buffers = number_after(line, "hit=") + number_after(line, "read=");
        }
        let mut loops = 1;
        for line in plan {
            if line.contains("(actual ") {
                loops = number_after(line, "loops=").max(1);
                let (_, actual) = line.split_once("(actual ").unwrap();
                cost.rows = cost.rows.max(number_after(actual, "rows=") * loops);
            } else if line.contains("Rows Removed by") {
                cost.rows = cost.rows.max(number_after(line, ": ") * loops);
            } else if line.starts_with("Trigger ") {
                let (_, time) = line.split_once("time=").unwrap();
                let time: f64 = time.split(' ').next().unwrap().parse().unwrap();
                cost.trigger = cost.trigger.max(time);
            }
        }
        cost
    }

    fn is_bounded(&self, sql: &str) -> bool {
        // A small table is read whole where that is cheaper than a thousand rows by their keys: buffers bound that, too.
        let (buffers, rows) = if is_batch(sql) {
            (MOST_BUFFERS_OF_A_BATCH, u64::MAX)
        } else if is_window(sql) {
            (MOST_BUFFERS, MOST_ROWS_OF_A_WINDOW)
        } else if is_walk(sql) {
            (MOST_BUFFERS_OF_A_WALK, MOST_ROWS_OF_A_WALK)
        } else {
            (MOST_BUFFERS, MOST_ROWS)
        };
        self.buffers <= buffers && self.rows <= rows && self.trigger <= MOST_MILLISECONDS_OF_A_TRIGGER
    }
}

/// The whole number that follows; 0 without one.
fn number_after(line: &str, what: &str) -> u64 {
    let Some((_, rest)) = line.split_once(what) else { return 0 };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

/// What the worker that keeps house does to a thousand rows at a time: to what has expired, and to the traces of a deleted
/// account.
fn is_batch(sql: &str) -> bool {
    let is_cut = (sql.starts_with("DELETE") || sql.starts_with("UPDATE")) && sql.contains(" LIMIT ");
    is_cut || sql.starts_with(TRACES)
}

const TRACES: &str = "UPDATE \"audit_events\"";

/// What a search looks through along the key, and where that ends.
fn is_window(sql: &str) -> bool {
    let is_end = sql.contains(" OFFSET ") && !sql.contains("audit_events");
    is_end || (sql.contains(" FROM (SELECT ") && sql.contains(" LIKE "))
}

/// What a page of the audit trail looks through, and where that ends.
fn is_walk(sql: &str) -> bool {
    sql.contains("audit_events") && (sql.contains(" OFFSET ") || sql.contains(" FROM (SELECT "))
}

/// The rest of the traces of an account, which is a batch at most: recorded on an empty database, where that is all.
fn is_rest(sql: &str) -> bool {
    sql.starts_with(TRACES) && !sql.contains("\"id\" <= ")
}

/// The team of a tenth of all users that scripts/plans loads, and its only admin.
const HUGE: TeamId = TeamId::new(Uuid::from_u128(1 << 40));
const ITS_ADMIN: u64 = 2;

/// What is cut from what there is, and what asks about a team that is huge; all of it taken back.
async fn call_with_much(large: &DatabaseConnection, statements: &Arc<Mutex<Vec<Statement>>>) {
    let store = Store::over(Recorder::new(large.begin().await.unwrap(), Arc::clone(statements)));
    let page = PageRequest::first(BATCH);
    let next = store.list_unused(NOW, NOW, &page).await.unwrap().next.unwrap();
    store.list_unused(NOW, NOW, &page.starting(next)).await.unwrap();
    Erasures::note(&store, user_id(1), NOW).await.unwrap();
    assert!(!store.erase(user_id(1), 2, NOW).await.unwrap(), "the first user has more than two batches of events");
    let admin = user_id(ITS_ADMIN);
    assert!(!store.has_admin_besides(HUGE, admin).await.unwrap());
    assert!(store.has_member_besides(HUGE, admin).await.unwrap());
    assert!(store.longest_standing_besides(HUGE, admin).await.unwrap().is_some());
    assert!(store.teams_depending_on(admin).await.unwrap().contains(&HUGE));
    assert!(!store.teams_only_of(admin).await.unwrap().contains(&HUGE));
    MembershipRepository::list_by_team(&store, HUGE, &page).await.unwrap();
    assert_eq!(store.admins(HUGE, 50).await.unwrap().len(), 1);
    store.pending_invitations(HUGE, NOW).await.unwrap();
    search(&store).await;
}

/// For what nobody has, what one has, and everybody; as a whole and by a beginning, which for `c` and `co` is that of each
/// `.com` too; from the beginning and from the middle on.
async fn search(store: &Store<Recorder<DatabaseTransaction>>) {
    let first = PageRequest::first(50);
    let middle = Listings::users(store, Some("7777@".to_owned()), &first).await.unwrap().items[0].id;
    for page in [first, first.starting(Cursor::after(middle.as_uuid()))] {
        for part in
            ["nobody", "user7777@", "engines 777", "example.com", "engines", "q", "c", "co", "us", "e", "q.q", "li na"]
        {
            Listings::users(store, Some(part.to_owned()), &page).await.unwrap();
            Listings::teams(store, Some(part.to_owned()), &page).await.unwrap();
        }
        let after = page.after().map_or(Uuid::nil(), Cursor::key);
        for part in ["nobody", "q", "li na", "latest"] {
            let window = SearchWindow { part, after, rows: SearchBounds::default().window, wanted: 51 };
            store.users_in(&window).await.unwrap();
            store.teams_in(&window).await.unwrap();
        }
    }
}

/// What PostgreSQL guesses wrong: it is found all the same, once, page by page, and no page takes long.
async fn search_against_the_odds(url: &str, large: &DatabaseConnection) {
    let database = Database::connect(url, &DatabaseOptions::default()).await.unwrap();
    let listings = database.listings();
    let of_all = async |condition: &str| {
        let count = format!("SELECT COUNT(*) FROM users WHERE {condition}");
        let row = large.query_one_raw(Statement::from_string(DbBackend::Postgres, count)).await.unwrap();
        usize::try_from(row.unwrap().try_get_by_index::<i64>(0).unwrap()).unwrap()
    };
    for (part, condition) in [
        ("@latest", "email LIKE '%@latest%'"),
        ("rarely", "last_name = 'Rarely'"),
        ("example fi", "FALSE"),
        ("nobody", "FALSE"),
    ] {
        let (mut found, mut times, mut page) = (0, vec![], PageRequest::first(200));
        loop {
            let begun = std::time::Instant::now();
            let answer = listings.users(Some(part.to_owned()), &page).await.unwrap();
            times.push(begun.elapsed());
            found += answer.items.len();
            let Some(next) = answer.next else { break };
            page = page.starting(next);
        }
        let (first, slowest) = (times[0], *times.iter().max().unwrap());
        println!(
            "{part}: {found} in {} pages, the first after {first:?}, none after more than {slowest:?}",
            times.len()
        );
        assert_eq!(found, of_all(condition).await, "{part}");
        assert!(slowest < MOST_TIME_OF_A_SEARCH, "{part}: {slowest:?}");
    }
    database.close().await.unwrap();
}

/// Runs it, and takes it back.
async fn plan(large: &DatabaseConnection, statement: &Statement) -> Option<Vec<String>> {
    let unit = large.begin().await.unwrap();
    let mut explained = statement.clone();
    explained.sql = format!("EXPLAIN (ANALYZE, BUFFERS) {}", statement.sql);
    let steps = unit.query_all_raw(explained).await;
    unit.rollback().await.unwrap();
    match steps {
        Ok(steps) => Some(steps.iter().map(|step| step.try_get_by_index::<String>(0).unwrap()).collect()),
        // What is inserted is there already; its index said so.
        Err(error) => {
            assert!(statement.sql.starts_with("INSERT"), "{error}: {}", statement.sql);
            None
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "where the tests find their servers, not what they test")]
fn large_database() -> Option<String> {
    std::env::var("PLANS_DATABASE_URL").ok()
}

#[tokio::test]
async fn no_statement_reads_more_the_more_there_is() {
    let Some(url) = large_database() else { return };
    let large = sea_orm::Database::connect(&url).await.unwrap();
    on_postgres(|fresh| {
        let large = large.clone();
        async move {
            let statements = Arc::<Mutex<Vec<Statement>>>::default();
            let store = Store::over(Recorder::new(fresh.raw().await, Arc::clone(&statements)));
            call_everything(&store).await;
            with_an_account(&store).await;
            call_with_much(&large, &statements).await;
            let mut recorded = statements.lock().unwrap().clone();
            recorded.retain(|statement| !is_rest(&statement.sql));
            let mut costs = BTreeMap::new();
            for statement in &recorded {
                let Some(steps) = plan(&large, statement).await else { continue };
                costs.insert(format!("{statement}"), (statement.sql.clone(), Cost::of(&steps), steps));
            }
            let mut costs: Vec<_> = costs.into_values().collect();
            costs.sort_by_key(|(_, cost, _)| std::cmp::Reverse((cost.buffers, cost.rows)));
            assert!(costs.len() > 80, "{}", costs.len());
            println!("{} statements; those that read most:\n buffers    rows  trigger  statement", costs.len());
            for (sql, cost, _) in costs.iter().take(SHOWN) {
                let sql: String = sql.chars().take(150).collect();
                println!("{:8} {:7} {:5.1} ms  {sql}", cost.buffers, cost.rows, cost.trigger);
            }
            let mut sorted: Vec<u64> = costs.iter().map(|(_, cost, _)| cost.buffers).collect();
            sorted.sort_unstable();
            println!(
                "median {} buffers, nine of ten at most {}",
                sorted[sorted.len() / 2],
                sorted[sorted.len() * 9 / 10]
            );
            search_against_the_odds(&large_database().unwrap(), &large).await;
            let beyond: Vec<_> = costs.iter().filter(|(sql, cost, _)| !cost.is_bounded(sql)).collect();
            for (sql, cost, steps) in &beyond {
                println!("\nBEYOND ITS BOUND: {cost:?}\n{sql}\n{}", steps.join("\n"));
            }
            assert!(beyond.is_empty(), "{} statements", beyond.len());
        }
    })
    .await;
}

#[test]
fn the_cost_of_a_plan_is_read() {
    let plan = [
        "Limit  (cost=0.4..9.2 rows=51 width=9) (actual time=0.03..0.09 rows=51 loops=1)",
        "  Buffers: shared hit=9 read=3 dirtied=1",
        "  ->  Index Scan using a on b  (cost=0.4..9.2 rows=7 width=9) (actual time=0.03..0.09 rows=7 loops=20)",
        "        Rows Removed by Filter: 30",
        "        Buffers: shared hit=8",
        "Planning:",
        "  Buffers: shared hit=200",
        "Trigger for constraint fk on users: time=3.250 calls=1",
    ];
    let cost = Cost::of(&plan.map(str::to_owned));
    assert_eq!((cost.buffers, cost.rows), (12, 600));
    assert!((cost.trigger - 3.25).abs() < 0.001 && cost.is_bounded("SELECT"));
}
