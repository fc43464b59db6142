use std::sync::Arc;

use actix_web::http::{Method, Version};
use actix_web::test::TestRequest;
use countersign_application::ports::mailbox::{FiledMail, MailContent, MockMailboxReader};
use countersign_application::testing::{Mocks, NOW};
use countersign_domain::ids::MailId;
use countersign_domain::page::{Cursor, Page};
use countersign_domain::secret::Secret;
use uuid::Uuid;

use crate::client_address::ProxyNetwork;
use crate::pages::mailbox::key::{self, MailboxKey};
use crate::settings::WebSettings;
use crate::testing::{Answer, call_with, settings};

fn id(n: u128) -> MailId {
    MailId::new(Uuid::from_u128(n))
}

fn mail(n: u128, subject: &str) -> FiledMail {
    let content = MailContent {
        subject: subject.to_owned(),
        sender: "Countersign <no-reply@localhost>".to_owned(),
        recipient: "new@example.com".to_owned(),
        head: "Message-ID: <x@localhost>\n".to_owned(),
        text: Some("Follow http://localhost:8080/verify-email?token=a-_b&x=<b>.\n".to_owned()),
        html: Some("<!DOCTYPE html><html><head></head><body><p>Hello</p><script>x</script></body></html>".to_owned()),
    };
    FiledMail { id: id(n), queued_at: NOW, content: Some(content) }
}

/// One mail, with markup in its subject, and a file that is none.
fn folder() -> MockMailboxReader {
    let mut mailbox = MockMailboxReader::new();
    mailbox.expect_list().returning(|page| {
        let items = vec![mail(2, "<b>Confirm"), FiledMail { content: None, ..mail(1, "") }];
        let (items, next) = match page.after() {
            None => (items, Some(Cursor::after(Uuid::from_u128(1)))),
            Some(_) => (vec![], None),
        };
        Ok(Page { items, next })
    });
    mailbox.expect_find_by_id().returning(|of| {
        let mails = [mail(2, "<b>Confirm"), FiledMail { content: None, ..mail(1, "") }];
        Ok(mails.into_iter().find(|mail| mail.id == of))
    });
    mailbox
}

fn with(mailbox: MockMailboxReader) -> WebSettings {
    let public_url = "http://localhost:8080".to_owned();
    WebSettings { public_url, mailbox: Some(Arc::new(mailbox)), mailbox_key: Some(started(1)), ..settings() }
}

fn at_home() -> WebSettings {
    with(folder())
}

const KEY: &str = "key-of-the-mailbox";

/// The key after the n-th start.
fn started(n: u8) -> MailboxKey {
    MailboxKey::new(Secret::new(KEY), [n; 32])
}

/// What a browser has kept that opened the link after that.
fn kept_since(n: u8) -> String {
    let settings = WebSettings { mailbox_key: Some(started(n)), ..settings() };
    key::kept(&settings, KEY).unwrap().value().to_owned()
}

/// As a browser on this machine asks that has opened the link.
fn request(uri: &str) -> TestRequest {
    with_cookie(stranger(uri), &kept_since(1))
}

/// As another one on this machine asks.
fn stranger(uri: &str) -> TestRequest {
    let peer = "127.0.0.1:40000".parse().unwrap();
    TestRequest::get().uri(uri).peer_addr(peer).insert_header(("host", "localhost:8080"))
}

fn with_cookie(request: TestRequest, kept: &str) -> TestRequest {
    request.insert_header(("cookie", format!("countersign_mailbox={kept}")))
}

async fn get(settings: WebSettings, request: TestRequest) -> Answer {
    call_with(Mocks::default(), settings, request).await
}

fn uris() -> [String; 3] {
    ["/mailbox".to_owned(), format!("/mailbox/{}", id(2)), format!("/mailbox/{}/html", id(2))]
}

