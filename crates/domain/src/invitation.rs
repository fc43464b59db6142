//! An invitation of an address into a team.

use time::OffsetDateTime;

use crate::email_address::EmailAddress;
use crate::ids::{InvitationId, TeamId, UserId};
use crate::secret::TokenDigest;
use crate::team::role::Role;

/// An invitation. At most one is pending for each address and team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Its id; not its secret.
    pub id: InvitationId,
    /// Into which team.
    pub team_id: TeamId,
    /// Who is meant.
    pub email: EmailAddress,
    /// As what.
    pub role: Role,
    /// Digest of the token in the mail.
    pub digest: TokenDigest,
    /// What became of it.
    pub state: InvitationState,
    /// Who invited; `None` once that account is gone. The invitation outlives the inviter's rights.
    pub invited_by: Option<UserId>,
    /// The account that accepted.
    pub accepted_by: Option<UserId>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// It is dead from then on.
    pub expires_at: OffsetDateTime,
}

/// What became of an invitation. That it has expired is not stored: the time says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvitationState {
    /// Waits for its addressee.
    Pending,
    /// Used.
    Accepted,
    /// Withdrawn by an admin.
    Revoked,
    /// Pending for too long; only ever computed.
    Expired,
}

impl InvitationState {
    /// Name in the API and, but for `expired`, in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// Reads the stored name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Accepted, Self::Revoked].into_iter().find(|s| s.as_str() == text)
    }
}

impl Invitation {
    /// What it is at this moment.
    pub fn state_at(&self, now: OffsetDateTime) -> InvitationState {
        if self.state == InvitationState::Pending && now >= self.expires_at {
            InvitationState::Expired
        } else {
            self.state
        }
    }

    /// Whether it can be accepted.
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        self.state_at(now) == InvitationState::Pending
    }

    /// Gives a pending invitation a new role, token and expiry; the former token is dead.
    pub fn renew(&mut self, role: Role, digest: TokenDigest, invited_by: UserId, expires_at: OffsetDateTime) {
        self.role = role;
        self.digest = digest;
        self.invited_by = Some(invited_by);
        self.expires_at = expires_at;
    }
}

/// What became of the last mail of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Waits for its first or next attempt.
    Queued,
    /// Taken by the mail server, or put into the mailbox.
    Sent,
    /// Given up.
    Failed,
}

impl Delivery {
    /// Name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// An invitation with the state of its mail, as the team's admins see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationListing {
    /// The invitation.
    pub invitation: Invitation,
    /// State of its last mail.
    pub delivery: Delivery,
    /// Why that was not sent, or not yet; in words without any address, for the operator until the use case has told
    /// apart what the admins may know. `None` before the first attempt and once sent.
    pub delivery_reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use time::Duration;
    use uuid::Uuid;

    use super::*;

    fn invitation() -> Invitation {
        let now = OffsetDateTime::UNIX_EPOCH;
        Invitation {
            id: InvitationId::new(Uuid::from_u128(1)),
            team_id: TeamId::new(Uuid::from_u128(2)),
            email: EmailAddress::parse("a@example.com").unwrap(),
            role: Role::Member,
            digest: TokenDigest::of(b"x"),
            state: InvitationState::Pending,
            invited_by: None,
            accepted_by: None,
            created_at: now,
            expires_at: now + Duration::days(7),
        }
    }

    #[test]
    fn a_pending_invitation_expires_and_an_accepted_one_does_not() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut invitation = invitation();
        assert!(invitation.is_open(now));
        assert_eq!(invitation.state_at(now + Duration::days(7)), InvitationState::Expired);
        invitation.state = InvitationState::Accepted;
        assert_eq!(invitation.state_at(now + Duration::days(7)), InvitationState::Accepted);
        assert!(!invitation.is_open(now));
        invitation.state = InvitationState::Pending;
        let last = now + Duration::days(7) - Duration::milliseconds(1);
        assert!(invitation.is_open(last), "to the last moment");
    }

    #[test]
    fn a_renewed_invitation_has_a_new_role_token_inviter_and_expiry_and_is_the_same_one() {
        let before = invitation();
        let mut renewed = before.clone();
        let inviter = UserId::new(Uuid::from_u128(3));
        let expires_at = before.expires_at + Duration::days(7);
        renewed.renew(Role::Admin, TokenDigest::of(b"y"), inviter, expires_at);
        let expected = Invitation {
            role: Role::Admin,
            digest: TokenDigest::of(b"y"),
            invited_by: Some(inviter),
            expires_at,
            ..before
        };
        assert_eq!(renewed, expected);
    }

    #[test]
    fn states_read_back_but_for_expired_which_is_never_stored() {
        for (name, state) in [
            ("pending", Some(InvitationState::Pending)),
            ("accepted", Some(InvitationState::Accepted)),
            ("revoked", Some(InvitationState::Revoked)),
            (InvitationState::Expired.as_str(), None),
            ("Pending", None),
        ] {
            assert_eq!(InvitationState::parse(name), state, "{name}");
        }
        assert_eq!(InvitationState::Expired.as_str(), "expired");
    }

    #[test]
    fn the_mail_of_an_invitation_is_queued_sent_or_failed() {
        let names = [Delivery::Queued, Delivery::Sent, Delivery::Failed].map(Delivery::as_str);
        assert_eq!(names, ["queued", "sent", "failed"]);
    }
}
