//! The same where everybody may come, and whoever shows who they are may do more.

use serde_json::json;

use crate::late_bodies::{Begun, by_cookie, by_token};
use crate::support::{Account, Hand, PASSWORD, TestServer, Tokens};

/// An account that is not verified, with a session, and the token that was mailed to it.
async fn unverified(server: &TestServer) -> (Account, Tokens, String) {
    let account = server.register("person@example.org").await;
    let mail = server.mailbox().about(&account.email, "verify").await;
    let tokens = server.login(&account).await;
    (account, tokens, mail.token())
}

/// The same with the token of an invitation as admin, which came before there was an account.
async fn invited(server: &TestServer) -> (Account, Tokens, String) {
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Teamname").await;
    let token = server.invited(&admin, &team, "person@example.org", "admin").await;
    let account = server.register("person@example.org").await;
    let tokens = server.login(&account).await;
    (account, tokens, token)
}

async fn call(server: &TestServer, line: &str, by: &Tokens, body: &serde_json::Value) -> Begun {
    Begun::send(server, line, &by_token(&by.access), &body.to_string()).await
}

/// A form of a page with the token of a mail, by somebody who signs in for it.
async fn form(server: &TestServer, line: &str, account: &Account, token: &str) -> Begun {
    let mut hand = Hand::of(server, &account.email, PASSWORD).await;
    let form_token = hand.form_token("/account").await;
    let typed = format!("form_token={form_token}&token={token}");
    Begun::send(server, line, &by_cookie(server, &hand.cookie), &typed).await
}

async fn end_sessions(server: &TestServer, tokens: &Tokens, which: &str) {
    server.post(&format!("/auth/logout?scope={which}")).bearer(&tokens.access).send().await.expect(204);
}

#[track_caller]
fn assert_revoked(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("invalid_token"), "{answer}");
}

#[track_caller]
fn assert_led_to_sign_in(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 303") && answer.contains("location: ./sign-in?next=/"), "{answer}");
}

/// Whether the address counts as verified, and how many teams there are.
async fn gained(server: &TestServer, account: &Account) -> (bool, usize) {
    let tokens = server.login(account).await;
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    (me["email_verified"] == true, me["teams"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_session_that_its_owner_ended_ends_no_others() {
    let server = TestServer::start().await;
    let (account, thief) = server.signed_in("owner@example.org").await;
    for scope in ["all", "others", "local"] {
        let owner = server.login(&account).await;
        let thief = if scope == "all" { thief.clone() } else { server.login(&account).await };
        let begun = call(&server, &format!("POST /auth/logout?scope={scope}"), &thief, &json!({})).await;
        end_sessions(&server, &owner, "others").await;
        assert_revoked(&begun.end().await);
        server.get("/auth/me").bearer(&owner.access).send().await.expect(200);
    }
}

#[tokio::test]
async fn one_that_has_ended_proves_no_account_to_be_that_of_an_address() {
    let server = TestServer::start().await;
    let (account, tokens, token) = unverified(&server).await;
    let begun = call(&server, "POST /auth/verify-email", &tokens, &json!({"token": token})).await;
    let on_page = form(&server, "POST /verify-email", &account, &token).await;
    end_sessions(&server, &tokens, "all").await;
    assert_revoked(&begun.end().await);
    assert_led_to_sign_in(&on_page.end().await);
    assert_eq!(gained(&server, &account).await, (false, 0));
}

#[tokio::test]
async fn nor_does_it_accept_an_invitation() {
    let server = TestServer::start().await;
    let (account, tokens, token) = invited(&server).await;
    let begun = call(&server, "POST /teams/accept-invitation", &tokens, &json!({"invitation_token": token})).await;
    let on_page = form(&server, "POST /accept-invitation", &account, &token).await;
    end_sessions(&server, &tokens, "all").await;
    assert_revoked(&begun.end().await);
    assert_led_to_sign_in(&on_page.end().await);
    assert_eq!(gained(&server, &account).await, (false, 0));
}

#[tokio::test]
async fn a_body_that_only_took_its_time_is_taken_there_too() {
    let server = TestServer::start().await;
    let (account, tokens, token) = unverified(&server).await;
    let begun = form(&server, "POST /verify-email", &account, &token).await;
    let answer = begun.end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let begun = call(&server, "POST /auth/logout?scope=all", &tokens, &json!({})).await;
    let answer = begun.end().await;
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert_eq!(gained(&server, &account).await, (true, 0));
}

/// Whoever shows nothing is asked for nothing, and a cookie that is over already is as none.
#[tokio::test]
async fn where_nobody_is_signed_in_a_late_body_is_as_good_as_any() {
    let server = TestServer::start().await;
    let (account, tokens, token) = unverified(&server).await;
    let hand = Hand::of(&server, &account.email, PASSWORD).await;
    end_sessions(&server, &tokens, "all").await;
    let body = json!({"token": token, "password": "not the password"}).to_string();
    let by_nothing = "content-type: application/json\r\n";
    let answer = Begun::send(&server, "POST /auth/verify-email", by_nothing, &body).await.end().await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("proof_required"), "{answer}");
    let typed = format!("token={token}&password={}", PASSWORD.replace(' ', "+"));
    let headers = by_cookie(&server, &hand.cookie);
    let answer = Begun::send(&server, "POST /verify-email", &headers, &typed).await.end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(gained(&server, &account).await, (true, 0));
}