/// Neither the mailbox nor a link to it.
async fn assert_hidden(why: &str, settings: impl Fn() -> WebSettings, change: impl Fn(TestRequest) -> TestRequest) {
    for uri in uris() {
        let answer = get(settings(), change(request(&uri))).await;
        assert_eq!(answer.status, 404, "{why}: {uri}");
        assert!(!answer.text.contains("Confirm") && !answer.text.contains("Hello"), "{why}: {}", answer.text);
    }
    let front = get(settings(), change(request("/"))).await;
    assert!(!front.text.contains("mailbox"), "{why}: {}", front.text);
}

#[actix_web::test]
async fn at_home_the_mailbox_is_served_and_linked() {
    for uri in uris() {
        assert_eq!(get(at_home(), request(&uri)).await.status, 200, "{uri}");
    }
    let front = get(at_home(), request("/")).await;
    assert_eq!(front.text.matches("href=\"mailbox\"").count(), 2, "{}", front.text);
    let v6 =
        || WebSettings { listen: "[::1]:8080".parse().unwrap(), public_url: "https://[::1]".to_owned(), ..at_home() };
    let from_v6 = request("/mailbox").peer_addr("[::1]:1".parse().unwrap()).insert_header(("host", "[::1]:8080"));
    assert_eq!(get(v6(), from_v6).await.status, 200);
}

#[actix_web::test]
async fn the_answer_to_a_form_leads_to_the_mailbox_too() {
    let form = request("/forgot-password").method(Method::POST).insert_header(("origin", "http://localhost:8080"));
    let answer = get(at_home(), form.set_form([("email", "not an address")])).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("href=\"mailbox\""), "{}", answer.text);
}

#[actix_web::test]
async fn whoever_has_not_opened_the_link_of_the_start_is_told_of_it_and_sees_no_mail() {
    let cases = [(KEY, None), (KEY, Some("")), (KEY, Some("key-of-the-mailboy")), ("", Some("")), ("", Some(KEY))];
    for (printed, key) in cases {
        let mailbox_key = Some(started(1)).filter(|_| !printed.is_empty());
        let settings = || WebSettings { mailbox_key: mailbox_key.clone(), ..at_home() };
        let ask = |uri: &str| key.map_or_else(|| stranger(uri), |key| with_cookie(stranger(uri), key));
        let page = get(settings(), ask("/mailbox")).await;
        assert_eq!((page.status.as_u16(), page.header("set-cookie")), (403, None), "{key:?}");
        assert!(page.text.contains("Open the mailbox by its link") && !page.text.contains("Confirm"), "{}", page.text);
        let asked = get(settings(), stranger(&format!("/mailbox?key={}", key.unwrap_or_default()))).await;
        assert_eq!((asked.status.as_u16(), asked.header("set-cookie")), (403, None), "{key:?}");
        for uri in &uris()[1..] {
            let answer = get(settings(), ask(uri)).await;
            assert_eq!(answer.status, 404, "{key:?}: {uri}");
            assert!(!answer.text.contains("Hello"), "{}", answer.text);
        }
    }
    // Where nobody may look, the key says nothing either.
    let elsewhere = stranger(&format!("/mailbox?key={KEY}")).insert_header(("x-forwarded-for", "192.0.2.1"));
    assert_eq!(get(at_home(), elsewhere).await.status, 404);
}

#[actix_web::test]
async fn the_link_of_the_start_opens_the_mailbox_for_this_browser_and_leads_on_without_the_key() {
    let https = || WebSettings { public_url: "https://localhost".to_owned(), ..at_home() };
    for (settings, is_https) in [(at_home as fn() -> WebSettings, false), (https, true)] {
        let led = get(settings(), stranger(&format!("/mailbox?key={KEY}"))).await;
        assert_eq!((led.status.as_u16(), led.header("location")), (303, Some("./mailbox")));
        let cookie = led.header("set-cookie").unwrap();
        assert!(cookie.starts_with(&format!("countersign_mailbox={}; ", kept_since(1))), "{cookie}");
        for attribute in ["; HttpOnly", "; SameSite=Strict", "; Path=/mailbox"] {
            assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
        }
        assert!(!cookie.contains("Max-Age") && !cookie.contains("Domain"), "{cookie}");
        assert_eq!(cookie.contains("; Secure"), is_https, "{cookie}");
    }
}

