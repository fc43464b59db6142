//! What happened can be told afterwards: who, when, from where, what, to whom.

use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Setup, TestServer, Tokens};

/// A server that takes an old refresh token for stolen at once, its superuser, and an account with a team.
struct Watched {
    server: TestServer,
    root: Tokens,
    user: String,
    tokens: Tokens,
    team: String,
}

async fn watched() -> Watched {
    let server = Setup::default().set("TOKENS__REFRESH_REUSE_WINDOW", "0s").start().await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    let (account, tokens) = server.signed_in("user@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    Watched { server, root, user: account.id, tokens, team }
}

impl Watched {
    /// Fails unless the call that was answered so left exactly one event of this kind; that event.
    async fn left(&self, answer: &Answer, event: &str) -> Value {
        let path = format!("/admin/audit?event={event}&limit=200");
        let shown = self.server.get(&path).bearer(&self.root.access).send().await.expect(200).json();
        let id = answer.header("x-request-id");
        let mut events: Vec<_> =
            shown["items"].as_array().unwrap().iter().filter(|item| item["request_id"] == id).cloned().collect();
        assert_eq!(events.len(), 1, "{event} of {answer:?} in {shown}");
        let event = events.remove(0);
        assert_eq!(event["network"], "127.0.0.0/24", "{event}");
        let at = event["at"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.len() == "2026-01-02T03:04:05.678Z".len(), "{event}");
        for text in ["@example.org", PASSWORD, &self.tokens.access, &self.tokens.refresh] {
            assert!(!event.to_string().contains(text), "{event}");
        }
        event
    }

    fn assert_who(event: &Value, actor: Option<&str>, user: Option<&str>, team: Option<&str>, detail: Option<&str>) {
        let told = (&event["actor_id"], &event["user_id"], &event["team_id"], &event["detail"]);
        assert_eq!(told, (&json!(actor), &json!(user), &json!(team), &json!(detail)), "{event}");
    }
}

#[tokio::test]
async fn sign_ins_that_succeed_and_that_fail() {
    let w = watched().await;
    let me = Some(w.user.as_str());
    let call = w.server.sign_in("user@example.org", PASSWORD).header("user-agent", "Browser/7 (test)");
    let answer = call.send().await.expect(200);
    let event = w.left(&answer, "login_succeeded").await;
    Watched::assert_who(&event, me, me, None, None);
    assert_eq!(event["user_agent"], "Browser/7 (test)");
    let answer = w.server.sign_in("user@example.org", "a wrong guess").send().await.expect(401);
    Watched::assert_who(&w.left(&answer, "login_failed").await, None, me, None, Some("wrong_password"));
    let answer = w.server.sign_in("unknown@example.org", "a wrong guess").send().await.expect(401);
    Watched::assert_who(&w.left(&answer, "login_failed").await, None, None, None, Some("unknown_account"));
    let path = format!("/admin/users/{}", w.user);
    let answer =
        w.server.patch(&path).bearer(&w.root.access).json(&json!({"is_active": false})).send().await.expect(200);
    let root = w.root.claims()["sub"].as_str().unwrap().to_owned();
    Watched::assert_who(&w.left(&answer, "user_deactivated").await, Some(&root), me, None, None);
    let answer = w.server.sign_in("user@example.org", PASSWORD).send().await.expect(401);
    Watched::assert_who(&w.left(&answer, "login_failed").await, None, me, None, Some("inactive"));
}

#[tokio::test]
async fn an_old_refresh_token_that_comes_back() {
    let w = watched().await;
    let fresh = w.server.refreshed(&w.tokens).await;
    let fresh = w.server.refreshed(&fresh).await;
    let answer =
        w.server.post("/auth/refresh").json(&json!({"refresh_token": w.tokens.refresh})).send().await.expect(401);
    let event = w.left(&answer, "refresh_token_reused").await;
    assert_eq!(event["user_id"], w.user.as_str(), "{event}");
    w.server.get("/auth/me").bearer(&fresh.access).send().await.expect(401);
    let answer = w.server.post("/auth/refresh").json(&json!({"refresh_token": "made up"})).send().await.expect(401);
    assert!(w.left(&answer, "token_refused").await["detail"].as_str().unwrap().contains("refresh"));
}

#[tokio::test]
async fn a_reset_from_its_request_to_its_end() {
    let w = watched().await;
    let me = Some(w.user.as_str());
    for (email, user) in [("user@example.org", me), ("unknown@example.org", None)] {
        let answer =
            w.server.post("/auth/password-reset-request").json(&json!({"email": email})).send().await.expect(202);
        assert_eq!(w.left(&answer, "password_reset_requested").await["user_id"], json!(user));
    }
    let token = w.server.mailbox().about("user@example.org", "set a new password").await.token();
    let body = json!({"token": token, "new_password": "other words to say"});
    let answer = w.server.post("/auth/password-reset").json(&body).send().await.expect(200);
    assert_eq!(w.left(&answer, "password_reset").await["user_id"], json!(me));
    let answer = w.server.post("/auth/password-reset").json(&body).send().await.expect(400);
    assert_eq!(w.left(&answer, "token_refused").await["detail"], "password_reset");
    let tokens = Tokens::of(&w.server.sign_in("user@example.org", "other words to say").send().await.expect(200));
    let call = w.server.post("/auth/change-password").bearer(&tokens.access);
    let body = json!({"current_password": "a wrong guess", "new_password": "third words to say"});
    let answer = call.json(&body).send().await.expect(403);
    assert_eq!(w.left(&answer, "proof_failed").await["user_id"], json!(me));
}

#[tokio::test]
async fn invitations_roles_and_removals() {
    let w = watched().await;
    let (me, team) = (Some(w.user.as_str()), Some(w.team.as_str()));
    let (other, others) = w.server.signed_in("other@example.org").await;
    let him = Some(other.id.as_str());
    let answer = w.server.invite(&w.tokens, &w.team, "guest@example.org", "member").send().await.expect(200);
    Watched::assert_who(&w.left(&answer, "member_invited").await, me, None, team, Some("member"));
    let answer = w.server.invite(&w.tokens, &w.team, "other@example.org", "member").send().await.expect(200);
    Watched::assert_who(&w.left(&answer, "member_added").await, me, him, team, Some("member"));
    let path = format!("/teams/{}/members/{}", w.team, other.id);
    let answer =
        w.server.patch(&path).bearer(&w.tokens.access).json(&json!({"role": "admin"})).send().await.expect(200);
    Watched::assert_who(&w.left(&answer, "role_changed").await, me, him, team, Some("admin"));
    let answer = w.server.delete(&path).bearer(&w.tokens.access).send().await.expect(204);
    Watched::assert_who(&w.left(&answer, "member_removed").await, me, him, team, None);
    let list =
        w.server.get(&format!("/teams/{}/invitations", w.team)).bearer(&w.tokens.access).send().await.expect(200);
    let path = format!("/teams/{}/invitations/{}", w.team, list.text_at("/items/0/id"));
    let answer =
        w.server.post(&format!("{path}/resend")).bearer(&w.tokens.access).json(&json!({})).send().await.expect(200);
    Watched::assert_who(&w.left(&answer, "invitation_resent").await, me, None, team, None);
    let answer = w.server.delete(&path).bearer(&w.tokens.access).send().await.expect(204);
    Watched::assert_who(&w.left(&answer, "invitation_revoked").await, me, None, team, None);
    assert!(w.server.my_teams(&others).await.is_empty());
}

#[tokio::test]
async fn a_team_a_new_password_and_the_end_of_a_session() {
    let w = watched().await;
    let me = Some(w.user.as_str());
    let answer = w.server.post("/teams").bearer(&w.tokens.access).json(&json!({"name": "Second"})).send().await;
    let team = answer.text_at("/id");
    Watched::assert_who(&w.left(&answer, "team_created").await, me, None, Some(&team), None);
    let body = json!({"current_password": PASSWORD, "new_password": "other words to say"});
    let call = w.server.post("/auth/change-password").bearer(&w.tokens.access);
    let answer = call.json(&body).send().await.expect(200);
    Watched::assert_who(&w.left(&answer, "password_changed").await, me, me, None, None);
    let tokens = Tokens::of(&answer);

    let other = Tokens::of(&w.server.sign_in("user@example.org", "other words to say").send().await.expect(200));
    let path = format!("/auth/sessions/{}", other.claims()["sid"].as_str().unwrap());
    let answer = w.server.delete(&path).bearer(&tokens.access).send().await.expect(204);
    Watched::assert_who(&w.left(&answer, "session_ended").await, me, me, None, None);
    let answer = w.server.post("/auth/logout").bearer(&tokens.access).send().await.expect(204);
    Watched::assert_who(&w.left(&answer, "session_ended").await, me, me, None, None);
}

#[tokio::test]
async fn whatever_is_refused_for_lack_of_rights() {
    let w = watched().await;
    let team = Some(w.team.as_str());
    let (member, members) = w.server.member(&w.tokens, &w.team, "member@example.org", "member").await;
    let (stranger, strangers) = w.server.signed_in("stranger@example.org").await;
    let invitation = w.server.invited(&w.tokens, &w.team, "guest@example.org", "member").await;
    let (him, her) = (Some(member.id.as_str()), Some(stranger.id.as_str()));

    let answer = w.server.invite(&members, &w.team, "x@example.org", "member").send().await.expect(403);
    Watched::assert_who(&w.left(&answer, "access_denied").await, him, None, team, Some("team_admin_required"));
    let answer = w.server.get(&format!("/teams/{}", w.team)).bearer(&strangers.access).send().await.expect(404);
    Watched::assert_who(&w.left(&answer, "access_denied").await, her, None, team, Some("not_a_member"));
    let answer = w.server.get("/admin/users").bearer(&members.access).send().await.expect(403);
    Watched::assert_who(&w.left(&answer, "access_denied").await, him, None, None, Some("superuser_required"));
    let answer = w.server.accept(&invitation, Some(&strangers)).send().await.expect(403);
    Watched::assert_who(
        &w.left(&answer, "access_denied").await,
        her,
        None,
        team,
        Some("invitation_for_another_account"),
    );
    let body = json!({"email": "thief@example.org", "password": PASSWORD, "first_name": "Firstname", "last_name": "Lastname", "invitation_token": invitation});
    let answer = w.server.post("/auth/register").json(&body).send().await.expect(403);
    Watched::assert_who(
        &w.left(&answer, "access_denied").await,
        None,
        None,
        team,
        Some("invitation_for_another_account"),
    );
    assert_eq!(w.server.rows().await.one::<i64>("SELECT COUNT(*) FROM users WHERE email LIKE 'thief%'").await, 0);
}
