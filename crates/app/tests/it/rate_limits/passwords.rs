//! Wrong passwords: guessers are stopped, owners are not.

use serde_json::json;

use crate::support::{Call, PASSWORD, Setup, TestServer, Tokens, assert_problem, at_once, tally};

const HOME: &str = "203.0.113.7";

/// Five failures an hour, behind a proxy that says where a client is.
async fn guarded() -> TestServer {
    let setup = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5");
    setup.set("SERVER__TRUSTED_PROXIES", "127.0.0.1/32").start().await
}

fn from(server: &TestServer, place: &str, email: &str, password: &str) -> Call {
    server.sign_in(email, password).header("x-forwarded-for", place)
}

#[tokio::test]
async fn guesses_from_everywhere_count_for_one_account() {
    let server = guarded().await;
    server.register("victim@example.org").await;
    for email in ["victim@example.org", "unknown@example.org"] {
        let spellings = [email.to_owned(), email.to_uppercase()];
        let guess = |n: usize| from(&server, &format!("198.51.{n}.1"), &spellings[n % 2], "a wrong guess");
        let answers = at_once((0..30).map(guess)).await;
        assert_eq!(tally(&answers), [(401, 5), (429, 25)].into(), "{email}");
        let right = from(&server, "192.0.2.1", email, PASSWORD).send().await;
        assert_problem(&right, 429, "rate_limited");
    }
}

#[tokio::test]
async fn a_right_guess_among_many_wrong_ones_is_not_found_beyond_the_limit() {
    let server = guarded().await;
    server.register("victim@example.org").await;
    for wrong in 0..5 {
        let answer = from(&server, "198.51.100.1", "victim@example.org", &format!("wrong guess {wrong}")).send().await;
        assert_problem(&answer, 401, "invalid_credentials");
    }
    let guess = |n| from(&server, "198.51.100.1", "victim@example.org", if n == 13 { PASSWORD } else { "wrong guess" });
    assert_eq!(tally(&at_once((0..30).map(guess)).await), [(429, 30)].into());
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    let server = guarded().await;
    let account = server.register("a@example.org").await;
    for round in 0..10 {
        from(&server, &format!("198.51.{round}.1"), &account.email, PASSWORD).send().await.expect(200);
    }
    let answers = at_once((0..4).map(|_| from(&server, "198.51.0.1", &account.email, "wrong guess"))).await;
    assert_eq!(tally(&answers), [(401, 4)].into());
    from(&server, "198.51.0.1", &account.email, PASSWORD).send().await.expect(200);
    from(&server, "198.51.0.1", &account.email, "wrong guess").send().await.expect(401);
    assert_problem(&from(&server, "198.51.0.1", &account.email, PASSWORD).send().await, 429, "rate_limited");
}

#[tokio::test]
async fn a_stranger_does_not_lock_the_owner_out() {
    let server = guarded().await;
    let account = server.register("owner@example.org").await;
    let tokens = Tokens::of(&from(&server, HOME, &account.email, PASSWORD).send().await.expect(200));
    let guess = |n: usize| from(&server, &format!("198.51.{n}.1"), &account.email, "wrong guess");
    assert_eq!(tally(&at_once((0..20).map(guess)).await), [(401, 5), (429, 15)].into());
    for place in [HOME, "203.0.113.200", "::ffff:203.0.113.9"] {
        from(&server, place, &account.email, PASSWORD).send().await.expect(200);
    }
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    server.refreshed(&tokens).await;
    assert_problem(&from(&server, "203.0.114.1", &account.email, PASSWORD).send().await, 429, "rate_limited");

    // At home there is a limit too.
    let at_home = at_once((0..20).map(|_| from(&server, HOME, &account.email, "wrong guess"))).await;
    assert_eq!(tally(&at_home), [(401, 5), (429, 15)].into());
    assert_problem(&from(&server, HOME, &account.email, PASSWORD).send().await, 429, "rate_limited");
}

#[tokio::test]
async fn a_home_of_one_account_is_none_of_another() {
    let server = guarded().await;
    let owner = server.register("owner@example.org").await;
    let neighbour = server.register("neighbour@example.org").await;
    from(&server, HOME, &neighbour.email, PASSWORD).send().await.expect(200);
    let guesses = at_once((0..10).map(|_| from(&server, HOME, &owner.email, "wrong guess"))).await;
    assert_eq!(tally(&guesses), [(401, 5), (429, 5)].into());
    from(&server, HOME, &neighbour.email, PASSWORD).send().await.expect(200);
    assert_problem(&from(&server, "198.51.100.1", &owner.email, PASSWORD).send().await, 429, "rate_limited");
}

