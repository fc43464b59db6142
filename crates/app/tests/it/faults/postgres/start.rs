//! Starts while PostgreSQL is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::faults::postgres::setup;
use crate::support::{PostgresServer, Rows, SECRET_KEY, run, said};

#[tokio::test]
async fn a_start_waits_for_a_database_that_is_about_to_come() {
    let Some(postgres) = PostgresServer::start().map(Arc::new) else { return };
    let mut server = setup().start_on(&postgres.url()).await;
    let account = server.register("before@example.org").await;
    assert!(server.terminate().await.success());
    postgres.stop("fast");
    let later = Arc::clone(&postgres);
    let begun = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_millis(2_500));
        later.begin();
    });
    let server = server.restart().await;
    begun.await.unwrap();
    server.login(&account).await;
    assert!(server.log().contains("the database is not there yet"), "{}", server.log());
    drop(server);
}

#[tokio::test]
async fn a_start_without_the_database_ends_and_says_so() {
    let Some(postgres) = PostgresServer::start() else { return };
    let mut server = setup().start_on(&postgres.url()).await;
    assert!(server.terminate().await.success());
    postgres.stop("fast");
    let start = Instant::now();
    let output = server.run(&["serve"], "");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.contains("cannot reach the database; see that the server which database.url names runs"),
        "{errors}"
    );
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    postgres.begin();
}

#[tokio::test]
async fn a_start_that_the_server_turns_away_ends_at_once_and_says_why() {
    let Some(postgres) = PostgresServer::start() else { return };
    let rows = Rows::of_postgres(&postgres.url()).await;
    rows.execute("CREATE ROLE service LOGIN PASSWORD 'open-sesame'").await;
    drop(rows);
    postgres.ask_for_passwords("service,nobody");
    let url = |user: &str, name: &str| format!("postgres://{user}@127.0.0.1:{}/{name}", postgres.port());
    for (url, why) in [
        (url("service:hush-hush", "postgres"), "password authentication failed"),
        (url("nobody:hush-hush", "postgres"), "password authentication failed"),
        (url("stranger:hush-hush", "postgres"), "no pg_hba.conf entry"),
        (url("service:open-sesame", "elsewhere"), "database \"elsewhere\" does not exist"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let variables = [
            ("DATABASE_URL", url.as_str()),
            ("COUNTERSIGN__SECRET_KEY", SECRET_KEY),
            ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0"),
        ];
        for arguments in [&["serve"][..], &["migrate", "up"], &["keys", "list"]] {
            let (code, output, errors) = said(&run(folder.path(), arguments, &variables));
            assert_eq!((code, output.as_str()), (Some(1), ""), "{errors}");
            assert!(errors.contains("cannot use the database; see that its server knows user"), "{errors}");
            assert!(errors.contains(why) && !errors.contains("hush") && !errors.contains("sesame"), "{errors}");
            assert!(!errors.contains("not there yet"), "waiting makes it no other: {errors}");
        }
    }
}
