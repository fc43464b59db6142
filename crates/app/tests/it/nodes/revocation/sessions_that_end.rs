//! Acts that end sessions by a way of their own.

use serde_json::json;

use crate::nodes::revocation::SESSIONS;
use crate::nodes::revocation::act::Plan;
use crate::nodes::revocation::troupe::Troupe;
use crate::support::TestServer;

impl Troupe {
    pub(super) async fn sign_out_of_others(&self, node: &TestServer) -> Plan {
        let (token, other) = (node.login(&self.member).await, node.login(&self.member).await);
        Plan::ending(node.post("/auth/logout?scope=others").bearer(&other.access), 204, &token)
    }

    pub(super) async fn sign_out_of_all(&self, node: &TestServer) -> Plan {
        let (token, other) = (node.login(&self.member).await, node.login(&self.member).await);
        Plan::ending(node.post("/auth/logout?scope=all").bearer(&other.access), 204, &token)
    }

    /// Somebody else has had it: of the two, nobody knows who is the owner.
    pub(super) async fn reuse_refresh_token(&self, node: &TestServer) -> Plan {
        let first = node.login(&self.member).await;
        let latest = node.refreshed(&node.refreshed(&first).await).await;
        let call = node.post("/auth/refresh").json(&json!({"refresh_token": first.refresh}));
        Plan::ending(call, 401, &latest)
    }

    /// The oldest one makes room.
    pub(super) async fn begin_one_session_too_many(&mut self, node: &TestServer) -> Plan {
        let (account, oldest) = self.passer_by(node).await;
        for _ in 1..SESSIONS {
            node.login(&account).await;
        }
        Plan::ending(node.sign_in(&account.email, &account.password), 200, &oldest)
    }

    pub(super) async fn confirm_address(&mut self, node: &TestServer) -> Plan {
        let (token, other) = (node.login(&self.member).await, node.login(&self.member).await);
        let address = self.next_address();
        let change = json!({"current_password": self.member.password, "new_email": address});
        node.post("/auth/change-email").bearer(&other.access).json(&change).send().await.expect(202);
        let mailed = self.mailed(node, &address, "new e-mail address").await;
        self.member.email = address;
        Plan::ending(node.post("/auth/confirm-email-change").json(&json!({"token": mailed})), 200, &token)
    }

    /// By whoever reads the mail of an address with which somebody else has registered.
    pub(super) async fn disown(&mut self, node: &TestServer) -> Plan {
        let (account, token) = self.passer_by(node).await;
        let mailed = self.mailed(node, &account.email, "verify your e-mail address").await;
        Plan::ending(node.post("/auth/disown-account").json(&json!({"token": mailed})), 200, &token)
    }
}
