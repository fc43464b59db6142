//! A unit of work made of mocks.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, MailId, UserId};
use countersign_domain::page::{Page, PageRequest};
use time::OffsetDateTime;
use tokio::sync::oneshot;

use crate::error::Fault;
use crate::mail::message::QueuedMail;
use crate::ports::audit_log::{AuditFilter, AuditLog};
use crate::ports::credential_repository::{CredentialRepository, MockCredentialRepository};
use crate::ports::erasures::Erasures;
use crate::ports::invitation_repository::{InvitationRepository, MockInvitationRepository};
use crate::ports::membership_repository::{MembershipRepository, MockMembershipRepository};
use crate::ports::one_time_token_repository::{MockOneTimeTokenRepository, OneTimeTokenRepository};
use crate::ports::outbox::{Backlog, HeldMail, Lease, LeasedMail, Outbox, Setback};
use crate::ports::roster_repository::{MockRosterRepository, RosterRepository};
use crate::ports::session_repository::{MockSessionRepository, SessionRepository};
use crate::ports::sign_in_networks::{MockSignInNetworks, SignInNetworks};
use crate::ports::signing_keys::{MockSigningKeyRepository, SigningKeyRepository};
use crate::ports::team_repository::{MockTeamRepository, TeamRepository};
use crate::ports::unit_of_work::UnitOfWork;
use crate::ports::user_repository::{MockUserRepository, UserRepository};

/// What a staged unit of work wrote besides its mocks, and whether that counts.
#[derive(Clone, Debug, Default)]
pub struct Written(Arc<Mutex<Record>>);

#[derive(Debug, Default)]
struct Record {
    committed: bool,
    refuses_events: bool,
    events: Vec<AuditEvent>,
    mails: Vec<QueuedMail>,
    erased: Vec<UserId>,
    withdrawn: Vec<InvitationId>,
}

impl Written {
    fn record(&self) -> std::sync::MutexGuard<'_, Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes every further audit event fail: often the last step before the commit.
    pub fn refuse_events(&self) {
        self.record().refuses_events = true;
    }

    /// Whether the unit of work was committed.
    pub fn committed(&self) -> bool {
        self.record().committed
    }

    /// The kinds of the appended audit events, in order.
    pub fn audited(&self) -> Vec<AuditKind> {
        self.record().events.iter().map(|event| event.kind).collect()
    }

    /// The appended audit events, in order.
    pub fn events(&self) -> Vec<AuditEvent> {
        self.record().events.clone()
    }

    /// The queued mails, in order.
    pub fn mails(&self) -> Vec<QueuedMail> {
        self.record().mails.clone()
    }

    /// Invitations whose unsent mails were withdrawn.
    pub fn withdrawn(&self) -> Vec<InvitationId> {
        self.record().withdrawn.clone()
    }

    /// Accounts whose audit traces or mails were erased.
    pub fn erased(&self) -> Vec<UserId> {
        self.record().erased.clone()
    }
}

/// A unit of work: a mock of each repository, and a record of mails and audit events.
#[derive(Default)]
#[expect(missing_docs, reason = "each field is the mock of its type")]
pub struct StagedUnitOfWork {
    pub users: MockUserRepository,
    pub credentials: MockCredentialRepository,
    pub sessions: MockSessionRepository,
    pub networks: MockSignInNetworks,
    pub one_time_tokens: MockOneTimeTokenRepository,
    pub teams: MockTeamRepository,
    pub memberships: MockMembershipRepository,
    pub roster: MockRosterRepository,
    pub invitations: MockInvitationRepository,
    pub signing_keys: MockSigningKeyRepository,
    /// Makes the commit fail: nothing counts then.
    pub fail_commit: bool,
    /// Makes the commit wait for this.
    pub commits_after: Option<oneshot::Receiver<()>>,
    /// What it wrote.
    pub written: Written,
}

