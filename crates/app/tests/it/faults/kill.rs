//! Killed at any moment under mixed writes: what was answered is there, and nothing is there by half.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Call, Confidences, PASSWORD, TestServer, Tokens, number};

const ROUNDS: u64 = 50;
const WRITERS: u64 = 6;
const NEW_PASSWORD: &str = "eight green bottles";

/// What became of a call, as its caller knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    NotTried,
    Done,
    Unknown,
}

/// One account and what was done with it.
#[derive(Clone, Debug)]
struct Story {
    email: String,
    registered: Fate,
    team: Fate,
    /// The last pair that was answered, and what became of the refresh that followed.
    tokens: Option<Tokens>,
    refreshed: Fate,
    password_changed: Fate,
    logged_out: Fate,
}

/// Calls a server that may die meanwhile.
#[derive(Clone)]
struct Caller {
    http: reqwest::Client,
    url: String,
    confidences: Confidences,
}

impl Caller {
    fn of(server: &TestServer) -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Self { http, url: server.url(""), confidences: server.confidences().clone() }
    }

    fn post(&self, path: &str) -> Call {
        Call::new(self.http.post(format!("{}{path}", self.url)), &self.confidences)
    }

    /// The answer, if it came whole; anything but success is a defect under load.
    async fn act(&self, call: Call, status: u16) -> Option<crate::support::Answer> {
        Some(call.try_send().await.ok()?.expect(status))
    }
}

fn fate<T>(answer: Option<&T>) -> Fate {
    if answer.is_some() { Fate::Done } else { Fate::Unknown }
}

/// Registers, signs in, makes a team, refreshes, changes the password, signs out, until the server is gone.
async fn write(caller: Caller, email: String) -> Story {
    let mut story = Story {
        email,
        registered: Fate::NotTried,
        team: Fate::NotTried,
        tokens: None,
        refreshed: Fate::NotTried,
        password_changed: Fate::NotTried,
        logged_out: Fate::NotTried,
    };
    // Ends at the first call without an answer.
    let _cut_off = live(&caller, &mut story).await;
    story
}

async fn live(caller: &Caller, story: &mut Story) -> Option<()> {
    let person = json!({"email": story.email, "password": PASSWORD, "first_name": "First", "last_name": "Last"});
    let answer = caller.act(caller.post("/auth/register").json(&person), 201).await;
    story.registered = fate(answer.as_ref());
    answer?;
    let login = json!({"email": story.email, "password": PASSWORD});
    let mut tokens = Tokens::of(&caller.act(caller.post("/auth/login").json(&login), 200).await?);
    story.tokens = Some(tokens.clone());
    let team = json!({"name": story.email});
    let answer = caller.act(caller.post("/teams").bearer(&tokens.access).json(&team), 201).await;
    story.team = fate(answer.as_ref());
    answer?;
    let refresh = json!({"refresh_token": tokens.refresh});
    let answer = caller.act(caller.post("/auth/refresh").json(&refresh), 200).await;
    story.refreshed = fate(answer.as_ref());
    tokens = Tokens::of(&answer?);
    story.tokens = Some(tokens.clone());
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let answer = caller.act(caller.post("/auth/change-password").bearer(&tokens.access).json(&change), 200).await;
    story.password_changed = fate(answer.as_ref());
    tokens = Tokens::of(&answer?);
    story.tokens = Some(tokens.clone());
    let answer = caller.act(caller.post("/auth/logout").bearer(&tokens.access), 204).await;
    story.logged_out = fate(answer.as_ref());
    answer.map(|_| ())
}

