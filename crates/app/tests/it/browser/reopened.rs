//! The page that asks again: a browser leaves it at once, so what it asks for then is answered with nothing, and it stays.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::TcpStream;

use crate::browser::older::{listen, show};
use crate::browser::screen::SCREENS;
use crate::browser::site::Site;
use crate::support::{PASSWORD, Setup};

/// Hands one request on, unless a page of this origin asks for another page: that has no content.
async fn hand_on_from_elsewhere(mut client: TcpStream, server: String) {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(octet) = client.read_u8().await else { return };
        head.push(octet);
    }
    let head = String::from_utf8(head).unwrap();
    let says = |line: &str| head.lines().any(|said| said.eq_ignore_ascii_case(line));
    if says("sec-fetch-mode: navigate") && says("sec-fetch-site: same-origin") {
        let _left = client.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
        return;
    }
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    let head = head.replacen("Connection: keep-alive", "Connection: close", 1);
    if server.write_all(head.as_bytes()).await.is_ok() {
        let _left = copy(&mut server, &mut client).await;
    }
}

#[tokio::test]
async fn the_page_that_asks_again_is_accessible_and_light() {
    let Some(site) = Site::of(Setup::default().set("TOKENS__ACCESS_TTL", "1s")).await else { return };
    let account = site.server.verified("person@example.org").await;
    site.browser.forget_between_pages().await;
    site.browser.sign_in(&account.email, PASSWORD).await;
    let server = site.server.address().to_owned();
    let here = listen(move |client| hand_on_from_elsewhere(client, server.clone())).await;
    let link = format!("<a href=\"http://127.0.0.1:{here}/account\">Follow</a>");
    let elsewhere = listen(move |client| show(client, link.clone())).await;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let [desk, ..] = SCREENS;
    site.browser.look_on(desk).await;
    site.browser.open(&format!("http://localhost:{elsewhere}/")).await;
    site.browser.answers().await;
    site.browser.click("Follow").await;
    site.browser.see("Another site led you here").await;
    let findings = site.examine("reopen", true).await;
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    site.close().await;
}
