//! What superusers search for is found by an index of PostgreSQL, where it may have one.

use std::sync::{Arc, Mutex};

use countersign_application::ports::listings::Listings;
use countersign_application::testing::{user, user_id};
use countersign_domain::page::{Cursor, PageRequest};
use countersign_infrastructure::persistence::{Database, Store};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement, TransactionTrait as _};

use crate::persistence::fresh::{Fresh, empty_on_postgres, on_postgres, patient, sqlite};
use crate::persistence::plans::Recorder;
use crate::persistence::plans_at_size::Cost;

/// So many accounts and teams that reading all of them is noticed. One account in a hundred has a name of its own, and one
/// alone is Xaver.
const LOAD: [&str; 3] = [
    "INSERT INTO users (id, email, first_name, last_name, password_hash) \
     SELECT md5(n::text)::uuid, 'user' || n || '@example.com', CASE WHEN n = 7 THEN 'Xaver' ELSE 'Firstname' END, \
     CASE WHEN n % 100 = 0 THEN 'Rarely' ELSE 'Surname' END, 'hash' FROM generate_series(1, 50000) AS n",
    "INSERT INTO teams (id, name) SELECT md5(n::text)::uuid, 'Engines ' || n || CASE WHEN n = 7 THEN ' of Xanten' ELSE '' END \
     FROM generate_series(1, 50000) AS n",
    "ANALYZE",
];

async fn load(raw: &DatabaseConnection) {
    for sql in LOAD {
        raw.execute_unprepared(sql).await.unwrap();
    }
}

/// The statements of what is called, as the store makes them.
async fn recorded(fresh: &Fresh, part: &str, page: &PageRequest) -> Vec<Statement> {
    let statements = Arc::<Mutex<Vec<Statement>>>::default();
    let store = Store::over(Recorder::new(fresh.raw().await, Arc::clone(&statements)));
    Listings::users(&store, Some(part.to_owned()), page).await.unwrap();
    Listings::teams(&store, Some(part.to_owned()), page).await.unwrap();
    let recorded = statements.lock().unwrap().clone();
    assert_eq!(recorded.len(), 2);
    recorded
}

async fn plan(raw: &DatabaseConnection, statement: &Statement) -> Vec<String> {
    let mut explained = statement.clone();
    explained.sql = format!("EXPLAIN (ANALYZE, BUFFERS) {}", statement.sql);
    let rows = raw.query_all_raw(explained).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}

#[tokio::test]
async fn no_search_reads_more_the_more_there_is() {
    on_postgres(|fresh| async move {
        let raw = fresh.raw().await;
        load(&raw).await;
        let first = PageRequest::first(50);
        let middle = first.starting(Cursor::after(uuid::Uuid::from_u128(u128::MAX / 2)));
        // What nobody has, what one has, one in a hundred, and everybody; whole parts and beginnings.
        let few = ["nobody", "user7@", "xaver", "x", "xa", "xanten", "qq", "q.q", "c", "co", "ex"];
        for part in few.into_iter().chain(["rarely", "ra", "example", "user", "us", "f", "engines", "e"]) {
            for page in [&first, &middle] {
                for statement in recorded(&fresh, part, page).await {
                    let steps = plan(&raw, &statement).await;
                    let cost = Cost::of(&steps);
                    // A hundredth of all is what a page of a hundredth of all may pass over, a few times.
                    assert!(cost.rows <= 10_000, "{part}: {cost:?}\n{}", steps.join("\n"));
                    let by_index = steps.iter().any(|step| step.contains("_search") && cost.rows <= 100);
                    assert!(by_index || !few.contains(&part), "{part}: {cost:?}\n{}", steps.join("\n"));
                }
            }
        }
    })
    .await;
}

