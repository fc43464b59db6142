//! Changing the address: who may, what it ends, and who is told.

use serde_json::json;

use crate::support::{Account, Call, PASSWORD, Setup, TestServer, Tokens, assert_problem, at_once, claims_of, count};

const NEW: &str = "new@example.org";

fn change(server: &TestServer, tokens: &Tokens, password: &str, new_email: &str) -> Call {
    let body = json!({"current_password": password, "new_email": new_email});
    server.post("/auth/change-email").bearer(&tokens.access).json(&body)
}

fn confirm(server: &TestServer, token: &str) -> Call {
    server.post("/auth/confirm-email-change").json(&json!({"token": token}))
}

/// Asks for the new address; the token mailed to it.
async fn mailed(server: &TestServer, tokens: &Tokens, new_email: &str) -> String {
    change(server, tokens, PASSWORD, new_email).send().await.expect(202);
    server.mailbox().about(new_email, "new e-mail address").await.token()
}

async fn address(server: &TestServer, tokens: &Tokens) -> String {
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).text_at("/email")
}

#[tokio::test]
async fn the_new_address_takes_over_and_the_old_one_is_told() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("old@example.org").await;
    let token = mailed(&server, &tokens, NEW).await;
    assert_eq!(address(&server, &tokens).await, account.email, "nothing has changed before the proof");
    confirm(&server, &token).send().await.expect(200);

    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["id"], &me["email"], &me["email_verified"]), (&json!(account.id), &json!(NEW), &json!(true)));
    server.sign_in(NEW, PASSWORD).send().await.expect(200);
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
    let notice = server.mailbox().about(&account.email, "address was changed").await;
    assert!(!notice.raw.contains(NEW) && !notice.raw.contains(&token), "{}", notice.raw);
    assert_problem(&confirm(&server, &token).send().await, 400, "invalid_token");
    // The old address is free again, for another account.
    let other = server.registration(&account.email, PASSWORD).send().await.expect(201);
    assert_ne!(other.text_at("/id"), account.id);
}

#[tokio::test]
async fn every_session_but_the_requester_s_ends() {
    let server = TestServer::start().await;
    let (account, requester) = server.signed_in("old@example.org").await;
    let others = [server.login(&account).await, server.login(&account).await];
    let token = mailed(&server, &requester, NEW).await;
    confirm(&server, &token).send().await.expect(200);
    for tokens in &others {
        assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
        let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
        assert_problem(&refresh.send().await, 401, "invalid_refresh_token");
    }
    assert_eq!(address(&server, &requester).await, NEW);
    let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": requester.refresh}));
    let fresh = Tokens::of(&refresh.send().await.expect(200));
    assert_eq!(address(&server, &fresh).await, NEW);
}

#[tokio::test]
async fn a_change_goes_with_the_session_that_asked_for_it() {
    let server = TestServer::start().await;
    let (account, owner) = server.signed_in("old@example.org").await;
    for round in 0..4 {
        let thief = server.login(&account).await;
        let new = format!("new{round}@example.org");
        let token = mailed(&server, &thief, &new).await;
        let sid = claims_of(&thief.access)["sid"].as_str().unwrap().to_owned();
        let ended = match round {
            0 => server.post("/auth/logout?scope=others").bearer(&owner.access),
            1 => server.delete(&format!("/auth/sessions/{sid}")).bearer(&owner.access),
            2 => server.post("/auth/logout").bearer(&thief.access),
            _ => server.post("/auth/logout").json(&json!({"refresh_token": thief.refresh})),
        };
        ended.send().await.expect(204);
        assert_problem(&confirm(&server, &token).send().await, 400, "invalid_token");
        assert_eq!(address(&server, &owner).await, account.email);
    }
    // What the session that is kept asked for itself goes on.
    let token = mailed(&server, &owner, NEW).await;
    server.post("/auth/logout?scope=others").bearer(&owner.access).send().await.expect(204);
    confirm(&server, &token).send().await.expect(200);
}