#[actix_web::test]
async fn what_the_browser_keeps_is_not_the_key_and_ends_with_the_process() {
    let kept = [KEY.to_owned(), kept_since(2)];
    assert!(!kept.contains(&kept_since(1)) && !kept_since(1).contains(KEY));
    for kept in kept {
        let ask = |uri: &str| with_cookie(stranger(uri), &kept);
        assert_eq!(get(at_home(), ask("/mailbox")).await.status, 403, "{kept}");
        assert_eq!(get(at_home(), ask(&uris()[1])).await.status, 404, "{kept}");
        // Nor is it the key of a link.
        let link = format!("/mailbox?key={kept}");
        assert_eq!(get(at_home(), stranger(&link)).await.status, if kept == KEY { 303 } else { 403 });
    }
    assert_eq!(get(at_home(), stranger(&format!("/mailbox?key={}", kept_since(1)))).await.status, 403);
}

#[actix_web::test]
async fn without_a_folder_or_off_this_machine_there_is_no_mailbox() {
    let same = |request| request;
    assert_hidden("mails are sent", || WebSettings { mailbox: None, ..at_home() }, same).await;
    for listen in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
        assert_hidden(listen, || WebSettings { listen: listen.parse().unwrap(), ..at_home() }, same).await;
    }
    for url in ["https://id.example", "http://localhost.id.example:8080", "http://10.0.0.1", ""] {
        assert_hidden(url, || WebSettings { public_url: url.to_owned(), ..at_home() }, same).await;
    }
}

#[actix_web::test]
async fn whoever_asks_from_elsewhere_or_by_another_name_sees_no_mailbox() {
    for peer in ["192.0.2.1:40000", "[2001:db8::1]:40000", "10.0.0.1:1"] {
        assert_hidden(peer, at_home, |request| request.peer_addr(peer.parse().unwrap())).await;
    }
    for host in ["id.example", "localhost.id.example:8080", "192.0.2.1", ""] {
        assert_hidden(host, at_home, |request| request.insert_header(("host", host))).await;
    }
    let other_host = |request: TestRequest| request.append_header(("host", "id.example"));
    assert_hidden("two hosts", at_home, other_host).await;
    for uri in uris() {
        let peer = "127.0.0.1:40000".parse().unwrap();
        let nameless = with_cookie(TestRequest::get().uri(&uri).peer_addr(peer), &kept_since(1));
        assert_eq!(get(at_home(), nameless).await.status, 404, "{uri}");
        let unknown = TestRequest::get().uri(&uri).insert_header(("host", "localhost"));
        assert_eq!(get(at_home(), unknown).await.status, 404, "{uri}");
        let absolute = request(&format!("http://id.example{uri}"));
        assert_eq!(get(at_home(), absolute).await.status, 404, "{uri}");
        let by_authority = TestRequest::get().uri(&format!("http://localhost:8080{uri}")).peer_addr(peer);
        let by_authority = with_cookie(by_authority, &kept_since(1));
        assert_eq!(get(at_home(), by_authority).await.status, 200, "{uri}");
    }
}

