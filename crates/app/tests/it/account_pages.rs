//! What the forms of `/account` do, and to whom.

use std::time::Duration;

use serde_json::json;

use crate::support::{Hand, PASSWORD, Setup, TestServer};

const NEW_PASSWORD: &str = "nine green lanterns";

/// Where an answer leads.
fn led(location: &str) -> &str {
    location.trim_start_matches("../").trim_start_matches("./")
}

#[tokio::test]
async fn a_name_is_saved() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let answer = hand.send("/account", "/account", &[("first_name", "Other"), ("last_name", "Name")]).await.expect(303);
    assert_eq!(led(answer.header("location")), "account?done=name_saved");
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    assert_eq!((me.text_at("/first_name"), me.text_at("/last_name")), ("Other".to_owned(), "Name".to_owned()));
}

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_keeps_this_one() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let mut elsewhere = Hand::of(&server, &account.email, PASSWORD).await;
    let former = hand.cookie.clone();
    let typed = [("current_password", PASSWORD), ("new_password", NEW_PASSWORD)];
    hand.send("/account/password", "/account/password", &typed).await.expect(303);
    assert_ne!(hand.cookie, former);
    hand.open("/account").await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(401);
    for ended in [&mut elsewhere, &mut hand.with(former)] {
        let answer = ended.look("/account").await.expect(303);
        assert!(led(answer.header("location")).starts_with("sign-in"), "{answer:?}");
    }
    server.sign_in(&account.email, PASSWORD).send().await.expect(401);
}

#[tokio::test]
async fn an_export_comes_as_a_file_and_is_that_of_the_api() {
    let server = TestServer::start().await;
    let (account, _) = server.signed_in("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let file = hand.send("/account", "/account/export", &[]).await.expect(200);
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"account.json\"");
    assert_eq!(file.header("content-type"), "application/json");
    assert_eq!(file.text_at("/user/email"), account.email);
    assert_eq!(file.json()["sessions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_mail_of_an_unverified_account_is_sent_again_and_works() {
    let server = TestServer::start().await;
    let account = server.register("person@example.org").await;
    server.mailbox().wait_for(&account.email, 1).await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    hand.send("/account", "/account/verification", &[]).await.expect(303);
    let mails = server.mailbox().wait_for(&account.email, 2).await;
    let token = mails.iter().map(crate::support::Mail::token).collect::<Vec<_>>();
    let mut verified = 0;
    for token in &token {
        let call = server.post("/verify-email").header("origin", &server.url(""));
        let answer = call.form(&[("token", token), ("password", PASSWORD)]).send().await;
        verified += usize::from(answer.status == 200);
    }
    assert_eq!(verified, 1, "the newer mail's");
    let tokens = server.login(&account).await;
    assert_eq!(server.get("/auth/me").bearer(&tokens.access).send().await.json()["email_verified"], true);
}

#[tokio::test]
async fn one_session_of_three_is_ended_and_each_says_from_where() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let mut kept = Hand::of(&server, &account.email, PASSWORD).await;
    let page = hand.open("/account/sessions").await.text;
    assert_eq!(page.matches("both from 127.0.0.1").count(), 3, "{page}");
    let sid = tokens.claims()["sid"].as_str().unwrap().to_owned();
    hand.send("/account/sessions", "/account/sessions", &[("session_id", &sid)]).await.expect(303);
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(401);
    assert_eq!(hand.open("/account/sessions").await.text.matches("both from 127.0.0.1").count(), 2);
    kept.open("/account").await;
}

#[tokio::test]
async fn a_session_that_goes_on_with_another_program_says_with_which_it_was_begun() {
    let server = TestServer::start().await;
    let account = server.verified("person@example.org").await;
    let login = server.sign_in(&account.email, PASSWORD).header("user-agent", "first/1.0").send().await.expect(200);
    let refresh = json!({"refresh_token": login.text_at("/refresh_token")});
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let before = hand.open("/account/sessions").await.text;
    assert!(!before.contains("with first"), "{before}");
    let renewed = server.post("/auth/refresh").json(&refresh).header("user-agent", "second/2.0").send().await;
    let refreshed = renewed.expect(200).text_at("/access_token");
    let page = hand.open("/account/sessions").await.text;
    for said in ["from 127.0.0.1 with first", "from 127.0.0.1 with second", "Signed in: first&#x2f;1.0"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // The API goes on telling the last use.
    let sessions = server.get("/auth/sessions").bearer(&refreshed).send().await.expect(200);
    assert_eq!(sessions.text_at("/1/user_agent"), "second/2.0");
    let export = server.get("/auth/me/export").bearer(&refreshed).send().await.expect(200);
    assert_eq!(export.text_at("/sessions/1/sign_in_user_agent"), "first/1.0");
    assert_eq!(export.text_at("/sessions/1/sign_in_ip"), "127.0.0.1");
}

#[tokio::test]
async fn a_session_renews_itself_for_two_tabs_at_once() {
    let server = Setup::default().set("TOKENS__ACCESS_TTL", "1s").start().await;
    let (account, _) = server.signed_in("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(1100)).await;
        let (former, tab) = (hand.cookie.clone(), hand.cookie.clone());
        let look = |cookie: String| server.get("/account").header("cookie", &cookie).send();
        let (one, other) = tokio::join!(look(former.clone()), look(tab));
        for answer in [&one, &other] {
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        hand.cookie = other.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_ne!(hand.cookie, former);
    }
    hand.open("/account").await;
}