/// From the sixth time on, PostgreSQL may plan a statement without looking at what is searched for.
#[tokio::test]
async fn a_search_is_planned_for_what_is_searched_for_however_often() {
    on_postgres(|fresh| async move {
        let raw = fresh.raw().await;
        load(&raw).await;
        for statement in recorded(&fresh, "nobody", &PageRequest::first(50)).await {
            // On one connection.
            let connection = raw.begin().await.unwrap();
            connection.execute_unprepared(&format!("PREPARE search AS {}", statement.sql)).await.unwrap();
            for _ in 0..9 {
                connection.execute_unprepared("EXECUTE search ('%nobody%', 51)").await.unwrap();
            }
            let planned = "SELECT custom_plans FROM pg_prepared_statements WHERE name = 'search'";
            let planned = connection.query_one_raw(Statement::from_string(DbBackend::Postgres, planned)).await.unwrap();
            let custom: i64 = planned.unwrap().try_get_by_index(0).unwrap();
            assert_eq!(custom, 9, "{}", statement.sql);
            connection.execute_unprepared("DEALLOCATE search").await.unwrap();
        }
    })
    .await;
}

/// What docs/operations.md says is to be done, once whoever may has created the extension.
fn by_hand() -> Vec<&'static str> {
    let docs = include_str!("../../../../../docs/operations.md");
    let indexes = docs.split('\n').filter(|line| line.starts_with("CREATE INDEX CONCURRENTLY ix_"));
    let indexes: Vec<_> = indexes.map(|line| line.trim_end_matches(';')).collect();
    assert_eq!(indexes.len(), 4);
    indexes
}

/// The same server and database, as another role.
fn as_role(url: &str, role: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{role}:{role}@{host}")
}

#[tokio::test]
async fn where_the_extension_cannot_be_had_all_else_is_and_the_indexes_are_made_up_later() {
    empty_on_postgres(|fresh| async move {
        let owner = fresh.raw().await;
        let database = fresh.text("SELECT current_database()").await.unwrap();
        // May make tables in a database that is not its own.
        let role = format!("role_of_{database}");
        owner
            .execute_unprepared(&format!(
                "CREATE ROLE {role} LOGIN PASSWORD '{role}'; GRANT CREATE, USAGE ON SCHEMA public TO {role}"
            ))
            .await
            .unwrap();
        let service = Database::connect(&as_role(fresh.url(), &role), &patient()).await.unwrap();
        service.migrate().await.unwrap();
        assert_eq!(service.has_search_indexes().await.unwrap(), Some(false));
        let insert = countersign_application::ports::user_repository::UserRepository::insert;
        insert(&service.store(), &user(1), &countersign_domain::password::PasswordHash::new("hash")).await.unwrap();
        let find = async || {
            let found = service.store().users(Some("user1@".to_owned()), &PageRequest::first(1)).await.unwrap();
            found.items.iter().map(|user| user.id).collect::<Vec<_>>()
        };
        assert_eq!(find().await, [user_id(1)]);

        owner.execute_unprepared("CREATE EXTENSION pg_trgm").await.unwrap();
        let raw = sea_orm::Database::connect(as_role(fresh.url(), &role)).await.unwrap();
        for index in by_hand() {
            raw.execute_unprepared(index).await.unwrap();
        }
        assert_eq!(service.has_search_indexes().await.unwrap(), Some(true));
        assert_eq!(find().await, [user_id(1)]);
        // They are those of the change, the last but one: taking it back takes them along, and applying it finds the extension.
        service.roll_back(Some(2)).await.unwrap();
        assert_eq!(service.has_search_indexes().await.unwrap(), Some(false));
        service.migrate().await.unwrap();
        assert_eq!(service.has_search_indexes().await.unwrap(), Some(true));
        service.close().await.unwrap();
        raw.close().await.unwrap();
        owner.execute_unprepared(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_indexes_are_made_where_they_can_be() {
    on_postgres(|fresh| async move {
        assert_eq!(fresh.database().has_search_indexes().await.unwrap(), Some(true));
        // What is made by hand is the same, before the change or after it.
        let raw = fresh.raw().await;
        let definitions =
            "SELECT string_agg(indexdef, ' ' ORDER BY indexname) FROM pg_indexes WHERE indexname LIKE '%_search%'";
        let made = fresh.text(definitions).await;
        raw.execute_unprepared(
            "DROP INDEX ix_users_search, ix_users_search_beginnings, ix_teams_search, ix_teams_search_beginnings",
        )
        .await
        .unwrap();
        for index in by_hand() {
            raw.execute_unprepared(index).await.unwrap();
        }
        assert_eq!(fresh.text(definitions).await, made);
    })
    .await;
    assert_eq!(sqlite().await.database().has_search_indexes().await.unwrap(), None);
}
