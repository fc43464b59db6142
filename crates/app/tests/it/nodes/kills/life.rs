//! An owner, a guest and their team, from the invitation to the end, on whichever node answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

use crate::nodes::kills::client::{Asked, Attempt, Client};
use crate::nodes::kills::outcome::Outcome;
use crate::nodes::kills::postman::Postman;
use crate::nodes::request::Request;
use crate::support::{PASSWORD, Tokens};

pub(crate) const CHANGED: &str = "eight green bottles";
pub(crate) const RESET: &str = "nine green bottles";
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Life {
    name: String,
    client: Client,
    postman: Arc<Postman>,
    dead: Vec<Tokens>,
}

impl Life {
    pub(crate) fn new(name: String, client: Client, postman: Arc<Postman>) -> Self {
        Self { name, client, postman, dead: Vec::new() }
    }

    pub(crate) async fn live(mut self) -> Outcome {
        let (owner_email, guest_email) = (self.email("owner"), self.email("guest"));
        self.register(&owner_email).await;
        let owner = self.login(&owner_email, PASSWORD).await;
        let team = self.create_team(&owner).await;
        let is_repeated = self.invite(&owner, &team, &guest_email, "member").await;
        self.register(&guest_email).await;
        let (guest, other) = (self.login(&guest_email, PASSWORD).await, self.login(&guest_email, PASSWORD).await);
        let (owner_id, guest_id) = (self.me(&owner).await, self.me(&guest).await);
        self.accept(&guest_email, &guest, is_repeated).await;
        self.promote_and_demote(&owner, &guest, &team, &guest_id).await;
        let guest = self.refresh(&guest).await;
        let guest = self.change_password(&guest_email, guest, other).await;
        let guest = self.reset(&guest_email, guest).await;
        self.remove(&owner, &guest, &team, &guest_id).await;
        self.invite(&owner, &team, &guest_email, "admin").await;
        self.both_demote(&owner, &guest, &team, &owner_id, &guest_id).await;
        self.log_out(guest).await;
        let is_deleted = self.delete(&guest_email).await;
        let ids = (owner_id, guest_id);
        Outcome { owner: owner_email, alive: owner, guest: guest_email, ids, is_deleted, team, dead: self.dead }
    }

    fn email(&self, who: &str) -> String {
        format!("{who}-{}@example.org", self.name)
    }

    async fn register(&mut self, email: &str) {
        let person = json!({"email": email, "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname"});
        self.client.ask(&Request::post("/auth/register", person), &[201], &[409]).await;
    }

    async fn login(&mut self, email: &str, password: &str) -> Tokens {
        Tokens::of(&self.sign_in(email, password, &[200]).await.answer)
    }

    async fn sign_in(&mut self, email: &str, password: &str, statuses: &[u16]) -> Asked {
        self.client
            .ask(&Request::post("/auth/login", json!({"email": email, "password": password})), statuses, &[])
            .await
    }

    async fn me(&mut self, tokens: &Tokens) -> String {
        self.client.ask(&Request::get("/auth/me").by(tokens), &[200], &[]).await.answer.text_at("/id")
    }

    /// Twice where the first answer is lost: names need not be unique.
    async fn create_team(&mut self, owner: &Tokens) -> String {
        let request = Request::post("/teams", json!({"name": self.name})).by(owner);
        self.client.ask(&request, &[201], &[]).await.answer.text_at("/id")
    }

    /// Whether there may be an invitation whose token was replaced.
    async fn invite(&mut self, owner: &Tokens, team: &str, email: &str, role: &str) -> bool {
        let request = Request::post(format!("/teams/{team}/invite"), json!({"email": email, "role": role})).by(owner);
        // Somebody who has an account is a member at once.
        self.client.ask(&request, &[200], &[409]).await.is_repeated
    }

