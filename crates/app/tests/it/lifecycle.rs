//! Starting and stopping.

mod sqlite;

use serde_json::Value;

use crate::support::{Answer, Setup, TestServer, assert_problem, command, run};

#[tokio::test]
async fn a_start_tells_where_everything_is() {
    let server = Setup::default().with_local_mailbox().start().await;
    let banner = server.output();
    for part in [server.url("/docs"), "curl -w '\\n' -X POST".to_owned(), "data/mailbox".to_owned()] {
        assert!(banner.contains(&part), "{part} is missing in {banner}");
    }
    assert!(server.log().contains(&format!("\"address\":\"{}\"", server.address())), "{}", server.log());
}

#[tokio::test]
async fn the_first_call_that_a_start_prints_can_be_pasted() {
    let server = Setup::default().with_local_mailbox().start().await;
    let banner = server.output();
    let printed = &banner[banner.find("curl ").unwrap()..];
    // Whoever pastes it puts in an address of their own.
    let pasted = printed.replace("you@example.org", "pasted@example.org");
    let shell = tokio::task::spawn_blocking(|| std::process::Command::new("sh").arg("-c").arg(pasted).output());
    let output = shell.await.unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let account: serde_json::Value = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(account["email"], "pasted@example.org", "{said}");
    assert!(said.ends_with('\n'), "the prompt is on a line of its own");
    server.mailbox().wait_for("pasted@example.org", 1).await;
}

#[tokio::test]
async fn a_listener_that_others_reach_without_a_known_proxy_is_warned_of() {
    let warns =
        |log: String| log.lines().any(|line| line.contains("\"WARN\"") && line.contains("server.trusted_proxies"));
    let open = Setup::bare().set("SERVER__LISTEN", "0.0.0.0:0").set("SERVER__PUBLIC_URL", "http://localhost:8080");
    assert!(warns(open.clone().start().await.log()));
    assert!(!warns(open.set("SERVER__TRUSTED_PROXIES", "10.0.0.0/8").start().await.log()));
}

#[tokio::test]
async fn mail_that_nobody_gets_is_warned_of() {
    let warns = |log: String| log.lines().any(|line| line.contains("\"WARN\"") && line.contains("nobody gets mail"));
    let home = Setup::default().embedded().set("DEV", "false").set("PASSWORD__BCRYPT_COST", "10");
    let away = home.clone().set("SERVER__PUBLIC_URL", "https://accounts.example.org");
    let away = away.set("SERVER__TRUSTED_PROXIES", "127.0.0.0/8");
    assert!(warns(away.clone().start().await.log()));
    assert!(!warns(away.variable("SMTP_URL", "smtp://127.0.0.1:1").start().await.log()));
    assert!(!warns(home.start().await.log()));
}

#[tokio::test]
async fn sigterm_and_sigint_end_it_with_code_0() {
    for signal in ["TERM", "INT"] {
        let mut server = TestServer::start().await;
        server.signal(signal);
        assert_eq!(server.wait_for_end().await.code(), Some(0), "{}", server.log());
        assert!(server.log().contains("\"stopped\""), "{}", server.log());
    }
}

