//! Killed at any moment under mixed writes: what was answered is there, and nothing is there by half.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::ledger::{Caller, Chance, Fate, Story, Writers, check, check_retries, check_rows, report};
use crate::support::{PASSWORD, TestServer, number};

const ROUNDS: u64 = 50;
const WRITERS: u64 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill_and_nothing_is_there_by_half() {
    let rounds = number("KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("KILL_SEED").unwrap_or(u64::from(std::process::id()));
    println!("KILL_ROUNDS={rounds} KILL_SEED={seed}");
    let mut chance = Chance(seed);
    let mut server = TestServer::start().await;
    let mut stories: Vec<Story> = Vec::new();
    for round in 0..rounds {
        let writers = Writers::start(&[&server], WRITERS, &format!("r{round}"));
        tokio::time::sleep(Duration::from_millis(10 + chance.below(170))).await;
        server.kill();
        let told = writers.join().await;
        server = server.restart().await;
        check_rows(&server, round).await;
        for story in told.iter().filter(|story| story.logged_out != Fate::Done).chain(told.last()) {
            check_retries(&server, story).await;
        }
        stories.extend(told);
    }
    let done = report(&stories);
    assert!(done > 20, "too little happened for this test to say anything: {done}");
    for story in stories.iter().rev().take(300) {
        check(&server, story).await;
    }
}

#[tokio::test]
async fn a_one_time_token_works_once_also_across_a_kill() {
    let mut server = TestServer::start().await;
    for n in 0..5 {
        let account = server.register(&format!("once{n}@example.org")).await;
        let token = server.mailbox().wait_for(&account.email, 1).await[0].token();
        let body = json!({"token": token, "password": PASSWORD});
        let caller = Caller::of(&server);
        let mut uses = JoinSet::new();
        for _ in 0..4 {
            let (caller, body) = (caller.clone(), body.clone());
            uses.spawn(
                async move { caller.post("/auth/verify-email").json(&body).try_send().await.ok().map(|a| a.status) },
            );
        }
        tokio::time::sleep(Duration::from_millis(3 * n)).await;
        server.kill();
        let answers = uses.join_all().await;
        server = server.restart().await;
        let again = server.post("/auth/verify-email").json(&body).send().await.status;
        let successes = answers.iter().filter(|status| **status == Some(200)).count() + usize::from(again == 200);
        assert!(successes <= 1, "{answers:?}, then {again}");
        let tokens = server.login(&account).await;
        let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
        assert_eq!(me["email_verified"], true, "{answers:?}, then {again}");
    }
}
