//! Asking for the mail: what the answer tells, and to whom a mail goes.

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::password_reset::{mailed, request};
use crate::support::{PASSWORD, Setup, TestServer, Timing, assert_problem, at_once, count};

#[tokio::test]
async fn a_request_answers_alike_and_costs_alike_but_mails_only_an_active_account() {
    let server = TestServer::start().await;
    let known = server.verified("known@example.org").await;
    let inactive = server.verified("inactive@example.org").await;
    let rows = server.rows().await;
    rows.execute("UPDATE users SET is_active = FALSE WHERE email = 'inactive@example.org'").await;
    let before = (rows.count("one_time_tokens").await, rows.count("audit_events").await);
    let mut answers = vec![];
    for (n, email) in [&inactive.email, "unknown@example.org", &known.email].into_iter().enumerate() {
        answers.push(request(&server, email).send().await.expect(202));
        let n = i64::try_from(n).unwrap() + 1;
        let after = (rows.count("one_time_tokens").await, rows.count("audit_events").await);
        assert_eq!(after, (before.0 + n, before.1 + n), "{email}");
    }
    assert!(answers.iter().all(|answer| answer.comparable() == answers[0].comparable()), "{answers:?}");
    // Asked for last, so that a mail to the others would be here before.
    mailed(&server, &known, 0).await;
    assert_eq!(server.mailbox().to(&inactive.email).len(), 1, "the verification and nothing else");
    assert!(server.mailbox().to("unknown@example.org").is_empty());
    assert_problem(&request(&server, "not an address").send().await, 422, "validation_failed");
}

#[tokio::test]
async fn a_request_takes_the_same_time_for_every_address_even_while_no_mail_gets_through() {
    // Takes connections and says nothing.
    let mail_server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", mail_server.local_addr().unwrap());
    let server = Setup::default().variable("SMTP_URL", &url).start().await;
    server.register("known@example.org").await;
    server.register("inactive@example.org").await;
    let rows = server.rows().await;
    rows.execute("UPDATE users SET is_active = FALSE WHERE email = 'inactive@example.org'").await;
    let known = |_| request(&server, "known@example.org");
    let unknown = |n| request(&server, &format!("unknown{n}@example.org"));
    let inactive = |_| request(&server, "inactive@example.org");
    Timing::assert_all_alike(&[&known, &unknown, &inactive]).await;
}

#[tokio::test]
async fn links_are_built_from_the_public_url_whatever_a_request_says() {
    let server = TestServer::start().await;
    let account = server.verified("user@example.org").await;
    let body = json!({
        "email": account.email, "redirect_url": "https://evil.example/", "base_url": "https://evil.example/",
        "callback": "https://evil.example/", "next": "//evil.example/", "host": "evil.example",
    });
    let call = server
        .post("/auth/password-reset-request?redirect_url=https://evil.example/")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.example;proto=https")
        .header("x-original-url", "https://evil.example/")
        .header("referer", "https://evil.example/")
        .header("origin", "https://evil.example");
    call.json(&body).send().await.expect(202);
    let mail = server.mailbox().about(&account.email, "new password").await;
    assert!(!mail.raw.contains("evil"), "{}", mail.raw);
    assert!(mail.text.contains(&server.url("/reset-password?token=")), "{}", mail.text);
}

#[tokio::test]
async fn a_request_for_several_addresses_is_refused() {
    let server = TestServer::start().await;
    let account = server.verified("victim@example.org").await;
    for email in [
        json!(["victim@example.org", "evil@example.org"]),
        json!({"0": "victim@example.org"}),
        json!("victim@example.org,evil@example.org"),
        json!("victim@example.org evil@example.org"),
        json!("victim@example.org\nevil@example.org"),
        json!("victim@example.org\0evil@example.org"),
        json!(1),
        Value::Null,
    ] {
        let answer = server.post("/auth/password-reset-request").json(&json!({"email": email})).send().await;
        assert_problem(&answer, 422, "validation_failed");
    }
    let twice = r#"{"email":"victim@example.org","email":"evil@example.org"}"#;
    let call = server.post("/auth/password-reset-request").header("content-type", "application/json").body(twice);
    assert_problem(&call.send().await, 400, "malformed_body");
    let tokens = "SELECT COUNT(*) FROM one_time_tokens WHERE purpose = 'password_reset'";
    assert_eq!(server.rows().await.one::<i64>(tokens).await, 0);
    server.login(&account).await;
}

#[tokio::test]
async fn requests_for_one_address_are_bounded_and_the_bound_tells_nothing() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "3").start().await;
    let account = server.verified("victim@example.org").await;
    let known = at_once((0..12).map(|_| request(&server, &account.email))).await;
    let unknown = at_once((0..12).map(|_| request(&server, "unknown@example.org"))).await;
    for answers in [&known, &unknown] {
        assert_eq!((count(answers, 202), count(answers, 429)), (3, 9), "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status == 429) {
            assert_problem(answer, 429, "rate_limited");
        }
    }
    let rows = server.rows().await;
    let asked = "SELECT COUNT(*) FROM audit_events WHERE kind = 'password_reset_requested'";
    assert_eq!(rows.one::<i64>(asked).await, 6);
    // A mail that a later request replaced before it went out is not sent, so at most three.
    mailed(&server, &account, 0).await;
    server.register("later@example.org").await;
    server.mailbox().wait_for("later@example.org", 1).await;
    assert!(server.mailbox().to(&account.email).len() <= 1 + 3);
}

#[tokio::test]
async fn requests_of_one_network_are_bounded() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_IP", "5").start().await;
    let answers = at_once((0..20).map(|n| request(&server, &format!("user{n}@example.org")))).await;
    assert_eq!((count(&answers, 202), count(&answers, 429)), (5, 15), "{answers:?}");
}

#[tokio::test]
async fn a_name_is_text_in_the_mail_and_nothing_more() {
    let server = TestServer::start().await;
    let name = "\"><a href=https://evil.example>{{7*7}}</a>";
    let body = json!({"email": "user@example.org", "password": PASSWORD, "first_name": name, "last_name": "Lastname"});
    server.post("/auth/register").json(&body).send().await.expect(201);
    request(&server, "user@example.org").send().await.expect(202);
    let mail = server.mailbox().about("user@example.org", "new password").await;
    assert!(
        !mail.html.contains("evil") && !mail.text.contains("{{7*7}}"),
        "a stranger may have chosen it: {}",
        mail.text
    );
    let verification = server.mailbox().about("user@example.org", "verify").await.token();
    let proof = json!({"token": verification, "password": PASSWORD});
    server.post("/auth/verify-email").json(&proof).send().await.expect(200);
    request(&server, "user@example.org").send().await.expect(202);
    let mail = server.mailbox().wait_for("user@example.org", 3).await.remove(2);
    assert!(!mail.html.contains("<a href=https://evil") && mail.html.contains("&lt;a href="), "{}", mail.html);
    assert!(!mail.html.contains("https://evil") && !mail.text.contains("https://evil"), "{}", mail.text);
    assert!(mail.text.contains("{{7*7}}"), "{}", mail.text);
}
