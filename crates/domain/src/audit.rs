//! Security events, kept for whoever has to answer what happened (ASVS 16.2.1, 16.3.1 to 16.3.3).

use std::net::IpAddr;

use time::OffsetDateTime;

use crate::ids::{AuditEventId, TeamId, UserId};
use crate::network::Network;

/// One thing that happened: who, when, from where, what, to whom. Ids only; an address, a name or a token is
/// never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id; grows with time.
    pub id: AuditEventId,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: AuditKind,
    /// The account that did it, if it was known.
    pub actor_id: Option<UserId>,
    /// The account it was done to.
    pub user_id: Option<UserId>,
    /// The team it was done in.
    pub team_id: Option<TeamId>,
    /// From which network; erased with the account.
    pub network: Option<Network>,
    /// With which program; erased with the account.
    pub user_agent: Option<String>,
    /// The request it was part of.
    pub request_id: Option<String>,
    /// A short machine-readable addition, such as the new role or the reason of a refusal.
    pub detail: Option<String>,
}

impl AuditEvent {
    /// Something that happened now, from there.
    pub fn new(id: AuditEventId, kind: AuditKind, origin: &Origin, at: OffsetDateTime) -> Self {
        Self {
            id,
            at,
            kind,
            actor_id: None,
            user_id: None,
            team_id: None,
            network: origin.ip.map(Network::logged),
            user_agent: origin.user_agent.clone(),
            request_id: origin.request_id.clone(),
            detail: None,
        }
    }

    /// Done by this account.
    #[must_use]
    pub fn by(mut self, actor: UserId) -> Self {
        self.actor_id = Some(actor);
        self
    }

    /// Done to this account.
    #[must_use]
    pub fn about(mut self, user: UserId) -> Self {
        self.user_id = Some(user);
        self
    }

    /// Done in this team.
    #[must_use]
    pub fn in_team(mut self, team: TeamId) -> Self {
        self.team_id = Some(team);
        self
    }

    /// With this addition; never an address, a name or a token.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Where a request came from, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Address of the client: of the socket, or as a trusted proxy says.
    pub ip: Option<IpAddr>,
    /// Name of the client's program, cut to 256 characters.
    pub user_agent: Option<String>,
    /// Id of the request.
    pub request_id: Option<String>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What can happen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum AuditKind {
            $($(#[$doc])* $variant,)*
        }

        impl AuditKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Stable name, for storage, logs and filters.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    /// An account was registered.
    Registered = "registered",
    /// A registration was refused; `detail` says why.
    RegistrationRefused = "registration_refused",
    /// Signed in.
    LoginSucceeded = "login_succeeded",
    /// A sign-in was refused; `detail` says why, the client is never told.
    LoginFailed = "login_failed",
    /// A proof of owning the account, such as its current password, was missing or wrong; `detail` says which.
    ProofFailed = "proof_failed",
    /// A session was refreshed from another network or program than before.
    SessionMoved = "session_moved",
    /// An old refresh token came back; its session was ended.
    RefreshTokenReused = "refresh_token_reused",
    /// One session was ended.
    SessionEnded = "session_ended",
    /// Several sessions of an account were ended.
    SessionsEnded = "sessions_ended",
    /// A password reset was asked for, also for an address without an account.
    PasswordResetRequested = "password_reset_requested",
    /// A reset was completed.
    PasswordReset = "password_reset",
    /// The password was changed by its owner.
    PasswordChanged = "password_changed",
    /// A verification mail was asked for, also for an address without an account.
    VerificationRequested = "verification_requested",
    /// The address was proven.
    EmailVerified = "email_verified",
    /// A new address was asked for.
    EmailChangeRequested = "email_change_requested",
    /// The address was changed.
    EmailChanged = "email_changed",
    /// The names were changed.
    ProfileUpdated = "profile_updated",
    /// The personal data were exported.
    AccountExported = "account_exported",
    /// The owner of the mailbox disowned an unverified account.
    AccountDisowned = "account_disowned",
    /// An account was deleted.
    AccountDeleted = "account_deleted",
    /// An unverified account was purged.
    AccountPurged = "account_purged",
    /// A one-time, refresh or access token was refused; `detail` names its purpose.
    TokenRefused = "token_refused",
    /// A team was created.
    TeamCreated = "team_created",
    /// Name or description of a team was changed.
    TeamUpdated = "team_updated",
    /// A team was deleted.
    TeamDeleted = "team_deleted",
    /// An address was invited.
    MemberInvited = "member_invited",
    /// An account became a member.
    MemberAdded = "member_added",
    /// An invitation was accepted.
    InvitationAccepted = "invitation_accepted",
    /// An invitation was mailed again.
    InvitationResent = "invitation_resent",
    /// An invitation was revoked.
    InvitationRevoked = "invitation_revoked",
    /// A role was changed; `detail` is the new one.
    RoleChanged = "role_changed",
    /// A member was removed.
    MemberRemoved = "member_removed",
    /// A member left.
    MemberLeft = "member_left",
    /// A member became admin because the team had lost its last one, or by a superuser.
    AdminAppointed = "admin_appointed",
    /// A team lost its last admin and nobody could take over.
    TeamFrozen = "team_frozen",
    /// Something was refused for lack of rights; `detail` names it.
    AccessDenied = "access_denied",
    /// An account was deactivated by a superuser.
    UserDeactivated = "user_deactivated",
    /// An account was activated by a superuser.
    UserActivated = "user_activated",
    /// An account became superuser.
    SuperuserGranted = "superuser_granted",
    /// An account is no longer superuser.
    SuperuserRevoked = "superuser_revoked",
    /// A superuser looked at accounts, teams or events; `detail` names the list.
    AdminViewed = "admin_viewed",
    /// A new signing key was announced or, after a compromise, put in force.
    KeyRotated = "key_rotated",
    /// A signing key was retired.
    KeyRetired = "key_retired",
}

impl AuditKind {
    /// Reads the stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_reads_back_and_has_a_name_of_its_own() {
        let names: HashSet<_> = AuditKind::ALL.iter().map(|k| k.as_str()).collect();
        assert_eq!(names.len(), AuditKind::ALL.len());
        assert!(AuditKind::ALL.iter().all(|k| AuditKind::parse(k.as_str()) == Some(*k)));
        assert_eq!(AuditKind::parse("nothing"), None);
    }
}
