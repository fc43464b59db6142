//! Removing an account and everything held about it, whoever asks for it.

use std::sync::Arc;

use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::ports::erasures::Erasures;
use crate::ports::unit_of_work::UnitOfWork;
use crate::snapshots::Entry;
use crate::trail::Trail;

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

impl RemovalCause {
    fn actor(self, user: &User) -> Option<UserId> {
        match self {
            Self::Owner => Some(user.id),
            Self::Superuser(superuser) => Some(superuser),
            Self::Disowned | Self::Unused => None,
        }
    }

    const fn event(self) -> AuditKind {
        match self {
            Self::Owner | Self::Superuser(_) => AuditKind::AccountDeleted,
            Self::Disowned => AuditKind::AccountDisowned,
            Self::Unused => AuditKind::AccountPurged,
        }
    }
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
pub struct AccountRemoval {
    trail: Trail,
    erasures: Arc<dyn Erasures>,
}

/// Batches of audit events that are erased before the answer; what is more is for the housekeeping.
const BATCHES_BEFORE_THE_ANSWER: u32 = 20;

impl AccountRemoval {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { trail: Trail::new(dependencies), erasures: Arc::clone(&dependencies.erasures) }
    }

    /// Removes the locked account in this unit of work: its teams first, then mails, invitations, audit traces,
    /// and the account with all that hangs on it. Invitations to an address that the account never proved stay where
    /// its owner does not ask: they are somebody else's. The caller has fenced the account, and commits.
    pub async fn remove(
        &self,
        uow: &dyn UnitOfWork,
        user: &User,
        cause: RemovalCause,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Aftermath, RemovalError> {
        let actor = cause.actor(user);
        let origin = &traceable(origin, actor.filter(|actor| *actor != user.id));
        let mut departure =
            Departure { trail: &self.trail, uow, user, actor, origin, now, aftermath: Aftermath::default() };
        uow.roster().lock_teams_of(user.id).await?;
        let dependent = uow.roster().teams_depending_on(user.id).await?;
        if cause == RemovalCause::Owner && !dependent.is_empty() {
            return Err(RemovalError::LastAdmin);
        }
        departure.delete_sole_teams().await?;
        departure.hand_over(dependent).await?;
        departure.erase_traces(cause).await?;
        departure.note(self.trail.event(cause.event(), origin, now).about(user.id)).await?;
        Ok(departure.aftermath)
    }

    /// Erases the traces in the audit trail that a committed removal noted. Those of an account with very many events are
    /// left to the housekeeping, and so is what fails: the removal counts in any case.
    pub async fn erase_traces(&self, user: UserId, now: OffsetDateTime) {
        match self.erasures.erase(user, BATCHES_BEFORE_THE_ANSWER, now).await {
            Ok(true) => {}
            Ok(false) => tracing::info!("the traces of a deleted account are many; the housekeeping erases the rest"),
            Err(fault) => {
                let error = &fault as &dyn std::error::Error;
                tracing::warn!(error, "the traces of a deleted account are left to the housekeeping");
            }
        }
    }

    /// Finds another admin for every team that only this account administers, or freezes the team. Before the
    /// account is stored as inactive: an inactive account administers nothing, so no team would be found.
    pub async fn hand_over_teams(
        &self,
        uow: &dyn UnitOfWork,
        user: &User,
        actor: Option<UserId>,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Aftermath, Fault> {
        let mut departure =
            Departure { trail: &self.trail, uow, user, actor, origin, now, aftermath: Aftermath::default() };
        uow.roster().lock_teams_of(user.id).await?;
        let dependent = uow.roster().teams_depending_on(user.id).await?;
        departure.hand_over(dependent).await?;
        Ok(departure.aftermath)
    }
}

/// Where a removal came from, as far as it may be kept: network and program of the person who is erased, or of one
/// who is not known, may not.
fn traceable(origin: &Origin, somebody_else: Option<UserId>) -> Origin {
    match somebody_else {
        Some(_) => origin.clone(),
        None => Origin { ip: None, user_agent: None, request_id: origin.request_id.clone() },
    }
}

/// One account on its way out.
struct Departure<'a> {
    trail: &'a Trail,
    uow: &'a dyn UnitOfWork,
    user: &'a User,
    actor: Option<UserId>,
    origin: &'a Origin,
    now: OffsetDateTime,
    aftermath: Aftermath,
}

impl Departure<'_> {
    async fn delete_sole_teams(&mut self) -> Result<(), Fault> {
        for team in self.uow.roster().teams_only_of(self.user.id).await? {
            self.uow.teams().remove(team).await?;
            self.aftermath.stale.push(Entry::Team(team));
            self.note(self.trail.event(AuditKind::TeamDeleted, self.origin, self.now).in_team(team)).await?;
        }
        Ok(())
    }

    async fn hand_over(&mut self, teams: Vec<TeamId>) -> Result<(), Fault> {
        for team in teams {
            let Some(mut heir) = self.uow.roster().longest_standing_besides(team, self.user.id).await? else {
                let event = self.trail.event(AuditKind::TeamFrozen, self.origin, self.now);
                self.note(event.about(self.user.id).in_team(team)).await?;
                continue;
            };
            heir.role = Role::Admin;
            if !self.uow.memberships().update(&heir).await? {
                return Err(Fault::internal("database", "a membership vanished under the lock of its team"));
            }
            self.aftermath.stale.push(Entry::Membership(heir.user_id, team));
            let event = self.trail.event(AuditKind::AdminAppointed, self.origin, self.now);
            self.note(event.about(heir.user_id).in_team(team)).await?;
        }
        Ok(())
    }

    async fn erase_traces(&mut self, cause: RemovalCause) -> Result<(), Fault> {
        match cause {
            RemovalCause::Owner | RemovalCause::Superuser(_) => {
                self.uow.outbox().remove_by_recipient(self.user.id, &self.user.email).await?;
                for team in self.uow.invitations().remove_by_email(&self.user.email).await? {
                    let event = self.trail.event(AuditKind::InvitationRevoked, self.origin, self.now);
                    self.note(event.about(self.user.id).in_team(team).detail("account_deleted")).await?;
                }
            }
            RemovalCause::Disowned | RemovalCause::Unused => {
                self.uow.outbox().remove_of_account(self.user.id).await?;
            }
        }
        self.uow.erasures().note(self.user.id, self.now).await?;
        self.uow.users().remove(self.user.id).await?;
        Ok(())
    }

    /// Appends an event of this departure.
    async fn note(&mut self, mut event: AuditEvent) -> Result<(), Fault> {
        event.actor_id = self.actor;
        self.uow.audit().append(&event).await?;
        self.aftermath.events.push(event);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
