//! Resetting a password by mail: what a request tells, and what a token is good for.

mod requesting;
mod resetting;
mod token;

use serde_json::json;

use crate::support::{Account, Call, TestServer, Tokens, assert_problem};

const FRESH: &str = "a phrase chosen afresh";

fn request(server: &TestServer, email: &str) -> Call {
    server.post("/auth/password-reset-request").json(&json!({"email": email}))
}

fn reset(server: &TestServer, token: &str, new_password: &str) -> Call {
    server.post("/auth/password-reset").json(&json!({"token": token, "new_password": new_password}))
}

/// The token of the `nth` reset mail to the account, the first being 0; waits for it.
async fn mailed(server: &TestServer, account: &Account, nth: usize) -> String {
    for count in 1.. {
        let mails = server.mailbox().wait_for(&account.email, count).await;
        let tokens: Vec<_> = mails.iter().filter(|mail| mail.subject.contains("Set a new")).collect();
        if let Some(mail) = tokens.get(nth) {
            return mail.token();
        }
    }
    unreachable!("waiting ends in a panic")
}

/// A token for the account that has had none.
async fn token_for(server: &TestServer, account: &Account) -> String {
    request(server, &account.email).send().await.expect(202);
    mailed(server, account, 0).await
}

/// So many accounts, each with a token that was mailed.
async fn accounts_with_tokens(server: &TestServer, count: usize) -> Vec<(Account, String)> {
    let accounts = server.many_signed_in((0..count).map(|n| format!("user{n}@example.org"))).await;
    for (account, _) in &accounts {
        request(server, &account.email).send().await.expect(202);
    }
    let mut with_tokens = Vec::new();
    for (account, _) in accounts {
        let token = mailed(server, &account, 0).await;
        with_tokens.push((account, token));
    }
    with_tokens
}

async fn assert_dead(server: &TestServer, tokens: &Tokens) {
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
    let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
    assert_problem(&refresh.send().await, 401, "invalid_refresh_token");
}
