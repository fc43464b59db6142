//! Accepting, signed in or not.

use serde_json::json;

use crate::support::{Setup, TestServer, Tokens, assert_no_leak, assert_problem, at_once, tally};

/// Everybody accepts first.
async fn asking() -> (TestServer, Tokens, String) {
    let server = Setup::default().set("TEAMS__ADD_EXISTING", "false").start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    (server, owner, team)
}

#[tokio::test]
async fn an_invitation_is_for_the_account_of_its_address() {
    let (server, owner, team) = asking().await;
    let (_, invited) = server.signed_in("invited@example.org").await;
    let (_, thief) = server.signed_in("thief@example.org").await;
    let token = server.invited(&owner, &team, "invited@example.org", "admin").await;
    assert!(server.my_teams(&invited).await.is_empty(), "nobody is added without accepting");
    assert_problem(&server.accept(&token, Some(&thief)).send().await, 403, "invitation_for_another_account");
    assert_problem(&server.accept(&token, Some(&owner)).send().await, 403, "invitation_for_another_account");
    assert!(server.my_teams(&thief).await.is_empty());
    let answer = server.accept(&token, Some(&invited)).send().await.expect(200);
    assert_no_leak(&answer);
    assert_eq!(answer.text_at("/team/id"), team);
    let mine = server.my_teams(&invited).await;
    assert_eq!((&mine[0]["role"], &mine[0]["status"]), (&json!("admin"), &json!("active")));
    server.invite(&invited, &team, "more@example.org", "member").send().await.expect(200);
}

#[tokio::test]
async fn accepting_again_is_a_success_for_the_same_account_only() {
    let (server, owner, team) = asking().await;
    let (account, invited) = server.signed_in("invited@example.org").await;
    let (_, other) = server.signed_in("other@example.org").await;
    let token = server.invited(&owner, &team, "invited@example.org", "member").await;
    let first = server.accept(&token, Some(&invited)).send().await.expect(200);
    for bearer in [Some(&invited), None, Some(&invited)] {
        assert_eq!(server.accept(&token, bearer).send().await.expect(200).json(), first.json());
    }
    assert_problem(&server.accept(&token, Some(&other)).send().await, 400, "invalid_token");
    assert_eq!(server.rows().await.count("user_teams").await, 2);

    // Not once it is no member any more, in either way.
    server.delete(&format!("/teams/{team}/members/{}", account.id)).bearer(&invited.access).send().await.expect(204);
    for bearer in [Some(&invited), None] {
        assert_problem(&server.accept(&token, bearer).send().await, 400, "invalid_token");
    }
    assert!(server.my_teams(&invited).await.is_empty());
}

#[tokio::test]
async fn fifty_at_once_give_one_membership() {
    let (server, owner, team) = asking().await;
    let (_, invited) = server.signed_in("invited@example.org").await;
    let (_, other) = server.signed_in("other@example.org").await;
    for round in 0..10 {
        let token = server.invited(&owner, &team, "invited@example.org", "member").await;
        let answers = at_once((0..50).map(|n| match n % 5 {
            0 => server.accept(&token, Some(&other)),
            1 => server.accept(&token, None),
            _ => server.accept(&token, Some(&invited)),
        }))
        .await;
        for (n, answer) in answers.iter().enumerate() {
            if n % 5 == 0 {
                assert!([400, 403].contains(&answer.status), "{answer:?}");
            } else {
                assert_eq!(answer.status, 200, "{answer:?}");
            }
        }
        let rows = server.rows().await;
        assert_eq!(rows.count("user_teams").await, 2);
        let accepted = "SELECT COUNT(*) FROM audit_events WHERE kind = 'invitation_accepted'";
        assert_eq!(rows.one::<i64>(accepted).await, round + 1, "one success");
        assert!(server.my_teams(&other).await.is_empty());
        let me = server.my_teams(&invited).await;
        assert_eq!(me.len(), 1);
        let id = server.get("/auth/me").bearer(&invited.access).send().await.text_at("/id");
        server.delete(&format!("/teams/{team}/members/{id}")).bearer(&owner.access).send().await.expect(204);
    }
}

