//! A membership gained through an address counts once that address is verified.

use serde_json::json;

use crate::support::{Account, TestServer, Tokens, assert_problem};

/// A team, and an unverified account that was invited as its admin.
struct Awaiting {
    server: TestServer,
    owner: Tokens,
    team: String,
    account: Account,
    tokens: Tokens,
    invitation: String,
}

async fn awaiting() -> Awaiting {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let account = server.register("squatter@example.org").await;
    let tokens = server.login(&account).await;
    let invitation = server.invited(&owner, &team, &account.email, "admin").await;
    let awaiting = Awaiting { server, owner, team, account, tokens, invitation };
    awaiting.has_no_rights().await;
    awaiting
}

impl Awaiting {
    fn path(&self, rest: &str) -> String {
        format!("/teams/{}{rest}", self.team)
    }

    async fn has_no_rights(&self) {
        let server = &self.server;
        let mine = server.my_teams(&self.tokens).await;
        assert_eq!((&mine[0]["status"], &mine[0]["role"]), (&json!("awaiting_verification"), &json!("admin")));
        let claims = server.login(&self.account).await.claims();
        assert_eq!((&claims["teams"], &claims["roles"]), (&json!([]), &json!({})));
        for path in [self.path(""), self.path("/members"), self.path("/invitations")] {
            assert_problem(&server.get(&path).bearer(&self.tokens.access).send().await, 404, "team_not_found");
        }
        let invite = server.invite(&self.tokens, &self.team, "accomplice@example.org", "admin").send().await;
        assert_problem(&invite, 404, "team_not_found");
        let own = server.patch(&self.path(&format!("/members/{}", self.account.id))).bearer(&self.tokens.access);
        assert_problem(&own.json(&json!({"role": "admin"})).send().await, 404, "team_not_found");
        let members = server.get(&self.path("/members")).bearer(&self.owner.access).send().await.expect(200).json();
        assert_eq!(members["items"][1]["status"], "awaiting_verification");
    }

    /// Whoever reads the mail of the address takes the account over by a reset.
    async fn owner_of_the_mailbox(&self) -> Tokens {
        let email = json!({"email": self.account.email});
        self.server.post("/auth/password-reset-request").json(&email).send().await.expect(202);
        let token = self.server.mailbox().about(&self.account.email, "set a new password").await.token();
        let body = json!({"token": token, "new_password": "mine from now on"});
        self.server.post("/auth/password-reset").json(&body).send().await.expect(200);
        let signed_in = self.server.sign_in(&self.account.email, "mine from now on").send().await.expect(200);
        Tokens::of(&signed_in)
    }

    async fn is_admin(&self, tokens: &Tokens) {
        let mine = self.server.my_teams(tokens).await;
        assert_eq!((&mine[0]["status"], &mine[0]["role"]), (&json!("active"), &json!("admin")));
        self.server.get(&self.path("/invitations")).bearer(&tokens.access).send().await.expect(200);
        assert_eq!(self.server.refreshed(tokens).await.claims()["roles"], json!({ self.team.as_str(): "admin" }));
    }
}

#[tokio::test]
async fn verifying_the_address_counts_at_once_with_the_old_token() {
    let a = awaiting().await;
    let token = a.server.mailbox().about(&a.account.email, "verify your e-mail address").await.token();
    let call = a.server.post("/auth/verify-email").bearer(&a.tokens.access).json(&json!({"token": token}));
    call.send().await.expect(200);
    a.is_admin(&a.tokens).await;
}

#[tokio::test]
async fn accepting_while_signed_in_verifies_the_address() {
    let a = awaiting().await;
    a.server.accept(&a.invitation, Some(&a.tokens)).send().await.expect(200);
    a.is_admin(&a.tokens).await;
    let me = a.server.get("/auth/me").bearer(&a.tokens.access).send().await.expect(200).json();
    assert_eq!(me["email_verified"], true);
}

