//! Teams with members.

use serde_json::{Value, json};

use crate::support::account::{Account, Tokens};
use crate::support::answer::Call;
use crate::support::test_server::TestServer;

impl TestServer {
    /// Invites an address.
    pub(crate) fn invite(&self, admin: &Tokens, team: &str, email: &str, role: &str) -> Call {
        let body = json!({"email": email, "role": role});
        self.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&body)
    }

    /// Invites an address; the token that it is mailed.
    pub(crate) async fn invited(&self, admin: &Tokens, team: &str, email: &str, role: &str) -> String {
        let before = self.invitations_to(email);
        self.invite(admin, team, email, role).send().await.expect(200);
        self.next_invitation(email, before).await
    }

    /// The token of the first invitation to this address after so many of them.
    pub(crate) async fn next_invitation(&self, email: &str, before: usize) -> String {
        let start = std::time::Instant::now();
        while self.invitations_to(email) <= before {
            assert!(start.elapsed().as_secs() < 15, "no new invitation to {email}");
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        self.mailbox().about(email, "invitation to the team").await.token()
    }

    /// How many invitations this address has been mailed.
    pub(crate) fn invitations_to(&self, email: &str) -> usize {
        self.mailbox().to(email).iter().filter(|mail| mail.subject.starts_with("Invitation to the team")).count()
    }

    /// A new account with a verified address, in this team.
    pub(crate) async fn member(&self, admin: &Tokens, team: &str, email: &str, role: &str) -> (Account, Tokens) {
        let member = self.signed_in(email).await;
        self.invite(admin, team, email, role).send().await.expect(200);
        member
    }

    /// Accepts an invitation, signed in or not.
    pub(crate) fn accept(&self, token: &str, bearer: Option<&Tokens>) -> Call {
        let call = self.post("/teams/accept-invitation").json(&json!({"invitation_token": token}));
        match bearer {
            Some(tokens) => call.bearer(&tokens.access),
            None => call,
        }
    }

    /// Fresh tokens for these.
    pub(crate) async fn refreshed(&self, tokens: &Tokens) -> Tokens {
        let call = self.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
        Tokens::of(&call.send().await.expect(200))
    }

    /// The caller's memberships.
    pub(crate) async fn my_teams(&self, tokens: &Tokens) -> Vec<Value> {
        let answer = self.get("/auth/teams").bearer(&tokens.access).send().await.expect(200).json();
        answer.as_array().unwrap().clone()
    }
}

impl Tokens {
    /// What the access token says; its signature is not looked at.
    pub(crate) fn claims(&self) -> Value {
        jsonwebtoken::dangerous::insecure_decode_claims(&self.access).unwrap()
    }
}
