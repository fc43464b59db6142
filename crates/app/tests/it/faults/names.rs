//! Names of hosts that nobody knows, for now, or that lead elsewhere from one moment to the next.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::faults::HEALING;
use crate::faults::ledger::say;
use crate::faults::smtp_sink::SmtpSink;
use crate::support::{PASSWORD, PostgresServer, Preloaded, Redis, Setup, TestServer, assert_problem};

/// What the resolver of a node knows of the names under `.test`, by a library that stands before the system's.
struct Names(Preloaded);

impl Names {
    /// None.
    fn build() -> Self {
        Self(Preloaded::build("faults/names/resolve.c", ""))
    }

    fn asked_by(&self, setup: Setup) -> Setup {
        self.0.worn_by(setup, "NAMES_FILE")
    }

    /// All of these are at this address.
    fn are_at(&self, names: &[&str], address: &str) {
        self.0.tell(&names.iter().map(|name| format!("{name} {address}\n")).collect::<String>());
    }

    fn are_forgotten(&self) {
        self.0.tell("");
    }
}

async fn becomes(server: &TestServer, redis: &str) {
    let (start, wanted) = (Instant::now(), format!(r#""redis","status":"{redis}""#));
    while !server.get("/health/ready").send().await.expect(200).text.contains(&wanted) {
        assert!(start.elapsed() < HEALING, "Redis does not become {redis}:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    say(&format!("Redis is {redis} after {:?}", start.elapsed()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_of_redis_and_the_mail_server_that_nobody_knows_are_looked_up_again() {
    let Some(redis) = Redis::start() else { return };
    let (sink, names) = (SmtpSink::start(), Names::build());
    let setup = names.asked_by(Setup::default()).set("REDIS__TIMEOUT", "1s");
    let setup = setup.variable("REDIS_URL", &redis.url().replace("127.0.0.1", "redis.test"));
    let start = Instant::now();
    let server = setup.variable("SMTP_URL", &sink.url().replace("127.0.0.1", "mail.test")).start().await;
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
    becomes(&server, "degraded").await;
    let account = server.register("early@example.org").await;
    let tokens = server.login(&account).await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    let rows = server.rows().await;
    let start = Instant::now();
    while rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE attempts > 0").await == 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "nothing was tried:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }

    names.are_at(&["redis.test", "mail.test"], "127.0.0.1");
    becomes(&server, "ready").await;
    let start = Instant::now();
    while sink.mails_to(&account.email).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "the mail is lost:\n{}", server.log());
        rows.execute("UPDATE mails SET next_attempt_at = '2000-01-01T00:00:00.000Z' WHERE status = 'queued'").await;
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(sink.mails_to(&account.email).len(), 1);

    names.are_forgotten();
    redis.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
    becomes(&server, "degraded").await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    names.are_at(&["redis.test"], "127.0.0.2");
    becomes(&server, "ready").await;
    assert!(redis.ask(&["CLIENT", "LIST"]).contains("laddr=127.0.0.2:"), "it is used elsewhere");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_name_of_the_database_is_looked_up_again() {
    let Some(postgres) = PostgresServer::start() else { return };
    let names = Names::build();
    names.are_at(&["database.test"], "127.0.0.1");
    let setup = Setup::default().set("DATABASE__ACQUIRE_TIMEOUT", "1s").set("DATABASE__STATEMENT_TIMEOUT", "3s");
    let by_name = postgres.url().replace("127.0.0.1", "database.test");
    let mut server = names.asked_by(setup).start_by_way_of(&postgres.url(), &by_name).await;
    let account = server.register("owner@example.org").await;
    assert!(server.terminate().await.success());

    names.are_forgotten();
    let start = Instant::now();
    let output = server.run(&["serve"], "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    for part in ["cannot reach the database; see that the server which database.url names runs", "not known"] {
        assert!(errors.contains(part), "{errors}");
    }
    let refused = start.elapsed();
    assert!(refused < Duration::from_secs(20), "{refused:?}");

    let restarted = tokio::spawn(server.restart());
    sleep(Duration::from_millis(1_500)).await;
    names.are_at(&["database.test"], "127.0.0.1");
    let server = restarted.await.unwrap();
    assert!(server.log().contains("the database is not there yet"), "{}", server.log());
    server.login(&account).await;

    names.are_forgotten();
    let rows = server.rows().await;
    rows.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'countersign'").await;
    let mut outages = 0;
    for _ in 0..10 {
        let start = Instant::now();
        let answer = server.sign_in(&account.email, PASSWORD).send().await;
        assert_problem(&answer, 503, "service_unavailable");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        outages += 1;
    }
    names.are_at(&["database.test"], "127.0.0.2");
    let start = Instant::now();
    while server.sign_in(&account.email, PASSWORD).send().await.status != 200 {
        assert!(start.elapsed() < HEALING, "it does not heal by itself:\n{}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    say(&format!(
        "a start without the name ended after {refused:?}; {outages} calls were answered 503 while it was not known; \
         served again after {:?}",
        start.elapsed()
    ));
}