    /// Waits for a mail, and for the next one where its token was replaced.
    async fn mailed(&self, email: &str, words: &str, start: Instant) -> String {
        loop {
            if let Some(token) = self.postman.token(email, words) {
                return token;
            }
            assert!(start.elapsed() < PATIENCE, "no mail about {words:?} to {email}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Accepts; and again, which is answered the same and done once.
    async fn accept(&mut self, email: &str, guest: &Tokens, may_be_replaced: bool) {
        let start = Instant::now();
        loop {
            let token = self.mailed(email, "invitation to the team", start).await;
            let request = Request::post("/teams/accept-invitation", json!({"invitation_token": token})).by(guest);
            if self.client.ask(&request, &[200, 400], &[]).await.answer.status == 200 {
                self.client.ask(&request, &[200], &[]).await;
                return;
            }
            assert!(may_be_replaced && start.elapsed() < PATIENCE, "an invitation that was mailed to {email} is dead");
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn promote_and_demote(&mut self, owner: &Tokens, guest: &Tokens, team: &str, guest_id: &str) {
        let path = format!("/teams/{team}/invitations");
        self.client.ask(&role(team, guest_id, "admin").by(owner), &[200], &[]).await;
        self.client.ask(&Request::get(&path).by(guest), &[200], &[]).await;
        self.client.ask(&role(team, guest_id, "member").by(owner), &[200], &[]).await;
        self.client.assert_everywhere(guest, &path, 403).await;
    }

    /// The same token twice gives one successor, whichever node is asked.
    async fn refresh(&mut self, tokens: &Tokens) -> Tokens {
        let request = Request::post("/auth/refresh", json!({"refresh_token": tokens.refresh}));
        let one = Tokens::of(&self.client.ask(&request, &[200], &[]).await.answer);
        let other = Tokens::of(&self.client.ask(&request, &[200], &[]).await.answer);
        assert_eq!(one.refresh, other.refresh, "a refresh token has two successors");
        other
    }

    /// Ends every session, and hands out a new one. A repetition shows a password, or a token, that is over.
    async fn change_password(&mut self, email: &str, tokens: Tokens, other: Tokens) -> Tokens {
        let change = json!({"current_password": PASSWORD, "new_password": CHANGED});
        let request = Request::post("/auth/change-password", change).by(&tokens);
        let answer = self.client.ask(&request, &[200], &[401, 403]).await.answer;
        let tokens = if answer.status == 200 { Tokens::of(&answer) } else { self.login(email, CHANGED).await };
        self.client.assert_everywhere(&other, "/auth/me", 401).await;
        self.dead.push(other);
        self.sign_in(email, PASSWORD, &[401]).await;
        tokens
    }

    /// Uses the mailed token on two nodes at once. Ends every session.
    async fn reset(&mut self, email: &str, tokens: Tokens) -> Tokens {
        let request = Request::post("/auth/password-reset-request", json!({"email": email}));
        let may_be_replaced = self.client.ask(&request, &[202], &[]).await.is_repeated;
        let start = Instant::now();
        loop {
            let token = self.mailed(email, "set a new password", start).await;
            let reset = Request::post("/auth/password-reset", json!({"token": token, "new_password": RESET}));
            if self.is_reset(email, &reset).await {
                break;
            }
            assert!(may_be_replaced && start.elapsed() < PATIENCE, "a token that was mailed to {email} is dead");
            sleep(Duration::from_millis(50)).await;
        }
        self.client.assert_everywhere(&tokens, "/auth/me", 401).await;
        self.dead.push(tokens);
        self.sign_in(email, CHANGED, &[401]).await;
        self.login(email, RESET).await
    }

    async fn is_reset(&mut self, email: &str, reset: &Request) -> bool {
        let used = self.client.ask_two(reset, reset).await;
        let statuses = used.each_ref().map(Attempt::status);
        assert!(statuses.iter().flatten().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
        let successes = statuses.iter().filter(|status| **status == Some(200)).count();
        assert!(successes < 2, "a token was used twice");
        let again = self.client.ask(reset, &[200, 400], &[]).await;
        assert!(successes == 0 || again.answer.status == 400, "a token was used once more");
        if successes > 0 || again.answer.status == 200 {
            return true;
        }
        // Used up by somebody whose answer was lost, or dead from the start: the password tells.
        let is_done = self.sign_in(email, RESET, &[200, 401]).await.answer.status == 200;
        let is_unknown = again.is_repeated || used.iter().any(|attempt| matches!(attempt, Attempt::Unknown));
        assert!(is_unknown || !is_done, "a reset that was refused has been done");
        is_done
    }

    async fn remove(&mut self, owner: &Tokens, guest: &Tokens, team: &str, guest_id: &str) {
        let request = Request::new(Method::DELETE, format!("/teams/{team}/members/{guest_id}")).by(owner);
        self.client.ask(&request, &[204], &[404]).await;
        self.client.assert_everywhere(guest, &format!("/teams/{team}"), 404).await;
    }

    /// Each of the two admins takes the other's role: one of them at most has its way.
    async fn both_demote(&mut self, owner: &Tokens, guest: &Tokens, team: &str, owner_id: &str, guest_id: &str) {
        let (one, other) = (role(team, guest_id, "member").by(owner), role(team, owner_id, "member").by(guest));
        let statuses = self.client.ask_two(&one, &other).await.map(|attempt| attempt.status());
        assert!(statuses.iter().flatten().all(|status| matches!(status, 200 | 403 | 409)), "{statuses:?}");
        let successes = statuses.iter().filter(|status| **status == Some(200)).count();
        assert!(successes < 2, "{team} has lost both of its admins");
        assert!(successes == 1 || statuses.contains(&None), "{statuses:?}");
    }

    async fn log_out(&mut self, tokens: Tokens) {
        self.client.ask(&Request::new(Method::POST, "/auth/logout").by(&tokens), &[204], &[401]).await;
        self.client.assert_everywhere(&tokens, "/auth/me", 401).await;
        self.dead.push(tokens);
    }

    /// Whether it is; the only admin of a team with a member is not.
    async fn delete(&mut self, email: &str) -> bool {
        let tokens = self.login(email, RESET).await;
        let request = Request::post("/auth/delete-account", json!({"current_password": RESET})).by(&tokens);
        if self.client.ask(&request, &[204, 409], &[401]).await.answer.status == 409 {
            return false;
        }
        self.client.assert_everywhere(&tokens, "/auth/me", 401).await;
        self.dead.push(tokens);
        true
    }
}

fn role(team: &str, user: &str, role: &str) -> Request {
    Request::new(Method::PATCH, format!("/teams/{team}/members/{user}")).with(json!({"role": role}))
}
