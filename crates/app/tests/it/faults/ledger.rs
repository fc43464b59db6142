//! What clients were answered while something failed, and what must hold of it afterwards.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Call, Confidences, PASSWORD, Rows, TestServer, Tokens, assert_problem};

pub(crate) const NEW_PASSWORD: &str = "eight green bottles";

/// What became of a call, as its caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    NotTried,
    Done,
    Unknown,
}

impl Fate {
    pub(crate) fn of<T>(answer: Option<&T>) -> Self {
        if answer.is_some() { Self::Done } else { Self::Unknown }
    }

    /// What was answered happened, what was not tried did not.
    pub(crate) fn allows(self, happened: bool) -> bool {
        self == Self::Unknown || happened == (self == Self::Done)
    }
}

/// One account and what was done with it.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) email: String,
    pub(crate) registered: Fate,
    pub(crate) team: Fate,
    /// The last pair that was answered, and what became of the refresh that followed.
    pub(crate) tokens: Option<Tokens>,
    pub(crate) refreshed: Fate,
    pub(crate) password_changed: Fate,
    pub(crate) logged_out: Fate,
}

/// Calls a server that may die meanwhile, or lose its database.
#[derive(Clone)]
pub(crate) struct Caller {
    http: reqwest::Client,
    url: String,
    confidences: Confidences,
    pub(crate) may_be_refused: bool,
}

impl Caller {
    pub(crate) fn of(server: &TestServer) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, url: server.url(""), confidences: server.confidences().clone(), may_be_refused: false }
    }

    /// One that takes an outage for an answer: nobody knows then whether it was done.
    pub(crate) fn of_faulty(server: &TestServer) -> Self {
        Self { may_be_refused: true, ..Self::of(server) }
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.http.request(method, format!("{}{path}", self.url)), &self.confidences)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    /// The answer, if it came whole; anything but success, or an outage where that is what happens, is a defect. So is no
    /// answer of a service that has lost something and lives.
    pub(crate) async fn act(&self, call: Call, status: u16) -> Option<Answer> {
        let answer = call.try_send().await;
        let answer = match answer {
            Err(error) if self.may_be_refused => panic!("a service that lives has not answered: {error:?}"),
            answer => answer.ok()?,
        };
        if self.may_be_refused && answer.status == 503 {
            assert_problem(&answer, 503, "service_unavailable");
            return None;
        }
        Some(answer.expect(status))
    }

    /// The id of a new account.
    pub(crate) async fn register(&self, email: &str) -> Option<String> {
        let person = json!({"email": email, "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname"});
        Some(self.act(self.post("/auth/register").json(&person), 201).await?.text_at("/id"))
    }

    pub(crate) async fn login(&self, email: &str) -> Option<Tokens> {
        let login = json!({"email": email, "password": PASSWORD});
        Some(Tokens::of(&self.act(self.post("/auth/login").json(&login), 200).await?))
    }

    /// The id of a new team.
    pub(crate) async fn team(&self, tokens: &Tokens, name: &str) -> Option<String> {
        let call = self.post("/teams").bearer(&tokens.access).json(&json!({"name": name}));
        Some(self.act(call, 201).await?.text_at("/id"))
    }
}

/// Into the output of the test: what a run counted, and how to have it again.
#[expect(clippy::print_stdout, reason = "a test's output is where its figures are read")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// Says what happened; how many accounts there are.
pub(crate) fn report(stories: &[Story]) -> usize {
    let done = stories.iter().filter(|story| story.registered == Fate::Done).count();
    let cut = |of: fn(&Story) -> Fate| stories.iter().filter(|story| of(story) == Fate::Unknown).count();
    say(&format!(
        "{done} accounts; unanswered: {} registrations, {} teams, {} refreshes, {} changes of a password",
        cut(|s| s.registered),
        cut(|s| s.team),
        cut(|s| s.refreshed),
        cut(|s| s.password_changed)
    ));
    done
}

