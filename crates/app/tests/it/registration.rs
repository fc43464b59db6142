//! Registering: one account an address, whatever is sent and however often.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{HASHING_COST, PASSWORD, Setup, TestServer, Timing, Tokens, assert_no_leak, assert_problem};
use crate::support::{at_once, count};

fn registration_of(email: &Value) -> Value {
    json!({"email": email, "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname"})
}

#[tokio::test]
async fn a_taken_address_is_refused_and_the_account_stays_as_it_was() {
    let server = TestServer::start().await;
    let answer = server.registration("taken@example.org", PASSWORD).send().await.expect(201);
    assert_no_leak(&answer);
    let again = server.registration("taken@example.org", "another phrase altogether").send().await;
    assert_problem(&again, 409, "email_taken");
    let rows = server.rows().await;
    assert_eq!(rows.count("users").await, 1);
    let refused = "SELECT COUNT(*) FROM audit_events WHERE kind = 'registration_refused'";
    assert_eq!(rows.one::<i64>(refused).await, 1);
    server.sign_in("taken@example.org", PASSWORD).send().await.expect(200);
    let other = server.sign_in("taken@example.org", "another phrase altogether").send().await;
    assert_problem(&other, 401, "invalid_credentials");
}

#[tokio::test]
async fn where_taken_addresses_are_concealed_only_the_owner_is_told() {
    let server = Setup::default().set("REGISTRATION__CONCEAL_EXISTING", "true").start().await;
    let fresh = server.registration("owner@example.org", PASSWORD).send().await.expect(202);
    server.mailbox().about("owner@example.org", "verify").await;
    let taken = server.registration("owner@example.org", "another phrase altogether").send().await.expect(202);
    assert_eq!(fresh.comparable(), taken.comparable());
    server.mailbox().about("owner@example.org", "already have an account").await;
    let rows = server.rows().await;
    assert_eq!(rows.count("users").await, 1);
    assert_eq!(rows.count("one_time_tokens").await, 2, "a token and a decoy");
    let events = rows.column::<String>("SELECT kind FROM audit_events WHERE kind LIKE 'regist%' ORDER BY id").await;
    assert_eq!(events, ["registered", "registration_refused"]);
    server.sign_in("owner@example.org", PASSWORD).send().await.expect(200);
    let other = server.sign_in("owner@example.org", "another phrase altogether").send().await;
    assert_problem(&other, 401, "invalid_credentials");
}

#[tokio::test]
async fn an_address_that_looks_like_an_option_is_an_address() {
    let server = TestServer::start().await;
    let answer = server.registration("-oX@example.org", PASSWORD).send().await.expect(201);
    assert_eq!(answer.text_at("/email"), "-ox@example.org");
    let mail = server.mailbox().about("-ox@example.org", "verify").await;
    let body = json!({"token": mail.token(), "password": PASSWORD});
    server.post("/auth/verify-email").json(&body).send().await.expect(200);
    assert_eq!(server.mailbox().all().len(), 1);
}

#[tokio::test]
async fn parallel_registrations_of_an_address_make_one_account() {
    let server = TestServer::start().await;
    for round in 0..10 {
        let email = format!("race{round}@example.org");
        let answers = at_once((0..30).map(|_| server.registration(&email, PASSWORD))).await;
        assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 29), "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status == 409) {
            assert_problem(answer, 409, "email_taken");
        }
        let accounts = format!("SELECT COUNT(*) FROM users WHERE email = '{email}'");
        assert_eq!(server.rows().await.one::<i64>(&accounts).await, 1);
    }
}

#[tokio::test]
async fn concealed_parallel_registrations_make_one_account_and_answer_alike() {
    let server = Setup::default().set("REGISTRATION__CONCEAL_EXISTING", "true").start().await;
    for round in 1..=10 {
        let email = format!("race{round}@example.org");
        let answers = at_once((0..20).map(|_| server.registration(&email, PASSWORD))).await;
        assert_eq!(count(&answers, 202), 20, "{answers:?}");
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
        assert_eq!(server.rows().await.count("users").await, round);
    }
}

