//! Proving an address, and disowning an account that somebody else registered with it.

use serde_json::{Value, json};

use crate::support::{Account, Call, PASSWORD, Setup, TestServer, Timing, Tokens, assert_problem, at_once, count};

fn verify(server: &TestServer, token: &str) -> Call {
    server.post("/auth/verify-email").json(&json!({"token": token}))
}

fn verify_with(server: &TestServer, token: &str, password: &str) -> Call {
    server.post("/auth/verify-email").json(&json!({"token": token, "password": password}))
}

fn request(server: &TestServer, email: &str) -> Call {
    server.post("/auth/verify-email-request").json(&json!({"email": email}))
}

fn disown(server: &TestServer, token: &str) -> Call {
    server.post("/auth/disown-account").json(&json!({"token": token}))
}

/// An unverified account and the token that was mailed to it.
async fn unverified(server: &TestServer, email: &str) -> (Account, String) {
    let account = server.register(email).await;
    let token = server.mailbox().wait_for(email, 1).await[0].token();
    (account, token)
}

async fn is_verified(server: &TestServer, account: &Account) -> bool {
    let tokens = server.login(account).await;
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    me["email_verified"] == true
}

/// A team whose admin invites the address; its id.
async fn inviting_team(server: &TestServer, email: &str) -> String {
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Teamname").await;
    let invite = json!({"email": email, "role": "admin"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&invite).send().await.expect(200);
    team
}

async fn teams(server: &TestServer, tokens: &Tokens) -> Value {
    server.get("/auth/teams").bearer(&tokens.access).send().await.expect(200).json()
}

#[tokio::test]
async fn a_request_takes_the_same_time_for_every_address() {
    let server = TestServer::start().await;
    server.register("unverified@example.org").await;
    server.verified("verified@example.org").await;
    server.register("inactive@example.org").await;
    let rows = server.rows().await;
    rows.execute("UPDATE users SET is_active = FALSE WHERE email = 'inactive@example.org'").await;
    let [unverified, verified, inactive] = ["unverified", "verified", "inactive"].map(|kind| {
        let server = &server;
        move |_| request(server, &format!("{kind}@example.org"))
    });
    let unknown = |n| request(&server, &format!("unknown{n}@example.org"));
    Timing::assert_all_alike(&[&unverified, &verified, &inactive, &unknown]).await;
}

#[tokio::test]
async fn a_token_needs_proof_of_the_account_and_survives_without() {
    let server = TestServer::start().await;
    let (account, token) = unverified(&server, "user@example.org").await;
    let (_, stranger) = server.signed_in("stranger@example.org").await;
    assert_problem(&verify(&server, &token).send().await, 403, "proof_required");
    assert_problem(&verify_with(&server, &token, "not the password").send().await, 403, "proof_required");
    assert_problem(&verify(&server, &token).bearer(&stranger.access).send().await, 403, "proof_required");
    let both = verify_with(&server, &token, "not the password").bearer(&stranger.access).send().await;
    assert_problem(&both, 403, "proof_required");
    assert_problem(&verify(&server, &token).bearer("made-up").send().await, 401, "invalid_token");
    assert!(!is_verified(&server, &account).await);

    let tokens = server.login(&account).await;
    verify(&server, &token).bearer(&tokens.access).send().await.expect(200);
    assert!(is_verified(&server, &account).await);
    assert_problem(&verify_with(&server, &token, PASSWORD).send().await, 400, "invalid_token");
}

#[tokio::test]
async fn guesses_of_the_password_are_counted_here_too() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    let (account, token) = unverified(&server, "user@example.org").await;
    let guesses = (0..20).map(|n| verify_with(&server, &token, &format!("guess number {n}")));
    let answers = at_once(guesses).await;
    assert_eq!((count(&answers, 403), count(&answers, 429)), (5, 15), "{answers:?}");
    assert_problem(&verify_with(&server, &token, PASSWORD).send().await, 429, "rate_limited");
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 429, "rate_limited");
}

#[tokio::test]
async fn a_token_is_used_once_among_parallel_calls() {
    let server = TestServer::start().await;
    for round in 1..=10 {
        let (account, token) = unverified(&server, &format!("user{round}@example.org")).await;
        let answers = at_once((0..20).map(|_| verify_with(&server, &token, PASSWORD))).await;
        assert_eq!((count(&answers, 200), count(&answers, 400)), (1, 19), "{answers:?}");
        let verified = "SELECT COUNT(*) FROM audit_events WHERE kind = 'email_verified'";
        assert_eq!(server.rows().await.one::<i64>(verified).await, round);
        assert!(is_verified(&server, &account).await);
    }
}

#[tokio::test]
async fn opening_the_link_uses_nothing_up() {
    let server = TestServer::start().await;
    let (account, token) = unverified(&server, "user@example.org").await;
    for page in ["/verify-email", "/disown-account"] {
        server.get(&format!("{page}?token={token}")).send().await.expect(200);
    }
    assert_problem(&server.get(&format!("/auth/verify-email?token={token}")).send().await, 405, "method_not_allowed");
    assert!(!is_verified(&server, &account).await);
    verify_with(&server, &token, PASSWORD).send().await.expect(200);
}

