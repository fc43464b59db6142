//! What becomes of a search that does not find its page in time: on PostgreSQL alone.

use std::time::Duration;

use countersign_application::error::Fault;
use countersign_application::ports::listings::Listings;
use countersign_domain::page::{Cursor, Page, PageRequest};
use countersign_infrastructure::persistence::{Database, DatabaseOptions, SearchBounds};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement, TransactionTrait as _};
use uuid::Uuid;

use crate::persistence::fresh::{on_postgres, patient};

/// More than a statement gets through in a millisecond without an index, and so without one.
const LOAD: [&str; 3] = [
    "DROP INDEX ix_users_search, ix_users_search_beginnings, ix_teams_search, ix_teams_search_beginnings",
    "INSERT INTO users (id, email, first_name, last_name, password_hash) \
     SELECT lpad(to_hex(n), 32, '0')::uuid, 'user' || n || '@example.com', 'Given', \
     CASE WHEN n IN (1000, 1001, 3000, 3001) OR n > 19880 THEN 'Late' ELSE 'Name' END, 'hash' \
     FROM generate_series(1, 20000) AS n",
    "INSERT INTO teams (id, name) SELECT id, last_name || ' team' FROM users",
];

/// Which are late.
fn late() -> Vec<u128> {
    [1_000, 1_001, 3_000, 3_001].into_iter().chain(19_881..=20_000).collect()
}

/// By no other way than a window after the other.
const SMALL: SearchBounds =
    SearchBounds { patience: Duration::from_millis(1), window: 1_000, windows: 3, longest: Duration::from_mins(1) };

async fn load(raw: &DatabaseConnection) {
    for sql in LOAD {
        raw.execute_unprepared(sql).await.unwrap();
    }
}

/// What all pages have, and how many they were.
async fn all_of<T>(
    limit: u16,
    list: impl AsyncFn(PageRequest) -> Page<T>,
    id: impl Fn(&T) -> Uuid,
) -> (Vec<u128>, usize) {
    let (mut found, mut pages, mut page) = (vec![], 0, PageRequest::first(limit));
    loop {
        let Page { items, next } = list(page).await;
        assert!(items.len() <= usize::from(limit));
        found.extend(items.iter().map(|item| id(item).as_u128()));
        pages += 1;
        let Some(next) = next else { return (found, pages) };
        assert!(page.after().is_none_or(|before| before.key() < next.key()), "it does not go on");
        page = page.starting(next);
    }
}