#[tokio::test]
async fn look_alikes_of_an_address_never_reach_its_account() {
    let server = TestServer::start().await;
    let account = server.verified("mike@example.org").await;
    let look_alikes = [
        "m\u{131}ke@example.org",
        "mi\u{212a}e@example.org",
        "mi\u{fb00}e@example.org",
        "mike\u{17f}@example.org",
        "mike\u{ff20}example.org",
        "mike@example\u{ff0e}org",
        "mike@ex\u{e0}mple.org",
        "m\u{200b}ike@example.org",
        "\u{202e}mike@example.org",
        "mike@\u{202e}example.org",
        "mike@e\u{ad}xample.org",
        "m\u{456}ke@example.org",
        "mike@\u{435}xample.org",
        " mike@example.org",
        "mike@example.org.",
        "mike@example.org\u{0}",
    ];
    for look_alike in look_alikes {
        let answer = server.registration(look_alike, "a phrase of the stranger").send().await;
        match answer.status {
            201 => {
                assert_ne!(answer.text_at("/id"), account.id, "{look_alike:?}");
                assert_ne!(answer.text_at("/email"), account.email, "{look_alike:?}");
            }
            _ => assert_problem(&answer, 422, "validation_failed"),
        }
        let login = server.sign_in(look_alike, PASSWORD).send().await;
        assert!([401, 422].contains(&login.status), "{look_alike:?}: {}", login.text);
        let reset = json!({"email": look_alike});
        server.post("/auth/password-reset-request").json(&reset).send().await;
    }
    server.registration("last@example.org", PASSWORD).send().await.expect(201);
    server.mailbox().wait_for("last@example.org", 1).await;
    assert_eq!(server.mailbox().to(&account.email).len(), 1, "nothing but the verification");
    server.login(&account).await;
}

#[tokio::test]
async fn spellings_of_one_address_are_one_account() {
    let server = TestServer::start().await;
    server.registration("mike@b\u{fc}cher.example", PASSWORD).send().await.expect(201);
    for spelling in ["mike@xn--bcher-kva.example", "MIKE@XN--BCHER-KVA.example", "Mike@B\u{dc}CHER.Example"] {
        assert_problem(&server.registration(spelling, PASSWORD).send().await, 409, "email_taken");
        server.sign_in(spelling, PASSWORD).send().await.expect(200);
    }
    assert_eq!(server.rows().await.column::<String>("SELECT email FROM users").await, ["mike@xn--bcher-kva.example"]);
}

#[tokio::test]
async fn an_address_of_another_type_or_a_list_of_addresses_makes_no_account() {
    let server = TestServer::start().await;
    for email in [
        json!(["victim@example.org", "evil@example.org"]),
        json!({"$ne": ""}),
        json!(7),
        json!(true),
        json!(null),
        json!(""),
        json!("victim@example.org,evil@example.org"),
        json!("victim@example.org;evil@example.org"),
        json!("victim@example.org evil@example.org"),
        json!("victim@example.org\r\nBcc: evil@example.org"),
        json!("<victim@example.org>"),
        json!("\"a b\"@example.org"),
    ] {
        let answer = server.post("/auth/register").json(&registration_of(&email)).send().await;
        assert_problem(&answer, 422, "validation_failed");
        assert_eq!(answer.json()["errors"][0]["field"], "email", "{email}");
    }
    let twice = r#"{"email":"a@example.org","email":"b@example.org","password":"seven brown bottles","first_name":"F","last_name":"L"}"#;
    let answer = server.post("/auth/register").header("content-type", "application/json").body(twice).send().await;
    assert_problem(&answer, 400, "malformed_body");
    assert_eq!(server.rows().await.count("users").await, 0);
    assert!(server.mailbox().all().is_empty());
}

#[tokio::test]
async fn fields_that_are_nobody_s_to_set_never_take_effect() {
    let server = TestServer::start().await;
    let first = server.register("first@example.org").await;
    let mut body = registration_of(&json!("second@example.org"));
    let extra = json!({
        "is_superuser": true, "is_admin": true, "role": "admin", "email_verified": true, "id": first.id,
        "team_id": "0190b6f0-0000-7000-8000-000000000000", "created_at": "2001-01-01T00:00:00.000Z",
        "password_hash": "$2b$04$abcdefghijklmnopqrstuu", "is_active": false, "epoch": 9,
        "teams": [{"id": "0190b6f0-0000-7000-8000-000000000000", "role": "admin"}],
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = server.post("/auth/register").json(&body).send().await.expect(201);
    assert_ne!(answer.text_at("/id"), first.id);
    let tokens = Tokens::of(&server.sign_in("second@example.org", PASSWORD).send().await.expect(200));
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["is_superuser"], &me["email_verified"], &me["teams"]), (&json!(false), &json!(false), &json!([])));
    assert_eq!(me["is_active"], true);
    assert!(!me["created_at"].as_str().unwrap().starts_with("2001"));
    let users = server.get("/admin/users").bearer(&tokens.access).send().await;
    assert_problem(&users, 403, "superuser_required");
    let owner = server.login(&first).await;
    let me = server.get("/auth/me").bearer(&owner.access).send().await.expect(200).json();
    assert_eq!((&me["id"], &me["email"]), (&json!(first.id), &json!(first.email)));
}

