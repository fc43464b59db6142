//! The cookie of the pages where they are served over TLS, as the browser keeps it.

use serde_json::Value;

use crate::browser::person::Browser;
use crate::browser::webdriver::Trust;
use crate::support::PASSWORD;
use crate::tls::HttpsServer;

const PERSON: &str = "person@example.org";

#[tokio::test]
async fn over_tls_the_session_is_in_a_cookie_of_this_host_alone_that_signing_out_removes() {
    let settings = [("COUNTERSIGN__DEV", "true"), ("COUNTERSIGN__PASSWORD__BCRYPT_COST", "4")];
    let server = HttpsServer::with(&settings).await;
    let origin = format!("https://{}", server.address);
    let Some(browser) = Browser::trusting(Trust::Any, &origin, &server.confidences).await else { return };
    browser.open("/register").await;
    browser.fill("First name", "Firstname").await;
    browser.fill("Last name", "Lastname").await;
    browser.fill("E-mail address", PERSON).await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Register").await;
    browser.find_role("status").await;
    assert_eq!(browser.cookies().await, Vec::<Value>::new());
    browser.sign_in(PERSON, PASSWORD).await;

    let [cookie] = &browser.cookies().await[..] else { panic!("one cookie is expected") };
    assert_eq!(cookie["name"], "__Host-countersign");
    assert_eq!((&cookie["secure"], &cookie["httpOnly"]), (&Value::Bool(true), &Value::Bool(true)), "{cookie}");
    assert_eq!((&cookie["sameSite"], &cookie["path"]), (&Value::from("Lax"), &Value::from("/")), "{cookie}");
    // One that had been given a domain would be told with a full stop before it, and go to all that end in it.
    assert_eq!(cookie["domain"], "127.0.0.1", "{cookie}");
    assert_eq!(browser.in_reach_of_scripts().await, Vec::<String>::new());
    let answers = browser.answers().await;
    assert!(answers.len() >= 4, "{answers:?}");
    for answer in &answers {
        assert_eq!(answer.header("strict-transport-security"), "max-age=63072000", "{answer:?}");
    }
    // It comes along from page to page.
    browser.click("Teams").await;
    browser.see("Create a team").await;

    browser.click("Sign out").await;
    browser.find_role("status").await;
    assert_eq!(browser.cookies().await, Vec::<Value>::new());
    browser.open("/account").await;
    assert!(browser.path().await.starts_with("/sign-in"), "{}", browser.path().await);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// So that the test above does see a certificate that nobody vouches for.
#[tokio::test]
async fn a_browser_of_the_tests_takes_no_certificate_that_it_does_not_know() {
    let server = HttpsServer::with(&[]).await;
    let origin = format!("https://{}", server.address);
    let Some(browser) = Browser::trusting(Trust::Known, &origin, &server.confidences).await else { return };
    browser.open("/sign-in").await;
    browser.see("ERR_CERT_AUTHORITY_INVALID").await;
}
