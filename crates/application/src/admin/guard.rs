//! The door to everything under `/admin`.

use std::sync::Arc;

use countersign_domain::audit::{AuditKind, Origin};
use countersign_domain::ids::UserId;
use countersign_domain::user::User;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::trail::Trail;

/// Why the actor may not.
#[derive(Debug, thiserror::Error)]
pub enum SuperuserError {
    /// It takes a superuser.
    #[error("this takes a superuser")]
    SuperuserRequired,
    /// The session that asks was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// The refusal could not be audited.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { SuperuserError {
    SuperuserRequired => Forbidden "superuser_required",
} via { Revoked, Internal } }

/// Lets superusers pass, and audits whom it does not.
#[derive(Clone)]
pub struct SuperuserGuard {
    clock: Arc<dyn Clock>,
    units_of_work: Arc<dyn UnitOfWorkFactory>,
    trail: Trail,
}

impl SuperuserGuard {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            units_of_work: Arc::clone(&dependencies.units_of_work),
            trail: Trail::new(dependencies),
        }
    }

    /// For reads, and as the gate before writes: by the actor as it was loaded with this request.
    pub async fn require(&self, actor: &Actor, origin: &Origin) -> Result<(), SuperuserError> {
        if actor.user.is_superuser {
            return Ok(());
        }
        Err(self.deny(actor, origin).await?)
    }

    /// For writes: begins a unit of work that holds the locks of the actor and of the account that it is about, and
    /// judges by the rows under them: a session or a right that was taken away a moment ago is gone. `None` if the
    /// account is.
    pub async fn begin(
        &self,
        actor: &Actor,
        origin: &Origin,
        about: UserId,
    ) -> Result<(Box<dyn UnitOfWork>, Option<User>), SuperuserError> {
        let uow = self.units_of_work.begin().await?;
        let (own, account) = actor.lock_with(about, &*uow, self.clock.now()).await?;
        if !own.is_superuser {
            drop(uow);
            return Err(self.deny(actor, origin).await?);
        }
        Ok((uow, account))
    }

    async fn deny(&self, actor: &Actor, origin: &Origin) -> Result<SuperuserError, Fault> {
        let event = self.trail.event(AuditKind::AccessDenied, origin, self.clock.now());
        self.trail.record_refusal(event.by(actor.id()).detail("superuser_required")).await?;
        Ok(SuperuserError::SuperuserRequired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify, Kind};
    use std::sync::Mutex;

    use countersign_domain::session::Session;
    use countersign_domain::user::{Credentials, User};

    use crate::testing::{Mocks, NOW, StagedUnitOfWork, actor, credentials, origin, session, superuser, user, user_id};

    #[tokio::test]
    async fn a_superuser_passes() {
        let mocks = Mocks::default();
        let recorded = mocks.recorded.clone();
        SuperuserGuard::new(&mocks.into_dependencies()).require(&superuser(), &origin()).await.unwrap();
        assert_eq!(recorded.audited(), []);
    }

    #[tokio::test]
    async fn accounts_are_locked_by_id_and_the_own_one_once() {
        for (whom, order) in [(2, vec![2, 9]), (9, vec![9]), (10, vec![9, 10])] {
            let mut mocks = Mocks::default();
            let locked: Arc<Mutex<Vec<UserId>>> = Arc::default();
            let seen = Arc::clone(&locked);
            let mut unit = StagedUnitOfWork::default();
            unit.users.expect_lock().returning(move |id| {
                seen.lock().unwrap().push(id);
                Ok([user(2), user(10)].into_iter().find(|user| user.id == id))
            });
            let seen = Arc::clone(&locked);
            unit.sessions.expect_lock().returning(move |id, _| {
                seen.lock().unwrap().push(id);
                Ok(Some((Credentials { user: superuser().user, ..credentials(9) }, session(9))))
            });
            mocks.stage(unit);
            let guard = SuperuserGuard::new(&mocks.into_dependencies());
            let (_, account) = guard.begin(&superuser(), &origin(), user_id(whom)).await.unwrap();
            assert_eq!(account.map(|account| account.id), Some(user_id(whom)));
            assert_eq!(*locked.lock().unwrap(), order.into_iter().map(user_id).collect::<Vec<_>>());
        }
    }

    #[tokio::test]
    async fn whoever_lost_the_right_a_moment_ago_is_turned_away_and_audited() {
        let mut mocks = Mocks::default();
        let recorded = mocks.recorded.clone();
        let mut unit = StagedUnitOfWork::default();
        unit.users.expect_lock().returning(|_| Ok(None));
        unit.hold_session(credentials(9), session(9));
        mocks.stage(unit);
        let guard = SuperuserGuard::new(&mocks.into_dependencies());
        let refused = guard.begin(&superuser(), &origin(), user_id(2)).await.err().unwrap();
        assert_eq!(refused.code(), "superuser_required");
        assert_eq!(recorded.audited(), [AuditKind::AccessDenied]);
    }

    #[tokio::test]
    async fn a_superuser_who_was_signed_out_deactivated_or_deleted_a_moment_ago_begins_nothing() {
        let account = |user| Credentials { user, ..credentials(9) };
        let inactive = account(User { is_active: false, ..superuser().user });
        let ended = Session { ended_at: Some(NOW), ..session(9) };
        for (row, session) in [(account(superuser().user), ended), (inactive, session(9)), (credentials(8), session(8))]
        {
            let mut mocks = Mocks::default();
            let mut unit = StagedUnitOfWork::default();
            unit.users.expect_lock().returning(|_| Ok(Some(user(2))));
            unit.hold_session(row, session);
            mocks.stage(unit);
            let guard = SuperuserGuard::new(&mocks.into_dependencies());
            let refused = guard.begin(&superuser(), &origin(), user_id(2)).await.err().unwrap();
            assert_eq!((refused.kind(), refused.code()), (Kind::Unauthenticated, "invalid_token"));
        }
    }

    #[tokio::test]
    async fn anybody_else_is_turned_away_and_audited() {
        let mocks = Mocks::default();
        let recorded = mocks.recorded.clone();
        let refused = SuperuserGuard::new(&mocks.into_dependencies()).require(&actor(), &origin()).await;
        assert_eq!(refused.unwrap_err().code(), "superuser_required");
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AccessDenied, Some(actor().id())));
        assert_eq!(event.detail.as_deref(), Some("superuser_required"));
    }
}
