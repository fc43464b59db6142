//! A request that was let in, and is still at work when its session ends: once that is answered, it changes nothing.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::sleep;

use crate::support::{Account, Answer, Call, PASSWORD, Schema, Setup, TestServer, Tokens, assert_problem, at_once};

const CHANGED: &str = "eight green bottles";
const ROUNDS: u32 = 12;
const RESET: &str = "nine blue bottles";

/// What ends the session of a change in flight.
#[derive(Clone, Copy, Debug)]
enum End {
    SignOut,
    SignOutEverywhere,
    Reset,
}

impl End {
    /// The call, ready to be sent.
    async fn plan(self, server: &TestServer, account: &Account, tokens: &Tokens) -> Call {
        match self {
            Self::SignOut => server.post("/auth/logout").json(&json!({"refresh_token": tokens.refresh})),
            Self::SignOutEverywhere => {
                let other = server.login(account).await;
                server.post("/auth/logout?scope=all").bearer(&other.access)
            }
            Self::Reset => {
                server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await;
                let mail = server.mailbox().about(&account.email, "set a new").await;
                server.post("/auth/password-reset").json(&json!({"token": mail.token(), "new_password": RESET}))
            }
        }
    }
}

fn change(server: &TestServer, tokens: &Tokens) -> Call {
    let body = json!({"current_password": PASSWORD, "new_password": CHANGED});
    server.post("/auth/change-password").bearer(&tokens.access).json(&body)
}

/// What the account is worth to whoever has its token.
async fn state(server: &TestServer, account: &Account) -> Vec<String> {
    let rows = server.rows().await;
    let id = rows.id(&account.id);
    let mut state = rows
        .column(&format!("SELECT password_hash || ' ' || email || ' ' || first_name FROM users WHERE id = {id}"))
        .await;
    for (table, column) in [("teams", "created_by"), ("invitations", "invited_by"), ("sessions", "user_id")] {
        let live = if table == "sessions" { " AND ended_at IS NULL" } else { "" };
        let count: i64 = rows.one(&format!("SELECT COUNT(*) FROM {table} WHERE {column} = {id}{live}")).await;
        state.push(format!("{table} {count}"));
    }
    state
}

/// What came of the request in flight, which has changed nothing since the other was answered.
async fn settled(
    server: &TestServer,
    account: &Account,
    in_flight: tokio::task::JoinHandle<Answer>,
    ended: &Answer,
) -> Answer {
    let at_the_answer = state(server, account).await;
    let answer = in_flight.await.unwrap();
    assert_eq!(state(server, account).await, at_the_answer, "after {ended:?} came {answer:?}");
    answer
}

#[tokio::test]
async fn a_password_that_is_still_being_hashed_is_not_set_once_the_end_of_its_session_was_answered() {
    let server = Setup::default().set("PASSWORD__BCRYPT_COST", "10").start().await;
    let (_, tokens) = server.signed_in("first@example.org").await;
    let began = Instant::now();
    change(&server, &tokens).send().await.expect(200);
    let takes = began.elapsed();
    for end in [End::SignOut, End::SignOutEverywhere, End::Reset] {
        let (mut refused, mut first) = (0, 0);
        for round in 0..ROUNDS {
            let (account, tokens) = server.signed_in(&format!("{end:?}{round}@example.org").to_lowercase()).await;
            let ending = end.plan(&server, &account, &tokens).await;
            let in_flight = tokio::spawn(change(&server, &tokens).send());
            sleep(takes * round / ROUNDS).await;
            let ended = ending.send().await;
            let answer = settled(&server, &account, in_flight, &ended).await;
            match answer.status {
                200 => first += 1,
                401 => {
                    assert_problem(&answer, 401, "invalid_token");
                    refused += 1;
                }
                // A reset has replaced the password before it was compared.
                403 => assert_problem(&answer, 403, "wrong_password"),
                _ => panic!("{answer:?}"),
            }
            if answer.status != 200 {
                let password = if matches!(end, End::Reset) { RESET } else { PASSWORD };
                server.sign_in(&account.email, password).send().await.expect(200);
            }
        }
        println!("{end:?}: of {ROUNDS} changes {refused} were refused, {first} came first");
        assert!(refused > 0, "no change was in flight");
    }
}

