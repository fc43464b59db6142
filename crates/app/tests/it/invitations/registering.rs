//! Registering with an invitation.

use serde_json::json;

use crate::support::{Call, PASSWORD, Setup, TestServer, Tokens, assert_problem, at_once};

fn registration(server: &TestServer, email: &str, token: &str) -> Call {
    let body = json!({"email": email, "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname", "invitation_token": token});
    server.post("/auth/register").json(&body)
}

async fn team(setup: Setup) -> (TestServer, Tokens, String) {
    let server = setup.start().await;
    server.create_superuser("owner@example.org", PASSWORD);
    let owner = Tokens::of(&server.sign_in("owner@example.org", PASSWORD).send().await.expect(200));
    let team = server.team(&owner, "Teamname").await;
    (server, owner, team)
}

#[tokio::test]
async fn whoever_registers_with_an_invitation_is_verified_and_in() {
    let (server, owner, team) = team(Setup::default()).await;
    let token = server.invited(&owner, &team, "new@example.org", "admin").await;
    let user = registration(&server, "New@Example.org", &token).send().await.expect(201).json();
    assert_eq!(user["email_verified"], true);
    let tokens = Tokens::of(&server.sign_in("new@example.org", PASSWORD).send().await.expect(200));
    assert_eq!(tokens.claims()["roles"], json!({ team.as_str(): "admin" }));
    server.invite(&tokens, &team, "more@example.org", "member").send().await.expect(200);
    let again = registration(&server, "other@example.org", &token).send().await;
    assert_problem(&again, 400, "invalid_token");
    server.accept(&token, Some(&tokens)).send().await.expect(200);
}

#[tokio::test]
async fn a_bad_invitation_creates_nothing() {
    let (server, owner, team) = team(Setup::default()).await;
    let token = server.invited(&owner, &team, "new@example.org", "admin").await;
    let other = registration(&server, "thief@example.org", &token).send().await;
    assert_problem(&other, 403, "invitation_for_another_account");
    assert_problem(&registration(&server, "new@example.org", "made up").send().await, 400, "invalid_token");
    let rows = server.rows().await;
    assert_eq!((rows.count("users").await, rows.count("user_teams").await), (1, 1));
    registration(&server, "new@example.org", &token).send().await.expect(201);
}

#[tokio::test]
async fn the_address_alone_gets_nothing_of_its_invitation() {
    let (server, owner, team) = team(Setup::default()).await;
    let token = server.invited(&owner, &team, "new@example.org", "admin").await;
    let account = server.register("new@example.org").await;
    let tokens = server.login(&account).await;
    assert!(server.my_teams(&tokens).await.is_empty());
    let verification = server.mailbox().about("new@example.org", "verify your e-mail address").await.token();
    let call = server.post("/auth/verify-email").bearer(&tokens.access).json(&json!({"token": verification}));
    call.send().await.expect(200);
    assert!(server.my_teams(&tokens).await.is_empty(), "an invitation is accepted, not found");
    server.accept(&token, Some(&tokens)).send().await.expect(200);
    assert_eq!(server.my_teams(&tokens).await[0]["role"], "admin");
}

#[tokio::test]
async fn who_may_register_only_when_invited_shows_the_invitation() {
    let (server, owner, team) = team(Setup::default().set("REGISTRATION__MODE", "invited")).await;
    let token = server.invited(&owner, &team, "new@example.org", "member").await;
    assert_problem(&server.registration("new@example.org", PASSWORD).send().await, 403, "registration_closed");
    assert_problem(&registration(&server, "new@example.org", "made up").send().await, 400, "invalid_token");
    assert_eq!(server.rows().await.count("users").await, 1);
    registration(&server, "new@example.org", &token).send().await.expect(201);
}

#[tokio::test]
async fn one_invitation_makes_one_account_however_many_come_at_once() {
    let (server, owner, team) = team(Setup::default()).await;
    for round in 0..10 {
        let email = format!("new{round}@example.org");
        let token = server.invited(&owner, &team, &email, "member").await;
        let answers = at_once((0..20).map(|_| registration(&server, &email, &token))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1, "{answers:?}");
        for refused in answers.iter().filter(|answer| answer.status != 201) {
            assert!([400, 409].contains(&refused.status), "{refused:?}");
        }
        let rows = server.rows().await;
        assert_eq!((rows.count("users").await, rows.count("user_teams").await), (round + 2, round + 2));
    }
}