#[tokio::test]
async fn what_is_over_opens_nothing() {
    let (server, owner, team) = asking().await;
    let (_, invited) = server.signed_in("invited@example.org").await;
    let list = format!("/teams/{team}/invitations");

    let expired = server.invited(&owner, &team, "invited@example.org", "member").await;
    let rows = server.rows().await;
    // Not for so long that housekeeping would take it before it is listed.
    let a_moment_ago = rows.moment("-1 second");
    assert_eq!(rows.execute(&format!("UPDATE invitations SET expires_at = {a_moment_ago}")).await, 1);
    let shown = server.get(&list).bearer(&owner.access).send().await.expect(200);
    assert_eq!(shown.text_at("/items/0/state"), "expired");
    let revoked = server.invited(&owner, &team, "invited@example.org", "member").await;
    let shown = server.get(&list).bearer(&owner.access).send().await.expect(200);
    assert_eq!(shown.text_at("/items/0/state"), "pending");
    let path = format!("{list}/{}", shown.text_at("/items/0/id"));
    server.delete(&path).bearer(&owner.access).send().await.expect(204);
    let deleted = server.invited(&owner, &team, "invited@example.org", "member").await;
    server.delete(&format!("/teams/{team}")).bearer(&owner.access).send().await.expect(204);
    for token in [&expired, &revoked, &deleted, "nothing at all"] {
        for bearer in [Some(&invited), None] {
            assert_problem(&server.accept(token, bearer).send().await, 400, "invalid_token");
        }
    }
    assert_eq!(rows.count("user_teams").await, 0);
}

#[tokio::test]
async fn an_invitation_survives_the_demotion_of_its_inviter() {
    let (server, owner, team) = asking().await;
    let (account, second) = server.signed_in("second@example.org").await;
    let token = server.invited(&owner, &team, "second@example.org", "admin").await;
    server.accept(&token, Some(&second)).send().await.expect(200);
    let token = server.invited(&second, &team, "invited@example.org", "admin").await;
    let revoked = server.invited(&second, &team, "revoked@example.org", "admin").await;
    let path = format!("/teams/{team}/members/{}", account.id);
    server.patch(&path).bearer(&owner.access).json(&json!({"role": "member"})).send().await.expect(200);
    assert_eq!(server.my_teams(&second).await[0]["role"], "member");

    let (_, invited) = server.signed_in("invited@example.org").await;
    server.accept(&token, Some(&invited)).send().await.expect(200);
    assert_eq!(server.my_teams(&invited).await[0]["role"], "admin");
    // Not what it grants, but who may grant it, has changed: the other one is for the admins to revoke.
    let list = format!("/teams/{team}/invitations");
    let shown = server.get(&list).bearer(&owner.access).send().await.expect(200).json();
    let pending = shown["items"].as_array().unwrap().iter().find(|item| item["email"] == "revoked@example.org");
    let path = format!("{list}/{}", pending.unwrap()["id"].as_str().unwrap());
    assert_problem(&server.delete(&path).bearer(&second.access).send().await, 403, "team_admin_required");
    server.delete(&path).bearer(&owner.access).send().await.expect(204);
    assert_problem(&server.accept(&revoked, None).send().await, 400, "invalid_token");
}

#[tokio::test]
async fn an_invitation_survives_the_removal_of_its_inviter() {
    let (server, owner, team) = asking().await;
    let (account, second) = server.signed_in("second@example.org").await;
    let token = server.invited(&owner, &team, "second@example.org", "admin").await;
    server.accept(&token, Some(&second)).send().await.expect(200);
    let token = server.invited(&second, &team, "invited@example.org", "member").await;
    server.delete(&format!("/teams/{team}/members/{}", account.id)).bearer(&owner.access).send().await.expect(204);
    let (_, invited) = server.signed_in("invited@example.org").await;
    server.accept(&token, Some(&invited)).send().await.expect(200);
    assert_eq!(server.my_teams(&invited).await[0]["role"], "member");
}

