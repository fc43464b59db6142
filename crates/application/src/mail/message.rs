//! What a mail says, before it is text.

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, MailId, UserId};
use countersign_domain::one_time_token::Purpose;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use time::OffsetDateTime;

/// The kinds of mail. Data in here are rendered into the mail as they were when it was queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// Prove your address, or say that it was not you. Carries a token.
    VerifyAddress,
    /// Set a new password. Carries a token.
    ResetPassword,
    /// Your password was changed or reset.
    PasswordChanged,
    /// Prove your new address; goes to the new one. Carries a token.
    ConfirmNewAddress,
    /// Your address was changed; goes to the old one.
    AddressChanged,
    /// Somebody tried to register with your address; goes out only when registration conceals that.
    AddressTaken,
    /// Join this team. Carries a token.
    Invitation {
        /// Name of the team.
        team_name: String,
        /// Who invites.
        inviter_name: String,
        /// As what.
        role: Role,
    },
    /// You were added to this team.
    AddedToTeam {
        /// Name of the team.
        team_name: String,
        /// Who added you.
        inviter_name: String,
        /// As what.
        role: Role,
    },
    /// An old refresh token of yours came back and its session was ended.
    SuspiciousActivity,
}

impl MailKind {
    /// Stable name: for storage, templates and metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::VerifyAddress => "verify_address",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
            Self::ConfirmNewAddress => "confirm_new_address",
            Self::AddressChanged => "address_changed",
            Self::AddressTaken => "address_taken",
            Self::Invitation { .. } => "invitation",
            Self::AddedToTeam { .. } => "added_to_team",
            Self::SuspiciousActivity => "suspicious_activity",
        }
    }
}

impl MailKind {
    /// What the one-time token of this kind of mail is for. An invitation's token is the invitation's.
    pub const fn purpose(&self) -> Option<Purpose> {
        match self {
            Self::VerifyAddress => Some(Purpose::EmailVerification),
            Self::ResetPassword => Some(Purpose::PasswordReset),
            Self::ConfirmNewAddress => Some(Purpose::EmailChange),
            Self::PasswordChanged
            | Self::AddressChanged
            | Self::AddressTaken
            | Self::Invitation { .. }
            | Self::AddedToTeam { .. }
            | Self::SuspiciousActivity => None,
        }
    }
}

/// A mail in the outbox.
#[derive(Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its id.
    pub id: MailId,
    /// What it says.
    pub kind: MailKind,
    /// To whom.
    pub recipient: EmailAddress,
    /// How the recipient is greeted; `None` for an address that no account has proven.
    pub recipient_name: Option<String>,
    /// The account that it concerns; goes with it.
    pub user_id: Option<UserId>,
    /// The invitation that it carries; goes with it, and its delivery is that of the invitation.
    pub invitation_id: Option<InvitationId>,
    /// The token, sealed; erased once the mail is sent, superseded or given up.
    pub sealed_token: Option<Vec<u8>>,
    /// When the token expires.
    pub token_expires_at: Option<OffsetDateTime>,
    /// Written so that an address without an account costs the same; never sent.
    pub decoy: bool,
    /// When it was queued.
    pub created_at: OffsetDateTime,
}

impl std::fmt::Debug for QueuedMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QueuedMail({:?}, {})", self.id, self.kind.as_str())
    }
}

impl QueuedMail {
    /// A mail without a token to somebody.
    pub fn new(id: MailId, kind: MailKind, recipient: EmailAddress, now: OffsetDateTime) -> Self {
        Self {
            id,
            kind,
            recipient,
            recipient_name: None,
            user_id: None,
            invitation_id: None,
            sealed_token: None,
            token_expires_at: None,
            decoy: false,
            created_at: now,
        }
    }

    /// A mail that only tells the owner of an account what happened to it. `None` while its address is not proven: it
    /// may be that of a stranger, who is not to hear of every step of whoever registered it.
    pub fn notice(id: MailId, kind: MailKind, user: &User, now: OffsetDateTime) -> Option<Self> {
        user.email_verified.then(|| Self::new(id, kind, user.email.clone(), now).to_account(user))
    }

    /// About this account; by its name where it goes to its proven address. Elsewhere the name is what a stranger
    /// chose to say to the reader.
    #[must_use]
    pub fn to_account(mut self, user: &User) -> Self {
        self.user_id = Some(user.id);
        let proven = user.email_verified && self.recipient == user.email;
        self.recipient_name = proven.then(|| user.first_name.as_str().to_owned());
        self
    }

    /// Carrying this sealed token until then.
    #[must_use]
    pub fn with_token(mut self, sealed: Vec<u8>, expires_at: OffsetDateTime) -> Self {
        self.sealed_token = Some(sealed);
        self.token_expires_at = Some(expires_at);
        self
    }

    /// Carrying this invitation.
    #[must_use]
    pub fn for_invitation(mut self, id: InvitationId) -> Self {
        self.invitation_id = Some(id);
        self
    }

    /// As a decoy.
    #[must_use]
    pub fn as_decoy(mut self) -> Self {
        self.decoy = true;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NOW, email, user};

    #[test]
    fn only_a_proven_address_is_greeted_by_name_and_told_what_happened() {
        let id = MailId::new(uuid::Uuid::nil());
        let unproven = User { email_verified: false, ..user(1) };
        assert_eq!(QueuedMail::notice(id, MailKind::PasswordChanged, &unproven, NOW), None);
        let told = QueuedMail::notice(id, MailKind::PasswordChanged, &user(1), NOW).unwrap();
        assert_eq!((told.recipient, told.recipient_name.as_deref()), (user(1).email, Some("Firstname")));
        let to = |address: &str| QueuedMail::new(id, MailKind::ConfirmNewAddress, email(address), NOW);
        assert_eq!(to("user1@example.com").to_account(&unproven).recipient_name, None);
        assert_eq!(to("stranger@example.com").to_account(&user(1)).recipient_name, None);
    }
}