#[tokio::test]
async fn tokens_mailed_to_the_old_address_die() {
    let server = TestServer::start().await;
    let account = server.register("old@example.org").await;
    let verification = server.mailbox().about(&account.email, "verify").await.token();
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    let reset = server.mailbox().about(&account.email, "new password").await.token();
    let tokens = server.login(&account).await;
    let token = mailed(&server, &tokens, NEW).await;
    confirm(&server, &token).send().await.expect(200);

    let body = json!({"token": reset, "new_password": "a phrase chosen afresh"});
    assert_problem(&server.post("/auth/password-reset").json(&body).send().await, 400, "invalid_token");
    let body = json!({"token": verification, "password": PASSWORD});
    assert_problem(&server.post("/auth/verify-email").json(&body).send().await, 400, "invalid_token");
    let disown = server.post("/auth/disown-account").json(&json!({"token": verification})).send().await;
    assert_problem(&disown, 400, "invalid_token");
    server.sign_in(NEW, PASSWORD).send().await.expect(200);
}

#[tokio::test]
async fn memberships_that_awaited_the_old_address_stay_behind() {
    let server = TestServer::start().await;
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Teamname").await;
    let squatter = server.register("victim@example.org").await;
    let invite = json!({"email": squatter.email, "role": "admin"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&invite).send().await.expect(200);
    let tokens = server.login(&squatter).await;
    let teams = || server.get("/auth/teams").bearer(&tokens.access);
    assert_eq!(teams().send().await.expect(200).json()[0]["status"], "awaiting_verification");

    let token = mailed(&server, &tokens, NEW).await;
    confirm(&server, &token).send().await.expect(200);
    assert_eq!(teams().send().await.expect(200).json(), json!([]));
    let members = server.get(&format!("/teams/{team}/members")).bearer(&tokens.access).send().await;
    assert_problem(&members, 404, "team_not_found");
    // The invitation itself went to the address, and its owner can still accept it.
    let invitation = server.mailbox().about(&squatter.email, "invitation").await.token();
    let body = json!({
        "email": squatter.email, "password": "the owner has come home", "first_name": "Firstname", "last_name": "Lastname",
        "invitation_token": invitation,
    });
    server.post("/auth/register").json(&body).send().await.expect(201);
}

#[tokio::test]
async fn memberships_of_a_verified_account_move_with_it() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("old@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let token = mailed(&server, &tokens, NEW).await;
    confirm(&server, &token).send().await.expect(200);
    let members = server.get(&format!("/teams/{team}/members")).bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&members["items"][0]["email"], &members["items"][0]["role"]), (&json!(NEW), &json!("admin")));
}

#[tokio::test]
async fn a_taken_address_answers_alike_and_is_not_taken_over() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("old@example.org").await;
    let owner = server.verified("taken@example.org").await;
    let rows = server.rows().await;
    let before = (rows.count("one_time_tokens").await, rows.count("audit_events").await);
    let taken = change(&server, &tokens, PASSWORD, &owner.email).send().await.expect(202);
    let between = (rows.count("one_time_tokens").await, rows.count("audit_events").await);
    assert_eq!(between, (before.0 + 1, before.1 + 1));
    let free = change(&server, &tokens, PASSWORD, NEW).send().await.expect(202);
    assert_eq!(taken.comparable(), free.comparable());
    // Either request replaces the token of the one before, or success would tell whether an address is taken.
    assert_eq!((rows.count("one_time_tokens").await, rows.count("audit_events").await), (between.0, between.1 + 1));
    server.mailbox().wait_for(NEW, 1).await;
    assert_eq!(server.mailbox().to(&owner.email).len(), 1, "its verification and nothing else");
    assert_eq!(address(&server, &tokens).await, account.email);
}

#[tokio::test]
async fn an_address_taken_between_request_and_proof_stays_with_its_account() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("old@example.org").await;
    let token = mailed(&server, &tokens, NEW).await;
    let owner = server.register(NEW).await;
    assert_problem(&confirm(&server, &token).send().await, 409, "email_taken");
    assert_eq!(address(&server, &tokens).await, account.email);
    server.login(&owner).await;
}

