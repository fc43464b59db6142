//! Sending, resending and revoking.

use serde_json::{Value, json};

use crate::support::{Setup, TestServer, Tokens, assert_no_leak, assert_problem, at_once, tally};

async fn team() -> (TestServer, Tokens, String) {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    (server, owner, team)
}

async fn invitations(server: &TestServer, admin: &Tokens, team: &str) -> Vec<Value> {
    let answer = server.get(&format!("/teams/{team}/invitations")).bearer(&admin.access).send().await.expect(200);
    assert_no_leak(&answer);
    answer.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_answer_is_the_same_whether_the_address_has_an_account_or_not() {
    let (server, owner, team) = team().await;
    server.signed_in("verified@example.org").await;
    server.register("unverified@example.org").await;
    let mut answers = Vec::new();
    for email in ["verified@example.org", "unverified@example.org", "unknown@example.org"] {
        let answer = server.invite(&owner, &team, email, "member").send().await.expect(200);
        assert_no_leak(&answer);
        assert!(!answer.text.contains(email), "{}", answer.text);
        answers.push(answer.text);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let added = server.mailbox().about("verified@example.org", "you were added to the team").await;
    assert!(!added.text.contains("token="), "who is in already needs no token");
    server.mailbox().about("unknown@example.org", "invitation to the team").await;
    server.mailbox().about("unverified@example.org", "invitation to the team").await;
    assert_eq!(server.invitations_to("verified@example.org"), 0);
}

#[tokio::test]
async fn an_invitation_shows_its_state_and_its_delivery_and_never_its_token() {
    let (mut server, owner, team) = team().await;
    let token = server.invited(&owner, &team, "invited@example.org", "member").await;
    let start = std::time::Instant::now();
    let item = loop {
        let item = invitations(&server, &owner, &team).await.remove(0);
        if item["delivery"] == "sent" {
            break item;
        }
        assert!(item["delivery"] == "queued" && start.elapsed().as_secs() < 10, "{item}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let keys: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
    let expected =
        ["created_at", "delivery", "delivery_reason", "email", "expires_at", "id", "invited_by", "role", "state"];
    assert_eq!(keys, expected);
    assert!(item["delivery_reason"].is_null(), "{item}");
    assert_eq!(
        (&item["email"], &item["role"], &item["state"]),
        (&json!("invited@example.org"), &json!("member"), &json!("pending"))
    );
    assert_eq!(item["invited_by"], owner.claims()["sub"]);
    let (_, invited) = server.signed_in("invited@example.org").await;
    let accepted = server.accept(&token, Some(&invited)).send().await.expect(200);
    assert!(!accepted.text.contains(&token));
    assert_eq!(invitations(&server, &owner, &team).await[0]["state"], "accepted");
    for shown in [server.my_teams(&owner).await, invitations(&server, &owner, &team).await] {
        assert!(!json!(shown).to_string().contains(&token));
    }
    let path = format!("/teams/{team}/invitations/{}", item["id"].as_str().unwrap());
    assert_problem(&server.delete(&path).bearer(&owner.access).send().await, 409, "invitation_not_pending");
    let resend = server.post(&format!("{path}/resend")).bearer(&owner.access).json(&json!({})).send().await;
    assert_problem(&resend, 409, "invitation_not_pending");
    server.terminate().await;
    assert!(!server.log().contains(&token), "the token is in the log");
}

#[tokio::test]
async fn a_resent_invitation_has_a_new_token_and_the_old_one_is_dead() {
    let (server, owner, team) = team().await;
    let first = server.invited(&owner, &team, "invited@example.org", "admin").await;
    let id = invitations(&server, &owner, &team).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/teams/{team}/invitations/{id}");
    let answer =
        server.post(&format!("{path}/resend")).bearer(&owner.access).json(&json!({"role": "member"})).send().await;
    assert!(!answer.expect(200).text.contains("token"));
    let second = server.next_invitation("invited@example.org", 1).await;
    assert_ne!(first, second);
    assert_problem(&server.accept(&first, None).send().await, 400, "invalid_token");
    assert_problem(&server.accept(&second, None).send().await, 409, "account_required");
    assert_eq!(invitations(&server, &owner, &team).await.len(), 1);
    assert_eq!(invitations(&server, &owner, &team).await[0]["role"], "admin", "resending changes nothing else");

    for _ in 0..2 {
        server.delete(&path).bearer(&owner.access).send().await.expect(204);
        assert_eq!(invitations(&server, &owner, &team).await[0]["state"], "revoked");
    }
    assert_problem(&server.accept(&second, None).send().await, 400, "invalid_token");
    let resend = server.post(&format!("{path}/resend")).bearer(&owner.access).json(&json!({})).send().await;
    assert_problem(&resend, 409, "invitation_not_pending");
    let third = server.invited(&owner, &team, "invited@example.org", "member").await;
    assert_problem(&server.accept(&third, None).send().await, 409, "account_required");
}

#[tokio::test]
async fn many_invitations_of_one_address_are_one_invitation() {
    let (server, owner, team) = team().await;
    let answers =
        at_once((0..30).map(|n| server.invite(&owner, &team, "invited@example.org", ["member", "admin"][n % 2]))).await;
    assert_eq!(tally(&answers), [(200, 30)].into());
    assert_eq!(invitations(&server, &owner, &team).await.len(), 1);
    // The mails that nobody had sent yet were replaced; of all tokens the last one is good.
    server.invite(&owner, &team, "later@example.org", "member").send().await.expect(200);
    server.mailbox().wait_for("later@example.org", 1).await;
    let tokens: Vec<_> = server.mailbox().to("invited@example.org").iter().map(crate::support::Mail::token).collect();
    let mut good = 0;
    for token in &tokens {
        match server.accept(token, None).send().await {
            answer if answer.status == 409 => good += 1,
            answer => assert_problem(&answer, 400, "invalid_token"),
        }
    }
    assert_eq!(good, 1, "{} mails", tokens.len());
}

#[tokio::test]
async fn an_invitation_has_one_addressee() {
    let (server, owner, team) = team().await;
    for email in [
        json!(["a@example.org", "b@example.org"]),
        json!("a@example.org,b@example.org"),
        json!("a@example.org b@example.org"),
        json!("a@example.org\r\nBcc: b@example.org"),
        json!("\"a b\"@example.org"),
        json!("<a@example.org>"),
        json!("Name <a@example.org>"),
        json!({"$ne": ""}),
        json!(null),
        json!(""),
    ] {
        let call = server.post(&format!("/teams/{team}/invite")).bearer(&owner.access);
        let answer = call.json(&json!({"email": email, "role": "member"})).send().await;
        assert_problem(&answer, 422, "validation_failed");
        assert_eq!(answer.text_at("/errors/0/field"), "email");
    }
    assert_eq!(server.rows().await.count("invitations").await, 0);
    let twice = r#"{"email":"a@example.org","email":"b@example.org","role":"member"}"#;
    let call =
        server.post(&format!("/teams/{team}/invite")).bearer(&owner.access).header("content-type", "application/json");
    assert_problem(&call.body(twice).send().await, 400, "malformed_body");
}

#[tokio::test]
async fn names_are_text_in_the_mail_whatever_they_look_like() {
    let server = TestServer::start().await;
    let body = json!({"email": "owner@example.org", "password": crate::support::PASSWORD,
        "first_name": "<b>Bold</b>", "last_name": "\"><img src=x onerror=alert(1)>"});
    server.post("/auth/register").json(&body).send().await.expect(201);
    let owner = Tokens::of(&server.sign_in("owner@example.org", crate::support::PASSWORD).send().await.expect(200));
    let name = "<a href=\"https://evil.example\">Prize</a> .\u{2028}. {{ token }}";
    let answer = server.post("/teams").bearer(&owner.access).json(&json!({"name": name})).send().await;
    let team = match answer.status {
        201 => answer.text_at("/id"),
        _ => server.team(&owner, &name.replace('\u{2028}', "")).await,
    };
    server.invite(&owner, &team, "invited@example.org", "member").send().await.expect(200);
    let mail = server.mailbox().about("invited@example.org", "invitation to the team").await;
    assert!(!mail.html.contains("<a href=\"https://evil.example") && !mail.html.contains("<img"), "{}", mail.html);
    assert!(!mail.html.contains("<b>Bold") && mail.html.contains("&lt;b&gt;Bold"), "{}", mail.html);
    assert!(mail.text.contains("{{ token }}"), "a name is no template: {}", mail.text);
    assert_eq!(mail.raw.matches("\r\nSubject:").count() + usize::from(mail.raw.starts_with("Subject:")), 1);
    assert_eq!(server.mailbox().all().iter().filter(|mail| mail.to == "invited@example.org").count(), 1);
}

#[tokio::test]
async fn where_everybody_has_to_accept_nobody_is_added() {
    let server = Setup::default().set("TEAMS__ADD_EXISTING", "false").start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (_, verified) = server.signed_in("verified@example.org").await;
    let unverified = server.register("unverified@example.org").await;
    for email in ["verified@example.org", "unverified@example.org"] {
        server.invited(&owner, &team, email, "admin").await;
    }
    assert!(server.my_teams(&verified).await.is_empty());
    assert_eq!(server.rows().await.count("user_teams").await, 1);
    let token = server.mailbox().about(&unverified.email, "verify your e-mail address").await.token();
    let body = json!({"token": token, "password": unverified.password});
    server.post("/auth/verify-email").json(&body).send().await.expect(200);
    let tokens = server.login(&unverified).await;
    assert!(server.my_teams(&tokens).await.is_empty(), "verified is not accepted");
}