#[tokio::test]
async fn whoever_registered_an_address_first_is_out_once_its_owner_resets_the_password() {
    let server = TestServer::start().await;
    let squatter = server.register("victim@example.org").await;
    let sessions = [server.login(&squatter).await, server.login(&squatter).await];
    server.post("/auth/password-reset-request").json(&json!({"email": squatter.email})).send().await.expect(202);
    let token = server.mailbox().about(&squatter.email, "new password").await.token();
    let body = json!({"token": token, "new_password": "the owner has come home"});
    server.post("/auth/password-reset").json(&body).send().await.expect(200);
    for tokens in &sessions {
        assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
        let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
        assert_problem(&refresh.send().await, 401, "invalid_refresh_token");
    }
    let login = server.sign_in(&squatter.email, PASSWORD).send().await;
    assert_problem(&login, 401, "invalid_credentials");
    let tokens = Tokens::of(&server.sign_in(&squatter.email, "the owner has come home").send().await.expect(200));
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!(me["email_verified"], true);
}

#[tokio::test]
async fn registering_an_invited_address_without_the_token_joins_nothing() {
    let server = TestServer::start().await;
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Teamname").await;
    let invite = json!({"email": "guest@example.org", "role": "admin"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&invite).send().await.expect(200);
    let squatter = server.register("guest@example.org").await;
    let tokens = server.login(&squatter).await;
    let teams = server.get("/auth/teams").bearer(&tokens.access).send().await.expect(200).json();
    assert!(teams.as_array().unwrap().iter().all(|team| team["status"] == "awaiting_verification"), "{teams}");
    let members = server.get(&format!("/teams/{team}/members")).bearer(&tokens.access).send().await;
    assert_problem(&members, 404, "team_not_found");
}

#[tokio::test]
async fn registering_with_an_invitation_joins_its_team_and_proves_the_address() {
    let server = Setup::default().set("REGISTRATION__MODE", "invited").start().await;
    server.get("/register").header("accept", "text/html").send().await.expect(403);
    let uninvited = server.registration("guest@example.org", PASSWORD).send().await;
    assert_problem(&uninvited, 403, "registration_closed");
    server.create_superuser("admin@example.org", PASSWORD);
    let admin = Tokens::of(&server.sign_in("admin@example.org", PASSWORD).send().await.expect(200));
    let team = server.team(&admin, "Teamname").await;
    let invite = json!({"email": "guest@example.org", "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&invite).send().await.expect(200);
    let token = server.mailbox().wait_for("guest@example.org", 1).await[0].token();

    let with = |email: &str, token: &str| {
        let mut body = registration_of(&json!(email));
        body["invitation_token"] = json!(token);
        server.post("/auth/register").json(&body)
    };
    assert_problem(&with("guest@example.org", "made-up").send().await, 400, "invalid_token");
    let other = with("stranger@example.org", &token).send().await;
    assert_problem(&other, 403, "invitation_for_another_account");
    assert_eq!(server.rows().await.count("users").await, 1);

    with("guest@example.org", &token).send().await.expect(201);
    let tokens = Tokens::of(&server.sign_in("guest@example.org", PASSWORD).send().await.expect(200));
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["email_verified"], &me["teams"][0]["id"]), (&json!(true), &json!(team)));
    assert_eq!((&me["teams"][0]["role"], &me["teams"][0]["status"]), (&json!("member"), &json!("active")));
}

#[tokio::test]
async fn closed_registration_admits_nobody() {
    let server = Setup::default().set("REGISTRATION__MODE", "closed").start().await;
    for path in ["/", "/sign-in"] {
        let page = server.get(path).send().await.expect(200).text;
        assert!(page.contains("Sign in") && !page.contains("href=\"register\""), "{page}");
    }
    let page = server.get("/register").header("accept", "text/html").send().await.expect(403).text;
    assert!(page.contains("Registration is closed") && page.contains("sk for an invitation"), "{page}");
    let answer = server.registration("guest@example.org", PASSWORD).send().await;
    assert_problem(&answer, 403, "registration_closed");
    assert_eq!(server.rows().await.count("users").await, 0);
}

#[tokio::test]
async fn monstrous_addresses_are_refused_at_once() {
    let server = TestServer::start().await;
    let monsters = [
        format!("{}@example.org", "a".repeat(65)),
        format!("{}@example.org", "a".repeat(320)),
        format!("a@{}.org", "b".repeat(250)),
        "a@".repeat(25_000),
        format!("{}!", "a".repeat(60_000)),
        format!("a@{}", "a.".repeat(25_000)),
        format!("a@{}", "\u{fc}.".repeat(15_000)),
    ];
    for monster in monsters {
        let start = Instant::now();
        let answer = server.post("/auth/register").json(&registration_of(&json!(monster))).send().await;
        assert_problem(&answer, 422, "validation_failed");
        assert!(start.elapsed() < Duration::from_secs(1), "{} octets took {:?}", monster.len(), start.elapsed());
    }
    let megabyte = registration_of(&json!(format!("{}@example.org", "a".repeat(1_000_000))));
    assert_problem(&server.post("/auth/register").json(&megabyte).send().await, 413, "payload_too_large");
    assert_eq!(server.rows().await.count("users").await, 0);
}

#[tokio::test]
async fn registrations_of_a_network_are_bounded_in_parallel_too() {
    let server = Setup::default().set("LIMITS__REGISTER_PER_HOUR_PER_IP", "5").start().await;
    let answers = at_once((0..40).map(|n| server.registration(&format!("user{n}@example.org"), PASSWORD))).await;
    assert_eq!((count(&answers, 201), count(&answers, 429)), (5, 35), "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status == 429) {
        assert_problem(answer, 429, "rate_limited");
    }
    let rows = server.rows().await;
    assert_eq!((rows.count("users").await, rows.count("one_time_tokens").await), (5, 5));
    for email in rows.column::<String>("SELECT email FROM users").await {
        server.mailbox().wait_for(&email, 1).await;
    }
    assert_eq!(server.mailbox().all().len(), 5);
}

#[tokio::test]
async fn a_taken_address_takes_as_long_as_a_new_one() {
    let server = Setup::default().set("REGISTRATION__CONCEAL_EXISTING", "true").start().await;
    server.registration("taken@example.org", PASSWORD).send().await.expect(202);
    let fresh = |n| server.registration(&format!("new{n}@example.org"), PASSWORD);
    Timing::assert_alike(fresh, |_| server.registration("taken@example.org", PASSWORD)).await;
}

#[tokio::test]
async fn a_password_for_a_taken_address_is_hashed_like_one_for_a_new_one() {
    let server = Setup::default().set("PASSWORD__BCRYPT_COST", HASHING_COST);
    let server = server.set("REGISTRATION__CONCEAL_EXISTING", "true").start().await;
    server.registration("taken@example.org", PASSWORD).send().await.expect(202);
    let fresh = |n| server.registration(&format!("new{n}@example.org"), PASSWORD);
    Timing::assert_both_hash(fresh, |_| server.registration("taken@example.org", PASSWORD)).await;
}

#[tokio::test]
async fn nobody_can_ask_away_the_mail_that_tells_the_owner_of_an_address_who_registers_it() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "3").start().await;
    let (_, attacker) = server.signed_in("attacker@example.org").await;
    let victim = "victim@example.org";
    for _ in 0..4 {
        for path in ["/auth/verify-email-request", "/auth/password-reset-request"] {
            server.post(path).json(&json!({"email": victim})).send().await;
        }
        let change = json!({"current_password": PASSWORD, "new_email": victim});
        server.post("/auth/change-email").bearer(&attacker.access).json(&change).send().await;
    }
    server.registration(victim, PASSWORD).send().await.expect(201);
    server.mailbox().wait_for(victim, 1).await;
}