#[tokio::test]
async fn of_parallel_claims_to_one_address_one_wins() {
    let server = TestServer::start().await;
    let new = |round| format!("new{round}@example.org");
    let mut rounds: Vec<_> = (0..10).map(|_| vec![]).collect();
    for n in 0..4 {
        let claimants = server.many_signed_in((0..10).map(|round| format!("old{n}.{round}@example.org"))).await;
        for (round, (_, tokens)) in claimants.iter().enumerate() {
            change(&server, tokens, PASSWORD, &new(round)).send().await.expect(202);
        }
        for (round, (account, tokens)) in claimants.into_iter().enumerate() {
            let token = server.mailbox().wait_for(&new(round), n + 1).await[n].token();
            rounds[round].push((account, tokens, token));
        }
    }
    for (round, claims) in rounds.iter().enumerate() {
        let new = new(round);
        let registration = server.registration(&new, "the owner has come home");
        let answers = at_once(claims.iter().map(|(_, _, token)| confirm(&server, token)).chain([registration])).await;
        let won = count(&answers, 200) + count(&answers, 201);
        assert_eq!((won, count(&answers, 409)), (1, 4), "{answers:?}");
        let holders = format!("SELECT COUNT(*) FROM users WHERE email = '{new}'");
        assert_eq!(server.rows().await.one::<i64>(&holders).await, 1);
        for ((account, tokens, _), answer) in claims.iter().zip(&answers) {
            let expected = if answer.status == 200 { &new } else { &account.email };
            assert_eq!(&address(&server, tokens).await, expected);
        }
    }
}

#[tokio::test]
async fn a_token_is_used_once_among_parallel_calls() {
    let server = TestServer::start().await;
    let old = |round| format!("old{round}@example.org");
    let new = |round| format!("new{round}@example.org");
    for (round, (_, tokens)) in server.many_signed_in((0..10).map(old)).await.iter().enumerate() {
        change(&server, tokens, PASSWORD, &new(round)).send().await.expect(202);
    }
    for round in 0..10 {
        let token = server.mailbox().about(&new(round), "new e-mail address").await.token();
        let answers = at_once((0..20).map(|_| confirm(&server, &token))).await;
        assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 19), "{answers:?}");
    }
    for round in 0..10 {
        server.mailbox().about(&old(round), "address was changed").await;
    }
    server.register("later@example.org").await;
    server.mailbox().wait_for("later@example.org", 1).await;
    for round in 0..10 {
        let notices = server.mailbox().to(&old(round));
        assert_eq!(notices.iter().filter(|mail| mail.subject.contains("address was changed")).count(), 1);
    }
}

#[tokio::test]
async fn the_password_is_asked_for_and_guesses_are_counted() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    let (account, tokens) = server.signed_in("old@example.org").await;
    let body = json!({"current_password": PASSWORD, "new_email": NEW});
    let anonymous = server.post("/auth/change-email").json(&body).send().await;
    assert_problem(&anonymous, 401, "authentication_required");
    let answers = at_once((0..15).map(|n| change(&server, &tokens, &format!("guess number {n}"), NEW))).await;
    assert_eq!((count(&answers, 403), count(&answers, 429)), (5, 10), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status == 403) {
        assert_problem(answer, 403, "wrong_password");
    }
    assert_problem(&change(&server, &tokens, PASSWORD, NEW).send().await, 429, "rate_limited");
    assert_eq!(address(&server, &tokens).await, account.email);
    assert!(server.mailbox().to(NEW).is_empty());
}

#[tokio::test]
async fn only_a_newer_token_of_this_very_purpose_counts() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("old@example.org").await;
    let first = mailed(&server, &tokens, "first@example.org").await;
    let second = mailed(&server, &tokens, "second@example.org").await;
    assert_problem(&confirm(&server, &first).send().await, 400, "invalid_token");
    for foreign in [&tokens.access, &tokens.refresh, &reset_token(&server, &account).await] {
        assert_problem(&confirm(&server, foreign).send().await, 400, "invalid_token");
    }
    server.get(&format!("/confirm-email-change?token={second}")).send().await.expect(200);
    assert_eq!(address(&server, &tokens).await, account.email);
    let body = json!({"token": second, "email": "evil@example.org", "new_email": "evil@example.org"});
    server.post("/auth/confirm-email-change").json(&body).send().await.expect(200);
    assert_eq!(address(&server, &tokens).await, "second@example.org");
}

async fn reset_token(server: &TestServer, account: &Account) -> String {
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    server.mailbox().about(&account.email, "new password").await.token()
}