/// A sequence that is the same for the same seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What a single client can still do, right after the restart.
pub(crate) async fn check_retries(server: &TestServer, story: &Story) {
    let email = &story.email;
    if story.registered == Fate::Unknown {
        let status = server.registration(email, PASSWORD).send().await.status;
        assert!(matches!(status, 201 | 409), "registering again answers {status}");
        server.sign_in(email, PASSWORD).send().await.expect(200);
    }
    let Some(tokens) = &story.tokens else { return };
    let refresh = json!({"refresh_token": tokens.refresh});
    let again = server.post("/auth/refresh").json(&refresh).send().await;
    match (story.logged_out, story.password_changed) {
        (Fate::Done, _) => assert_eq!(again.status, 401, "a session that was ended lives: {email}"),
        (Fate::Unknown, _) | (Fate::NotTried, Fate::Unknown) => {}
        // Also the refresh whose answer was lost: the window is open.
        (Fate::NotTried, Fate::NotTried | Fate::Done) => assert_eq!(again.status, 200, "{email}: {}", again.text),
    }
}

/// Nothing is there by half.
pub(crate) async fn check_rows(server: &TestServer, crash: u64) {
    let rows = server.rows().await;
    rows.check_integrity().await;
    for (what, sql) in [
        ("accounts without a hash", "SELECT COUNT(*) FROM users WHERE password_hash NOT LIKE '$2b$%'"),
        (
            "accounts without their mail",
            "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT user_id FROM mails WHERE user_id IS NOT NULL)",
        ),
        (
            "accounts to be verified without their token",
            "SELECT COUNT(*) FROM users WHERE NOT email_verified AND id NOT IN \
             (SELECT user_id FROM one_time_tokens WHERE user_id IS NOT NULL)",
        ),
        (
            "accounts without their audit event",
            "SELECT COUNT(*) FROM users u WHERE NOT EXISTS \
             (SELECT 1 FROM audit_events e WHERE e.user_id = u.id AND e.kind LIKE '%register%')",
        ),
        (
            "teams without an admin",
            "SELECT COUNT(*) FROM teams t WHERE NOT EXISTS (SELECT 1 FROM user_teams m \
             WHERE m.team_id = t.id AND m.role = 'admin' AND m.status = 'active')",
        ),
        ("mails that are leased for ever", "SELECT COUNT(*) FROM mails WHERE lease_until > '2100-01-01T00:00:00.000Z'"),
    ] {
        assert_eq!(rows.one::<i64>(sql).await, 0, "{what} after crash {crash}");
    }
}

/// In the end, of each: session, password, team.
pub(crate) async fn check_all(server: &TestServer, stories: &[Story]) {
    let rows = server.rows().await;
    for story in stories {
        check(server, &rows, story).await;
    }
}

async fn check(server: &TestServer, rows: &Rows, story: &Story) {
    if story.logged_out == Fate::Done {
        check_retries(server, story).await;
    }
    let works = async |password| works(server, &story.email, password).await;
    // There is one hash, so what the other password does need not be asked.
    let right = match story.password_changed {
        _ if story.registered != Fate::Done => true,
        Fate::NotTried => works(PASSWORD).await,
        Fate::Done => works(NEW_PASSWORD).await,
        Fate::Unknown => works(NEW_PASSWORD).await || works(PASSWORD).await,
    };
    assert!(right, "the password is another one: {story:?}");
    let teams = rows.one::<i64>(&format!("SELECT COUNT(*) FROM teams WHERE name = '{}'", story.email)).await;
    assert!(teams <= 1 && story.team.allows(teams == 1), "{teams} teams: {story:?}");
}

/// Whether this is the password.
pub(crate) async fn works(server: &TestServer, email: &str, password: &str) -> bool {
    match server.sign_in(email, password).send().await.status {
        200 => true,
        401 => false,
        other => panic!("signing in answers {other}"),
    }
}
