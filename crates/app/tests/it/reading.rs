//! Looking changes nothing: every GET that there is, asked by whoever may ask it, leaves every table as it was. Scanners
//! of mails, prefetching browsers and other sites follow links.

use std::time::{Duration, Instant};

use countersign_web::routes::{Access, Credential, Endpoint, table};
use reqwest::Method;
use serde_json::json;

use crate::support::{Hand, Mail, PASSWORD, Setup, TestServer, Tokens};

/// What reading leaves behind all the same: that a superuser looked, and that an account was exported.
const TRACES: [&str; 2] = ["admin_viewed", "account_exported"];

/// Whoever may ask for a thing.
struct Reader<'a> {
    hand: Hand<'a>,
    tokens: Tokens,
}

impl<'a> Reader<'a> {
    async fn of(server: &'a TestServer, email: &str) -> Self {
        let tokens = Tokens::of(&server.sign_in(email, PASSWORD).send().await.expect(200));
        Self { hand: Hand::of(server, email, PASSWORD).await, tokens }
    }
}

/// A service with everything in it that a path can name, and links of mails that are still good.
struct Scene<'a> {
    server: &'a TestServer,
    admin: Reader<'a>,
    superuser: Reader<'a>,
    names: Vec<(&'static str, String)>,
    /// By the page that they lead to.
    links: Vec<(&'static str, String)>,
}

impl<'a> Scene<'a> {
    async fn set(server: &'a TestServer) -> Self {
        server.create_superuser("root@example.org", PASSWORD);
        let (owner, tokens) = server.signed_in("owner@example.org").await;
        let team = server.team(&tokens, "Teamname").await;
        let (member, _) = server.member(&tokens, &team, "member@example.org", "member").await;
        server.invite(&tokens, &team, "guest@example.org", "member").send().await.expect(200);
        server.register("stranger@example.org").await;
        let change = json!({"current_password": PASSWORD, "new_email": "new@example.org"});
        server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
        server.post("/auth/password-reset-request").json(&json!({"email": owner.email})).send().await.expect(202);
        let mailbox = server.mailbox();
        let registration = mailbox.about("stranger@example.org", "verify your e-mail address").await;
        let links = vec![
            ("/reset-password", mailbox.about(&owner.email, "set a new password").await),
            ("/accept-invitation", mailbox.about("guest@example.org", "invitation to the team").await),
            ("/confirm-email-change", mailbox.about("new@example.org", "confirm").await),
            ("/verify-email", registration.clone()),
            ("/disown-account", registration),
        ];
        let links = links.into_iter().map(|(page, mail): (_, Mail)| (page, mail.token())).collect();
        let list = server.mailbox_page("/mailbox").await.send().await.expect(200).text;
        let (_, mail) = list.split_once("href=\"mailbox/").unwrap();
        let names = vec![
            ("{team_id}", team),
            ("{user_id}", member.id.clone()),
            ("/mailbox/{id}", format!("/mailbox/{}", mail.split('"').next().unwrap())),
            ("{id}", member.id),
            ("{file}", "start.js".to_owned()),
        ];
        let (admin, superuser) = (Reader::of(server, &owner.email).await, Reader::of(server, "root@example.org").await);
        Self { server, admin, superuser, names, links }
    }

    fn path(&self, endpoint: &Endpoint) -> String {
        let path = self.names.iter().fold(endpoint.pattern.clone(), |path, (name, value)| path.replace(name, value));
        match self.links.iter().find(|(page, _)| *page == path) {
            Some((_, token)) => format!("{path}?token={token}"),
            None => path,
        }
    }

    /// As somebody who may, and as nobody.
    async fn read(&self, endpoint: &Endpoint) {
        let path = self.path(endpoint);
        let reader = if endpoint.access == Access::Superuser { &self.superuser } else { &self.admin };
        let shown = match endpoint.credential {
            Credential::Token => self.server.get(&path).bearer(&reader.tokens.access),
            Credential::Cookie if path.starts_with("/mailbox") => self.server.mailbox_page(&path).await,
            Credential::Cookie => self.server.get(&path).header("cookie", &reader.hand.cookie),
        };
        let answer = shown.send().await;
        assert!(answer.status < 400, "{path}: {answer:?}");
        for method in [Method::GET, Method::HEAD] {
            self.server.call(method, &path).send().await;
        }
    }

    /// All rows, once nothing moves any more: mails that were sent are entered after they are there.
    async fn rows(&self) -> Vec<String> {
        let start = Instant::now();
        let rows = self.server.rows().await;
        let mut before = rows.dump().await;
        loop {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let now = rows.dump().await;
            if now == before {
                let mut lines: Vec<_> = now.lines().map(str::to_owned).collect();
                lines.sort_unstable();
                return lines;
            }
            assert!(start.elapsed() < Duration::from_secs(15), "something writes all the time");
            before = now;
        }
    }
}

#[tokio::test]
async fn no_get_changes_a_row() {
    let server = Setup::default().with_local_mailbox().start().await;
    let scene = Scene::set(&server).await;
    let before = scene.rows().await;
    let gets: Vec<_> = table().into_iter().filter(|endpoint| endpoint.method.as_str() == "GET").collect();
    assert!(gets.len() > 50, "{}", gets.len());
    for endpoint in &gets {
        scene.read(endpoint).await;
    }
    let after = scene.rows().await;
    let gone: Vec<_> = before.iter().filter(|row| after.binary_search(row).is_err()).collect();
    assert!(gone.is_empty(), "changed or gone: {gone:#?}");
    let is_trace = |row: &str| TRACES.iter().any(|kind| row.starts_with("audit_events: ") && row.contains(kind));
    let new: Vec<_> = after.iter().filter(|row| before.binary_search(row).is_err()).collect();
    assert!(new.iter().any(|row| row.contains(TRACES[0])), "what superusers look at is in the trail");
    let unexpected: Vec<_> = new.into_iter().filter(|row| !is_trace(row)).collect();
    assert!(unexpected.is_empty(), "new: {unexpected:#?}");
}