#[tokio::test]
async fn registering_and_deleting_in_turn_floods_nobody() {
    let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "2").start().await;
    let stranger = "stranger@example.org";
    for n in 0..4 {
        let registration = json!({
            "email": stranger, "password": PASSWORD, "first_name": "Call this number now", "last_name": "Surname",
        });
        server.post("/auth/register").json(&registration).send().await.expect(201);
        let tokens = Tokens::of(&server.sign_in(stranger, PASSWORD).send().await.expect(200));
        if n < 2 {
            // A mail that still waits goes with its account.
            server.mailbox().wait_for(stranger, n + 1).await;
        }
        let change = json!({"current_password": PASSWORD, "new_password": "eight brown jugs"});
        let tokens = Tokens::of(
            &server.post("/auth/change-password").bearer(&tokens.access).json(&change).send().await.expect(200),
        );
        let gone = json!({"current_password": "eight brown jugs"});
        server.post("/auth/delete-account").bearer(&tokens.access).json(&gone).send().await.expect(204);
    }
    server.register("later@example.org").await;
    server.mailbox().wait_for("later@example.org", 1).await;
    let mails = server.mailbox().to(stranger);
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert!(mails.iter().all(|mail| mail.subject.starts_with("Verify") && !mail.raw.contains("Call this number")));
}