#[async_trait]
impl UnitOfWork for StagedUnitOfWork {
    fn users(&self) -> &dyn UserRepository {
        &self.users
    }
    fn credentials(&self) -> &dyn CredentialRepository {
        &self.credentials
    }
    fn sessions(&self) -> &dyn SessionRepository {
        &self.sessions
    }
    fn networks(&self) -> &dyn SignInNetworks {
        &self.networks
    }
    fn one_time_tokens(&self) -> &dyn OneTimeTokenRepository {
        &self.one_time_tokens
    }
    fn teams(&self) -> &dyn TeamRepository {
        &self.teams
    }
    fn memberships(&self) -> &dyn MembershipRepository {
        &self.memberships
    }
    fn roster(&self) -> &dyn RosterRepository {
        &self.roster
    }
    fn invitations(&self) -> &dyn InvitationRepository {
        &self.invitations
    }
    fn outbox(&self) -> &dyn Outbox {
        &self.written
    }
    fn audit(&self) -> &dyn AuditLog {
        &self.written
    }
    fn erasures(&self) -> &dyn Erasures {
        &self.written
    }
    fn signing_keys(&self) -> &dyn SigningKeyRepository {
        &self.signing_keys
    }

    async fn commit(mut self: Box<Self>) -> Result<(), Fault> {
        if let Some(told) = self.commits_after.take() {
            told.await.map_err(|error| Fault::internal("test", error))?;
        }
        if self.fail_commit {
            return Err(Fault::unavailable("database", "staged to fail"));
        }
        self.written.record().committed = true;
        Ok(())
    }
}

#[async_trait]
impl AuditLog for Written {
    async fn append(&self, event: &AuditEvent) -> Result<(), Fault> {
        let mut record = self.record();
        if record.refuses_events {
            return Err(Fault::unavailable("database", "staged to fail"));
        }
        record.events.push(event.clone());
        Ok(())
    }

    async fn list(&self, _: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        let key = |event: &AuditEvent| event.id.as_uuid();
        let after = |event: &AuditEvent| page.after().is_none_or(|cursor| key(event) < cursor.key());
        let newest_first = self.events().into_iter().rev().filter(after);
        Ok(Page::from_rows(newest_first.take(usize::from(page.limit()) + 1).collect(), page, key))
    }
}

#[async_trait]
impl Erasures for Written {
    async fn note(&self, user: UserId, _: OffsetDateTime) -> Result<(), Fault> {
        self.record().erased.push(user);
        Ok(())
    }

    async fn list_noted(&self, _: OffsetDateTime, _: u16) -> Result<Vec<UserId>, Fault> {
        Ok(vec![])
    }

    async fn erase(&self, _: UserId, _: u32, _: OffsetDateTime) -> Result<bool, Fault> {
        Ok(true)
    }
}

#[async_trait]
impl Outbox for Written {
    async fn enqueue(&self, mail: &QueuedMail) -> Result<(), Fault> {
        self.record().mails.push(mail.clone());
        Ok(())
    }

    async fn replace(&self, mail: &QueuedMail) -> Result<(), Fault> {
        self.enqueue(mail).await
    }

    async fn withdraw(&self, invitation: InvitationId) -> Result<(), Fault> {
        self.record().withdrawn.push(invitation);
        Ok(())
    }

    async fn lease(&self, _: &Lease, _: OffsetDateTime, _: u16) -> Result<Vec<LeasedMail>, Fault> {
        Ok(vec![])
    }

    async fn mark_sent(&self, _: MailId, _: &Lease, _: OffsetDateTime) -> Result<bool, Fault> {
        Ok(true)
    }

    async fn mark_failed(&self, _: MailId, _: &Lease, _: &Setback) -> Result<bool, Fault> {
        Ok(true)
    }

    async fn remove_by_recipient(&self, user: UserId, _: &EmailAddress) -> Result<(), Fault> {
        self.record().erased.push(user);
        Ok(())
    }

    async fn remove_of_account(&self, user: UserId) -> Result<(), Fault> {
        self.record().erased.push(user);
        Ok(())
    }

    async fn list_by_recipient(&self, _: UserId, _: Option<EmailAddress>) -> Result<Vec<HeldMail>, Fault> {
        Ok(vec![])
    }

    async fn cancel_tokens(&self, _: UserId, _: &EmailAddress) -> Result<(), Fault> {
        Ok(())
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        Ok(Backlog::default())
    }
}
