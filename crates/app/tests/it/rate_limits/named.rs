//! Of each named limit exactly as many pass as it says, also at one moment.

use serde_json::json;

use crate::support::{Answer, Call, PASSWORD, Setup, TestServer, Tokens, assert_problem, at_once, tally};

/// Fails unless exactly `passed` of the answers are no 429, and the others say when to come back.
#[track_caller]
fn assert_passed(answers: &[Answer], passed: usize, window: u32) {
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(answers.len() - refused.len(), passed, "{:?}", tally(answers));
    for answer in refused {
        assert_problem(answer, 429, "rate_limited");
        let seconds: u32 = answer.header("retry-after").parse().unwrap();
        assert!((window / 2..=window).contains(&seconds), "{seconds} s of {window}");
    }
}

#[tokio::test]
async fn sign_ins_of_a_network_right_ones_included() {
    let server = Setup::default().set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "5").start().await;
    let account = server.register("a@example.org").await;
    let answers = at_once((0..25).map(|_| server.sign_in(&account.email, PASSWORD))).await;
    assert_passed(&answers, 5, 60);
    assert_eq!(tally(&answers).get(&200), Some(&5));
    assert_passed(&[server.sign_in("other@example.org", PASSWORD).send().await], 0, 60);
}

#[tokio::test]
async fn registrations_of_a_network() {
    let server = Setup::default().set("LIMITS__REGISTER_PER_HOUR_PER_IP", "5").start().await;
    let answers = at_once((0..25).map(|n| server.registration(&format!("a{n}@example.org"), PASSWORD))).await;
    assert_passed(&answers, 5, 3600);
    assert_eq!((tally(&answers).get(&201), server.rows().await.count("users").await), (Some(&5), 5));
    assert_passed(&at_once([server.registration("a0@example.org", PASSWORD)]).await, 0, 3600);
}

#[tokio::test]
async fn requests_of_resets_and_of_verifications_by_a_network() {
    for path in ["/auth/password-reset-request", "/auth/verify-email-request"] {
        let server = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_IP", "4").start().await;
        let ask = |n| server.post(path).json(&json!({"email": format!("a{n}@example.org")}));
        let answers = at_once((0..20).map(ask)).await;
        assert_passed(&answers, 4, 3600);
        assert_eq!(tally(&answers).get(&202), Some(&4));
    }
}

#[tokio::test]
async fn requests_for_an_address_alike_whether_it_has_an_account_or_not() {
    let mut server = TestServer::start().await;
    server.signed_in("known@example.org").await;
    let inactive = server.register("inactive@example.org").await;
    let statement = format!("UPDATE users SET is_active = FALSE WHERE email = '{}'", inactive.email);
    assert_eq!(server.rows().await.execute(&statement).await, 1);
    server.terminate().await;
    let server = server.restart_with(Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "3")).await;
    for path in ["/auth/password-reset-request", "/auth/verify-email-request"] {
        let mut answers = Vec::new();
        for email in ["known@example.org", "unknown@example.org", "inactive@example.org"] {
            let spellings = [email.to_owned(), email.to_uppercase(), email.replace("example", "Example")];
            let ask = |n: usize| server.post(path).json(&json!({"email": spellings[n % 3]}));
            let racing = at_once((0..12).map(ask)).await;
            assert_passed(&racing, 3, 3600);
            answers.push((racing.iter().find(|a| a.status == 202).unwrap().text.clone(), tally(&racing)));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    let later = json!({"email": "known@example.org"});
    assert_problem(&server.post("/auth/password-reset-request").json(&later).send().await, 429, "rate_limited");
    server.mailbox().about("known@example.org", "set a new password").await;
    let resets = server.mailbox().to("known@example.org").into_iter().filter(|mail| mail.subject.contains("password"));
    assert!(resets.count() <= 3);
    for email in ["unknown@example.org", "inactive@example.org"] {
        assert!(server.mailbox().to(email).iter().all(|mail| !mail.subject.contains("password")));
    }
}

#[tokio::test]
async fn refused_tokens_of_a_network_whatever_they_were_for() {
    let server = Setup::default().set("LIMITS__TOKEN_FAILURES_PER_MINUTE_PER_IP", "6").start().await;
    let (account, mut tokens) = server.signed_in("a@example.org").await;
    for _ in 0..10 {
        tokens = server.refreshed(&tokens).await;
    }
    let guess = |n: usize| -> Call {
        match n % 5 {
            0 => {
                server.post("/auth/password-reset").json(&json!({"token": "guess", "new_password": "new words to say"}))
            }
            1 => server.post("/auth/verify-email").json(&json!({"token": "guess", "password": PASSWORD})),
            2 => server.accept("guess", None),
            3 => server.post("/auth/refresh").json(&json!({"refresh_token": "guess"})),
            _ => server.post("/auth/confirm-email-change").json(&json!({"token": "guess"})),
        }
    };
    let answers = at_once((0..40).map(guess)).await;
    assert_passed(&answers, 6, 60);
    // A right one would tell a guesser that it was right.
    let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh})).send().await;
    assert_problem(&refresh, 429, "rate_limited");
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    server.login(&account).await;
}

