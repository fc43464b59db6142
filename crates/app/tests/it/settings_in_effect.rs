//! What a setting changes in the service that runs with it.

use serde_json::json;

use crate::support::{Mail, PASSWORD, Setup, TestServer, Tokens, assert_problem};

const LINKS: [(&str, &str); 5] = [
    ("VERIFY_EMAIL", "https://verify.example.org/v?token={token}"),
    ("RESET_PASSWORD", "https://reset.example.org/r?token={token}"),
    ("ACCEPT_INVITATION", "https://accept.example.org/a?token={token}"),
    ("CONFIRM_EMAIL_CHANGE", "https://confirm.example.org/c?token={token}"),
    ("DISOWN_ACCOUNT", "https://disown.example.org/d?token={token}"),
];

/// Fails unless the text has a link of each of these targets, and of no other.
#[track_caller]
fn assert_leads_to(mail: &Mail, targets: &[&str]) {
    for (name, target) in LINKS {
        let start = target.trim_end_matches("{token}");
        for body in [&mail.text, &mail.html.replace("&#x2f;", "/")] {
            assert_eq!(body.contains(start), targets.contains(&name), "{name} in {body}");
        }
    }
}

#[tokio::test]
async fn every_link_leads_where_it_is_set_to() {
    let setup = LINKS
        .into_iter()
        .fold(Setup::default(), |setup, (name, target)| setup.set(&format!("MAIL__LINKS__{name}"), target));
    let server = setup.start().await;
    let account = server.register("owner@example.org").await;
    let verification = server.mailbox().about(&account.email, "verify your e-mail address").await;
    assert_leads_to(&verification, &["VERIFY_EMAIL", "DISOWN_ACCOUNT"]);
    let body = json!({"token": verification.token(), "password": PASSWORD});
    server.post("/auth/verify-email").json(&body).send().await.expect(200);
    let tokens = server.login(&account).await;

    let request = json!({"email": account.email});
    server.post("/auth/password-reset-request").json(&request).send().await.expect(202);
    let reset = server.mailbox().about(&account.email, "set a new password").await;
    assert_leads_to(&reset, &["RESET_PASSWORD"]);

    let change = json!({"current_password": PASSWORD, "new_email": "new@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let confirmation = server.mailbox().about("new@example.org", "confirm").await;
    assert_leads_to(&confirmation, &["CONFIRM_EMAIL_CHANGE"]);

    let team = server.team(&tokens, "Teamname").await;
    server.invite(&tokens, &team, "guest@example.org", "member").send().await.expect(200);
    let invitation = server.mailbox().about("guest@example.org", "invitation to the team").await;
    assert_leads_to(&invitation, &["ACCEPT_INVITATION"]);
}

#[tokio::test]
async fn mails_come_from_the_sender_and_name_the_product() {
    let setup = Setup::default().set("MAIL__SENDER", "Ours <hello@example.com>").set("MAIL__PRODUCT_NAME", "Quarry");
    let server = setup.start().await;
    server.register("owner@example.org").await;
    let mail = server.mailbox().wait_for("owner@example.org", 1).await.remove(0);
    let sender = mail.raw.lines().find(|line| line.starts_with("From:")).unwrap();
    assert!(sender.contains("Ours") && sender.contains("<hello@example.com>"), "{sender}");
    assert!(mail.text.contains("Quarry") && mail.html.contains("Quarry"), "{}", mail.text);
    assert!(!mail.raw.contains("Countersign"), "{}", mail.raw);
    let page = server.get(&format!("/reset-password?token={}", mail.token())).send().await.expect(200);
    assert!(page.text.contains("Quarry") && !page.text.contains("Countersign"), "{}", page.text);
}

#[tokio::test]
async fn templates_of_the_operator_replace_the_built_in_ones_of_their_name() {
    let folder = tempfile::tempdir().unwrap();
    let template = "Subject: Words of our own\n\nPaste {{ token }} at {{ link }}\n";
    std::fs::write(folder.path().join("verify_address.txt"), template).unwrap();
    let server = Setup::default().set("MAIL__TEMPLATES_DIR", &folder.path().display().to_string()).start().await;
    let account = server.register("owner@example.org").await;
    let mail = server.mailbox().wait_for(&account.email, 1).await.remove(0);
    assert_eq!(mail.subject, "Words of our own");
    let link = server.url(&format!("/verify-email?token={}", mail.token()));
    assert_eq!(mail.text.trim(), format!("Paste {} at {link}", mail.token()));
    // The others are the built-in ones.
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    server.mailbox().about(&account.email, "set a new password").await;
}

#[tokio::test]
async fn pages_have_the_colour_and_the_templates_of_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("texts.json"), r#"{"front": {"title": "Words of our own"}}"#).unwrap();
    std::fs::write(folder.path().join("pages.css"), ".ours { margin: 0; }").unwrap();
    let setup = Setup::default().set("PAGES__TEMPLATES_DIR", &folder.path().display().to_string());
    let server = setup.set("PAGES__COLOR", "#0a7d33").start().await;
    let front = server.get("/").header("accept", "text/html").send().await.expect(200);
    assert!(front.text.contains("<h1>Words of our own</h1>"), "{}", front.text);
    let (_, rest) = front.text.split_once("rel=\"stylesheet\" href=\"").unwrap();
    let stylesheet = server.get(&format!("/{}", rest.split('"').next().unwrap())).send().await.expect(200);
    assert!(stylesheet.text.contains("--accent: #0a7d33;") && stylesheet.text.ends_with(".ours { margin: 0; }"));
}

/// For how long a row is good, in seconds.
async fn lifetime(server: &TestServer, table: &str, condition: &str) -> i64 {
    let rows = server.rows().await;
    let seconds = rows.seconds_between("created_at", "expires_at");
    rows.one(&format!("SELECT {seconds} FROM {table} WHERE {condition}")).await
}

#[tokio::test]
async fn verifications_and_invitations_live_as_long_as_is_set() {
    let setup = Setup::default().set("TOKENS__VERIFICATION_TTL", "3h").set("TOKENS__INVITATION_TTL", "5h");
    let server = setup.start().await;
    let (_, tokens) = server.signed_in("owner@example.org").await;
    server.register("other@example.org").await;
    assert_eq!(lifetime(&server, "one_time_tokens", "purpose = 'email_verification'").await, 3 * 3600);
    let mail = server.mailbox().wait_for("other@example.org", 1).await.remove(0);
    assert!(mail.text.contains("3 hours"), "{}", mail.text);
    let team = server.team(&tokens, "Teamname").await;
    server.invited(&tokens, &team, "guest@example.org", "member").await;
    assert_eq!(lifetime(&server, "invitations", "email = 'guest@example.org'").await, 5 * 3600);
}

#[tokio::test]
async fn sessions_live_as_long_as_is_set_idle_and_in_all() {
    let setup = Setup::default().set("TOKENS__REFRESH_TTL", "2h").set("TOKENS__SESSION_TTL", "7h");
    let server = setup.start().await;
    let account = server.register("owner@example.org").await;
    let expires_in = |answer: &crate::support::Answer| answer.json()["refresh_expires_in"].as_i64().unwrap();
    let login = server.sign_in(&account.email, PASSWORD).send().await.expect(200);
    assert_eq!(expires_in(&login), 2 * 3600);
    assert_eq!(lifetime(&server, "sessions", "ended_at IS NULL").await, 7 * 3600);
    // What is left in all bounds what a refresh gives.
    let rows = server.rows().await;
    let in_an_hour = rows.moment("+1 hour");
    assert_eq!(rows.execute(&format!("UPDATE sessions SET expires_at = {in_an_hour}")).await, 1);
    let refresh = |tokens: &Tokens| server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
    let refreshed = refresh(&Tokens::of(&login)).send().await.expect(200);
    assert!((3_500..=3_600).contains(&expires_in(&refreshed)), "{}", refreshed.text);
    let a_moment_ago = rows.moment("-1 second");
    rows.execute(&format!("UPDATE sessions SET idle_expires_at = {a_moment_ago}")).await;
    assert_problem(&refresh(&Tokens::of(&refreshed)).send().await, 401, "invalid_refresh_token");
}

#[tokio::test]
async fn access_tokens_are_for_the_audience_and_name_so_many_teams_as_are_set() {
    let setup = Setup::default().set("TOKENS__AUDIENCE", "our-services").set("TOKENS__MAX_TEAMS", "2");
    let mut server = setup.start().await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    for n in 0..2 {
        server.team(&tokens, &format!("Team {n}")).await;
    }
    let claims = server.login(&account).await.claims();
    assert_eq!((&claims["aud"], claims["teams"].as_array().unwrap().len()), (&json!("our-services"), 2));
    assert!(claims.get("teams_truncated").is_none_or(|cut| cut == false), "{claims}");
    server.team(&tokens, "One more").await;
    let tokens = server.login(&account).await;
    let claims = tokens.claims();
    assert_eq!((claims["teams"].as_array().unwrap().len(), &claims["teams_truncated"]), (2, &json!(true)));
    assert_eq!(claims["roles"].as_object().unwrap().len(), 2);
    assert_eq!(server.my_teams(&tokens).await.len(), 3);
    // A token is no longer taken where the audience is another.
    server.terminate().await;
    let server = server.restart_with(Setup::default()).await;
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
}
