//! Refresh tokens: each is good once, and the family ends when an old one comes back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::support::{
    Answer, Call, PASSWORD, Setup, TestServer, Timing, Tokens, assert_no_leak, assert_problem, at_once, claims_of,
    near_miss,
};

fn refresh(server: &TestServer, token: &str) -> Call {
    server.post("/auth/refresh").json(&json!({"refresh_token": token}))
}

async fn refreshed(server: &TestServer, tokens: &Tokens) -> Tokens {
    let answer = refresh(server, &tokens.refresh).send().await.expect(200);
    assert_no_leak(&answer);
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    Tokens::of(&answer)
}

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_problem(answer, 401, "invalid_refresh_token");
}

/// Fails if any of these tokens still counts.
async fn assert_dead(server: &TestServer, tokens: &[&Tokens]) {
    for pair in tokens {
        assert_problem(&server.get("/auth/me").bearer(&pair.access).send().await, 401, "invalid_token");
        assert_refused(&refresh(server, &pair.refresh).send().await);
    }
}

async fn assert_alive(server: &TestServer, tokens: &Tokens) -> Tokens {
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    refreshed(server, tokens).await
}

async fn audited(server: &TestServer, kind: &str) -> i64 {
    server.rows().await.one(&format!("SELECT COUNT(*) FROM audit_events WHERE kind = '{kind}'")).await
}

#[tokio::test]
async fn an_old_token_ends_its_family_and_tells_the_owner() {
    let server = Setup::default().set("TOKENS__REFRESH_REUSE_WINDOW", "1s").start().await;
    let (account, first) = server.signed_in("reuse@example.org").await;
    let elsewhere = server.login(&account).await;
    let second = refreshed(&server, &first).await;
    sleep(Duration::from_millis(1_200)).await;
    assert_refused(&refresh(&server, &first.refresh).send().await);
    assert_dead(&server, &[&second, &first]).await;
    assert_alive(&server, &elsewhere).await;
    let rows = server.rows().await;
    let about: Vec<i64> = rows
        .column("SELECT COUNT(*) FROM audit_events WHERE kind = 'refresh_token_reused' AND user_id IS NOT NULL")
        .await;
    assert_eq!(about, [1], "audited once, however often it comes back");
    let mail = server.mailbox().about("reuse@example.org", "signed out").await;
    assert!(!mail.text.contains(&first.refresh) && !mail.text.contains("token="), "{}", mail.text);

    let body = json!({"email": "reuse@example.org"});
    server.post("/auth/password-reset-request").json(&body).send().await.expect(202);
    server.mailbox().about("reuse@example.org", "new password").await;
    let told = server.mailbox().to("reuse@example.org");
    assert_eq!(told.iter().filter(|mail| mail.subject.contains("signed out")).count(), 1);
}

#[tokio::test]
async fn inside_the_window_the_former_token_gets_the_same_successor() {
    let server = TestServer::start().await;
    let (_, first) = server.signed_in("window@example.org").await;
    let second = refreshed(&server, &first).await;
    let again = refreshed(&server, &first).await;
    assert_eq!(again.refresh, second.refresh);
    assert_ne!(claims_of(&again.access)["jti"], claims_of(&second.access)["jti"]);
    assert_eq!(claims_of(&again.access)["sid"], claims_of(&first.access)["sid"]);
    for tokens in [&first, &second, &again] {
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    }
    assert_alive(&server, &second).await;
    assert_eq!(audited(&server, "refresh_token_reused").await, 0);
}

#[tokio::test]
async fn an_older_generation_ends_the_family_also_inside_the_window() {
    let server = TestServer::start().await;
    let (_, first) = server.signed_in("generation@example.org").await;
    let second = refreshed(&server, &first).await;
    let third = refreshed(&server, &second).await;
    assert_refused(&refresh(&server, &first.refresh).send().await);
    assert_dead(&server, &[&third, &second, &first]).await;
    assert_eq!(audited(&server, "refresh_token_reused").await, 1);
}

