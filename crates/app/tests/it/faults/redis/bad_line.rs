//! Redis by a line that is slow, or loses what is said.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::ledger::{Caller, say};
use crate::faults::line::Line;
use crate::faults::pace::Pace;
use crate::faults::postgres::chance;
use crate::faults::redis::{LIFETIME, becomes, is_accepted, sign_out};
use crate::support::{Answer, Call, PASSWORD, Redis, Setup, Tokens, assert_problem};

/// How long an answer of Redis may take.
const ANSWER: Duration = Duration::from_millis(400);
/// Of wrong passwords.
const LIMIT: usize = 6;
/// What nobody waits for, whatever is lost: two confirmations, each as long as entries live.
const BOUND: Duration = Duration::from_secs(15);

fn by(line: &Line, redis: &Redis) -> Setup {
    Setup::default()
        .variable("REDIS_URL", &line.before(&redis.url(), redis.port()))
        .set("REDIS__TIMEOUT", "400ms")
        .set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", &LIMIT.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_half_a_second_away_costs_few_calls_anything_and_changes_no_answer() {
    let Some(redis) = Redis::start() else { return };
    let line = Line::to(redis.port(), 0).await;
    let server = by(&line, &redis).start().await;
    let (account, tokens) = server.signed_in("patient@example.org").await;
    let (victim, _) = server.signed_in("victim@example.org").await;
    let kept = server.login(&account).await;
    assert!(is_accepted(&server, &tokens).await && is_accepted(&server, &kept).await);
    Pace::of(&server, &tokens).await.assert_within(BOUND, "while Redis is near");
    for _ in 0..2 {
        assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 401, "invalid_credentials");
    }
    line.delay(Duration::from_millis(500));
    let pace = Pace::over(Duration::from_secs(8), &server, &tokens).await;
    pace.assert_few_waited(ANSWER, "while Redis is half a second away");
    pace.assert_within(BOUND, "while Redis is half a second away");
    for _ in 2..LIMIT {
        assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 401, "invalid_credentials");
    }
    assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 429, "rate_limited");
    let refreshed = server.post("/auth/refresh").json(&json!({"refresh_token": kept.refresh})).send().await;
    let kept = Tokens::of(&refreshed.expect(200));
    assert!(sign_out(&server, &tokens).await >= LIFETIME, "another node could have it still");
    assert!(!is_accepted(&server, &tokens).await && is_accepted(&server, &kept).await);
    line.delay(Duration::ZERO);
    becomes(&server, "ready").await;
    assert!(!is_accepted(&server, &tokens).await && is_accepted(&server, &kept).await);
    assert_problem(&server.sign_in(&victim.email, "wrong").send().await, 429, "rate_limited");
}

struct Client {
    caller: Caller,
    email: String,
    longest: Duration,
}

impl Client {
    async fn act(&mut self, call: Call, status: u16) -> Answer {
        let start = Instant::now();
        let answer = self.caller.act(call, status).await.unwrap();
        self.longest = self.longest.max(start.elapsed());
        answer
    }

    async fn look(&mut self, tokens: &Tokens, status: u16) {
        let call = self.caller.call(Method::GET, "/auth/me").bearer(&tokens.access);
        self.act(call, status).await;
    }

    async fn refresh(&mut self, tokens: &Tokens, status: u16) -> Answer {
        let call = self.caller.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
        self.act(call, status).await
    }

    /// Signs in, looks, refreshes, signs out, after which nothing is accepted any more.
    async fn live(&mut self) {
        let login = self.caller.post("/auth/login").json(&json!({"email": self.email, "password": PASSWORD}));
        let tokens = Tokens::of(&self.act(login, 200).await);
        for _ in 0..10 {
            self.look(&tokens, 200).await;
        }
        let tokens = Tokens::of(&self.refresh(&tokens, 200).await);
        self.look(&tokens, 200).await;
        let logout = self.caller.post("/auth/logout").bearer(&tokens.access);
        self.act(logout, 204).await;
        for _ in 0..5 {
            self.look(&tokens, 401).await;
        }
        self.refresh(&tokens, 401).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_a_redis_of_which_much_is_lost_nobody_is_answered_anything_wrong() {
    const CLIENTS: usize = 6;
    const LIVES: usize = 4;
    let Some(redis) = Redis::start() else { return };
    let line = Line::to(redis.port(), chance().0).await;
    let server = by(&line, &redis).start().await;
    for n in 0..CLIENTS {
        server.register(&format!("client{n}@example.org")).await;
    }
    line.lose(25);
    let mut living = JoinSet::new();
    for n in 0..CLIENTS {
        let (caller, email) = (Caller::of(&server), format!("client{n}@example.org"));
        let mut client = Client { caller, email, longest: Duration::ZERO };
        living.spawn(async move {
            for _ in 0..LIVES {
                client.live().await;
            }
            client.longest
        });
    }
    let mut guesses = [0, 0];
    while !living.is_empty() || guesses[1] == 0 {
        let answer = server.sign_in("victim@example.org", "wrong").send().await;
        let (status, code) = if answer.status == 429 { (429, "rate_limited") } else { (401, "invalid_credentials") };
        assert_problem(&answer, status, code);
        guesses[usize::from(status == 429)] += 1;
        while let Some(longest) = living.try_join_next() {
            let longest = longest.unwrap();
            assert!(longest < BOUND, "{longest:?}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lost = line.lost();
    say(&format!(
        "{lost} questions and answers of Redis lost; {} sessions, each ended with its answer; of {} guesses {} passed",
        CLIENTS * LIVES,
        guesses[0] + guesses[1],
        guesses[0]
    ));
    assert!(lost > 5, "too little was lost for this test to say anything: {lost}");
    assert!((1..=LIMIT).contains(&guesses[0]), "{} guesses of {LIMIT}", guesses[0]);
    line.lose(0);
    becomes(&server, "ready").await;
}