#[tokio::test]
async fn whatever_is_sent_together_with_a_sign_out_is_done_before_its_answer_or_not_at_all() {
    let server = TestServer::start().await;
    let (mut done, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let (account, tokens) = server.signed_in(&format!("user{round}@example.org")).await;
        let team = server.team(&tokens, "Teamname").await;
        let post = |path: &str, body| server.post(path).bearer(&tokens.access).json(&body);
        let writes = [
            post("/teams", json!({"name": "Late"})),
            server.patch("/auth/me").bearer(&tokens.access).json(&json!({"first_name": "Late"})),
            post(&format!("/teams/{team}/invite"), json!({"email": format!("g{round}@example.org"), "role": "member"})),
            post("/auth/change-password", json!({"current_password": PASSWORD, "new_password": CHANGED})),
            post("/teams", json!({"name": "Later"})),
        ];
        let ending = End::SignOut.plan(&server, &account, &tokens).await;
        let in_flight = tokio::spawn(at_once(writes));
        sleep(Duration::from_millis(round.into())).await;
        ending.send().await.expect(204);
        let at_the_answer = state(&server, &account).await;
        for answer in in_flight.await.unwrap() {
            if answer.status == 401 {
                assert_problem(&answer, 401, "invalid_token");
                refused += 1;
            } else {
                assert!(answer.status < 300, "{answer:?}");
                done += 1;
            }
        }
        assert_eq!(state(&server, &account).await, at_the_answer);
    }
    println!("beside {ROUNDS} sign-outs {done} writes were done before, {refused} refused");
}

/// What waits for the account's row is in flight as long as a test likes. On PostgreSQL: on SQLite the sign-out would
/// wait, too.
#[tokio::test]
async fn what_waits_for_a_lock_while_its_session_ends_is_refused() {
    // All of them wait, and those that sign out need connections beside theirs.
    let setup = Setup::default()
        .set("DATABASE__MAX_CONNECTIONS", "20")
        .set("DATABASE__ACQUIRE_TIMEOUT", "60s")
        .set("DATABASE__STATEMENT_TIMEOUT", "60s");
    let Some(mut nodes) = setup.start_nodes(1, Schema::Migrated).await else { return };
    let server = nodes.remove(0);
    let (account, tokens) = server.signed_in("owner@example.org").await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Account { id: String::new(), email: "root@example.org".to_owned(), password: PASSWORD.to_owned() };
    let root = server.login(&root).await;
    let team = server.team(&tokens, "Teamname").await;
    let late = || json!({"name": "Late"});
    let owned = [
        server.post("/teams").json(&late()),
        server.patch("/auth/me").json(&json!({"first_name": "Late"})),
        server.patch(&format!("/teams/{team}")).json(&late()),
        server.post(&format!("/teams/{team}/invite")).json(&json!({"email": "late@example.org", "role": "admin"})),
        server.delete(&format!("/teams/{team}")),
        server.post("/auth/logout?scope=all"),
        server.post("/auth/change-email").json(&json!({"current_password": PASSWORD, "new_email": "l@example.org"})),
        server.post("/auth/delete-account").json(&json!({"current_password": PASSWORD})),
    ];
    let mut calls: Vec<Call> = owned.into_iter().map(|call| call.bearer(&tokens.access)).collect();
    let off = json!({"is_active": false});
    calls.push(server.patch(&format!("/admin/users/{}", account.id)).bearer(&root.access).json(&off));
    calls.push(server.delete(&format!("/admin/users/{}", account.id)).bearer(&root.access));

    let rows = server.rows().await;
    let held = rows.hold_by("SELECT 1 FROM users FOR UPDATE").await;
    let waiting = tokio::spawn(at_once(calls));
    sleep(Duration::from_secs(1)).await;
    for session in [&tokens, &root] {
        server.post("/auth/logout").json(&json!({"refresh_token": session.refresh})).send().await.expect(204);
    }
    let at_the_answer = rows.dump().await;
    held.release().await;
    for answer in waiting.await.unwrap() {
        assert_problem(&answer, 401, "invalid_token");
    }
    assert_eq!(rows.dump().await, at_the_answer);
}