#[tokio::test]
async fn accepting_without_signing_in_verifies_nothing() {
    let a = awaiting().await;
    a.server.accept(&a.invitation, None).send().await.expect(200);
    a.has_no_rights().await;
    let me = a.server.get("/auth/me").bearer(&a.tokens.access).send().await.expect(200).json();
    assert_eq!(me["email_verified"], false);
    let list = a.server.get(&a.path("/invitations")).bearer(&a.owner.access).send().await.expect(200);
    assert_eq!(list.text_at("/items/0/state"), "pending");
}

#[tokio::test]
async fn a_reset_by_the_owner_of_the_mailbox_takes_the_account_from_whoever_squatted_on_it() {
    let a = awaiting().await;
    let tokens = a.owner_of_the_mailbox().await;
    assert_problem(&a.server.get("/auth/me").bearer(&a.tokens.access).send().await, 401, "invalid_token");
    a.is_admin(&tokens).await;
}

#[tokio::test]
async fn a_change_of_address_leaves_the_membership_to_the_former_address() {
    let a = awaiting().await;
    let body = json!({"current_password": a.account.password, "new_email": "elsewhere@example.org"});
    a.server.post("/auth/change-email").bearer(&a.tokens.access).json(&body).send().await.expect(202);
    let token = a.server.mailbox().about("elsewhere@example.org", "confirm your new e-mail address").await.token();
    a.server.post("/auth/confirm-email-change").json(&json!({"token": token})).send().await.expect(200);
    let tokens = Tokens::of(&a.server.sign_in("elsewhere@example.org", &a.account.password).send().await.expect(200));
    let me = a.server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    assert_eq!((&me["email_verified"], &me["teams"]), (&json!(true), &json!([])));
    assert_eq!(a.server.rows().await.count("user_teams").await, 1);
    assert_problem(&a.server.get(&a.path("")).bearer(&tokens.access).send().await, 404, "team_not_found");
    let stolen = a.server.accept(&a.invitation, Some(&tokens)).send().await;
    assert_problem(&stolen, 403, "invitation_for_another_account");

    // Whoever really has the address finds the invitation open.
    let real = a.server.register(&a.account.email).await;
    let real = a.server.login(&real).await;
    a.server.accept(&a.invitation, Some(&real)).send().await.expect(200);
    a.is_admin(&real).await;
}

#[tokio::test]
async fn who_awaits_may_leave_and_the_owner_of_the_mailbox_still_has_the_invitation() {
    let a = awaiting().await;
    let path = a.path(&format!("/members/{}", a.account.id));
    a.server.delete(&path).bearer(&a.tokens.access).send().await.expect(204);
    assert!(a.server.my_teams(&a.tokens).await.is_empty());
    // Once more, without signing in, and gone again.
    a.server.accept(&a.invitation, None).send().await.expect(200);
    a.has_no_rights().await;
    a.server.delete(&path).bearer(&a.tokens.access).send().await.expect(204);
    let real = a.owner_of_the_mailbox().await;
    a.server.accept(&a.invitation, Some(&real)).send().await.expect(200);
    a.is_admin(&real).await;
}

#[tokio::test]
async fn an_invitation_outlives_the_account_of_a_stranger_that_is_disowned() {
    let a = awaiting().await;
    a.server.accept(&a.invitation, None).send().await.expect(200);
    let mail = a.server.mailbox().about(&a.account.email, "verify your e-mail address").await;
    a.server.post("/auth/disown-account").json(&json!({"token": mail.token()})).send().await.expect(200);
    let list = a.server.get(&a.path("/invitations")).bearer(&a.owner.access).send().await.expect(200);
    assert_eq!(list.text_at("/items/0/state"), "pending");
    let body = json!({"email": a.account.email, "password": "mine from now on", "first_name": "Some",
        "last_name": "Body", "invitation_token": a.invitation});
    a.server.post("/auth/register").json(&body).send().await.expect(201);
    let tokens = Tokens::of(&a.server.sign_in(&a.account.email, "mine from now on").send().await.expect(200));
    a.is_admin(&tokens).await;
}

