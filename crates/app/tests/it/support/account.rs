//! Accounts as their owners know them.

use serde_json::json;

use crate::support::answer::{Answer, Call};
use crate::support::test_server::TestServer;

/// The password of accounts that were not given another one. Not the one of the banner's example.
pub(crate) const PASSWORD: &str = "seven brown bottles";

/// An account that was registered.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) password: String,
}

/// What a sign-in gave.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Tokens {
    /// Reads them out of an answer.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        Self { access: answer.text_at("/access_token"), refresh: answer.text_at("/refresh_token") }
    }
}

impl TestServer {
    /// Asks for an account.
    pub(crate) fn registration(&self, email: &str, password: &str) -> Call {
        let body = json!({"email": email, "password": password, "first_name": "Firstname", "last_name": "Lastname"});
        self.post("/auth/register").json(&body)
    }

    /// Registers an account whose address is not verified.
    pub(crate) async fn register(&self, email: &str) -> Account {
        let answer = self.registration(email, PASSWORD).send().await.expect(201);
        Account { id: answer.text_at("/id"), email: email.to_owned(), password: PASSWORD.to_owned() }
    }

    /// Registers an account and verifies its address by the mail.
    pub(crate) async fn verified(&self, email: &str) -> Account {
        let account = self.register(email).await;
        let token = self.mailbox().about(email, "verify your e-mail address").await.token();
        let body = json!({"token": token, "password": account.password});
        self.post("/auth/verify-email").json(&body).send().await.expect(200);
        account
    }

    /// Accounts that are signed in and whose addresses count as verified, without a mail: for tests that need many.
    pub(crate) async fn many_signed_in(&self, emails: impl IntoIterator<Item = String>) -> Vec<(Account, Tokens)> {
        let mut accounts = Vec::new();
        for email in emails {
            accounts.push(self.register(&email).await);
        }
        // Before the first sign-in, so that no copy of the accounts is older.
        self.rows().await.execute("UPDATE users SET email_verified = TRUE").await;
        let mut signed_in = Vec::new();
        for account in accounts {
            let tokens = self.login(&account).await;
            signed_in.push((account, tokens));
        }
        signed_in
    }

    /// Asks for tokens.
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Call {
        self.post("/auth/login").json(&json!({"email": email, "password": password}))
    }

    /// Signs the owner of the account in.
    pub(crate) async fn login(&self, account: &Account) -> Tokens {
        Tokens::of(&self.sign_in(&account.email, &account.password).send().await.expect(200))
    }

    /// Registers, verifies and signs in.
    pub(crate) async fn signed_in(&self, email: &str) -> (Account, Tokens) {
        let account = self.verified(email).await;
        let tokens = self.login(&account).await;
        (account, tokens)
    }

    /// Creates a team; its id.
    pub(crate) async fn team(&self, admin: &Tokens, name: &str) -> String {
        let call = self.post("/teams").bearer(&admin.access).json(&json!({"name": name}));
        call.send().await.expect(201).text_at("/id")
    }
}