#[tokio::test]
async fn invitations_of_a_team_by_all_its_admins() {
    let server = Setup::default().set("LIMITS__INVITE_PER_HOUR_PER_TEAM", "6").start().await;
    let (_, one) = server.signed_in("one@example.org").await;
    let team = server.team(&one, "Teamname").await;
    let (_, two) = server.member(&one, &team, "two@example.org", "admin").await;
    let admins = [&one, &two];
    let invite = |n: usize| server.invite(admins[n % 2], &team, &format!("guest{}@example.org", n / 2), "member");
    let answers = at_once((0..30).map(invite)).await;
    assert_passed(&answers, 5, 3600);
    let other = server.team(&one, "Other").await;
    server.invite(&one, &other, "guest@example.org", "member").send().await.expect(200);
    let id = server.get(&format!("/teams/{team}/invitations")).bearer(&one.access).send().await.text_at("/items/0/id");
    let resend = server.post(&format!("/teams/{team}/invitations/{id}/resend")).bearer(&two.access).json(&json!({}));
    assert_problem(&resend.send().await, 429, "rate_limited");
}

async fn invitations_of_one_inviter(setup: Setup, inviter: &str, passed: usize) {
    let server = setup.start().await;
    let verified = inviter.starts_with("verified");
    let tokens: Tokens =
        if verified { server.signed_in(inviter).await.1 } else { server.login(&server.register(inviter).await).await };
    let teams = [server.team(&tokens, "One").await, server.team(&tokens, "Two").await];
    let invite = |n: usize| server.invite(&tokens, &teams[n % 2], &format!("guest{n}@example.org"), "member");
    let answers = at_once((0..20).map(invite)).await;
    assert_passed(&answers, passed, 86_400);
    assert_eq!(server.rows().await.count("invitations").await, i64::try_from(passed).unwrap());
}

#[tokio::test]
async fn invitations_of_an_inviter_over_all_teams() {
    let setup = Setup::default().set("LIMITS__INVITE_PER_DAY_PER_USER", "7");
    invitations_of_one_inviter(setup, "verified@example.org", 7).await;
}

#[tokio::test]
async fn an_unverified_inviter_has_fewer() {
    let setup = Setup::default()
        .set("LIMITS__INVITE_PER_DAY_PER_USER", "100")
        .set("LIMITS__INVITE_PER_DAY_PER_UNVERIFIED_USER", "5");
    invitations_of_one_inviter(setup, "unverified@example.org", 5).await;
}

#[tokio::test]
async fn changes_of_an_account_and_none_of_what_changes_nothing() {
    let server = Setup::default().set("LIMITS__CHANGES_PER_HOUR_PER_USER", "6").start().await;
    let (_, tokens) = server.signed_in("a@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let name = |n: usize| server.patch("/auth/me").bearer(&tokens.access).json(&json!({"first_name": format!("N{n}")}));
    let answers = at_once((0..20).map(name)).await;
    assert_passed(&answers, 6, 3_600);
    let rename =
        |name: &str| server.patch(&format!("/teams/{team}")).bearer(&tokens.access).json(&json!({"name": name}));
    assert_passed(&[rename("Other").send().await], 0, 3_600);
    rename("Teamname").send().await.expect(200);
    let rows = server.rows().await;
    let changes = "SELECT CAST(COUNT(*) AS TEXT) FROM audit_events WHERE kind IN ('profile_updated', 'team_updated')";
    assert_eq!(rows.one::<String>(changes).await, "6");
    // Another account is not held up by it.
    let (_, other) = server.signed_in("b@example.org").await;
    server.patch("/auth/me").bearer(&other.access).json(&json!({"first_name": "Other"})).send().await.expect(200);
}

#[tokio::test]
async fn a_limit_of_zero_is_off() {
    let server = TestServer::start().await;
    let answers = at_once((0..40).map(|n| server.sign_in(&format!("a{}@example.org", n % 2), "wrong"))).await;
    assert_eq!(tally(&answers), [(401, 40)].into());
}
