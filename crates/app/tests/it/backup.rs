//! What docs/operations.md says of backups: made while the service serves, restored into nothing, all of it is there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Account, PostgresServer, Rows, Setup, TestServer, Tokens, assert_problem};

/// What there is before the backup.
struct Before {
    account: Account,
    tokens: Tokens,
}

async fn before(server: &TestServer) -> Before {
    let (account, tokens) = server.signed_in("user@example.org").await;
    server.team(&tokens, "Teamname").await;
    Before { account, tokens }
}

/// Accounts come in meanwhile.
async fn busy(server: &TestServer) {
    for n in 0..15 {
        server.register(&format!("meanwhile{n}@example.org")).await;
    }
}

/// Everything from before works, and what came after the backup is not there.
async fn assert_restored(server: &TestServer, before: &Before, after: &Account) {
    let tokens = server.login(&before.account).await;
    assert_eq!(server.my_teams(&tokens).await.len(), 1);
    server.refreshed(&before.tokens).await;
    assert_problem(&server.sign_in(&after.email, &after.password).send().await, 401, "invalid_credentials");
    server.signed_in("another@example.org").await;
}

#[tokio::test]
async fn a_copy_of_the_embedded_database_made_while_it_serves_is_restored_into_an_empty_folder() {
    let mut server = Setup::default().embedded().start().await;
    let saved = before(&server).await;
    let (folder, rows) = (tempfile::tempdir().unwrap(), server.rows().await);
    let backup = folder.path().join("backup.db");
    let copy = format!("VACUUM INTO '{}'", backup.display());
    tokio::join!(busy(&server), rows.execute(&copy));
    let late = server.register("late@example.org").await;
    std::fs::copy(server.data_dir().join("secret.key"), folder.path().join("secret.key")).unwrap();
    server.kill();
    std::fs::remove_dir_all(server.data_dir()).unwrap();
    put_back(folder.path(), &server.data_dir());
    let server = server.restart().await;
    server.rows().await.check_integrity().await;
    assert_restored(&server, &saved, &late).await;
}

fn put_back(from: &Path, data_dir: &Path) {
    std::fs::create_dir(data_dir).unwrap();
    std::fs::set_permissions(data_dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    for (kept, name) in [("backup.db", "countersign.db"), ("secret.key", "secret.key")] {
        std::fs::copy(from.join(kept), data_dir.join(name)).unwrap();
        std::fs::set_permissions(data_dir.join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[tokio::test]
async fn a_dump_of_postgresql_made_while_it_serves_is_restored_into_an_empty_database() {
    let Some(postgres) = PostgresServer::start() else { return };
    let server = Setup::default().start_on(&postgres.url()).await;
    let saved = before(&server).await;
    let source: String = server.rows().await.one("SELECT current_database()::text").await;
    let url = |name: &str| format!("{}/{name}", postgres.url().strip_suffix("/postgres").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("backup.dump");
    let mut dumping = postgres.client("pg_dump");
    let dumping = dumping.args(["--format=custom", "--dbname"]).arg(url(&source)).arg("--file").arg(&backup).spawn();
    busy(&server).await;
    assert!(dumping.unwrap().wait().unwrap().success());
    let late = server.register("late@example.org").await;
    let key = server.secret_key();
    drop(server);
    Rows::of_postgres(&postgres.url()).await.execute("CREATE DATABASE restored").await;
    let mut restoring = postgres.client("pg_restore");
    let restoring = restoring.args(["--no-owner", "--exit-on-error", "--dbname"]).arg(url("restored")).arg(&backup);
    assert!(restoring.status().unwrap().success());
    let server = Setup::default().variable("DATABASE_URL", &url("restored")).set("SECRET_KEY", &key).start().await;
    assert_restored(&server, &saved, &late).await;
}