/// A sequence that is the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What a single client can still do, right after the restart.
async fn check_retries(server: &TestServer, story: &Story) {
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
async fn check_rows(server: &TestServer, crash: u64) {
    let rows = server.rows().await;
    rows.check_integrity().await;
    for (what, sql) in [
        ("accounts without a hash", "SELECT COUNT(*) FROM users WHERE password_hash NOT LIKE '$2b$%'"),
        (
            "accounts without their mail",
            "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT user_id FROM mails WHERE user_id IS NOT NULL)",
        ),
        (
            "accounts without their token",
            "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT user_id FROM one_time_tokens WHERE user_id IS NOT NULL)",
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

/// In the end: passwords, teams.
async fn check(server: &TestServer, story: &Story) {
    let works = async |password: &str| match server.sign_in(&story.email, password).send().await.status {
        200 => true,
        401 => false,
        other => panic!("signing in answers {other}"),
    };
    let (old, new) = (works(PASSWORD).await, works(NEW_PASSWORD).await);
    match story.password_changed {
        _ if story.registered != Fate::Done => {}
        Fate::NotTried => assert!(old && !new, "{story:?}"),
        Fate::Done => assert!(!old && new, "the old password works: {story:?}"),
        Fate::Unknown => assert!(old != new, "exactly one password is right: {story:?}"),
    }
    let sql = format!("SELECT COUNT(*) FROM teams WHERE name = '{}'", story.email);
    let teams = server.rows().await.one::<i64>(&sql).await;
    match story.team {
        Fate::NotTried => assert_eq!(teams, 0, "{story:?}"),
        Fate::Done => assert_eq!(teams, 1, "{story:?}"),
        Fate::Unknown => assert!(teams <= 1, "{story:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill_and_nothing_is_there_by_half() {
    let rounds = number("KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("KILL_SEED").unwrap_or(u64::from(std::process::id()));
    println!("KILL_ROUNDS={rounds} KILL_SEED={seed}");
    let mut chance = Chance(seed);
    let mut server = TestServer::start().await;
    let mut stories = Vec::new();
    for round in 0..rounds {
        let caller = Caller::of(&server);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let caller = caller.clone();
            writers.spawn(async move {
                let mut stories = Vec::new();
                for n in 0.. {
                    let story = write(caller.clone(), format!("r{round}w{writer}n{n}@example.org")).await;
                    let alive = story.logged_out == Fate::Done;
                    stories.push(story);
                    if !alive {
                        break;
                    }
                }
                stories
            });
        }
        tokio::time::sleep(Duration::from_millis(10 + chance.below(170))).await;
        server.kill();
        let told: Vec<Story> = writers.join_all().await.into_iter().flatten().collect();
        server = server.restart().await;
        check_rows(&server, round).await;
        for story in told.iter().filter(|story| story.logged_out != Fate::Done).chain(told.last()) {
            check_retries(&server, story).await;
        }
        stories.extend(told);
    }
    let done = stories.iter().filter(|story| story.registered == Fate::Done).count();
    let cut = |of: fn(&Story) -> Fate| stories.iter().filter(|story| of(story) == Fate::Unknown).count();
    println!(
        "{done} accounts; unanswered: {} registrations, {} teams, {} refreshes, {} changes of a password",
        cut(|s| s.registered),
        cut(|s| s.team),
        cut(|s| s.refreshed),
        cut(|s| s.password_changed)
    );
    assert!(done > 20, "too little happened for this test to say anything: {done}");
    for story in stories.iter().rev().take(300) {
        check(&server, story).await;
    }
}

#[tokio::test]
async fn a_one_time_token_works_once_also_across_a_kill() {
    let mut server = TestServer::start().await;
    for n in 0..5 {
        let account = server.register(&format!("once{n}@example.org")).await;
        let token = server.mailbox().wait_for(&account.email, 1).await[0].token();
        let body = json!({"token": token, "password": PASSWORD});
        let caller = Caller::of(&server);
        let mut uses = JoinSet::new();
        for _ in 0..4 {
            let (caller, body) = (caller.clone(), body.clone());
            uses.spawn(
                async move { caller.post("/auth/verify-email").json(&body).try_send().await.ok().map(|a| a.status) },
            );
        }
        tokio::time::sleep(Duration::from_millis(3 * n)).await;
        server.kill();
        let answers = uses.join_all().await;
        server = server.restart().await;
        let again = server.post("/auth/verify-email").json(&body).send().await.status;
        let successes = answers.iter().filter(|status| **status == Some(200)).count() + usize::from(again == 200);
        assert!(successes <= 1, "{answers:?}, then {again}");
        let tokens = server.login(&account).await;
        let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
        assert_eq!(me["email_verified"], true, "{answers:?}, then {again}");
    }
}
