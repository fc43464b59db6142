//! Looking changes nothing: every GET that there is, asked by whoever may ask it, leaves every table as it was. Scanners
//! of mails, prefetching browsers and other sites follow links. What may not be seen leaves its refusal in the trail, and a
//! session of the pages renews itself, and nothing else.

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
}

/// All rows, once nothing moves any more: mails that were sent are entered after they are there.
async fn settled(server: &TestServer) -> Vec<String> {
    let start = Instant::now();
    let rows = server.rows().await;
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

/// What is there only in the first.
fn beyond<'a>(rows: &'a [String], others: &[String]) -> Vec<&'a String> {
    rows.iter().filter(|row| others.binary_search(row).is_err()).collect()
}

fn is_event(row: &str, kinds: &[&str]) -> bool {
    row.starts_with("audit_events: ") && kinds.iter().any(|kind| row.contains(kind))
}

fn gets() -> Vec<Endpoint> {
    table().into_iter().filter(|endpoint| endpoint.method.as_str() == "GET").collect()
}

/// The pages of whoever is signed in.
fn pages() -> Vec<Endpoint> {
    let is_page = |endpoint: &Endpoint| endpoint.credential == Credential::Cookie && endpoint.access != Access::Open;
    gets().into_iter().filter(is_page).collect()
}

/// Whether a member who is no admin and no superuser may not see it.
fn is_closed(endpoint: &Endpoint) -> bool {
    matches!(endpoint.access, Access::TeamAdmin | Access::Superuser)
}

#[tokio::test]
async fn no_get_changes_a_row() {
    let server = Setup::default().with_local_mailbox().start().await;
    let scene = Scene::set(&server).await;
    let before = settled(&server).await;
    let gets = gets();
    assert!(gets.len() > 50, "{}", gets.len());
    for endpoint in &gets {
        scene.read(endpoint).await;
    }
    let after = settled(&server).await;
    let gone = beyond(&before, &after);
    assert!(gone.is_empty(), "changed or gone: {gone:#?}");
    let new = beyond(&after, &before);
    assert!(new.iter().any(|row| row.contains(TRACES[0])), "what superusers look at is in the trail");
    let unexpected: Vec<_> = new.into_iter().filter(|row| !is_event(row, &TRACES)).collect();
    assert!(unexpected.is_empty(), "new: {unexpected:#?}");
}

#[tokio::test]
async fn a_page_that_may_not_be_seen_leaves_its_refusal_in_the_trail_and_nothing_else() {
    let server = Setup::default().with_local_mailbox().start().await;
    let scene = Scene::set(&server).await;
    server.verified("outsider@example.org").await;
    let mut member = Hand::of(&server, "member@example.org", PASSWORD).await;
    let mut outsider = Hand::of(&server, "outsider@example.org", PASSWORD).await;
    let before = settled(&server).await;
    let mut refused = 0;
    for endpoint in pages() {
        let path = scene.path(&endpoint);
        if is_closed(&endpoint) {
            member.look(&path).await.expect(403);
            refused += 1;
        }
        if endpoint.access.is_of_team() {
            outsider.look(&path).await.expect(404);
            refused += 1;
        }
    }
    assert!(refused > 15, "{refused}");
    let after = settled(&server).await;
    let gone = beyond(&before, &after);
    assert!(gone.is_empty(), "changed or gone: {gone:#?}");
    let new = beyond(&after, &before);
    assert!(new.iter().all(|row| is_event(row, &["access_denied"])), "new: {new:#?}");
    assert_eq!(new.len(), refused);
}

#[tokio::test]
async fn a_stale_cookie_renews_its_session_whatever_page_is_asked_for_and_nothing_else_changes() {
    let server = Setup::default().set("TOKENS__ACCESS_TTL", "1s").start().await;
    server.verified("owner@example.org").await;
    let member = server.verified("member@example.org").await;
    let mut owner = Hand::of(&server, "owner@example.org", PASSWORD).await;
    let made = owner.send("/account/teams/new", "/account/teams/new", &[("name", "Teamname"), ("description", "")]);
    let made = made.await.expect(303).header("location").to_owned();
    let team = made.split_once("account/teams/").unwrap().1.split('?').next().unwrap().to_owned();
    let invitations = format!("/account/teams/{team}/invitations");
    let typed = [("emails", "member@example.org"), ("role", "member")];
    owner.send(&invitations, &invitations, &typed).await.expect(303);
    let pages = pages();
    let mut hands = vec![];
    for _ in &pages {
        hands.push(Hand::of(&server, &member.email, PASSWORD).await);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let before = settled(&server).await;
    for (endpoint, hand) in pages.iter().zip(&mut hands) {
        let names = [("{team_id}", &team), ("{user_id}", &member.id), ("{id}", &member.id)];
        let path = names.iter().fold(endpoint.pattern.clone(), |path, (name, value)| path.replace(name, value));
        let former = hand.cookie.clone();
        hand.look(&path).await.expect(if is_closed(endpoint) { 403 } else { 200 });
        assert_ne!(hand.cookie, former, "{path}");
    }
    let after = settled(&server).await;
    let (gone, new) = (beyond(&before, &after), beyond(&after, &before));
    let is_session = |row: &&&String| row.starts_with("sessions: ");
    assert!(gone.iter().all(|row| is_session(&row)), "changed or gone: {gone:#?}");
    assert_eq!((gone.len(), new.iter().filter(is_session).count()), (pages.len(), pages.len()));
    let refusals: Vec<_> = new.iter().filter(|row| !is_session(row)).collect();
    assert!(refusals.iter().all(|row| is_event(row, &["access_denied"])), "new: {refusals:#?}");
    assert_eq!(refusals.len(), pages.iter().filter(|endpoint| is_closed(endpoint)).count());
}
