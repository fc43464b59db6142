//! Changes the names of the actor.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::name::PersonName;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::completion::finish;
use crate::dependencies::Dependencies;
use crate::error::{Fault, WriteError, classify};
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::snapshots::{Entry, Snapshots};
use crate::trail::Trail;

/// What to do.
#[derive(Clone, Debug)]
pub struct UpdateProfileCommand {
    /// New first name; absent keeps the old one.
    pub first_name: Option<PersonName>,
    /// New last name; absent keeps the old one.
    pub last_name: Option<PersonName>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum UpdateProfileError {
    /// Too often.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// The session that asks was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { UpdateProfileError {
} via { Limited, Revoked, Internal } }

/// The use case.
#[derive(Clone)]
pub struct UpdateProfile {
    clock: Arc<dyn Clock>,
    limits: Limits,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    snapshots: Snapshots,
    trail: Trail,
}

impl UpdateProfile {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            limits: Limits::new(dependencies),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            snapshots: Snapshots::new(dependencies),
            trail: Trail::new(dependencies),
        }
    }

    /// Changes the names of the actor. Names that it has already change nothing, and write nothing.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: UpdateProfileCommand,
    ) -> Result<User, UpdateProfileError> {
        let now = self.clock.now();
        if !actor.user.clone().rename(command.first_name.clone(), command.last_name.clone(), now) {
            return Ok(actor.user.clone());
        }
        let counted = self.limits.acquire(Limit::ChangeOfUser, Subject::User(actor.id()), now).await?;
        let event = self.trail.event(AuditKind::ProfileUpdated, origin, now).by(actor.id()).about(actor.id());
        let fence = self.snapshots.fence([Entry::Account(actor.id())]).await;
        let uow = self.units_of_work.begin().await?;
        let mut user = actor.lock(&*uow, now).await?.user;
        if !user.rename(command.first_name, command.last_name, now) {
            drop(uow);
            fence.lift().await;
            self.limits.refund(counted).await;
            return Ok(user);
        }
        uow.users().update(&user).await.map_err(WriteError::into_fault)?;
        uow.audit().append(&event).await?;
        finish(uow, [fence], &self.trail, [event]).await?;
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify, Kind};
    use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
    use crate::testing::{Mocks, NOW, StagedUnitOfWork, actor, credentials, name, origin, session, user, user_id};
    use countersign_domain::user::Credentials;

    fn unit_of_work() -> StagedUnitOfWork {
        let mut uow = StagedUnitOfWork::default();
        uow.hold_sessions();
        uow
    }

    fn command() -> UpdateProfileCommand {
        UpdateProfileCommand { first_name: Some(name("Given")), last_name: None }
    }

    async fn update(mocks: Mocks) -> Result<User, UpdateProfileError> {
        UpdateProfile::new(&mocks.into_dependencies()).execute(&actor(), &origin(), command()).await
    }

    #[tokio::test]
    async fn what_is_given_changes_and_the_rest_stays() {
        let mut mocks = Mocks::default();
        let mut cache = MockSnapshotCache::new();
        cache.expect_read().returning(|_| Lookup::Miss(None));
        cache.expect_fence().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
        cache.expect_lift().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
        mocks.account_cache = cache;
        let mut uow = unit_of_work();
        let expected = User { first_name: name("Given"), ..user(1) };
        let stored = expected.clone();
        uow.users.expect_update().withf(move |user| *user == stored).times(1).returning(|_| Ok(()));
        let written = mocks.stage(uow);
        assert_eq!(update(mocks).await.unwrap(), expected);
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::ProfileUpdated]);
    }

    #[tokio::test]
    async fn what_fails_halfway_is_not_committed() {
        for fail_commit in [false, true] {
            let mut mocks = Mocks::default();
            let mut uow = StagedUnitOfWork { fail_commit, ..unit_of_work() };
            uow.users.expect_update().returning(move |_| {
                if fail_commit { Ok(()) } else { Err(Fault::unavailable("database", "gone").into()) }
            });
            let written = mocks.stage(uow);
            assert_eq!(update(mocks).await.unwrap_err().kind(), Kind::Unavailable);
            assert!(!written.committed());
        }
    }

    #[tokio::test]
    async fn whoever_changes_too_often_has_to_wait_and_nothing_is_written() {
        // No unit of work is staged: none is begun.
        let refused = update(Mocks::at_limit("change_user")).await.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (Kind::Limited, "rate_limited"));
        // What changes nothing is not counted.
        let mocks = Mocks::at_limit("change_user");
        let nothing = UpdateProfileCommand { first_name: None, last_name: None };
        UpdateProfile::new(&mocks.into_dependencies()).execute(&actor(), &origin(), nothing).await.unwrap();
    }

    #[tokio::test]
    async fn the_names_that_it_has_change_nothing() {
        let same = UpdateProfileCommand { first_name: Some(user(1).first_name), last_name: Some(user(1).last_name) };
        let nothing = UpdateProfileCommand { first_name: None, last_name: None };
        for command in [same, nothing] {
            // No unit of work is staged: none is begun.
            let use_case = UpdateProfile::new(&Mocks::default().into_dependencies());
            assert_eq!(use_case.execute(&actor(), &origin(), command).await.unwrap(), user(1));
        }
    }

    #[tokio::test]
    async fn a_change_that_another_request_made_first_is_not_made_again() {
        let mut mocks = Mocks::default();
        let mut uow = StagedUnitOfWork::default();
        let changed = User { first_name: command().first_name.unwrap(), ..user(1) };
        let stored = changed.clone();
        uow.hold_session(Credentials { user: stored, ..credentials(1) }, session(1));
        let written = mocks.stage(uow);
        assert_eq!(update(mocks).await.unwrap(), changed);
        assert!(!written.committed() && written.audited().is_empty());
    }

    #[tokio::test]
    async fn an_account_that_is_gone_or_shut_out_is_not_changed() {
        let gone = credentials(2);
        let mut deactivated = credentials(1);
        deactivated.user.deactivate(NOW);
        for account in [gone, deactivated] {
            let mut mocks = Mocks::default();
            let mut uow = StagedUnitOfWork::default();
            uow.hold_session(account, session(1));
            let written = mocks.stage(uow);
            assert_eq!(update(mocks).await.unwrap_err().kind(), Kind::Unauthenticated);
            assert!(!written.committed());
        }
    }
}