#[tokio::test]
async fn passwords_asked_for_as_proof_count_alike() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    let account = server.register("a@example.org").await;
    let token = server.mailbox().wait_for(&account.email, 1).await[0].token();
    let tokens = server.login(&account).await;
    let call = |n: usize, password: &str| -> Call {
        let proof = json!({"current_password": password, "new_password": "something else entirely", "new_email": "b@example.org"});
        match n % 5 {
            0 => server.post("/auth/change-password").bearer(&tokens.access).json(&proof),
            1 => server.post("/auth/change-email").bearer(&tokens.access).json(&proof),
            2 => server.post("/auth/delete-account").bearer(&tokens.access).json(&proof),
            3 => server.post("/auth/verify-email").json(&json!({"token": token, "password": password})),
            _ => server.sign_in(&account.email, password),
        }
    };
    let codes = ["wrong_password", "wrong_password", "wrong_password", "proof_required", "invalid_credentials"];
    for (n, code) in codes.into_iter().enumerate() {
        assert_problem(&call(n, "wrong guess").send().await, if n == 4 { 401 } else { 403 }, code);
    }
    for n in 0..5 {
        for password in ["wrong guess", PASSWORD] {
            assert_problem(&call(n, password).send().await, 429, "rate_limited");
        }
    }
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["email"], &me["email_verified"]), (&json!("a@example.org"), &json!(false)));
    let by_session = server.post("/auth/verify-email").bearer(&tokens.access).json(&json!({"token": token}));
    by_session.send().await.expect(200);
}

#[tokio::test]
async fn parallel_proofs_do_not_pass_the_limit() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "5").start().await;
    let account = server.register("a@example.org").await;
    let tokens = server.login(&account).await;
    let guess = |_| {
        let call = server.post("/auth/delete-account").bearer(&tokens.access);
        call.json(&json!({"current_password": "wrong guess"}))
    };
    assert_eq!(tally(&at_once((0..30).map(guess)).await), [(403, 5), (429, 25)].into());
}

#[tokio::test]
async fn right_passwords_asked_for_as_proof_count_for_the_account_too() {
    let server = Setup::default().set("LIMITS__PROOFS_PER_HOUR_PER_USER", "5").start().await;
    let tokens = server.login(&server.register("a@example.org").await).await;
    let rejected = |_| {
        let body = json!({"current_password": PASSWORD, "new_password": "a@example.org"});
        server.post("/auth/change-password").bearer(&tokens.access).json(&body)
    };
    assert_eq!(tally(&at_once((0..30).map(rejected)).await), [(422, 5), (429, 25)].into());
    let neighbour = server.login(&server.register("b@example.org").await).await;
    let gone = server.post("/auth/delete-account").bearer(&neighbour.access);
    gone.json(&json!({"current_password": PASSWORD})).send().await.expect(204);
}

#[tokio::test]
async fn whoever_resets_is_at_home_and_nobody_else_is() {
    let server = guarded().await;
    let account = server.register("owner@example.org").await;
    let stranger = "198.51.100.1";
    from(&server, stranger, &account.email, PASSWORD).send().await.expect(200);
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    let token = server.mailbox().about(&account.email, "new password").await.token();
    let body = json!({"token": token, "new_password": "a brand new phrase"});
    server.post("/auth/password-reset").header("x-forwarded-for", HOME).json(&body).send().await.expect(200);
    let guess = |_| from(&server, stranger, &account.email, "wrong guess");
    assert_eq!(tally(&at_once((0..10).map(guess)).await), [(401, 5), (429, 5)].into());
    assert_problem(
        &from(&server, "203.0.114.1", &account.email, "a brand new phrase").send().await,
        429,
        "rate_limited",
    );
    from(&server, HOME, &account.email, "a brand new phrase").send().await.expect(200);
    let detail = "SELECT COUNT(*) FROM audit_events WHERE kind = 'login_failed' AND detail = 'rate_limited'";
    assert_eq!(server.rows().await.one::<i64>(detail).await, 1, "once an hour");
}

#[tokio::test]
async fn one_password_sprayed_over_many_accounts_is_stopped_by_the_network() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "5").start().await;
    let spray = |n| server.sign_in(&format!("user{n}@example.org"), "Summer is coming");
    assert_eq!(tally(&at_once((0..40).map(spray)).await), [(401, 5), (429, 35)].into());
    let failures = "SELECT detail || ' ' || COUNT(*) FROM audit_events WHERE kind = 'login_failed' GROUP BY detail";
    let told = server.rows().await.column::<String>(failures).await;
    assert_eq!(told, ["network_limited 1", "unknown_account 5"], "what is stopped is seen, and fills nothing");
    assert_eq!(server.log().matches("network_limited").count(), 35);
}

#[tokio::test]
async fn signing_in_to_an_account_of_ones_own_resets_nothing() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "6").start().await;
    server.register("own@example.org").await;
    for round in 0..2 {
        for victim in 0..2 {
            server.sign_in(&format!("victim{round}{victim}@example.org"), "wrong guess").send().await.expect(401);
        }
        server.sign_in("own@example.org", PASSWORD).send().await.expect(200);
    }
    assert_problem(&server.sign_in("victim@example.org", "wrong guess").send().await, 429, "rate_limited");
    assert_problem(&server.sign_in("own@example.org", PASSWORD).send().await, 429, "rate_limited");
}
