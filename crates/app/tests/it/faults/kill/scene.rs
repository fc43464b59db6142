//! A team with people, to each of whom something is done that must be there whole or not at all.

use std::collections::HashMap;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::delivered::Delivered;
use crate::faults::ledger::{Caller, Fate, works};
use crate::support::{PASSWORD, Rows, TestServer, Tokens};

const RESET_PASSWORD: &str = "nine green bottles";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Act {
    Invite,
    Accept,
    ChangeRole,
    Remove,
    AskForReset,
    Reset,
    DeleteAccount,
}

impl Act {
    pub(crate) const ALL: [Self; 7] = [
        Self::Invite,
        Self::Accept,
        Self::ChangeRole,
        Self::Remove,
        Self::AskForReset,
        Self::Reset,
        Self::DeleteAccount,
    ];
}

#[derive(Clone, Debug)]
pub(crate) struct Scene {
    name: String,
    admin: Tokens,
    team: String,
    guest: Tokens,
    invitation: String,
    member: String,
    reset: String,
    leaver: String,
    erased: Tokens,
    fates: HashMap<Act, Fate>,
}

impl Scene {
    /// Brings the people together. The tokens that they are mailed come with [`Self::read_mail`].
    pub(crate) async fn prepare(caller: &Caller, name: String) -> Option<Self> {
        let email = |who: &str| format!("{who}-{name}@example.org");
        let signed_in = async |who: &str| {
            caller.register(&email(who)).await?;
            caller.login(&email(who)).await
        };
        let (admin, guest, erased) = (signed_in("admin").await?, signed_in("guest").await?, signed_in("erased").await?);
        let (member, leaver) = (caller.register(&email("member")).await?, caller.register(&email("leaver")).await?);
        let team = caller.team(&admin, &name).await?;
        let scene = Self { name, admin, team, guest, member, leaver, erased, ..Self::empty() };
        for who in ["guest", "member", "leaver"] {
            scene.invite(caller, who).await?;
        }
        scene.ask_for_reset(caller, "member").await?;
        Some(scene)
    }

    fn empty() -> Self {
        let nobody = || Tokens { access: String::new(), refresh: String::new() };
        Self {
            name: String::new(),
            admin: nobody(),
            team: String::new(),
            guest: nobody(),
            invitation: String::new(),
            member: String::new(),
            reset: String::new(),
            leaver: String::new(),
            erased: nobody(),
            fates: HashMap::new(),
        }
    }

    pub(crate) fn read_mail(&mut self, delivered: &Delivered) {
        self.invitation = delivered.find(&self.email("guest"), "invitation to the team").unwrap().token();
        self.reset = delivered.find(&self.email("member"), "set a new password").unwrap().token();
    }

    /// Does each thing at its time.
    pub(crate) async fn play<const N: usize>(mut self, caller: Caller, acts: [(Act, Duration); N]) -> Self {
        let mut playing = JoinSet::new();
        for (act, start) in acts {
            let (scene, caller) = (self.clone(), caller.clone());
            playing.spawn(async move {
                tokio::time::sleep(start).await;
                (act, Fate::of(scene.perform(&caller, act).await.as_ref()))
            });
        }
        self.fates = playing.join_all().await.into_iter().collect();
        self
    }

    pub(crate) fn fate(&self, act: Act) -> Fate {
        self.fates[&act]
    }

    fn email(&self, who: &str) -> String {
        format!("{who}-{}@example.org", self.name)
    }

    async fn perform(&self, caller: &Caller, act: Act) -> Option<()> {
        let members = format!("/teams/{}/members", self.team);
        let (call, status) = match act {
            Act::Invite => return self.invite(caller, "invited").await,
            Act::AskForReset => return self.ask_for_reset(caller, "leaver").await,
            Act::Accept => {
                let body = json!({"invitation_token": self.invitation});
                (caller.post("/teams/accept-invitation").bearer(&self.guest.access).json(&body), 200)
            }
            Act::ChangeRole => {
                let call = caller.call(Method::PATCH, &format!("{members}/{}", self.member));
                (call.bearer(&self.admin.access).json(&json!({"role": "admin"})), 200)
            }
            Act::Remove => {
                let call = caller.call(Method::DELETE, &format!("{members}/{}", self.leaver));
                (call.bearer(&self.admin.access), 204)
            }
            Act::Reset => {
                let body = json!({"token": self.reset, "new_password": RESET_PASSWORD});
                (caller.post("/auth/password-reset").json(&body), 200)
            }
            Act::DeleteAccount => {
                let call = caller.post("/auth/delete-account").bearer(&self.erased.access);
                (call.json(&json!({"current_password": PASSWORD})), 204)
            }
        };
        caller.act(call, status).await.map(|_| ())
    }

