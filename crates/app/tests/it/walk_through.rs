//! The way of a first user.

use serde_json::json;

use crate::support::{PASSWORD, TestServer, Tokens, assert_no_leak, assert_problem};

#[tokio::test]
async fn register_verify_sign_in_and_look() {
    let server = TestServer::start().await;
    let account = server.register("first@example.org").await;
    let mail = server.mailbox().wait_for("first@example.org", 1).await.remove(0);
    assert!(mail.text.contains(&server.url("/verify-email?token=")), "{}", mail.text);
    assert!(mail.html.contains("/verify-email?token="), "{}", mail.html);

    let body = json!({"token": mail.token(), "password": account.password});
    server.post("/auth/verify-email").json(&body).send().await.expect(200);
    let again = server.post("/auth/verify-email").json(&body).send().await;
    assert_problem(&again, 400, "invalid_token");

    let tokens = server.login(&account).await;
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!(me["id"], account.id.as_str());
    assert_eq!(me["email"], "first@example.org");
    assert_eq!(me["email_verified"], true);
    assert_eq!(me["teams"], json!([]));

    let refreshed = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
    let fresh = Tokens::of(&refreshed.expect(200));
    server.post("/auth/logout").bearer(&fresh.access).send().await.expect(204);
    for ended in [&tokens, &fresh] {
        assert_problem(&server.get("/auth/me").bearer(&ended.access).send().await, 401, "invalid_token");
    }
}

#[tokio::test]
async fn refusals_are_problems() {
    let server = TestServer::start().await;
    assert_problem(&server.get("/auth/me").send().await, 401, "authentication_required");
    assert_problem(&server.get("/nowhere").send().await, 404, "not_found");
    assert_problem(&server.sign_in("nobody@example.org", "whatever it is").send().await, 401, "invalid_credentials");
    assert_problem(
        &server.registration("not an address", "seven brown bottles").send().await,
        422,
        "validation_failed",
    );
}

#[tokio::test]
async fn what_users_type_is_not_in_the_log() {
    let mut server = TestServer::start().await;
    let (account, tokens) = server.signed_in("discreet@example.org").await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    server.terminate().await;
    let log = server.log();
    for secret in [&account.email, &account.password, &tokens.access, &tokens.refresh] {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "not a line of JSON: {line}");
    }
}

#[tokio::test]
async fn a_superuser_of_the_command_line_signs_in() {
    let server = TestServer::start().await;
    server.create_superuser("root@example.org", PASSWORD);
    let tokens = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    assert_no_leak(&me);
    assert_eq!((me.json()["is_superuser"].clone(), me.json()["email_verified"].clone()), (json!(true), json!(true)));
    let arguments =
        ["create-superuser", "--email", "ROOT@example.org", "--first-name", "Firstname", "--last-name", "Lastname"];
    let again = server.run(&arguments, PASSWORD);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("another account has this e-mail address"));
}