#[tokio::test]
async fn without_a_window_every_token_is_good_once() {
    let server = Setup::default().set("TOKENS__REFRESH_REUSE_WINDOW", "0s").start().await;
    let (account, first) = server.signed_in("strict@example.org").await;
    let second = refreshed(&server, &first).await;
    assert_refused(&refresh(&server, &first.refresh).send().await);
    assert_dead(&server, &[&second]).await;

    for _ in 0..10 {
        let tokens = server.login(&account).await;
        let answers = at_once((0..20).map(|_| refresh(&server, &tokens.refresh))).await;
        let (good, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert_eq!(good.len(), 1, "one winner");
        for answer in refused {
            assert_refused(answer);
        }
        assert_dead(&server, &[&Tokens::of(good[0]), &tokens]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_successor_lives() {
    let server = TestServer::start().await;
    let (_, mut tokens) = server.signed_in("fifty@example.org").await;
    for _ in 0..10 {
        let answers = at_once((0..50).map(|_| refresh(&server, &tokens.refresh))).await;
        let successors: BTreeSet<String> =
            answers.iter().map(|answer| Tokens::of(&answer.clone().expect(200)).refresh).collect();
        assert_eq!(successors.len(), 1, "everyone holds the same one");
        assert!(!successors.contains(&tokens.refresh));
        tokens = assert_alive(&server, &Tokens::of(&answers[0])).await;
    }
    let rows = server.rows().await;
    assert_eq!(rows.count("sessions").await, 1);
    assert_eq!(audited(&server, "refresh_token_reused").await, 0);
}

#[tokio::test]
async fn refreshing_does_not_extend_a_session_beyond_its_end() {
    let server = TestServer::start().await;
    let (_, mut tokens) = server.signed_in("absolute@example.org").await;
    end_soon(&server, "expires_at", "+3 seconds").await;
    let start = Instant::now();
    let refused = loop {
        let answer = refresh(&server, &tokens.refresh).send().await;
        if answer.status != 200 {
            break answer;
        }
        let left = answer.json()["refresh_expires_in"].as_i64().unwrap();
        assert!((0..=3).contains(&left), "{left}");
        assert!(start.elapsed() < Duration::from_secs(6), "it goes on for ever");
        tokens = Tokens::of(&answer);
        sleep(Duration::from_millis(250)).await;
    };
    assert_refused(&refused);
    assert!(start.elapsed() >= Duration::from_millis(2_500), "{:?}", start.elapsed());
    assert_dead(&server, &[&tokens]).await;
}

/// Moves an end of every session, as if it had begun long ago.
async fn end_soon(server: &TestServer, column: &str, modifier: &str) {
    let rows = server.rows().await;
    let end = rows.moment(modifier);
    assert_eq!(rows.execute(&format!("UPDATE sessions SET {column} = {end}")).await, 1);
}

#[tokio::test]
async fn a_session_that_is_not_used_ends() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("idle@example.org").await;
    end_soon(&server, "idle_expires_at", "-1 seconds").await;
    assert_refused(&refresh(&server, &tokens.refresh).send().await);
    assert_eq!(audited(&server, "refresh_token_reused").await, 0);
}

#[tokio::test]
async fn accounts_that_are_disabled_or_deleted_get_no_tokens() {
    let server = TestServer::start().await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    let (disabled, disabled_tokens) = server.signed_in("disabled@example.org").await;
    let (_, deleted_tokens) = server.signed_in("deleted@example.org").await;
    let set_active = |active: bool| {
        let call = server.patch(&format!("/admin/users/{}", disabled.id)).bearer(&root.access);
        call.json(&json!({"is_active": active})).send()
    };
    set_active(false).await.expect(200);
    let body = json!({"current_password": PASSWORD});
    server.post("/auth/delete-account").bearer(&deleted_tokens.access).json(&body).send().await.expect(204);
    assert_dead(&server, &[&disabled_tokens, &deleted_tokens]).await;
    set_active(true).await.expect(200);
    assert_dead(&server, &[&disabled_tokens]).await;
    assert_alive(&server, &server.login(&disabled).await).await;
}

#[tokio::test]
async fn a_refresh_after_a_change_of_role_tells_the_new_one() {
    let server = TestServer::start().await;
    let (_, admin) = server.signed_in("admin@example.org").await;
    let (member, tokens) = server.signed_in("member@example.org").await;
    let team = server.team(&admin, "Roles").await;
    let invite = json!({"email": "member@example.org", "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&invite).send().await.expect(200);
    let tokens = refreshed(&server, &tokens).await;
    assert_eq!(claims_of(&tokens.access)["roles"], json!({team.clone(): "member"}));
    let path = format!("/teams/{team}/members/{}", member.id);
    server.patch(&path).bearer(&admin.access).json(&json!({"role": "admin"})).send().await.expect(200);
    let tokens = refreshed(&server, &tokens).await;
    assert_eq!(claims_of(&tokens.access)["roles"], json!({team.clone(): "admin"}));
    server.delete(&path).bearer(&tokens.access).send().await.expect(204);
    let tokens = refreshed(&server, &tokens).await;
    assert_eq!((&claims_of(&tokens.access)["roles"], &claims_of(&tokens.access)["teams"]), (&json!({}), &json!([])));
}

#[tokio::test]
async fn a_near_miss_takes_as_long_as_a_token_that_is_far_off() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("user@example.org").await;
    let far_off: String = tokens.refresh.chars().rev().collect();
    let near = |n: usize| refresh(&server, &near_miss(&tokens.refresh, tokens.refresh.len() - 1 - n % 8));
    Timing::assert_alike(near, |n| refresh(&server, &near_miss(&far_off, n))).await;
    assert_alive(&server, &tokens).await;
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_and_harms_none() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("garbage@example.org").await;
    let token = &tokens.refresh;
    let mut shapes = BTreeSet::new();
    for bad in [
        near_miss(token, 0),
        near_miss(token, 30),
        near_miss(token, 60),
        near_miss(token, token.len() - 1),
        token[..token.len() - 1].to_owned(),
        token[..22].to_owned(),
        format!("{token}A"),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{token}\0"),
        "' OR 1=1 --".to_owned(),
        "\0".to_owned(),
        "x".repeat(10_000),
    ] {
        let answer = refresh(&server, &bad).send().await;
        assert_refused(&answer);
        let mut body = answer.json();
        body["request_id"] = Value::Null;
        shapes.insert(body.to_string());
    }
    assert_eq!(shapes.len(), 1, "{shapes:?}");
    assert_problem(&refresh(&server, &"x".repeat(1_000_000)).send().await, 413, "payload_too_large");
    for odd in
        [json!({}), json!({"refresh_token": 7}), json!({"refresh_token": [token]}), json!({"refresh_token": null})]
    {
        let answer = server.post("/auth/refresh").json(&odd).send().await;
        assert_problem(&answer, 422, "validation_failed");
    }
    assert_alive(&server, &tokens).await;
}

#[tokio::test]
async fn after_a_logout_neither_token_counts() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("logout@example.org").await;
    let next = refreshed(&server, &tokens).await;
    server.post("/auth/logout").bearer(&next.access).send().await.expect(204);
    assert_dead(&server, &[&tokens, &next]).await;

    let tokens = server.login(&account).await;
    let by_refresh_token = || server.post("/auth/logout").json(&json!({"refresh_token": tokens.refresh}));
    by_refresh_token().send().await.expect(204);
    assert_dead(&server, &[&tokens]).await;
    assert_eq!(audited(&server, "refresh_token_reused").await, 0, "an ended session is no theft");
}

#[tokio::test]
async fn logging_out_is_no_oracle() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("oracle@example.org").await;
    let by = |token: &str| server.post("/auth/logout").json(&json!({"refresh_token": token}));
    let (known, unknown) = (by(&tokens.refresh).send().await, by("unknown").send().await);
    for answer in [&known, &unknown, &by(&tokens.refresh).send().await, &by("").send().await] {
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{answer:?}");
    }
    let twice = server.post("/auth/logout").bearer(&tokens.access).send().await;
    assert_problem(&twice, 401, "invalid_token");
    assert_problem(&server.post("/auth/logout").bearer("garbage").send().await, 401, "invalid_token");
    assert_problem(&server.post("/auth/logout").send().await, 401, "authentication_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_beside_a_refresh_leaves_no_live_token() {
    let server = TestServer::start().await;
    let account = server.verified("beside@example.org").await;
    for round in 0..20 {
        let tokens = server.login(&account).await;
        let logout = if round % 2 == 0 {
            server.post("/auth/logout").bearer(&tokens.access)
        } else {
            server.post("/auth/logout").json(&json!({"refresh_token": tokens.refresh}))
        };
        let answers = at_once(vec![logout, refresh(&server, &tokens.refresh)]).await;
        assert_eq!(answers[0].status, 204, "{:?}", answers[0]);
        if answers[1].status == 200 {
            assert_dead(&server, &[&Tokens::of(&answers[1])]).await;
        } else {
            assert_refused(&answers[1]);
        }
        assert_dead(&server, &[&tokens]).await;
    }
}

#[tokio::test]
async fn a_session_may_move_and_that_is_audited() {
    let server = TestServer::start().await;
    let account = server.verified("moving@example.org").await;
    let login = server.sign_in(&account.email, PASSWORD).header("user-agent", "one").send().await.expect(200);
    let with = |tokens: &Tokens, agent: &str| refresh(&server, &tokens.refresh).header("user-agent", agent);
    let stayed = Tokens::of(&with(&Tokens::of(&login), "one").send().await.expect(200));
    assert_eq!(audited(&server, "session_moved").await, 0);
    let moved = Tokens::of(&with(&stayed, "two").send().await.expect(200));
    assert_eq!(audited(&server, "session_moved").await, 1);
    let settled = Tokens::of(&with(&moved, "two").send().await.expect(200));
    assert_eq!(audited(&server, "session_moved").await, 1);
    let sessions = server.get("/auth/sessions").bearer(&settled.access).send().await.expect(200);
    assert_eq!(sessions.text_at("/0/user_agent"), "two");
}

#[tokio::test]
async fn refresh_tokens_are_not_in_the_database() {
    let server = TestServer::start().await;
    let (_, first) = server.signed_in("stored@example.org").await;
    let second = refreshed(&server, &first).await;
    let dump = server.rows().await.dump().await;
    assert!(dump.contains("stored@example.org"), "the dump shows what is there");
    for token in [&first.refresh, &second.refresh] {
        let hex = token.bytes().fold(String::new(), |hex, octet| hex + &format!("{octet:02X}"));
        assert!(!dump.contains(token.as_str()) && !dump.contains(&hex));
    }
}
