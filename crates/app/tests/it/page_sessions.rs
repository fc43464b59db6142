//! The cookie of the pages: when it is renewed, when it is not, and what becomes of an answer that got lost.

use std::time::Duration;

use crate::support::{Answer, Hand, PASSWORD, Setup, TestServer};

/// A server whose cookies are to be renewed after a second.
async fn server() -> TestServer {
    Setup::default().set("TOKENS__ACCESS_TTL", "1s").start().await
}

/// Until the cookies that are there want to be renewed.
async fn until_stale() {
    tokio::time::sleep(Duration::from_millis(1_100)).await;
}

async fn row(server: &TestServer) -> Vec<String> {
    let rows = server.rows().await;
    let mut row = vec![];
    for column in ["current_digest", "previous_digest", "last_seen_at", "ended_at"] {
        row.push(rows.one::<String>(&format!("SELECT coalesce({}, '') FROM sessions", rows.text(column))).await);
    }
    row
}

/// Moves the exchange of the session's refresh token into the past.
async fn exchanged_ago(server: &TestServer, seconds: u32) {
    let rows = server.rows().await;
    let then = rows.shifted("rotated_at", &format!("-{seconds} seconds"));
    rows.execute(&format!("UPDATE sessions SET rotated_at = {then}")).await;
}

/// What whoever follows a link of another site is answered.
async fn led(server: &TestServer, path: &str, cookie: &str, site: &str) -> Answer {
    server.get(path).header("cookie", cookie).header("sec-fetch-site", site).send().await
}

fn is_asked_again(answer: &Answer) -> bool {
    answer.status == 200 && answer.text.contains("http-equiv=\"refresh\"") && answer.header("set-cookie").is_empty()
}