#[tokio::test]
async fn without_signing_in_nothing_is_told_and_nothing_is_proven() {
    let (server, owner, team) = asking().await;
    let account = server.register("invited@example.org").await;
    let token = server.invited(&owner, &team, "invited@example.org", "admin").await;
    let body = json!({"invitation_token": token, "password": "another password", "email": "thief@example.org"});
    let answer = server.post("/teams/accept-invitation").json(&body).send().await.expect(200);
    let keys: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["message", "team"]);
    assert!(!answer.text.contains("invited@example.org") && !answer.text.contains(&account.id), "{}", answer.text);
    assert!(answer.header("set-cookie").is_empty());
    let tokens = server.login(&account).await;
    let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["email_verified"], &me["teams"][0]["status"]), (&json!(false), &json!("awaiting_verification")));
    assert_eq!(tokens.claims()["roles"], json!({}));
    assert_problem(&server.get(&format!("/teams/{team}")).bearer(&tokens.access).send().await, 404, "team_not_found");
}

#[tokio::test]
async fn an_address_without_an_account_has_to_register() {
    let (server, owner, team) = asking().await;
    let token = server.invited(&owner, &team, "new@example.org", "member").await;
    for _ in 0..2 {
        assert_problem(&server.accept(&token, None).send().await, 409, "account_required");
    }
    let (_, new) = server.signed_in("new@example.org").await;
    assert!(server.my_teams(&new).await.is_empty(), "to have the address is not to have the mail");
    server.accept(&token, Some(&new)).send().await.expect(200);
    assert_eq!(server.my_teams(&new).await.len(), 1);
}

#[tokio::test]
async fn an_id_is_not_a_token() {
    let (server, owner, team) = asking().await;
    server.invited(&owner, &team, "invited@example.org", "admin").await;
    let squatter = server.register("invited@example.org").await;
    let tokens = server.login(&squatter).await;
    let list = format!("/teams/{team}/invitations");
    let id = server.get(&list).bearer(&owner.access).send().await.expect(200).text_at("/items/0/id");
    assert_problem(&server.get(&list).bearer(&tokens.access).send().await, 404, "team_not_found");
    let resend = server.post(&format!("{list}/{id}/resend")).bearer(&tokens.access).json(&json!({})).send().await;
    assert_problem(&resend, 404, "team_not_found");
    let row: Vec<u8> = server.rows().await.one("SELECT digest FROM invitations").await;
    let digest: String = row.iter().map(|octet| format!("{octet:02x}")).collect();
    for guess in [id, team.clone(), squatter.id, digest, tokens.access.clone(), tokens.refresh.clone()] {
        for bearer in [Some(&tokens), None] {
            assert_problem(&server.accept(&guess, bearer).send().await, 400, "invalid_token");
        }
    }
    assert!(server.my_teams(&tokens).await.is_empty());
}

#[tokio::test]
async fn of_two_accounts_with_one_token_the_invited_one_wins() {
    let (server, owner, _) = asking().await;
    let (_, invited) = server.signed_in("invited@example.org").await;
    let (_, other) = server.signed_in("other@example.org").await;
    for _ in 0..10 {
        let team = server.team(&owner, "Raced").await;
        let token = server.invited(&owner, &team, "invited@example.org", "member").await;
        let answers = at_once([server.accept(&token, Some(&other)), server.accept(&token, Some(&invited))]).await;
        assert_eq!(tally(&answers).get(&200), Some(&1), "{answers:?}");
        assert_eq!(answers[1].status, 200);
        assert!(server.my_teams(&other).await.is_empty());
    }
}