    async fn invite(&self, caller: &Caller, who: &str) -> Option<()> {
        let call = caller.post(&format!("/teams/{}/invite", self.team)).bearer(&self.admin.access);
        let body = json!({"email": self.email(who), "role": "member"});
        caller.act(call.json(&body), 200).await.map(|_| ())
    }

    async fn ask_for_reset(&self, caller: &Caller, who: &str) -> Option<()> {
        let call = caller.post("/auth/password-reset-request").json(&json!({"email": self.email(who)}));
        caller.act(call, 202).await.map(|_| ())
    }

    /// In the end: whatever an act writes, and mails, is there or none of it.
    pub(crate) async fn check(&self, server: &TestServer, rows: &Rows, delivered: &Delivered) {
        for act in Act::ALL {
            let traces = self.traces(act, server, rows, delivered).await;
            let (_, happened) = traces[0];
            assert!(traces.iter().all(|(_, there)| *there == happened), "{act:?} of {} by half: {traces:?}", self.name);
            assert!(self.fate(act).allows(happened), "{act:?} of {}: {traces:?}", self.name);
        }
    }

    async fn traces(
        &self,
        act: Act,
        server: &TestServer,
        rows: &Rows,
        delivered: &Delivered,
    ) -> Vec<(&'static str, bool)> {
        let user = |who: &str| format!("(SELECT id FROM users WHERE email = '{}')", self.email(who));
        let any = async |sql: String| rows.one::<i64>(&format!("SELECT COUNT(*) FROM {sql}")).await > 0;
        let audited = async |kind: &str, who: &str| {
            any(format!("audit_events WHERE kind = '{kind}' AND user_id = {}", user(who))).await
        };
        let membership =
            async |who: &str, having: &str| any(format!("user_teams WHERE user_id = {} AND {having}", user(who))).await;
        let invitation = async |who: &str, state: &str| {
            any(format!("invitations WHERE email = '{}' AND state = '{state}'", self.email(who))).await
        };
        let verified =
            async |who: &str| any(format!("users WHERE email = '{}' AND email_verified", self.email(who))).await;
        match act {
            Act::Invite => vec![
                ("invitation", invitation("invited", "pending").await),
                ("mail", delivered.has(&self.email("invited"), "invitation to the team")),
            ],
            Act::Accept => vec![
                ("invitation", invitation("guest", "accepted").await),
                ("membership", membership("guest", "status = 'active'").await),
                ("address", verified("guest").await),
                ("event", audited("invitation_accepted", "guest").await),
            ],
            Act::ChangeRole => vec![
                ("role", membership("member", "role = 'admin'").await),
                ("event", audited("role_changed", "member").await),
            ],
            Act::Remove => vec![
                ("membership", !membership("leaver", "TRUE").await),
                ("event", audited("member_removed", "leaver").await),
            ],
            Act::AskForReset => vec![
                ("mail", delivered.has(&self.email("leaver"), "set a new password")),
                ("event", audited("password_reset_requested", "leaver").await),
            ],
            Act::Reset => vec![
                ("new password", works(server, &self.email("member"), RESET_PASSWORD).await),
                ("old password", !works(server, &self.email("member"), PASSWORD).await),
                ("address", verified("member").await),
                ("event", audited("password_reset", "member").await),
                ("mail", delivered.has(&self.email("member"), "password was changed")),
            ],
            Act::DeleteAccount => vec![
                ("account", !any(format!("users WHERE email = '{}'", self.email("erased"))).await),
                ("password", !works(server, &self.email("erased"), PASSWORD).await),
            ],
        }
    }
}