#[tokio::test]
async fn a_link_of_another_site_has_a_stale_cookie_asked_for_again_and_leaves_it_as_it_is() {
    let server = server().await;
    let account = server.verified("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let before = row(&server).await;
    until_stale().await;
    for site in ["cross-site", "same-site", "cross-site"] {
        for path in ["/account", "/", "/account/teams", "/sign-in", "/verify-email?token=x"] {
            let answer = led(&server, path, &hand.cookie, site).await;
            assert!(is_asked_again(&answer), "{path} {site}: {answer:?}");
            assert!(!answer.text.contains(&account.email) && !answer.text.contains("form_token"), "{answer:?}");
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
    assert_eq!(row(&server).await, before);
    let former = hand.cookie.clone();
    let call = server.get("/account").header("cookie", &former).header("sec-fetch-site", "same-origin");
    let answer = call.send().await.expect(200);
    assert!(answer.text.contains(&account.email), "{answer:?}");
    assert_ne!(answer.header("set-cookie"), "", "a request from here renews it");
    assert_ne!(row(&server).await, before);
    hand.open("/account").await;
}

#[tokio::test]
async fn a_link_of_another_site_opens_the_page_while_the_cookie_is_fresh() {
    let server = TestServer::start().await;
    let account = server.verified("person@example.org").await;
    let hand = Hand::of(&server, &account.email, PASSWORD).await;
    for site in ["cross-site", "same-site"] {
        let answer = led(&server, "/account", &hand.cookie, site).await.expect(200);
        assert!(answer.text.contains(&account.email), "{answer:?}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn what_another_site_has_thrown_away_ends_no_session() {
    let server = server().await;
    let account = server.verified("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    until_stale().await;
    // A window that the other site closes again.
    assert!(is_asked_again(&led(&server, "/account", &hand.cookie, "cross-site").await));
    exchanged_ago(&server, 3_600).await;
    hand.open("/account").await;
    assert_eq!(reuses(&server).await, 0);
}

#[tokio::test]
async fn a_session_that_was_ended_is_over_after_links_of_other_sites_too() {
    let server = server().await;
    let (account, tokens) = server.signed_in("person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    until_stale().await;
    let tokens = server.post("/auth/refresh").json(&serde_json::json!({"refresh_token": tokens.refresh})).send().await;
    let access = tokens.expect(200).text_at("/access_token");
    server.post("/auth/logout?scope=others").bearer(&access).send().await.expect(204);
    assert!(is_asked_again(&led(&server, "/account", &hand.cookie, "cross-site").await));
    let answer = hand.look("/account").await.expect(303);
    assert!(answer.header("location").contains("sign-in"), "{answer:?}");
    assert_eq!(answer.header("set-cookie"), "");
}

#[tokio::test]
async fn an_answer_that_is_lost_costs_nothing_for_five_minutes_and_the_session_afterwards() {
    let server = server().await;
    let account = server.verified("person@example.org").await;
    let hand = Hand::of(&server, &account.email, PASSWORD).await;
    until_stale().await;
    let lost = hand.cookie.clone();
    hand.with(lost.clone()).open("/account").await;
    exchanged_ago(&server, 290).await;
    let mut back = hand.with(lost.clone());
    back.open("/account").await;
    assert_ne!(back.cookie, lost);
    exchanged_ago(&server, 11).await;
    // A link of another site does not have it judged.
    assert!(is_asked_again(&led(&server, "/sign-in", &lost, "cross-site").await));
    back.open("/account").await;
    hand.with(lost).look("/account").await.expect(303);
    server.mailbox().about(&account.email, "signed out").await;
    back.look("/account").await.expect(303);
}

#[tokio::test]
async fn a_copy_of_the_cookie_in_another_browser_ends_the_session_within_the_five_minutes() {
    // So that ten seconds do, whatever the API is given.
    let setup = Setup::default().set("TOKENS__ACCESS_TTL", "1s").set("TOKENS__REFRESH_REUSE_WINDOW", "0s");
    let server = setup.start().await;
    let account = server.verified("person@example.org").await;
    let hand = Hand::of(&server, &account.email, PASSWORD).await;
    until_stale().await;
    let copied = hand.cookie.clone();
    let mut owner = hand.with(copied.clone());
    owner.open("/account").await;
    let copy = async || server.get("/account").header("cookie", &copied).header("user-agent", "another").send().await;
    // At once, it may be a tab.
    copy().await.expect(200);
    assert_eq!(reuses(&server).await, 0);
    exchanged_ago(&server, 11).await;
    // What leaves the cookie alone opens nothing either, whoever says that another site led there.
    assert!(is_asked_again(&led(&server, "/account", &copied, "cross-site").await));
    let answer = copy().await.expect(303);
    assert!(answer.header("location").contains("sign-in"), "{answer:?}");
    assert_eq!(reuses(&server).await, 1);
    server.mailbox().about(&account.email, "signed out").await;
    owner.look("/account").await.expect(303);
}

/// How often a session was ended for a token that came back.
async fn reuses(server: &TestServer) -> i64 {
    server.rows().await.count("audit_events WHERE kind = 'refresh_token_reused'").await
}

#[tokio::test]
async fn signing_in_over_a_session_ends_that_one() {
    let server = TestServer::start().await;
    let one = server.verified("one@example.org").await;
    let other = server.verified("other@example.org").await;
    for account in [&other, &one] {
        let mut hand = Hand::of(&server, &one.email, PASSWORD).await;
        let former = hand.cookie.clone();
        // A wrong password changes nothing.
        let wrong = hand.send("/account", "/sign-in", &[("email", &account.email), ("password", "not this one")]).await;
        assert_eq!((wrong.status, &hand.cookie), (401, &former));
        hand.send("/account", "/sign-in", &[("email", &account.email), ("password", PASSWORD)]).await.expect(303);
        assert_ne!(hand.cookie, former);
        assert!(hand.open("/account").await.text.contains(&account.email));
        hand.with(former).look("/account").await.expect(303);
    }
    let rows = server.rows().await;
    assert_eq!(rows.count("sessions WHERE ended_at IS NOT NULL").await, 2);
    let ended = format!("audit_events WHERE kind = 'session_ended' AND actor_id = {}", rows.id(&one.id));
    assert_eq!(rows.count(&ended).await, 2);
}