#[actix_web::test]
async fn through_a_proxy_or_from_another_origin_there_is_no_mailbox() {
    for header in [
        ("forwarded", "for=127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "localhost"),
        ("x-real-ip", "127.0.0.1"),
        ("via", "1.1 proxy"),
        ("origin", "http://localhost:3000"),
    ] {
        assert_hidden(header.0, at_home, |request| request.insert_header(header)).await;
    }
    assert_hidden("HTTP/1.0", at_home, |request| request.version(Version::HTTP_10)).await;
    let behind = || WebSettings { trusted_proxies: vec![ProxyNetwork::parse("127.0.0.1").unwrap()], ..at_home() };
    assert_hidden("a trusted proxy", behind, |request| request).await;
}

#[actix_web::test]
async fn mails_are_listed_with_the_way_to_the_older_ones() {
    let page = get(at_home(), request("/mailbox")).await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.text.contains("&lt;b&gt;Confirm") && !page.text.contains("<b>"), "{}", page.text);
    assert!(page.text.contains("new@example.com") && page.text.contains("<time datetime=\"2026-"), "{}", page.text);
    assert!(page.text.contains("Not readable as a mail"), "{}", page.text);
    let (_, next) = page.text.split_once("mailbox?cursor=").unwrap();
    let older = get(at_home(), request(&format!("/mailbox?cursor={}", next.split('"').next().unwrap()))).await;
    assert!(older.text.contains("There are no older mails.") && !older.text.contains("cursor="), "{}", older.text);
    assert_eq!(get(at_home(), request("/mailbox?cursor=x")).await.status, 422);
    let mut empty = MockMailboxReader::new();
    empty.expect_list().returning(|_| Ok(Page { items: vec![], next: None }));
    assert!(get(with(empty), request("/mailbox")).await.text.contains("No mail yet."));
}

#[actix_web::test]
async fn a_mail_is_shown_with_its_links_and_nothing_of_it_runs_in_the_page() {
    let page = get(at_home(), request(&format!("/mailbox/{}", id(2)))).await;
    let link = "http:&#x2f;&#x2f;localhost:8080&#x2f;verify-email?token=a-_b&amp;x=";
    assert!(page.text.contains(&format!("<a href=\"{link}\">{link}</a>&lt;b&gt;.")), "{}", page.text);
    assert!(page.text.contains("<h1>&lt;b&gt;Confirm</h1>") && page.text.contains("Message-ID: &lt;x@localhost&gt;"));
    assert!(!page.text.contains("<script") && !page.text.contains("<p>Hello"), "{}", page.text);
    let frame =
        format!("sandbox=\"allow-top-navigation-by-user-activation\" src=\"..&#x2f;mailbox/{}/html\"></iframe>", id(2));
    assert!(page.text.contains(&frame), "{}", page.text);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';") && policy.ends_with("; frame-src 'self'"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
}

#[actix_web::test]
async fn the_html_of_a_mail_has_no_rights_and_its_links_lead_the_window_on() {
    let letter = get(at_home(), request(&format!("/mailbox/{}/html", id(2)))).await;
    assert!(letter.text.starts_with("<!DOCTYPE html><html><head><base target=\"_top\"></head>"), "{}", letter.text);
    let policy: Vec<_> = letter.header("content-security-policy").unwrap().split("; ").collect();
    assert_eq!(
        policy,
        [
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "img-src data:",
            "form-action 'none'",
            "frame-ancestors 'self'",
            "sandbox allow-top-navigation-by-user-activation",
        ]
    );
    assert_eq!(letter.header("x-frame-options"), Some("SAMEORIGIN"));
    assert_eq!(letter.header("cache-control"), Some("no-store"));
    assert_eq!(letter.header("x-content-type-options"), Some("nosniff"));
}

#[actix_web::test]
async fn what_is_no_mail_is_said_to_be_none() {
    let unreadable = get(at_home(), request(&format!("/mailbox/{}", id(1)))).await;
    assert_eq!(unreadable.status, 200);
    assert!(unreadable.text.contains("it is no mail") && !unreadable.text.contains("<iframe"), "{}", unreadable.text);
    for uri in [
        format!("/mailbox/{}/html", id(1)),
        format!("/mailbox/{}", id(3)),
        format!("/mailbox/{}/html", id(3)),
        "/mailbox/20260102T030405.001Z-x.eml".to_owned(),
        "/mailbox/..%2f..%2fsecret.key".to_owned(),
    ] {
        assert_eq!(get(at_home(), request(&uri)).await.status, 404, "{uri}");
    }
}