#[tokio::test]
async fn short_pages_have_everything_that_is_found_once_and_come_to_an_end() {
    on_postgres(|fresh| async move {
        load(&fresh.raw().await).await;
        // With twenty windows that are full, with one that is not, and with one that has all.
        for (window, windows, limit) in [(1_000, 3, 50), (999, 7, 50), (1_000, 3, 2), (100, 70, 50), (30_000, 1, 200)] {
            let listings = fresh.database().listings_within(SearchBounds { window, windows, ..SMALL });
            let users = async |page| listings.users(Some("late".to_owned()), &page).await.unwrap();
            let (found, pages) = all_of(limit, users, |user| user.id.as_uuid()).await;
            assert_eq!(found, late(), "{window} rows, {windows} times, {limit} a page");
            let most = 20_000 / (window * windows) as usize + late().len() / usize::from(limit) + 2;
            assert!(pages <= most, "{pages} pages of {window} rows, {windows} times, {limit} a page");
            let teams = async |page| listings.teams(Some("late".to_owned()), &page).await.unwrap();
            assert_eq!(all_of(limit, teams, |team| team.id.as_uuid()).await.0, late());
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_without_a_match_goes_on_behind_what_was_looked_through() {
    on_postgres(|fresh| async move {
        load(&fresh.raw().await).await;
        let find = async |part: &str, after: u128| {
            let listings = fresh.database().listings_within(SMALL);
            let page = PageRequest::first(50).starting(Cursor::after(Uuid::from_u128(after)));
            let found = listings.users(Some(part.to_owned()), &page).await.unwrap();
            (found.items.len(), found.next.map(|cursor| cursor.key().as_u128()))
        };
        assert_eq!(find("late", 5_000).await, (0, Some(8_000)));
        assert_eq!(find("late", 999).await, (4, Some(3_999)));
        assert_eq!(find("late", 18_000).await, (50, Some(19_930)));
        assert_eq!(find("nobody", 16_999).await, (0, Some(19_999)));
        assert_eq!(find("nobody", 17_000).await, (0, None));
        assert_eq!(find("nobody", 20_000).await, (0, None));
        let one_by_one = fresh.database().listings_within(SearchBounds { window: 1, ..SMALL });
        let page = PageRequest::first(50).starting(Cursor::after(Uuid::from_u128(999)));
        let found = one_by_one.users(Some("late".to_owned()), &page).await.unwrap();
        assert_eq!((found.items.len(), found.next.unwrap().key().as_u128()), (2, 1_002));
        // Beginnings, and what is found in every row.
        assert_eq!(find("la", 5_000).await, (0, Some(8_000)));
        assert_eq!(find("example", 5_000).await, (50, Some(5_050)));
    })
    .await;
}

#[tokio::test]
async fn a_search_that_is_done_in_time_fills_its_pages() {
    on_postgres(|fresh| async move {
        load(&fresh.raw().await).await;
        let bounds = SearchBounds { patience: Duration::from_secs(30), ..SMALL };
        let listings = fresh.database().listings_within(bounds);
        let found = listings.users(Some("late".to_owned()), &PageRequest::first(100)).await.unwrap();
        assert_eq!((found.items.len(), found.next.unwrap().key().as_u128()), (100, late()[99]));
    })
    .await;
}

/// What the only connection is set to.
async fn settings(database: &Database) -> String {
    let sql = "SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('plan_cache_mode'), \
               current_setting('enable_indexscan'), current_setting('enable_seqscan'))";
    let row = database.store().connection().query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    row.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn bounds_of_a_search_are_of_nothing_that_comes_after_it() {
    on_postgres(|fresh| async move {
        load(&fresh.raw().await).await;
        let options = DatabaseOptions { max_connections: 1, ..patient() };
        let database = Database::connect(fresh.url(), &options).await.unwrap();
        let before = settings(&database).await;
        assert_eq!(before, "1min auto on on");
        for patience in [Duration::from_millis(1), Duration::from_secs(30)] {
            let listings = database.listings_within(SearchBounds { patience, ..SMALL });
            listings.users(Some("nobody".to_owned()), &PageRequest::first(50)).await.unwrap();
            assert_eq!(settings(&database).await, before, "{patience:?}");
        }
        database.close().await.unwrap();
    })
    .await;
}

/// The server words it as it does when a statement took too long.
#[tokio::test]
async fn what_an_operator_cancels_is_no_page() {
    on_postgres(|fresh| async move {
        let raw = fresh.raw().await;
        let held = raw.begin().await.unwrap();
        held.execute_unprepared("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let listings = fresh.database().listings_within(SearchBounds { patience: Duration::from_secs(30), ..SMALL });
        let search =
            tokio::spawn(async move { listings.users(Some("late".to_owned()), &PageRequest::first(50)).await });
        let cancel = "SELECT COUNT(pg_cancel_backend(pid)) FROM pg_stat_activity \
                      WHERE datname = current_database() AND wait_event_type = 'Lock'";
        loop {
            let cancelled = raw.query_one_raw(Statement::from_string(DbBackend::Postgres, cancel)).await.unwrap();
            if cancelled.unwrap().try_get_by_index::<i64>(0).unwrap() > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Whoever went on would find what there is.
        held.rollback().await.unwrap();
        let outcome = search.await.unwrap();
        assert!(matches!(outcome, Err(Fault::Unavailable { .. })), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn searches_leave_connections_to_all_others() {
    on_postgres(|fresh| async move {
        let raw = fresh.raw().await;
        let held = raw.begin().await.unwrap();
        held.execute_unprepared("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.unwrap();
        let options = DatabaseOptions { max_connections: 8, acquire_timeout: Duration::from_millis(500), ..patient() };
        let database = Database::connect(fresh.url(), &options).await.unwrap();
        let listings = database.listings_within(SearchBounds { patience: Duration::from_secs(30), ..SMALL });
        let search = || {
            let listings = listings.clone();
            tokio::spawn(async move { listings.users(Some("late".to_owned()), &PageRequest::first(50)).await })
        };
        // Clients that leave do not end what they began.
        for _ in 0..10 {
            let asked = search();
            tokio::time::sleep(Duration::from_millis(20)).await;
            asked.abort();
        }
        assert!((1..=2).contains(&database.connections().busy), "{:?}", database.connections());
        let outcome = search().await.unwrap();
        assert!(matches!(outcome, Err(Fault::Unavailable { .. })), "{outcome:?}");
        held.rollback().await.unwrap();
        search().await.unwrap().unwrap();
        database.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_search_begins_no_window_after_its_time() {
    on_postgres(|fresh| async move {
        load(&fresh.raw().await).await;
        let bounds = SearchBounds { window: 100, windows: 1_000, longest: Duration::ZERO, ..SMALL };
        let listings = fresh.database().listings_within(bounds);
        let page = listings.users(Some("nobody".to_owned()), &PageRequest::first(50)).await.unwrap();
        assert_eq!(page.next.unwrap().key().as_u128(), 100);
    })
    .await;
}
