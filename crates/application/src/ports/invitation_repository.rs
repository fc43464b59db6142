//! Invitations.

use async_trait::async_trait;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, TeamId, UserId};
use countersign_domain::invitation::{Invitation, InvitationListing, InvitationState};
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::secret::TokenDigest;

use crate::error::{Fault, WriteError};

/// Keeps invitations; at most one is pending for each address and team.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait InvitationRepository: Send + Sync {
    /// The invitation of this id in this team, in any state.
    async fn find_by_id(&self, team: TeamId, id: InvitationId) -> Result<Option<Invitation>, Fault>;

    /// The invitation with this token, in any state.
    async fn find_by_digest(&self, digest: &TokenDigest) -> Result<Option<Invitation>, Fault>;

    /// The pending invitation of this address to this team, expired or not, locked until the unit of work ends.
    async fn lock_pending(&self, team: TeamId, email: &EmailAddress) -> Result<Option<Invitation>, Fault>;

    /// Adds an invitation. Conflict: `InvitationPending`.
    async fn insert(&self, invitation: &Invitation) -> Result<(), WriteError>;

    /// Stores role, token, inviter and expiry of an invitation while it is pending. Says whether it was.
    async fn renew(&self, invitation: &Invitation) -> Result<bool, Fault>;

    /// Moves a pending invitation to `state`, in one conditional statement: `true` for the one caller who did it.
    async fn settle(
        &self,
        id: InvitationId,
        state: InvitationState,
        accepted_by: Option<UserId>,
    ) -> Result<bool, Fault>;

    /// The team's invitations with the state of their mail, oldest first.
    async fn list_by_team(&self, team: TeamId, page: &PageRequest) -> Result<Page<InvitationListing>, Fault>;

    /// Every invitation to this address, in any state and team, oldest first: for the export of an account.
    async fn list_by_email(&self, email: &EmailAddress) -> Result<Vec<Invitation>, Fault>;

    /// Removes every invitation to this address, in any state and team: for the erasure of an account. Returns the teams
    /// of those that were pending.
    async fn remove_by_email(&self, email: &EmailAddress) -> Result<Vec<TeamId>, Fault>;
}
