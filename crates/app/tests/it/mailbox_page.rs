//! The mailbox in a browser: there on the embedded default, and nowhere else.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
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
    let (start, cookie) = (Instant::now(), server.mailbox_cookie().await);
    loop {
        let page = server.get("/mailbox").header("cookie", &cookie).send().await.expect(200);
        if page.text.contains(address) {
            return page;
        }
        assert!(start.elapsed() < PATIENCE, "no mail to {address} in {}", page.text);
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn a_mail_just_sent_is_in_the_mailbox_and_its_link_works() {
    let server = Setup::default().with_local_mailbox().start().await;
    let link = server.mailbox_link().unwrap();
    assert!(server.output().contains(&server.url(&link)), "{}", server.output());
    let led = server.get(&link).send().await.expect(303);
    assert_eq!(led.header("location"), "./mailbox");
    let key = link.split_once('=').unwrap().1;
    let cookie = led.header("set-cookie");
    assert!(cookie.starts_with("countersign_mailbox=") && !cookie.contains(key), "{led:?}");
    let front = server.get("/").send().await.expect(200);
    assert!(front.text.contains("href=\"mailbox\""), "{}", front.text);
    assert!(server.mailbox_page("/mailbox").await.send().await.expect(200).text.contains("No mail yet."));
    let account = server.register("reader@example.org").await;
    let list = mailbox_with(&server, &account.email).await;
    let mail_path = format!("/mailbox/{}", between(&list.text, "<a href=\"mailbox/", "\""));
    let mail = server.mailbox_page(&mail_path).await.send().await.expect(200);
    assert!(mail.header("content-security-policy").ends_with("; frame-src 'self'"), "{mail:?}");
    let link = between(&mail.text, "<p class=\"verbatim\">", "</p>");
    let link = between(&link, "<a href=\"", "\"");
    let letter = server.mailbox_page(&format!("{mail_path}/html")).await.send().await.expect(200);
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
    let server = Setup::default().with_local_mailbox().start().await;
    for (name, value) in [("host", "id.example"), ("x-forwarded-for", "127.0.0.1"), ("via", "1.1 proxy")] {
        server.mailbox_page("/mailbox").await.header(name, value).send().await.expect(404);
    }
    server.mailbox_page("/mailbox").await.send().await.expect(200);
}

#[tokio::test]
async fn the_link_to_the_mailbox_is_the_same_after_a_restart_and_another_for_other_data_and_is_opened_anew() {
    // Each makes its secret key itself.
    let mut server = Setup::default().embedded().start().await;
    let (link, cookie) = (server.mailbox_link(), server.mailbox_cookie().await);
    assert_ne!(Setup::default().embedded().start().await.mailbox_link(), link);
    let opened = async |server: &TestServer| server.get("/mailbox").header("cookie", &cookie).send().await.status;
    assert_eq!(opened(&server).await, 200);
    server.kill();
    let server = server.restart().await;
    assert_eq!(server.mailbox_link(), link);
    assert_eq!(opened(&server).await, 403, "what a browser kept ends with the process");
    server.mailbox_page("/mailbox").await.send().await.expect(200);
}

/// A reverse proxy that adds no header of its own, and names this machine: nginx since 1.29.7 with `proxy_pass` alone.
/// Takes one connection after the other.
fn silent_proxy(server: &TestServer) -> String {
    let (listener, own) = (TcpListener::bind("127.0.0.1:0").unwrap(), server.address().to_owned());
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut service) = (client.unwrap(), TcpStream::connect(&own).unwrap());
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut octet = [0];
                client.read_exact(&mut octet).unwrap();
                head.push(octet[0]);
            }
            let lines = String::from_utf8(head).unwrap();
            let is_kept =
                |line: &&str| !["host:", "connection:"].iter().any(|name| line.to_lowercase().starts_with(name));
            let kept: Vec<_> = lines.trim_end().split("\r\n").filter(is_kept).collect();
            write!(service, "{}\r\nHost: {own}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).unwrap();
            std::io::copy(&mut service, &mut client).unwrap();
        }
    });
    address
}

#[tokio::test]
async fn a_proxy_that_adds_no_header_shows_the_mailbox_to_nobody() {
    let server = Setup::default().with_local_mailbox().start().await;
    server.register("reader@example.org").await;
    let list = mailbox_with(&server, "reader@example.org").await;
    let mail_path = format!("/mailbox/{}", between(&list.text, "<a href=\"mailbox/", "\""));
    let proxy = silent_proxy(&server);
    for (path, status) in [("/mailbox", 403), ("/mailbox?key=", 403), (&*mail_path, 404), ("/health/live", 200)] {
        let answer = reqwest::Client::new().get(format!("http://{proxy}{path}")).header("host", "id.example");
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let said = answer.text().await.unwrap();
        assert!(!said.contains("reader@example.org") && !said.contains("/verify-email"), "{path}: {said}");
    }
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
