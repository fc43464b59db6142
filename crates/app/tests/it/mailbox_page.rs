//! The mailbox in a browser: there on the embedded default, and nowhere else.

use std::time::{Duration, Instant};

use crate::support::{Answer, PASSWORD, Setup, TestServer};

const PATIENCE: Duration = Duration::from_secs(15);

/// What first stands between these on the page.
#[track_caller]
fn between(page: &str, before: &str, after: &str) -> String {
    let (_, rest) = page.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {page}"));
    rest.split(after).next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&")
}

async fn mailbox_with(server: &TestServer, address: &str) -> Answer {
    let start = Instant::now();
    loop {
        let page = server.get("/mailbox").send().await.expect(200);
        if page.text.contains(address) {
            return page;
        }
        assert!(start.elapsed() < PATIENCE, "no mail to {address} in {}", page.text);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn a_mail_just_sent_is_in_the_mailbox_and_its_link_works() {
    let server = TestServer::start().await;
    assert!(server.output().contains(&format!("{}/mailbox (", server.url(""))), "{}", server.output());
    let front = server.get("/").send().await.expect(200);
    assert!(front.text.contains("href=\"mailbox\""), "{}", front.text);
    assert!(server.get("/mailbox").send().await.expect(200).text.contains("No mail yet."));
    let account = server.register("reader@example.org").await;
    let list = mailbox_with(&server, &account.email).await;
    let mail_path = format!("/mailbox/{}", between(&list.text, "<a href=\"mailbox/", "\""));
    let mail = server.get(&mail_path).send().await.expect(200);
    assert!(mail.header("content-security-policy").ends_with("; frame-src 'self'"), "{mail:?}");
    let link = between(&mail.text, "<p class=\"verbatim\">", "</p>");
    let link = between(&link, "<a href=\"", "\"");
    let letter = server.get(&format!("{mail_path}/html")).send().await.expect(200);
    assert!(letter.text.contains(&format!("href=\"{link}\"")), "{link} in {}", letter.text);
    assert!(letter.header("content-security-policy").contains("; sandbox allow-top-navigation-by-user-activation"));
    assert_eq!(letter.header("x-frame-options"), "SAMEORIGIN");

    let path = link.strip_prefix(&server.url("")).unwrap();
    let form = server.get(path).send().await.expect(200);
    let token = between(&form.text, "name=\"token\" value=\"", "\"");
    let typed = [("token", &*token), ("password", PASSWORD)];
    server.post("/verify-email").header("origin", &server.url("")).form(&typed).send().await.expect(200);
    let tokens = server.login(&account).await;
    assert_eq!(server.get("/auth/me").bearer(&tokens.access).send().await.json()["email_verified"], true);
}

#[tokio::test]
async fn nobody_sees_the_mailbox_by_another_name_or_through_a_proxy() {
    let server = TestServer::start().await;
    for (name, value) in [("host", "id.example"), ("x-forwarded-for", "127.0.0.1"), ("via", "1.1 proxy")] {
        server.get("/mailbox").header(name, value).send().await.expect(404);
    }
    server.get("/mailbox").send().await.expect(200);
}

#[tokio::test]
async fn where_mails_are_sent_there_is_no_mailbox() {
    let server = Setup::default().variable("SMTP_URL", "smtp://127.0.0.1:1").start().await;
    for path in ["/mailbox", "/mailbox/0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a"] {
        server.get(path).send().await.expect(404);
        server.get(&format!("{path}/html")).send().await.expect(404);
    }
    assert!(!server.get("/").send().await.expect(200).text.contains("mailbox"));
    assert!(!server.output().contains("mailbox"), "{}", server.output());
}
