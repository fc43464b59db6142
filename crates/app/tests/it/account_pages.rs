//! What the forms of `/account` do, and to whom.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, Hand, PASSWORD, Setup, TestServer};

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

/// What the field of this name holds in a form that was refused, of which no field holds a password.
#[track_caller]
fn kept(answer: &Answer, status: u16, field: &str) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    let inputs: Vec<_> = answer.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
    for input in inputs.iter().filter(|input| input.contains("type=\"password\"")) {
        assert!(!input.contains("value="), "{input}");
    }
    assert!(!answer.text.contains(PASSWORD) && !answer.text.contains("short1!"), "{answer:?}");
    let input = inputs.iter().find(|input| input.contains(&format!("name=\"{field}\"")));
    let input = input.unwrap_or_else(|| panic!("no {field} in {answer:?}"));
    input.split_once(" value=\"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn who_is_refused_an_account_or_a_mail_need_not_type_again_but_for_the_password() {
    let server = TestServer::start().await;
    server.verified("taken@example.org").await;
    let send = async |path: &str, typed: &[(&str, &str)]| {
        server.post(path).header("origin", &server.url("")).form(typed).send().await
    };
    for (first, email, password, status) in [
        ("Firstname", "no address", PASSWORD, 422),
        ("", "new@example.org", PASSWORD, 422),
        ("Firstname", "new@example.org", "short1!", 422),
        ("Firstname", "taken@example.org", PASSWORD, 409),
    ] {
        let typed = [("first_name", first), ("last_name", "Lastname"), ("email", email), ("password", password)];
        let refused = send("/register", &typed).await;
        for (field, value) in &typed[..3] {
            assert_eq!(kept(&refused, status, field), *value, "{field}: {refused:?}");
        }
        assert_eq!(kept(&refused, status, "password"), "");
    }
    assert_eq!(kept(&send("/forgot-password", &[("email", "no address")]).await, 422, "email"), "no address");
}

#[tokio::test]
async fn a_name_or_an_address_that_is_refused_stays_as_it_was_typed_but_the_password_does_not() {
    let server = TestServer::start().await;
    let account = server.verified("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let refused = hand.send("/account", "/account", &[("first_name", "Typed"), ("last_name", " ")]).await;
    assert_eq!(kept(&refused, 422, "first_name"), "Typed");
    assert_eq!(kept(&refused, 422, "last_name").trim(), "", "not the one that is stored");
    for (address, password, status) in
        [("no address", PASSWORD, 422), ("next@example.org", "short1!", 403), ("no address", "short1!", 422)]
    {
        let typed = [("new_email", address), ("current_password", password)];
        let refused = hand.send("/account/email", "/account/email", &typed).await;
        assert_eq!(kept(&refused, status, "new_email"), address);
        assert_eq!(kept(&refused, status, "current_password"), "");
    }
}