#[tokio::test]
async fn an_invitation_that_goes_with_a_deleted_account_is_in_the_trail_of_the_team() {
    let a = awaiting().await;
    let body = json!({"current_password": a.account.password});
    a.server.post("/auth/delete-account").bearer(&a.tokens.access).json(&body).send().await.expect(204);
    let list = a.server.get(&a.path("/invitations")).bearer(&a.owner.access).send().await.expect(200);
    assert_eq!(list.json()["items"], json!([]));
    let rows = a.server.rows().await;
    let sql = "SELECT kind || ' ' || detail FROM audit_events WHERE team_id IS NOT NULL ORDER BY id DESC LIMIT 1";
    assert_eq!(rows.one::<String>(sql).await, "invitation_revoked account_deleted");
}

#[tokio::test]
async fn a_removed_member_does_not_come_back_with_an_old_token() {
    let a = awaiting().await;
    let path = a.path(&format!("/members/{}", a.account.id));
    a.server.delete(&path).bearer(&a.owner.access).send().await.expect(204);
    assert_problem(&a.server.accept(&a.invitation, Some(&a.tokens)).send().await, 400, "invalid_token");
    let again = a.server.invited(&a.owner, &a.team, &a.account.email, "member").await;
    assert_ne!(again, a.invitation);
    assert_problem(&a.server.accept(&a.invitation, Some(&a.tokens)).send().await, 400, "invalid_token");
    a.server.accept(&again, Some(&a.tokens)).send().await.expect(200);
    assert_eq!(a.server.my_teams(&a.tokens).await[0]["role"], "member");
    a.server.delete(&path).bearer(&a.owner.access).send().await.expect(204);
    for token in [&a.invitation, &again] {
        assert_problem(&a.server.accept(token, Some(&a.tokens)).send().await, 400, "invalid_token");
    }
    assert!(a.server.my_teams(&a.tokens).await.is_empty());
}

#[tokio::test]
async fn a_second_invitation_renews_role_and_token() {
    let a = awaiting().await;
    let renewed = a.server.invited(&a.owner, &a.team, &a.account.email, "member").await;
    assert_eq!(a.server.my_teams(&a.tokens).await[0]["role"], "member");
    assert_eq!(a.server.rows().await.count("invitations").await, 1);
    assert_problem(&a.server.accept(&a.invitation, Some(&a.tokens)).send().await, 400, "invalid_token");
    a.server.accept(&renewed, Some(&a.tokens)).send().await.expect(200);
    let mine = a.server.my_teams(&a.tokens).await;
    assert_eq!((&mine[0]["status"], &mine[0]["role"]), (&json!("active"), &json!("member")));
}

#[tokio::test]
async fn a_new_role_of_who_awaits_is_also_that_of_the_invitation() {
    let a = awaiting().await;
    let path = a.path(&format!("/members/{}", a.account.id));
    a.server.patch(&path).bearer(&a.owner.access).json(&json!({"role": "member"})).send().await.expect(200);
    let list = a.server.get(&a.path("/invitations")).bearer(&a.owner.access).send().await.expect(200);
    assert_eq!(list.text_at("/items/0/role"), "member");
    a.server.accept(&a.invitation, Some(&a.tokens)).send().await.expect(200);
    assert_eq!(a.server.my_teams(&a.tokens).await[0]["role"], "member");
}

#[tokio::test]
async fn revoking_the_invitation_ends_what_awaits() {
    let a = awaiting().await;
    let list = a.server.get(&a.path("/invitations")).bearer(&a.owner.access).send().await.expect(200);
    let path = a.path(&format!("/invitations/{}", list.text_at("/items/0/id")));
    a.server.delete(&path).bearer(&a.owner.access).send().await.expect(204);
    assert!(a.server.my_teams(&a.tokens).await.is_empty());
    let token = a.server.mailbox().about(&a.account.email, "verify your e-mail address").await.token();
    let call = a.server.post("/auth/verify-email").bearer(&a.tokens.access).json(&json!({"token": token}));
    call.send().await.expect(200);
    assert!(a.server.my_teams(&a.tokens).await.is_empty(), "there is nothing left to activate");
}
