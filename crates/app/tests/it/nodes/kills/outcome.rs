//! What is left of a life, on whichever node it is looked at.

use std::ops::RangeInclusive;

use serde_json::json;

use crate::nodes::kills::client::Client;
use crate::nodes::kills::life::{CHANGED, RESET};
use crate::nodes::request::Request;
use crate::support::{PASSWORD, Rows, Tokens};

/// What must hold of a life for ever.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) owner: String,
    /// The owner's, which nobody has ended.
    pub(crate) alive: Tokens,
    pub(crate) guest: String,
    /// Of the owner, and of the guest.
    pub(crate) ids: (String, String),
    /// Whether the guest is.
    pub(crate) is_deleted: bool,
    pub(crate) team: String,
    pub(crate) dead: Vec<Tokens>,
}

impl Outcome {
    /// In the end: what was done is there, and once; what is dead stays dead, and what is not lives.
    pub(crate) async fn check(&self, client: &mut Client, rows: &Rows) {
        for tokens in &self.dead {
            client.assert_everywhere(tokens, "/auth/me", 401).await;
        }
        let me = client.ask(&Request::get("/auth/me").by(&self.alive), &[200], &[]).await.answer;
        assert_eq!(me.text_at("/email"), self.owner, "{self:?}");
        let passwords = [
            (&self.owner, PASSWORD, true),
            (&self.guest, PASSWORD, false),
            (&self.guest, CHANGED, false),
            (&self.guest, RESET, !self.is_deleted),
        ];
        for (email, password, works) in passwords {
            let login = Request::post("/auth/login", json!({"email": email, "password": password}));
            client.ask(&login, &[if works { 200 } else { 401 }], &[]).await;
        }
        self.check_owner(rows).await;
        self.check_guest(rows).await;
    }

    async fn check_owner(&self, rows: &Rows) {
        let id = &self.ids.0;
        self.check_presence(rows, id, &self.owner, 1).await;
        if self.is_deleted {
            let (user, team) = (rows.id(id), rows.id(&self.team));
            let right = format!("user_teams WHERE user_id = {user} AND team_id = {team} AND role = 'admin'");
            assert_eq!(count(rows, &right).await, 1, "who is left is no admin: {self:?}");
        }
        // A demotion is the guest's, once at most.
        let none = 0..=0;
        let told = [("registered", 1..=1), ("role_changed", 0..=1), ("member_removed", none.clone())];
        self.check_events(rows, id, &told).await;
        let never = [("password_changed", none.clone()), ("password_reset", none.clone()), ("account_deleted", none)];
        self.check_events(rows, id, &never).await;
    }

    async fn check_guest(&self, rows: &Rows) {
        let (id, is_there) = (&self.ids.1, i64::from(!self.is_deleted));
        self.check_presence(rows, id, &self.guest, is_there).await;
        let told = [
            ("registered", 1..=1),
            ("invitation_accepted", 1..=1),
            ("password_changed", 1..=1),
            ("password_reset", 1..=1),
            ("member_removed", 1..=1),
            ("role_changed", 2..=3),
            ("account_deleted", 1 - is_there..=1 - is_there),
        ];
        self.check_events(rows, id, &told).await;
    }

    /// The account and its place in the team, so many times each.
    async fn check_presence(&self, rows: &Rows, id: &str, email: &str, times: i64) {
        assert_eq!(count(rows, &format!("users WHERE email = '{email}'")).await, times, "{email}: {self:?}");
        let (user, team) = (rows.id(id), rows.id(&self.team));
        let membership = format!("user_teams WHERE user_id = {user} AND team_id = {team} AND status = 'active'");
        assert_eq!(count(rows, &membership).await, times, "{email}: {self:?}");
    }

    async fn check_events(&self, rows: &Rows, id: &str, expected: &[(&str, RangeInclusive<i64>)]) {
        let id = rows.id(id);
        for (kind, times) in expected {
            let told = count(rows, &format!("audit_events WHERE kind = '{kind}' AND user_id = {id}")).await;
            assert!(times.contains(&told), "{kind} {told} times: {self:?}");
        }
    }
}

async fn count(rows: &Rows, what: &str) -> i64 {
    rows.one(&format!("SELECT COUNT(*) FROM {what}")).await
}
