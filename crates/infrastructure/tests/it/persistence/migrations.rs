//! The schema: up, down, names, defaults, and what is in it.

use std::time::{Duration, Instant};

use countersign_application::error::Fault;
use countersign_application::ports::listings::Listings;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::user;
use countersign_domain::password::PasswordHash;
use countersign_infrastructure::persistence::{Database, DatabaseOptions};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement, TransactionTrait as _};
use uuid::Uuid;

use crate::persistence::fresh::{empty_on_each, on_each, on_postgres, sqlite};

/// Every column that is stored. Whoever adds one says in the registry of personal data what it holds.
const COLUMNS: &[(&str, &str)] = &[
    ("audit_events", "id at kind actor_id user_id team_id network user_agent request_id detail"),
    ("erasures", "user_id requested_at erased_to due_at"),
    ("invitations", "id team_id email role digest state invited_by accepted_by created_at expires_at"),
    (
        "mails",
        "id kind recipient recipient_name params user_id invitation_id sealed_token token_expires_at decoy status \
         attempts next_attempt_at lease_id lease_until last_error created_at sent_at",
    ),
    ("one_time_tokens", "id user_id purpose digest new_email requested_by created_at expires_at"),
    (
        "sessions",
        "id user_id epoch family_digest current_digest previous_digest rotated_at sealed_successor created_at \
         last_seen_at idle_expires_at expires_at ended_at ip user_agent sign_in_ip sign_in_user_agent",
    ),
    ("sign_in_networks", "user_id network last_seen_at"),
    ("signing_keys", "kid algorithm sealed_private public_jwk created_at active_from retired_at refused_at"),
    ("teams", "id name description created_by created_at updated_at"),
    ("user_teams", "user_id team_id role status joined_at"),
    (
        "users",
        "id email first_name last_name password_hash is_active is_superuser email_verified epoch created_at \
         updated_at",
    ),
];

