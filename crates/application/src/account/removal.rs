//! Removing an account and everything held about it, whoever asks for it.

use countersign_domain::audit::{AuditEvent, Origin};
use countersign_domain::ids::UserId;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::ports::unit_of_work::UnitOfWork;
use crate::snapshots::Entry;

/// Who wants the account gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemovalCause {
    /// Its owner: refused while other members depend on it as the only admin.
    Owner,
    /// A superuser: the longest-standing active member takes over, or the team is frozen.
    Superuser(UserId),
    /// The owner of the mailbox, who never registered. As by a superuser.
    Disowned,
    /// Nobody ever used it. As by a superuser.
    Unused,
}

/// Why an account was not removed.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// Other members of a team depend on it.
    #[error("a team would be left without an admin")]
    LastAdmin,
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

/// What to do once the removal is committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aftermath {
    /// Appended already; to be announced.
    pub events: Vec<AuditEvent>,
    /// To be refreshed in the caches: members who took over, teams that are gone.
    pub stale: Vec<Entry>,
}

/// Removes accounts; also knows how one gives its teams up when it is deactivated.
#[derive(Clone)]
pub struct AccountRemoval {}

impl AccountRemoval {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Removes the locked account in this unit of work: its teams first, then mails, invitations, audit traces,
    /// and the account with all that hangs on it. The caller has fenced the account, and commits.
    pub async fn remove(
        &self,
        _uow: &dyn UnitOfWork,
        _user: &User,
        _cause: RemovalCause,
        _origin: &Origin,
        _now: OffsetDateTime,
    ) -> Result<Aftermath, RemovalError> {
        Err(Fault::internal("removal", "not built yet").into())
    }

    /// Finds another admin for every team that only this account administers, or freezes the team.
    pub async fn hand_over_teams(
        &self,
        _uow: &dyn UnitOfWork,
        _user: &User,
        _actor: Option<UserId>,
        _origin: &Origin,
        _now: OffsetDateTime,
    ) -> Result<Aftermath, Fault> {
        Err(Fault::internal("removal", "not built yet"))
    }
}
