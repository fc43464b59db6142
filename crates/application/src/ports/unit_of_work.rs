//! Writes that count together or not at all.

use async_trait::async_trait;

use crate::error::Fault;
use crate::ports::audit_log::AuditLog;
use crate::ports::credential_repository::CredentialRepository;
use crate::ports::erasures::Erasures;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::outbox::Outbox;
use crate::ports::roster_repository::RosterRepository;
use crate::ports::session_repository::SessionRepository;
use crate::ports::sign_in_networks::SignInNetworks;
use crate::ports::signing_keys::SigningKeyRepository;
use crate::ports::team_repository::TeamRepository;
use crate::ports::user_repository::UserRepository;

/// Begins units of work.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UnitOfWorkFactory: Send + Sync {
    /// Begins one. Bounded in time: when no connection is free soon, that is a fault.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, Fault>;
}

/// An open transaction. Dropping it rolls back. Never held over mail, cache or hashing.
#[async_trait]
pub trait UnitOfWork: Send + Sync {
    /// Accounts.
    fn users(&self) -> &dyn UserRepository;
    /// Password hashes.
    fn credentials(&self) -> &dyn CredentialRepository;
    /// Sessions.
    fn sessions(&self) -> &dyn SessionRepository;
    /// Networks of sign-ins.
    fn networks(&self) -> &dyn SignInNetworks;
    /// One-time tokens.
    fn one_time_tokens(&self) -> &dyn OneTimeTokenRepository;
    /// Teams.
    fn teams(&self) -> &dyn TeamRepository;
    /// Memberships.
    fn memberships(&self) -> &dyn MembershipRepository;
    /// Who a team can lose.
    fn roster(&self) -> &dyn RosterRepository;
    /// Invitations.
    fn invitations(&self) -> &dyn InvitationRepository;
    /// Mails.
    fn outbox(&self) -> &dyn Outbox;
    /// Audit events.
    fn audit(&self) -> &dyn AuditLog;
    /// Erasures of audit events.
    fn erasures(&self) -> &dyn Erasures;
    /// Signing keys.
    fn signing_keys(&self) -> &dyn SigningKeyRepository;

    /// Makes everything count, durably.
    async fn commit(self: Box<Self>) -> Result<(), Fault>;
}