#[tokio::test]
async fn a_signal_ends_a_start_that_waits_for_its_database() {
    for signal in ["TERM", "INT"] {
        // Takes connections, and never says a word.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("postgres://user:hush-hush@{}/accounts", silent.local_addr().unwrap());
        let mut starting = command(folder.path());
        starting.envs([
            ("DATABASE_URL", url.as_str()),
            ("COUNTERSIGN__SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY="),
            ("COUNTERSIGN__DATABASE__ACQUIRE_TIMEOUT", "60s"),
            ("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0"),
        ]);
        let mut starting = starting.stdout(std::process::Stdio::null()).spawn().unwrap();
        let _connection = silent.accept().unwrap();
        let told = std::time::Instant::now();
        let pid = starting.id().to_string();
        assert!(std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
        let end = loop {
            if let Some(end) = starting.try_wait().unwrap() {
                break end;
            }
            if told.elapsed() > std::time::Duration::from_secs(10) {
                starting.kill().unwrap();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        assert_eq!(end.code(), Some(0));
        assert!(told.elapsed() < std::time::Duration::from_secs(5), "{:?}", told.elapsed());
    }
}

/// How it says that its database is.
fn condition_of_database(ready: &Answer) -> Value {
    let dependencies = ready.json()["dependencies"].as_array().unwrap().clone();
    let of_database: Vec<_> = dependencies.iter().filter(|entry| entry["name"] == "database").collect();
    assert_eq!(of_database.len(), 1, "{}", ready.text);
    of_database[0]["status"].clone()
}

#[tokio::test]
async fn it_is_ready_as_long_as_its_database_is() {
    let server = TestServer::start().await;
    let ask = || server.get("/health/ready").send();
    let ready = ask().await.expect(200);
    assert_eq!((ready.json()["status"].clone(), condition_of_database(&ready)), ("ready".into(), "ready".into()));
    let rows = server.rows().await;
    rows.execute("ALTER TABLE seaql_migrations RENAME TO aside").await;
    let refused = ask().await.expect(503);
    assert_eq!(
        (refused.json()["status"].clone(), condition_of_database(&refused)),
        ("not_ready".into(), "not_ready".into())
    );
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{refused:?}");
    server.get("/health/live").send().await.expect(200);
    rows.execute("ALTER TABLE aside RENAME TO seaql_migrations").await;
    assert_eq!(condition_of_database(&ask().await.expect(200)), "ready");
}

#[tokio::test]
async fn a_node_whose_clock_is_not_its_databases_is_not_ready_and_says_why() {
    let mut server = TestServer::start().await;
    if !server.rows().await.put_clock_an_hour_ahead().await {
        return;
    }
    server.terminate().await;
    let server = server.restart_unready().await;
    let refused = server.get("/health/ready").send().await.expect(503);
    assert_eq!(condition_of_database(&refused), "not_ready", "{}", refused.text);
    let begun = std::time::Instant::now();
    // A busy machine reads the log after the answer.
    let why = loop {
        let log = server.log();
        if let Some(line) = log.lines().find(|line| line.contains("\"not ready\"")) {
            break line.to_owned();
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{log}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert!(why.contains("its clock and this node's differ by 3"), "{why}");
    server.get("/health/live").send().await.expect(200);
}

#[tokio::test]
async fn readiness_fails_before_the_listener_closes() {
    let mut server = Setup::default().set("SERVER__SHUTDOWN_DELAY", "3s").start().await;
    server.signal("TERM");
    let start = std::time::Instant::now();
    let refused = loop {
        let answer = server.get("/health/ready").send().await;
        if answer.status != 200 {
            break answer;
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(2), "it still says that it is ready");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    };
    assert_eq!(refused.status, 503, "{}", refused.text);
    server.get("/health/live").send().await.expect(200);
    assert_eq!(server.wait_for_end().await.code(), Some(0));
}

#[tokio::test]
async fn what_was_answered_is_there_after_a_kill() {
    let mut server = TestServer::start().await;
    let account = server.register("kept@example.org").await;
    server.kill();
    let server = server.restart().await;
    server.login(&account).await;
    assert_problem(&server.registration("kept@example.org", "another pass phrase").send().await, 409, "email_taken");
    assert_eq!(server.rows().await.count("users").await, 1);
}

#[tokio::test]
async fn health_says_whether_the_service_is_ready() {
    let mut server = TestServer::start().await;
    let listen = server.address().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let health = || run(folder.path(), &["health"], &[("COUNTERSIGN__SERVER__LISTEN", &listen)]).status.code();
    assert_eq!(health(), Some(0));
    server.terminate().await;
    assert_eq!(health(), Some(1));
}

#[tokio::test]
async fn the_last_thing_that_a_first_start_says_is_where_everything_is() {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let both = std::fs::File::create(&said).unwrap();
    let mut command = command(folder.path());
    command.env("COUNTERSIGN__SERVER__LISTEN", "127.0.0.1:0").stdout(both.try_clone().unwrap()).stderr(both);
    let mut child = command.spawn().unwrap();
    let start = std::time::Instant::now();
    let said = loop {
        let said = std::fs::read_to_string(&said).unwrap();
        // The sample call is the banner's end.
        if said.contains("\n    -d '{") || start.elapsed() > std::time::Duration::from_secs(30) {
            break said;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let (log, banner) = said.split_once("\nCountersign ").unwrap();
    assert!(log.lines().all(|line| line.starts_with('{')), "{said}");
    assert!(log.lines().count() < 10 && !log.contains("sea_orm_migration"), "{log}");
    assert!(!banner.lines().any(|line| line.starts_with('{')), "{said}");
}
