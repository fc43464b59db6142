//! What takes a token or a right away.

use serde_json::{Value, json};

use crate::nodes::revocation::troupe::Troupe;
use crate::support::{Account, Call, PASSWORD, TestServer, Tokens};

/// Each is answered once it is in force on every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Act {
    SignOut,
    SignOutByRefreshToken,
    SignOutOfOthers,
    SignOutOfAll,
    EndingOneSession,
    ReuseOfRefreshToken,
    OneSessionTooMany,
    ChangeOfPassword,
    ChangeOfAddress,
    Reset,
    Deactivation,
    EndingAllSessions,
    DeletionByOwner,
    DeletionBySuperuser,
    Disowning,
    Dismissal,
    Removal,
    Leaving,
    Demotion,
    DeletionOfTeam,
}

impl Act {
    pub(crate) const ALL: [Self; 20] = [
        Self::SignOut,
        Self::SignOutByRefreshToken,
        Self::SignOutOfOthers,
        Self::SignOutOfAll,
        Self::EndingOneSession,
        Self::ReuseOfRefreshToken,
        Self::OneSessionTooMany,
        Self::ChangeOfPassword,
        Self::ChangeOfAddress,
        Self::Reset,
        Self::Deactivation,
        Self::EndingAllSessions,
        Self::DeletionByOwner,
        Self::DeletionBySuperuser,
        Self::Disowning,
        Self::Dismissal,
        Self::Removal,
        Self::Leaving,
        Self::Demotion,
        Self::DeletionOfTeam,
    ];

    /// Whether the token is dead for good, and not only a right that may be given again.
    pub(crate) fn ends_token(self) -> bool {
        !matches!(self, Self::Dismissal | Self::Removal | Self::Leaving | Self::Demotion | Self::DeletionOfTeam)
    }
}

/// What an old token is shown for: 200 while it counts, this status once it does not.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) token: String,
    pub(crate) path: String,
    pub(crate) refused: u16,
}

/// An act, ready to be done.
pub(crate) struct Plan {
    pub(crate) call: Call,
    pub(crate) status: u16,
    pub(crate) watch: Watch,
}

impl Plan {
    pub(super) fn ending(call: Call, status: u16, token: &Tokens) -> Self {
        Self { call, status, watch: Watch { token: token.access.clone(), path: "/auth/me".to_owned(), refused: 401 } }
    }
}

