//! Somebody who uses the service steadily.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::faults::ledger::Chance;
use crate::nodes::request::Request;
use crate::nodes::rolling::balancer::Balancer;
use crate::nodes::rolling::compromise::Compromises;
use crate::support::{Answer, PASSWORD, Tokens, header_of};

const PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct Visitor {
    name: String,
    chance: Chance,
    made: u64,
    balancer: Arc<Balancer>,
    compromises: Arc<Compromises>,
    tokens: Option<(Tokens, Instant)>,
    kids: BTreeSet<String>,
}

impl Visitor {
    pub(crate) fn new(n: u64, seed: u64, balancer: Arc<Balancer>, compromises: Arc<Compromises>) -> Self {
        let chance = Chance(seed.wrapping_add(n));
        let (name, kids) = (format!("visitor{n}"), BTreeSet::new());
        Self { name, chance, made: 0, balancer, compromises, tokens: None, kids }
    }

    /// Until it is over; the ids of the keys that signed what it got.
    pub(crate) async fn visit(mut self, is_over: Arc<AtomicBool>) -> BTreeSet<String> {
        let email = self.next_address();
        self.register(&email).await;
        self.log_in(&email).await;
        while !is_over.load(Ordering::Relaxed) {
            match self.chance.below(14) {
                0..=4 => self.call(&Request::get("/auth/me"), 200).await,
                5 | 6 => self.call(&Request::get("/auth/teams"), 200).await,
                7 | 8 => self.refresh().await,
                9 => {
                    let name = json!({"first_name": format!("Firstname {}", self.next())});
                    self.call(&Request::new(Method::PATCH, "/auth/me").with(name), 200).await;
                }
                10 => {
                    let name = json!({"name": format!("Teamname {}", self.next())});
                    self.call(&Request::post("/teams", name), 201).await;
                }
                11 => {
                    let email = self.next_address();
                    self.register(&email).await;
                }
                12 => {
                    // Nobody has it: the answer waits for its step of 50 ms.
                    let body = json!({"email": format!("nobody-{}", self.next_address())});
                    self.send(&Request::post("/auth/password-reset-request", body), 202).await;
                }
                _ => {
                    self.call(&Request::new(Method::POST, "/auth/logout"), 204).await;
                    self.log_in(&email).await;
                }
            }
            sleep(PAUSE).await;
        }
        self.kids
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn next_address(&mut self) -> String {
        let nth = self.next();
        format!("{}-{nth}@example.org", self.name)
    }

    async fn send(&self, request: &Request, status: u16) -> Answer {
        self.balancer.send(request).await.expect(status)
    }

    async fn register(&self, email: &str) {
        let person = json!({"email": email, "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname"});
        self.send(&Request::post("/auth/register", person), 201).await;
    }

    async fn log_in(&mut self, email: &str) {
        let answer = self.send(&Request::post("/auth/login", json!({"email": email, "password": PASSWORD})), 200).await;
        self.take(&answer);
    }

    async fn refresh(&mut self) {
        let body = json!({"refresh_token": self.tokens().0.refresh});
        let answer = self.send(&Request::post("/auth/refresh", body), 200).await;
        self.take(&answer);
    }

    fn take(&mut self, answer: &Answer) {
        let tokens = Tokens::of(answer);
        self.kids.insert(header_of(&tokens.access)["kid"].as_str().unwrap().to_owned());
        self.tokens = Some((tokens, Instant::now()));
    }

    fn tokens(&self) -> &(Tokens, Instant) {
        self.tokens.as_ref().unwrap()
    }

    /// As whoever is signed in. A token that is refused because its key is, is refreshed.
    async fn call(&mut self, request: &Request, status: u16) {
        loop {
            let (tokens, received) = self.tokens().clone();
            let asked = Instant::now();
            let answer = self.balancer.send(&request.clone().by(&tokens)).await;
            if answer.status != 401 {
                assert!(!self.compromises.must_refuse(received, asked), "a token of a refused key is accepted");
                answer.expect(status);
                return;
            }
            let is_expected = self.compromises.may_refuse(received, Instant::now());
            assert!(is_expected, "a good token is refused: {request:?}: {answer:?}");
            self.balancer.counts().add("old tokens refused, as they have to be");
            self.refresh().await;
            sleep(PAUSE).await;
        }
    }
}