#[tokio::test]
async fn every_change_can_be_taken_back_and_applied_again() {
    empty_on_each(|fresh| async move {
        let database = fresh.database();
        let applied = async || database.status().await.unwrap().into_iter().filter(|(_, applied)| *applied).count();
        let all = database.status().await.unwrap().len();
        assert_eq!(applied().await, 0);
        for step in 1..=all {
            database.migrate().await.unwrap();
            assert_eq!(applied().await, all);
            database.roll_back(Some(u32::try_from(step).unwrap())).await.unwrap();
            assert_eq!(applied().await, all - step);
        }
        assert_eq!(database.columns().await.unwrap(), []);
        database.migrate().await.unwrap();
        database.migrate().await.unwrap();
        assert_eq!(applied().await, all);
        assert!(!database.columns().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn nodes_that_start_together_migrate_once() {
    empty_on_each(|fresh| async move {
        let nodes = (0..4).map(|_| {
            let database = fresh.database().clone();
            tokio::spawn(async move { database.migrate().await })
        });
        for node in nodes.collect::<Vec<_>>() {
            node.await.unwrap().unwrap();
        }
        assert!(fresh.database().status().await.unwrap().iter().all(|(_, applied)| *applied));
    })
    .await;
}

/// A backup, or a session that somebody forgot in a transaction: requests would wait behind the change, on every node.
#[tokio::test]
async fn a_change_makes_way_for_whoever_reads_its_table_and_comes_again() {
    on_postgres(|fresh| async move {
        let impatient = DatabaseOptions { migration_patience: Duration::from_secs(1), ..DatabaseOptions::default() };
        let impatient = Database::connect(fresh.url(), &impatient).await.unwrap();
        impatient.roll_back(Some(1)).await.unwrap();
        let backup = fresh.raw().await.begin().await.unwrap();
        backup.execute_unprepared("LOCK TABLE sessions IN ACCESS SHARE MODE").await.unwrap();
        let refused = impatient.migrate().await.unwrap_err();
        assert!(matches!(refused, Fault::Unavailable { .. }), "{refused:?}");
        assert!(format!("{refused:?}").contains("wait for the end of a backup"), "{refused:?}");
        let patient = fresh.database().clone();
        let migrating = tokio::spawn(async move { patient.migrate().await });
        let reader = fresh.raw().await;
        let mut longest = Duration::ZERO;
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(8) {
            let asked = Instant::now();
            reader.execute_unprepared("SELECT 1 FROM sessions LIMIT 1").await.unwrap();
            longest = longest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        println!("the longest wait of a reader: {longest:?}");
        assert!(longest < Duration::from_secs(3) && !migrating.is_finished(), "{longest:?}");
        backup.commit().await.unwrap();
        migrating.await.unwrap().unwrap();
        assert!(fresh.database().status().await.unwrap().iter().all(|(_, applied)| *applied));
    })
    .await;
}

#[tokio::test]
async fn every_column_is_known() {
    on_each(|fresh| async move {
        let expected: Vec<_> = COLUMNS
            .iter()
            .flat_map(|(table, columns)| columns.split(' ').map(|column| ((*table).to_owned(), column.to_owned())))
            .collect();
        assert_eq!(fresh.database().columns().await.unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn the_database_sets_the_time_of_creation_in_the_form_that_the_service_writes() {
    on_each(|fresh| async move {
        let raw = fresh.raw().await;
        let insert = "INSERT INTO users (id, email, first_name, last_name, password_hash) VALUES ";
        let blob = if raw.get_database_backend() == DbBackend::Sqlite { "x" } else { "" };
        let row = |n: u128| {
            format!("({blob}'{:032x}', '{n}@example.com', 'Given', 'Familyname', 'hash')", Uuid::from_u128(n).as_u128())
        };
        raw.execute_unprepared(&format!("{insert} {}", row(1))).await.unwrap();
        // Written by the service, between two rows that the database dated.
        let mut between = user(2);
        between.created_at = Listings::users(&fresh.store(), None, &page()).await.unwrap().items[0].created_at;
        between.created_at += time::Duration::milliseconds(5);
        // A fraction of one digit is where the driver's own form would be shorter.
        between.updated_at = between.created_at.replace_millisecond(500).unwrap();
        UserRepository::insert(&fresh.store(), &between, &PasswordHash::new("hash")).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        raw.execute_unprepared(&format!("{insert} {}", row(3))).await.unwrap();

        let sql = "SELECT email FROM users ORDER BY created_at";
        let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
        let order: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        assert_eq!(order, ["1@example.com", "user2@example.com", "3@example.com"]);
        if raw.get_database_backend() == DbBackend::Sqlite {
            let wrong = "SELECT created_at FROM users WHERE length(created_at) <> 24 OR length(updated_at) <> 24";
            assert_eq!(fresh.text(wrong).await, None);
        }
    })
    .await;
}

fn page() -> countersign_domain::page::PageRequest {
    countersign_domain::page::PageRequest::first(1)
}

#[tokio::test]
async fn the_time_of_the_last_update_moves_for_every_writer() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let raw = fresh.raw().await;
        raw.execute_unprepared("UPDATE users SET first_name = 'Given'").await.unwrap();
        let first = UserRepository::find_by_id(&fresh.store(), user(1).id).await.unwrap().unwrap();
        assert!(first.updated_at > user(1).updated_at);
        assert_eq!(first.created_at, user(1).created_at);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        raw.execute_unprepared("UPDATE users SET first_name = 'Given'").await.unwrap();
        let second = UserRepository::find_by_id(&fresh.store(), user(1).id).await.unwrap().unwrap();
        assert!(second.updated_at > first.updated_at);
    })
    .await;
}

#[tokio::test]
async fn the_time_of_a_teams_last_update_moves_for_every_writer_but_not_when_its_creator_goes() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let team = fresh.team(1).await;
        let raw = fresh.raw().await;
        let now = async || TeamRepository::find_by_id(&fresh.store(), team.id).await.unwrap().unwrap();
        raw.execute_unprepared("UPDATE teams SET created_by = (SELECT id FROM users)").await.unwrap();
        assert_eq!(now().await.updated_at, team.updated_at);
        let mut last = team.updated_at;
        for change in ["name = 'Another'", "description = 'What it is for'", "description = NULL"] {
            raw.execute_unprepared(&format!("UPDATE teams SET {change}")).await.unwrap();
            let changed = now().await;
            assert!(changed.updated_at > last, "{change}");
            assert_eq!(changed.created_at, team.created_at);
            last = changed.updated_at;
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        raw.execute_unprepared("DELETE FROM users").await.unwrap();
        let orphaned = now().await;
        assert_eq!((orphaned.created_by, orphaned.updated_at), (None, last));
    })
    .await;
}

#[tokio::test]
async fn every_constraint_and_index_has_a_name_that_says_what_it_is() {
    on_each(|fresh| async move {
        let raw = fresh.raw().await;
        if raw.get_database_backend() == DbBackend::Sqlite {
            for (name, sql) in sqlite_schema(&raw).await {
                assert_constraints_named(&sql);
                if sql.starts_with("CREATE") && sql.contains(" INDEX ") {
                    assert!(name.starts_with("uq_") || name.starts_with("ix_"), "{name}");
                    assert_eq!(name.starts_with("uq_"), sql.contains("UNIQUE"), "{name}");
                }
            }
        } else {
            let sql = "SELECT conname::text || ' ' || contype::text FROM pg_constraint \
                 WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'seaql_migrations'";
            let rows = raw.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
            assert!(rows.len() > 20);
            for row in rows {
                let text: String = row.try_get_by_index(0).unwrap();
                let (name, kind) = text.split_once(' ').unwrap();
                let prefix = match kind {
                    "p" => "pk_",
                    "f" => "fk_",
                    "c" => "ck_",
                    _ => "uq_",
                };
                assert!(name.starts_with(prefix), "{text}");
            }
        }
    })
    .await;
}

async fn sqlite_schema(raw: &sea_orm::DatabaseConnection) -> Vec<(String, String)> {
    let sql = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'seaql_migrations'";
    let rows = raw.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    rows.iter().map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap())).collect()
}

/// Every constraint follows `CONSTRAINT <prefix>_…`.
fn assert_constraints_named(sql: &str) {
    if !sql.starts_with("CREATE TABLE") {
        return;
    }
    for (keyword, prefix) in [("PRIMARY KEY", "pk_"), ("FOREIGN KEY", "fk_"), ("CHECK", "ck_"), ("UNIQUE", "uq_")] {
        for (at, _) in sql.match_indices(keyword) {
            let before: Vec<&str> = sql[..at].split_whitespace().rev().take(2).collect();
            assert!(before[0].starts_with(prefix) && before[1] == "CONSTRAINT", "{keyword} without a name in {sql}");
        }
    }
}

#[test]
#[should_panic(expected = "without a name")]
fn an_unnamed_constraint_is_noticed() {
    assert_constraints_named("CREATE TABLE t (id TEXT, CHECK (id <> ''))");
}

#[tokio::test]
async fn a_foreign_value_in_a_closed_column_is_refused() {
    let fresh = sqlite().await;
    fresh.user(1).await;
    let team = fresh.team(1).await;
    fresh.member(1, &team, countersign_domain::team::role::Role::Admin).await;
    let raw = fresh.raw().await;
    for update in [
        "UPDATE user_teams SET role = 'owner'",
        "UPDATE user_teams SET status = 'invited'",
        "UPDATE users SET email = 'Given@example.com'",
        "UPDATE users SET epoch = 'x'",
    ] {
        assert!(raw.execute_unprepared(update).await.is_err(), "{update}");
    }
}