impl Troupe {
    /// Makes what the act takes away, and the call that does it, on this node.
    pub(crate) async fn plan(&mut self, act: Act, node: &TestServer) -> Plan {
        match act {
            Act::SignOut => {
                let token = node.login(&self.member).await;
                Plan::ending(node.post("/auth/logout").bearer(&token.access), 204, &token)
            }
            Act::SignOutByRefreshToken => {
                let token = node.login(&self.member).await;
                let call = node.post("/auth/logout").json(&json!({"refresh_token": token.refresh}));
                Plan::ending(call, 204, &token)
            }
            Act::SignOutOfOthers => self.sign_out_of_others(node).await,
            Act::SignOutOfAll => self.sign_out_of_all(node).await,
            Act::EndingOneSession => {
                let (token, other) = (node.login(&self.member).await, node.login(&self.member).await);
                let session = token.claims()["sid"].as_str().unwrap().to_owned();
                Plan::ending(node.delete(&format!("/auth/sessions/{session}")).bearer(&other.access), 204, &token)
            }
            Act::ReuseOfRefreshToken => self.reuse_refresh_token(node).await,
            Act::OneSessionTooMany => self.begin_one_session_too_many(node).await,
            Act::ChangeOfPassword => {
                let (token, other) = (node.login(&self.member).await, node.login(&self.member).await);
                let former = self.change_password();
                let change = json!({"current_password": former, "new_password": self.member.password});
                Plan::ending(node.post("/auth/change-password").bearer(&other.access).json(&change), 200, &token)
            }
            Act::ChangeOfAddress => self.confirm_address(node).await,
            Act::Reset => {
                let token = node.login(&self.member).await;
                let reset = self.mailed_reset(node).await;
                self.change_password();
                let body = json!({"token": reset, "new_password": self.member.password});
                Plan::ending(node.post("/auth/password-reset").json(&body), 200, &token)
            }
            Act::Deactivation => {
                let token = node.login(&self.member).await;
                Plan::ending(self.update_member(node, &json!({"is_active": false})), 200, &token)
            }
            Act::EndingAllSessions => {
                let token = node.login(&self.member).await;
                let path = format!("/admin/users/{}/sessions", self.member.id);
                Plan::ending(node.delete(&path).bearer(&self.root.access), 204, &token)
            }
            Act::DeletionByOwner => {
                let (_, token) = self.passer_by(node).await;
                let call = node.post("/auth/delete-account").bearer(&token.access);
                Plan::ending(call.json(&json!({"current_password": PASSWORD})), 204, &token)
            }
            Act::DeletionBySuperuser => {
                let (account, token) = self.passer_by(node).await;
                Plan::ending(
                    node.delete(&format!("/admin/users/{}", account.id)).bearer(&self.root.access),
                    204,
                    &token,
                )
            }
            Act::Disowning => self.disown(node).await,
            Act::Dismissal => {
                self.update_member(node, &json!({"is_superuser": true})).send().await.expect(200);
                let call = self.update_member(node, &json!({"is_superuser": false}));
                self.watching(node, "/admin/users?limit=1", 403, call, 200).await
            }
            Act::Removal => {
                let call = node.delete(&self.membership()).bearer(&self.owner.access);
                self.watching(node, &format!("/teams/{}", self.team), 404, call, 204).await
            }
            Act::Leaving => {
                let call = node.delete(&self.membership()).bearer(&node.login(&self.member).await.access);
                self.watching(node, &format!("/teams/{}", self.team), 404, call, 204).await
            }
            Act::Demotion => {
                self.set_role(node, "admin").send().await.expect(200);
                let call = self.set_role(node, "member");
                self.watching(node, &format!("/teams/{}/invitations", self.team), 403, call, 200).await
            }
            Act::DeletionOfTeam => {
                let team = node.team(&self.owner, "Short-lived").await;
                node.invite(&self.owner, &team, &self.member.email, "member").send().await.expect(200);
                let path = format!("/teams/{team}");
                let call = node.delete(&path).bearer(&self.owner.access);
                self.watching(node, &path, 404, call, 204).await
            }
        }
    }

    /// Gives back what other acts need, once the call of the plan is answered.
    pub(crate) async fn undo(&self, act: Act, node: &TestServer) {
        match act {
            Act::Deactivation => drop(self.update_member(node, &json!({"is_active": true})).send().await.expect(200)),
            Act::Removal | Act::Leaving => {
                node.invite(&self.owner, &self.team, &self.member.email, "member").send().await.expect(200);
            }
            _ => {}
        }
    }

    async fn watching(&self, node: &TestServer, path: &str, refused: u16, call: Call, status: u16) -> Plan {
        let token = node.login(&self.member).await.access;
        Plan { call, status, watch: Watch { token, path: path.to_owned(), refused } }
    }

    fn update_member(&self, node: &TestServer, change: &Value) -> Call {
        node.patch(&format!("/admin/users/{}", self.member.id)).bearer(&self.root.access).json(change)
    }

    fn set_role(&self, node: &TestServer, role: &str) -> Call {
        node.patch(&self.membership()).bearer(&self.owner.access).json(&json!({"role": role}))
    }

    fn membership(&self) -> String {
        format!("/teams/{}/members/{}", self.team, self.member.id)
    }

    /// An account that is there to be deleted.
    pub(super) async fn passer_by(&mut self, node: &TestServer) -> (Account, Tokens) {
        let account = node.register(&self.next_address()).await;
        let token = node.login(&account).await;
        (account, token)
    }
}
