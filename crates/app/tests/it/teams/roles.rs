//! A role that was taken counts no longer, whatever the token says.

use serde_json::json;

use crate::support::{PASSWORD, TestServer, Tokens, assert_problem};

#[tokio::test]
async fn a_demotion_counts_at_once_with_the_old_token() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (second, _) = server.member(&owner, &team, "second@example.org", "admin").await;
    let old = server.login(&second).await;
    assert_eq!(old.claims()["roles"][&team], "admin");
    let path = format!("/teams/{team}/members/{}", second.id);
    for round in 0..10 {
        let guest = format!("guest{round}@example.org");
        server.invite(&old, &team, &guest, "member").send().await.expect(200);
        let answer =
            server.patch(&path).bearer(&owner.access).json(&json!({"role": "member"})).send().await.expect(200);
        assert_eq!((answer.text_at("/role"), answer.text_at("/user_id")), ("member".to_owned(), second.id.clone()));
        let late = format!("late{round}@example.org");
        assert_problem(&server.invite(&old, &team, &late, "member").send().await, 403, "team_admin_required");
        let back = server.patch(&path).bearer(&old.access).json(&json!({"role": "admin"})).send().await;
        assert_problem(&back, 403, "team_admin_required");
        server.get(&format!("/teams/{team}")).bearer(&old.access).send().await.expect(200);
        server.patch(&path).bearer(&owner.access).json(&json!({"role": "admin"})).send().await.expect(200);
    }
    let rows = server.rows().await;
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM invitations WHERE email LIKE 'late%'").await, 0);
    assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM invitations WHERE email LIKE 'guest%'").await, 10);
}

#[tokio::test]
async fn a_removed_member_sees_nothing_more_with_the_old_token() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (account, member) = server.member(&owner, &team, "member@example.org", "admin").await;
    for round in 0..5 {
        let old = server.login(&account).await;
        for path in [format!("/teams/{team}"), format!("/teams/{team}/members"), format!("/teams/{team}/invitations")] {
            server.get(&path).bearer(&old.access).send().await.expect(200);
        }
        assert_eq!(server.my_teams(&old).await.len(), 1);
        server.delete(&format!("/teams/{team}/members/{}", account.id)).bearer(&owner.access).send().await.expect(204);
        for path in [format!("/teams/{team}"), format!("/teams/{team}/members"), format!("/teams/{team}/invitations")] {
            assert_problem(&server.get(&path).bearer(&old.access).send().await, 404, "team_not_found");
        }
        assert!(server.my_teams(&old).await.is_empty(), "round {round}");
        let me = server.get("/auth/me").bearer(&old.access).send().await.expect(200).json();
        assert_eq!(me["teams"], json!([]));
        assert_problem(&server.invite(&old, &team, "x@example.org", "member").send().await, 404, "team_not_found");
        let fresh = server.refreshed(&old).await.claims();
        assert_eq!((&fresh["teams"], &fresh["roles"]), (&json!([]), &json!({})));
        server.invite(&owner, &team, &account.email, "admin").send().await.expect(200);
    }
    assert_eq!(server.my_teams(&member).await.len(), 1);
}

#[tokio::test]
async fn refreshed_tokens_carry_the_role_of_now() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (account, mut member) = server.member(&owner, &team, "member@example.org", "member").await;
    for role in ["admin", "member", "admin"] {
        let path = format!("/teams/{team}/members/{}", account.id);
        server.patch(&path).bearer(&owner.access).json(&json!({"role": role})).send().await.expect(200);
        member = server.refreshed(&member).await;
        assert_eq!(member.claims()["roles"], json!({ team.as_str(): role }));
        assert_eq!(server.my_teams(&member).await[0]["role"], role);
    }
}

#[tokio::test]
async fn there_are_two_roles_and_no_other() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (member, _) = server.member(&owner, &team, "member@example.org", "member").await;
    for role in [
        json!("owner"),
        json!("superuser"),
        json!("ADMIN"),
        json!(" admin"),
        json!(""),
        json!(null),
        json!(["admin"]),
        json!({}),
        json!(1),
    ] {
        let body = json!({"email": "new@example.org", "role": role});
        for call in [
            server.post(&format!("/teams/{team}/invite")),
            server.patch(&format!("/teams/{team}/members/{}", member.id)),
        ] {
            let answer = call.bearer(&owner.access).json(&body).send().await;
            assert_problem(&answer, 422, "validation_failed");
            assert_eq!(answer.text_at("/errors/0/field"), "role");
        }
    }
    assert_eq!(server.rows().await.count("invitations").await, 0);
}

#[tokio::test]
async fn nobody_raises_a_role_by_inviting() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (account, member) = server.member(&owner, &team, "member@example.org", "member").await;
    for email in ["member@example.org", "MEMBER@Example.ORG"] {
        assert_problem(&server.invite(&member, &team, email, "admin").send().await, 403, "team_admin_required");
        assert_problem(&server.invite(&owner, &team, email, "admin").send().await, 409, "already_member");
    }
    assert_problem(&server.invite(&owner, &team, "owner@example.org", "member").send().await, 409, "already_member");
    let own = server.patch(&format!("/teams/{team}/members/{}", account.id)).bearer(&member.access);
    assert_problem(&own.json(&json!({"role": "admin"})).send().await, 403, "team_admin_required");
    assert_eq!(server.my_teams(&member).await[0]["role"], "member");
    assert_eq!(server.my_teams(&owner).await[0]["role"], "admin");
    assert_eq!(server.rows().await.count("invitations").await, 0);
}

#[tokio::test]
async fn a_superuser_has_no_rights_in_teams() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    assert_problem(&server.get(&format!("/teams/{team}")).bearer(&root.access).send().await, 404, "team_not_found");
    assert_problem(&server.invite(&root, &team, "root@example.org", "admin").send().await, 404, "team_not_found");
    assert_problem(&server.delete(&format!("/teams/{team}")).bearer(&root.access).send().await, 404, "team_not_found");
}