#[tokio::test]
async fn replaced_expired_and_foreign_tokens_prove_nothing() {
    let server = TestServer::start().await;
    let (account, first) = unverified(&server, "user@example.org").await;
    request(&server, &account.email).send().await.expect(202);
    let second = server.mailbox().wait_for(&account.email, 2).await[1].token();
    assert_problem(&verify_with(&server, &first, PASSWORD).send().await, 400, "invalid_token");

    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    let reset = server.mailbox().about(&account.email, "new password").await.token();
    for foreign in [&reset, &server.login(&account).await.refresh] {
        assert_problem(&verify_with(&server, foreign, PASSWORD).send().await, 400, "invalid_token");
        assert_problem(&disown(&server, foreign).send().await, 400, "invalid_token");
    }
    let as_reset = json!({"token": second, "new_password": "a phrase chosen afresh"});
    assert_problem(&server.post("/auth/password-reset").json(&as_reset).send().await, 400, "invalid_token");

    let sql = "UPDATE one_time_tokens SET expires_at = '2020-01-01T00:00:00.000Z' WHERE purpose = 'email_verification'";
    assert_eq!(server.rows().await.execute(sql).await, 1);
    assert_problem(&verify_with(&server, &second, PASSWORD).send().await, 400, "invalid_token");
    assert!(!is_verified(&server, &account).await);
}

#[tokio::test]
async fn asking_for_a_token_answers_and_costs_alike_for_every_address() {
    let server = TestServer::start().await;
    let verified = server.verified("verified@example.org").await;
    let inactive = server.register("inactive@example.org").await;
    let (pending, _) = unverified(&server, "pending@example.org").await;
    server.mailbox().wait_for(&inactive.email, 1).await;
    let rows = server.rows().await;
    rows.execute("UPDATE users SET is_active = FALSE WHERE email = 'inactive@example.org'").await;
    let mut events = rows.count("audit_events").await;
    let mut answers = vec![];
    for email in [&verified.email, "unknown@example.org", &inactive.email, &pending.email] {
        answers.push(request(&server, email).send().await.expect(202));
        events += 1;
        assert_eq!(rows.count("audit_events").await, events, "{email}");
    }
    assert!(answers.iter().all(|answer| answer.comparable() == answers[0].comparable()), "{answers:?}");
    server.mailbox().wait_for(&pending.email, 2).await;
    assert_eq!(server.mailbox().to(&verified.email).len(), 1);
    assert_eq!(server.mailbox().to(&inactive.email).len(), 1);
    assert!(server.mailbox().to("unknown@example.org").is_empty());
}

#[tokio::test]
async fn tokens_for_one_address_are_bounded() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "3").start().await;
    server.register("user@example.org").await;
    // The mail of the registration is counted apart: what is left does not tell that there was one.
    for email in ["user@example.org", "unknown@example.org"] {
        let answers = at_once((0..10).map(|_| request(&server, email))).await;
        assert_eq!((count(&answers, 202), count(&answers, 429)), (3, 7), "{email}: {answers:?}");
    }
}

#[tokio::test]
async fn memberships_that_await_the_proof_of_an_address_count_from_then_on() {
    let server = TestServer::start().await;
    let (account, token) = unverified(&server, "guest@example.org").await;
    let team = inviting_team(&server, &account.email).await;
    let tokens = server.login(&account).await;
    assert_eq!(teams(&server, &tokens).await[0]["status"], "awaiting_verification");
    let members = || server.get(&format!("/teams/{team}/members")).bearer(&tokens.access);
    assert_problem(&members().send().await, 404, "team_not_found");
    verify(&server, &token).bearer(&tokens.access).send().await.expect(200);
    // The same access token: rights are looked up, not read out of it.
    members().send().await.expect(200);
    assert_eq!(teams(&server, &tokens).await[0]["status"], "active");
}

#[tokio::test]
async fn a_disowned_account_is_gone_with_its_sessions() {
    let server = TestServer::start().await;
    let (squatter, token) = unverified(&server, "victim@example.org").await;
    let tokens = server.login(&squatter).await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    assert_problem(&disown(&server, "made-up").send().await, 400, "invalid_token");
    disown(&server, &token).send().await.expect(200);
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
    let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
    assert_problem(&refresh.send().await, 401, "invalid_refresh_token");
    assert_problem(&server.sign_in(&squatter.email, PASSWORD).send().await, 401, "invalid_credentials");
    assert_problem(&disown(&server, &token).send().await, 400, "invalid_token");
    let rows = server.rows().await;
    for table in ["users", "sessions", "one_time_tokens", "mails", "sign_in_networks"] {
        assert_eq!(rows.count(table).await, 0, "{table}");
    }
    // The address is free for its owner, who is another account.
    let owner = server.registration(&squatter.email, "the owner has come home").send().await.expect(201);
    assert_ne!(owner.text_at("/id"), squatter.id);
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
}

#[tokio::test]
async fn an_account_cannot_be_verified_and_disowned_at_once() {
    let server = TestServer::start().await;
    for round in 0..10 {
        let (account, token) = unverified(&server, &format!("user{round}@example.org")).await;
        let answers = at_once([verify_with(&server, &token, PASSWORD), disown(&server, &token)]).await;
        assert_eq!(count(&answers, 200), 1, "{answers:?}");
        let login = server.sign_in(&account.email, PASSWORD).send().await;
        assert_eq!(login.status, if answers[0].status == 200 { 200 } else { 401 });
    }
}

#[tokio::test]
async fn a_verified_account_cannot_be_disowned() {
    let server = TestServer::start().await;
    let (account, token) = unverified(&server, "user@example.org").await;
    verify_with(&server, &token, PASSWORD).send().await.expect(200);
    assert_problem(&disown(&server, &token).send().await, 400, "invalid_token");
    assert!(is_verified(&server, &account).await);
}

#[tokio::test]
async fn a_header_that_is_no_bearer_proves_nothing() {
    let server = TestServer::start().await;
    let (account, token) = unverified(&server, "owner@example.org").await;
    let answer = verify_with(&server, &token, PASSWORD).header("authorization", "Basic x").send().await;
    assert_problem(&answer, 401, "authentication_required");
    assert!(!is_verified(&server, &account).await);
}
