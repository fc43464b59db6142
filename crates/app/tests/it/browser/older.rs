//! Browsers before Fetch Metadata: what they say of a form, by the headers of this one without those.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::browser::site::Site;
use crate::support::PASSWORD;

const METADATA: &[u8] = b"sec-fetch-";

/// Listens on this machine; says on which port.
pub(in crate::browser) async fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(serve(client));
        }
    });
    port
}

/// Hands what a browser says on, but for its Fetch Metadata.
async fn hand_on(client: TcpStream, server: String) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let ((mut asked, mut answered), (mut from, mut to)) = (client.into_split(), server.into_split());
    tokio::spawn(async move { copy(&mut from, &mut answered).await });
    let mut octets = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = asked.read(&mut octets).await {
        let said = &mut octets[..read];
        for at in 0..read.saturating_sub(METADATA.len()) {
            if said[at..at + METADATA.len()].eq_ignore_ascii_case(METADATA) {
                said[at..at + METADATA.len()].copy_from_slice(b"not-known-");
            }
        }
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}

/// Answers whatever is asked with this page.
pub(in crate::browser) async fn show(mut client: TcpStream, page: String) {
    let _head = client.read(&mut [0; 4096]).await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n", page.len());
    let _left = client.write_all(format!("{head}connection: close\r\n\r\n{page}").as_bytes()).await;
}

#[tokio::test]
async fn nobody_is_signed_in_by_another_site_and_everybody_by_the_page() {
    let Some(site) = Site::open().await else { return };
    let account = site.server.verified("person@example.org").await;
    let server = site.server.address().to_owned();
    let port = listen(move |client| hand_on(client, server.clone())).await;
    let here = format!("http://127.0.0.1:{port}");
    let form = format!(
        "<form method=post action={here}/sign-in><input name=email value={}><input name=password value='{PASSWORD}'>\
         <button>Win</button></form>",
        account.email
    );
    let silent = format!("<meta name=referrer content=no-referrer>{form}");
    let (open_page, silent_page) = (form.clone(), silent.clone());
    let strangers = [
        format!("http://127.0.0.1:{}/", listen(move |client| show(client, open_page.clone())).await),
        format!("http://127.0.0.1:{}/", listen(move |client| show(client, silent_page.clone())).await),
        format!("data:text/html,{form}"),
        format!("data:text/html,{silent}"),
    ];
    for stranger in strangers {
        site.browser.open(&stranger).await;
        site.browser.click("Win").await;
        site.browser.see("The form was not taken").await;
        site.browser.open(&format!("{here}/account")).await;
        site.browser.see("Forgot your password?").await;
    }
    // From a page whose address has more than its path.
    site.browser.fill("E-mail address", &account.email).await;
    site.browser.fill("Password", PASSWORD).await;
    site.browser.click("Sign in").await;
    site.browser.see("Export your data").await;
    site.browser.click("Sign out").await;
    site.browser.see("You are signed out.").await;
    site.close().await;
}
